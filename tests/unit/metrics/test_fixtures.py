"""What other tools' parsers made of lines, from their issue trackers, and what ours makes of them and why."""

from __future__ import annotations

import math
import re

import pytest

from tunewright.core.ranges_text import default_regex
from tunewright.core.spec import MetricDefinition
from tunewright_metrics.core.kinds import Kind, Reading
from tunewright_metrics.core.reading import Reader

KATIB = r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)"
"""Katib's default filter, pkg/metricscollector/v1beta1/common/const.go: group 1 is a name, group 2 a number."""

BY_NAME = default_regex("loss")
NAIVE = r"loss=([0-9.]+)"
"""What most people write first."""

NOTHING: tuple[Kind, float] | None = None


def read(regex: str, line: str, name: str = "loss") -> tuple[Kind, float] | None:
    found: list[Reading] = Reader([MetricDefinition(name, regex)]).read([line], 0)
    assert len(found) <= 1
    return (found[0].kind, found[0].value) if found else None


@pytest.mark.parametrize(
    ("line", "katib", "expected"),
    [
        ("loss=0.3", "0.3", (Kind.NUMBER, 0.3)),
        ("loss=888", "888", (Kind.NUMBER, 888.0)),  # katib #1754: an older filter left 8
        ("loss = 3e-4", "3e-4", (Kind.NUMBER, 3e-4)),
        ("epoch 3: loss: 0.3", None, (Kind.NUMBER, 0.3)),  # missed altogether
        ("loss=nan", "", (Kind.NAN, math.nan)),  # katib PR 2724: an empty text, which became the best trial
        ("loss=NaN", "", (Kind.NAN, math.nan)),
        ("loss=inf", "", (Kind.INFINITE, math.inf)),
        ("loss=-Infinity", "-", (Kind.INFINITE, -math.inf)),
        ("loss=1,234.5", "1", NOTHING),  # a thousandth of what was meant
        ("loss=98%", "98", NOTHING),  # a hundred times what was meant, or not: nobody can know
        ("val/loss=0.3", "0.3", NOTHING),  # another metric
        ("train-loss=0.3", None, NOTHING),
        ("loss=0.3, acc=0.9", "0.3", (Kind.NUMBER, 0.3)),
        ('{"loss": 0.3}', None, (Kind.NUMBER, 0.3)),
    ],
)
def test_katibs_default_filter_and_ours(line: str, katib: str | None, expected: tuple[Kind, float] | None) -> None:
    theirs = {name: value for name, value, *_ in re.findall(KATIB, line)}
    assert theirs.get("loss") == katib  # what is said of it in this table is so
    ours = read(BY_NAME, line)
    assert repr(ours) == repr(expected)


@pytest.mark.parametrize(
    ("regex", "line", "expected"),
    [
        # A regex that stops early reads what it says; one that takes the whole word lets nothing through.
        (r"loss=(\d)", "loss=888", (Kind.NUMBER, 8.0)),
        (r"loss=(\S+)", "loss=888", (Kind.NUMBER, 888.0)),
        (NAIVE, "loss=1,234.5", (Kind.NUMBER, 1.0)),
        (r"loss=(\S+)", "loss=1,234.5", (Kind.UNPARSABLE, math.nan)),
        (NAIVE, "loss=1e-05", (Kind.NUMBER, 1.0)),  # sagemaker-python-sdk #3932
        (r"loss=(\S+)", "loss=1e-05", (Kind.NUMBER, 1e-5)),
        (NAIVE, "loss=nan", NOTHING),
        (r"loss=([0-9.]*)", "loss=nan", (Kind.UNPARSABLE, math.nan)),  # the empty group is told, not stored
        (r"acc=(\S+)", "acc=98%", (Kind.UNPARSABLE, math.nan)),
        (r"acc=(\S+)%", "acc=98%", (Kind.NUMBER, 98.0)),
        (r"loss=(\S+)", "val/loss=0.3", (Kind.NUMBER, 0.3)),
        (r"(?:^|\s)loss=(\S+)", "val/loss=0.3", NOTHING),
        (r"loss=(\S+)", "loss: 0.3", NOTHING),
        (r"loss=(\S+)", "loss=0.3,", (Kind.UNPARSABLE, math.nan)),
        (r"loss=([^\s,]+)", "loss=0.3,", (Kind.NUMBER, 0.3)),
    ],
)
def test_a_regex_reads_what_it_says(regex: str, line: str, expected: tuple[Kind, float] | None) -> None:
    assert repr(read(regex, line)) == repr(expected)
