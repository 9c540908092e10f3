"""Lines that made other tools' parsers fail, and patterns that would make any parser stall."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import MetricDefinition
from tunewright_metrics.core.reading import TIMEOUTS_ALLOWED, Kind, Reader, Reading, check_definition, read_log

CATASTROPHIC = r"(?=a)(?:a|a)+(x)"
"""Exponential on a's that end in something else; refused by RE2 for its look-ahead."""

HOPELESS = "a" * 40 + "!"


def read(regex: str, *lines: str) -> list[Reading]:
    return Reader([MetricDefinition("m", regex)]).read(lines, 0)


@pytest.mark.parametrize(
    ("regex", "line", "kind", "value"),
    [
        (r"loss=(\S+)", "loss=0.25", Kind.NUMBER, 0.25),
        (r"loss=(\S+)", "loss=888", Kind.NUMBER, 888.0),
        (r"loss=(\S+)", "loss=-1e-3", Kind.NUMBER, -1e-3),
        (r"loss=(\S+)", "loss=.5", Kind.NUMBER, 0.5),
        (r"loss=(\S+)", "loss=nan", Kind.NAN, math.nan),
        (r"loss=(\S+)", "loss=NaN", Kind.NAN, math.nan),
        (r"loss=(\S+)", "loss=-Infinity", Kind.INFINITE, -math.inf),
        (r"loss=(\S+)", "loss=inf", Kind.INFINITE, math.inf),
        (r"loss=(\S+)", "loss=1e999", Kind.INFINITE, math.inf),
        (r"loss=(\S+)", "loss=1,234.5", Kind.UNPARSABLE, math.nan),
        (r"loss=(\S+)", "loss=98%", Kind.UNPARSABLE, math.nan),
        (r"loss=(\S+)", "loss=1_000", Kind.UNPARSABLE, math.nan),
        (r"loss=(\S+)", "loss=0x10", Kind.UNPARSABLE, math.nan),
        (r"loss=(\S+)", "loss=None", Kind.UNPARSABLE, math.nan),
        (r"loss=(-)?", "loss=-Infinity", Kind.UNPARSABLE, math.nan),
        (r"loss=(\d*)", "loss=nan", Kind.UNPARSABLE, math.nan),
        (r"loss=(\d+)?", "loss=nan", Kind.UNPARSABLE, math.nan),
        (r"loss=([^,]*)", "loss= 0.5 , next", Kind.NUMBER, 0.5),
        (r"^loss=(\S+)$", "loss=3", Kind.NUMBER, 3.0),
        (r"\Aloss=(\S+)\z", "loss=3", Kind.NUMBER, 3.0),
        (r"(?<!val/)loss=(\S+)", "loss=3", Kind.NUMBER, 3.0),
        (r"#011validation-auc:(\S+)", "[3]#011validation-auc:0.9", Kind.NUMBER, 0.9),
        (r"精度=(\S+)", "\x1b[32m精度=0.9 \x00", Kind.NUMBER, 0.9),
    ],
)
def test_what_group_1_captured_is_a_number_as_a_whole_or_typed_as_none(
    regex: str, line: str, kind: Kind, value: float
) -> None:
    (reading,) = read(regex, line)
    assert reading.kind is kind
    assert reading.value == value or (math.isnan(reading.value) and math.isnan(value))


@pytest.mark.parametrize("regex", [r"(?<!val/)loss=(\S+)", r"(?:^|\s)loss=(\S+)", r"^loss=(\S+)", r"\Aloss=(\S+)"])
def test_another_metric_is_not_taken_for_this_one(regex: str) -> None:
    assert [reading.value for reading in read(regex, "val/loss=0.3", "loss=0.2", "x val/loss=0.3")] == [0.2]


def test_only_the_first_match_of_a_line_counts() -> None:
    assert [reading.value for reading in read(r"loss=(\d+)", "loss=1 loss=2", "loss=3")] == [1, 3]


def test_readings_come_by_line_then_by_definition() -> None:
    reader = Reader([MetricDefinition("b", r"b=(\d+)"), MetricDefinition("a", r"(?=a)a=(\d+)")])
    found = [(reading.line, reading.metric) for reading in reader.read(["a=1 b=1", "", "b=2", "a=3 b=3"], 10)]
    assert found == [(10, "b"), (10, "a"), (12, "b"), (13, "b"), (13, "a")]


PATTERNS = [
    r"loss=(\S+)",
    r"^(\d)",
    r"(\d)$",
    r"\b(\d)\b",
    r"a\s*(\d?)",
    r"(?s)a.*(\d)",
    r"[^x](\d)",
    r"\A(\d)",
    r"(\d)\z",
    r"(?-s:a.)(\d)",
    r"(?i)A|(\d)b",
    r"(\W)",
    r"(?=a)a(\d)",
    r"()",
    r"a(?-m:^)?(\d)",
    r"(a\nb|\d)",
]
TEXT = st.text(st.sampled_from("aAbx=1 2.\r\t%é\x00loss"), max_size=12)


@given(st.sampled_from(PATTERNS), st.lists(TEXT, max_size=6))
def test_a_chunk_reads_as_its_lines_one_by_one(regex: str, lines: list[str]) -> None:
    reader = Reader([MetricDefinition("m", regex)])
    one_by_one = [reading for index, line in enumerate(lines) for reading in reader.read([line], index)]
    assert list(map(repr, reader.read(lines, 0))) == list(map(repr, one_by_one))


@given(st.sampled_from(PATTERNS), st.text())
def test_no_text_makes_the_reader_raise(regex: str, line: str) -> None:
    for reading in read(regex, line.replace("\n", " ")):
        assert reading.kind is not Kind.NUMBER or math.isfinite(reading.value)


@given(st.text(alphabet="()[]{}*+?|\\^$abw1,9-:<=!PnQE.#", min_size=1, max_size=20))
def test_no_pattern_is_worse_than_refused(regex: str) -> None:
    definition = MetricDefinition("m", regex)
    refused = Reader([definition]).refused
    if not refused:
        read(regex, "a", "abw1")
        return
    with pytest.raises(InvalidSpec) as caught:
        check_definition(definition, "metrics.m")
    assert (caught.value.field, {"m": caught.value.why}) == ("metrics.m", refused)
    assert caught.value.remedy


def test_a_pattern_that_stalls_is_given_up_after_a_few_lines_and_the_others_go_on() -> None:
    reader = Reader([MetricDefinition("slow", CATASTROPHIC), MetricDefinition("loss", r"loss=(\d)")])
    start_s = time.process_time()
    readings = reader.read([HOPELESS] * 1000 + ["loss=1"], 0)
    assert time.process_time() - start_s < 2
    assert [reading.kind for reading in readings] == [Kind.TIMED_OUT] * TIMEOUTS_ALLOWED + [Kind.NUMBER]


def test_a_pattern_given_up_in_an_earlier_chunk_is_not_tried_again() -> None:
    reader = Reader([MetricDefinition("slow", CATASTROPHIC)])
    assert [reading.line for reading in reader.read([HOPELESS] * 3, 7, {"slow": TIMEOUTS_ALLOWED - 1})] == [7]


@pytest.mark.parametrize("regex", [r"(a*)*b(\d)", r"loss=((?:\d+)+)x", r"(.*)(.*)(.*)z"])
def test_a_line_of_ten_megabytes_is_read_in_linear_time(regex: str) -> None:
    start_s = time.process_time()
    read(regex, "a1" * 5_000_000)
    assert time.process_time() - start_s < 5


@pytest.mark.parametrize(
    ("regex", "why"),
    [
        (r"loss=\d+", "has no group"),
        (r"(?=x)loss=\d+", "has no group"),
        (r"loss=(\d+", "is not a regular expression"),
        (r"((a{1000}){1000}){1000}(x)", "repeats more than 1000 times"),
        (r"(?=a)((a{200}){200})", "repeats more than 1000 times"),
    ],
)
def test_a_definition_that_cannot_be_used_is_refused_with_a_remedy(regex: str, why: str) -> None:
    with pytest.raises(InvalidSpec, match=why) as refused:
        check_definition(MetricDefinition("m", regex), "metrics[0].regex")
    assert refused.value.field == "metrics[0].regex"
    assert refused.value.remedy


def test_a_log_is_reported_by_definition() -> None:
    log = ["epoch 1 loss=3\r\n", "noise\n", "epoch 2 loss=nan\n", "epoch 3 loss=1\n"]
    loss, missing = read_log([MetricDefinition("loss", r"loss=(\S+)"), MetricDefinition("f1", r"f1=(\S+)")], log)
    assert (loss.matches, loss.faults) == (3, {"nan": 1})
    assert loss.first is not None
    assert loss.last is not None
    assert (loss.first.line, loss.first.value, loss.last.line, loss.last.value) == (0, 3.0, 3, 1.0)
    assert (missing.matches, missing.first, missing.last, missing.faults) == (0, None, None, {})


def test_a_log_is_not_read_by_a_definition_without_a_group() -> None:
    with pytest.raises(InvalidSpec, match=r"metrics\.loss"):
        read_log([MetricDefinition("loss", r"loss=\S+")], [])
