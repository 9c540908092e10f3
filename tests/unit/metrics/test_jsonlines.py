"""Metrics that are named and not described: members of JSON lines, on the output and in a metrics file."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright.core.ranges_text import default_regex
from tunewright.core.spec import MetricDefinition
from tunewright_metrics.core.kinds import NO_METRIC, Kind
from tunewright_metrics.core.reading import Reader, read_log


def named(*names: str) -> Reader:
    return Reader([MetricDefinition(name, "") for name in names])


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("loss", '{"loss": 0.3}', (Kind.NUMBER, 0.3)),
        ("loss", '{"epoch": 1, "loss": 3}', (Kind.NUMBER, 3.0)),
        ("loss", '{"loss": NaN}', (Kind.NAN, math.nan)),
        ("loss", '{"loss": -Infinity}', (Kind.INFINITE, -math.inf)),
        ("loss", '{"loss": 1e999}', (Kind.INFINITE, math.inf)),
        ("loss", '{"loss": ' + "9" * 400 + "}", (Kind.INFINITE, math.inf)),
        ("loss", '{"loss": "0.3"}', (Kind.NUMBER, 0.3)),
        ("loss", '{"loss": "98%"}', (Kind.UNPARSABLE, math.nan)),
        ("loss", '{"loss": true}', (Kind.UNPARSABLE, math.nan)),
        ("loss", '{"loss": [1]}', (Kind.UNPARSABLE, math.nan)),
        ("loss", '{"loss": null}', None),
        ("val/loss", '{"val/loss": 0.3, "loss": 9}', (Kind.NUMBER, 0.3)),
        ("metrics.loss", '{"metrics": {"loss": 0.3}}', (Kind.NUMBER, 0.3)),
        ("metrics.loss", '{"metrics.loss": 0.1, "metrics": {"loss": 0.3}}', (Kind.NUMBER, 0.1)),
        ("a.b.c", '{"a": {"b.c": 0.3}}', (Kind.NUMBER, 0.3)),
        ("loss", '{"metrics": {"loss": 0.3}}', None),
        ("loss", "loss=0.3", None),
        ("loss", '["loss", 0.3]', None),
        ("loss", "{'loss': 0.3}", None),
        ("loss", '{"loss": 0.3', None),
        ("loss", "{" * 60_000, None),
        ("loss", '{"a":' * 60_000, None),
    ],
)
def test_a_member_of_a_line_that_is_an_object(name: str, line: str, expected: tuple[Kind, float] | None) -> None:
    found = [(reading.kind, reading.value) for reading in named(name).read([line], 0)]
    assert repr(found) == repr([expected] if expected else [])


def test_one_line_may_bear_many_metrics_between_lines_that_bear_others() -> None:
    reader = Reader([MetricDefinition("loss", ""), MetricDefinition("f1", ""), MetricDefinition("lr", r"lr=(\S+)")])
    lines = ["lr=1", '{"f1": 0.5, "loss": 2}', "x {", '\x1b[32m{"loss": 3}\x1b[0m lr=5', '\x1b[32m{"loss": 4}\x1b[0m']
    assert [(item.line, item.metric, item.value) for item in reader.read(lines, 10)] == [
        (10, "lr", 1),
        (11, "loss", 2),
        (11, "f1", 0.5),
        (13, "lr", 5),
        (14, "loss", 4),
    ]


def test_a_metric_with_the_regex_that_stands_for_its_name_is_read_by_name_too() -> None:
    reader = Reader([MetricDefinition("loss", default_regex("loss"))])
    lines = ["loss: 0.5", '{"train": {"loss": 9}, "loss": 0.3}', '{"train": {"loss": 9}}', "loss=0.1"]
    assert [reading.value for reading in reader.read(lines, 0)] == [0.5, 0.3, 9, 0.1]


@given(st.dictionaries(st.text(max_size=5), st.floats(), max_size=4))
def test_what_python_prints_is_what_is_read(values: dict[str, float]) -> None:
    names = [name for name in values if name]
    readings = named(*names).read([json.dumps(values)], 0)
    assert repr({reading.metric: reading.value for reading in readings}) == repr({name: values[name] for name in names})


def test_in_a_metrics_file_every_metric_goes_by_its_name_and_other_lines_are_told_of() -> None:
    reader = Reader([MetricDefinition("loss", r"loss=(\S+)"), MetricDefinition("f1", "")])
    found = reader.read_records(['{"loss": 1, "f1": 2, "lr": 3}', "", "loss=5", "[1]"], 0)
    assert [(item.line, item.metric, item.kind) for item in found] == [
        (0, "loss", Kind.NUMBER),
        (0, "f1", Kind.NUMBER),
        (2, NO_METRIC, Kind.UNPARSABLE),
        (3, NO_METRIC, Kind.UNPARSABLE),
    ]


def test_half_a_surrogate_pair_is_no_number_and_can_be_stored() -> None:
    definition = MetricDefinition("loss", default_regex("loss"))
    (reading,) = Reader([definition]).read([r'{"loss": "\ud800", "\udfff": 1}'], 0)
    assert (reading.kind, reading.text) == (Kind.UNPARSABLE, "?")
    assert dict(read_log([definition], [r'{"\udfff": 1}']).unnamed) == {"?": 1.0}
