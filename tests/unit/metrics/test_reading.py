"""Lines that made other tools' parsers fail, and patterns that would make any parser stall."""

from __future__ import annotations

import math
import time

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import MetricDefinition
from tunewright_metrics.core.kinds import Kind, Reading
from tunewright_metrics.core.reading import TIMEOUTS_ALLOWED, Reader, check_definition, read_log

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
    r"loss=(\S+)|x=(\S)",
    r"(?i)loss=(\S)",
    r"l(?:o)?s{1,2}=(\S)",
    r"1+?2(\S)",
    r"\$?x\b=(.)?",
    r"(?:^|[^\w/.\-])loss[\"']?\s*[=:]\s*(\d)",
    r"x{2(=)",
    r"[[:alpha:]]oss=(\S)",
]
TEXT = st.text(st.sampled_from("aAbx=1 2.\r\t%é\x00loss"), max_size=12)


@given(st.sampled_from(PATTERNS), st.lists(TEXT, max_size=6))
def test_a_chunk_reads_as_its_lines_one_by_one(regex: str, lines: list[str]) -> None:
    reader = Reader([MetricDefinition("m", regex)])
    one_by_one = [reading for index, line in enumerate(lines) for reading in reader.read([line], index)]
    assert list(map(repr, reader.read(lines, 0))) == list(map(repr, one_by_one))


PIECE = st.sampled_from(
    ["lo", "ss", "=", "x", "1", ".", r"\.", r"\d", "[lx]", "[^o]", "(?:lo|x)", r"\s", "^", "$", r"\b"]
)
REPEAT = st.sampled_from(["", "", "", "?", "*", "+?", "{2}", "{0,1}"])
PATTERN = st.lists(st.tuples(PIECE, REPEAT).map("".join), max_size=4).map("".join)


@given(
    st.tuples(PATTERN, st.sampled_from(["(.)", "(x?)", r"(\S+)|l"]), PATTERN).map("".join), st.lists(TEXT, max_size=6)
)
def test_a_chunk_reads_as_a_naive_search_of_each_line(regex: str, lines: list[str]) -> None:
    try:
        naive = re2.compile(regex)
    except re2.error:
        return
    matches = [(index, naive.search(line)) for index, line in enumerate(lines)]
    found = [(reading.line, reading.text) for reading in Reader([MetricDefinition("m", regex)]).read(lines, 0)]
    assert found == [(index, (match[1] or "")) for index, match in matches if match]


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


class CountingClock:
    """Goes on by a millisecond at each look: what is counted in looks is time."""

    def __init__(self) -> None:
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        return self.looks / 1000


@pytest.mark.parametrize("regex", [r"(?=m)m\d*=(\S+)", r"(\d)x", r"m(\d)=", r"\A.*(\d)$"])
def test_all_patterns_together_take_no_longer_over_a_chunk_than_is_allowed(regex: str) -> None:
    clock = CountingClock()
    reader = Reader([MetricDefinition(str(number), regex) for number in range(40)], clock)
    lines = ["m1=1x " + "-" * 20_000] * 500
    readings = reader.read(lines, 0)
    assert clock.looks <= 100 + 4 * 40
    given_up = {reading.metric for reading in readings if reading.kind is Kind.TIMED_OUT}
    assert given_up == {str(number) for number in range(40)}


def test_a_pattern_that_takes_long_costs_the_others_none_of_their_time() -> None:
    clock = CountingClock()
    reader = Reader([MetricDefinition("slow", r"(?=x)(x)"), MetricDefinition("loss", r"(?<!val/)loss=(\d)")], clock)
    readings = reader.read(["x"] * 500 + ["loss=1"], 0) + reader.read(["loss=2"] * 40, 501)
    assert [reading.kind for reading in readings if reading.metric == "slow"][-1] is Kind.TIMED_OUT
    assert [reading.value for reading in readings if reading.metric == "loss"][-40:] == [2] * 40


def test_one_search_that_takes_too_long_is_held_against_its_own_pattern_only() -> None:
    looks = [0.0, 5.0, 5.0, 5.001]  # a search of five seconds, then one of a millisecond
    clock = iter(looks).__next__
    reader = Reader([MetricDefinition("slow", r"(x)"), MetricDefinition("loss", r"loss=(\d)")], clock)
    found = [(reading.metric, reading.kind) for reading in reader.read(["x loss=1"], 0)]
    assert found == [("slow", Kind.UNPARSABLE), ("slow", Kind.TIMED_OUT), ("loss", Kind.NUMBER)]


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
        (r"(?a)(?u)(?=l)loss=(\d+)", "is not a regular expression"),
        (r"((a{1000}){1000}){1000}(x)", "repeats more than 1000 times"),
        (r"(?=a)((a{200}){200})", "repeats more than 1000 times"),
        (r"(\d)(?:a|b.){900}", "is too large"),
    ],
)
def test_a_definition_that_cannot_be_used_is_refused_with_a_remedy(regex: str, why: str) -> None:
    with pytest.raises(InvalidSpec, match=why) as refused:
        check_definition(MetricDefinition("m", regex), "metrics[0].regex")
    assert refused.value.field == "metrics[0].regex"
    assert refused.value.remedy


def test_a_log_is_reported_by_definition() -> None:
    log = ["epoch 1 loss=3", "noise", '{"f2": 0.5, "train": {"f1": 1}, "note": "x"}', "loss=nan", "epoch 3 loss=1"]
    definitions = [
        MetricDefinition("loss", r"loss=(\S+)"),
        MetricDefinition("f1", r"f1=(\S+)"),
        MetricDefinition("f2", ""),
    ]
    report = read_log(definitions, log)
    loss, missing, member = report.metrics
    assert (loss.matches, loss.kinds) == (3, {"number": 2, "nan": 1})
    assert loss.first is not None
    assert loss.last is not None
    assert (loss.first.line, loss.first.value, loss.last.line, loss.last.value) == (0, 3.0, 4, 1.0)
    assert (missing.matches, missing.first, missing.last, missing.kinds) == (0, None, None, {})
    assert (member.matches, member.kinds) == (1, {"number": 1})
    assert report.unnamed == {"train.f1": 1}


def test_a_log_is_not_read_by_a_definition_without_a_group() -> None:
    with pytest.raises(InvalidSpec, match=r"metrics\.loss"):
        read_log([MetricDefinition("loss", r"loss=\S+")], [])


# -- Lines that are long, coloured, or overwritten -------------------------------------------------------------------


def test_what_ends_where_a_line_was_cut_is_counted_and_no_value() -> None:
    reader = Reader([MetricDefinition("loss", r"loss=(\d+)"), MetricDefinition("f1", r"f1=(\d+)")])
    cut = reader.read(["f1=1 loss=88", "loss=88"], 0, cut=[0])
    assert [(reading.metric, reading.kind, reading.text) for reading in cut] == [
        ("loss", Kind.CUT, "88"),
        ("f1", Kind.NUMBER, "1"),
        ("loss", Kind.NUMBER, "88"),
    ]


@pytest.mark.parametrize(
    "line", ["\x1b[1;32mloss\x1b[0m=\x1b[31m0.5\x1b[0m", "\x1b]0;title\x07loss=0.5\x1b[K", "loss=0.5"]
)
@pytest.mark.parametrize("regex", [r"loss=(\S+)", r"(?<!val/)loss=(\S+)", r"(\S+)$"])
def test_colours_are_no_part_of_what_a_line_says(regex: str, line: str) -> None:
    assert [reading.value for reading in read(regex.replace(r"(\S+)$", r"=(\S+)$"), line)] == [0.5]


def test_a_burst_of_ten_megabytes_is_read_whatever_the_patterns() -> None:
    definitions = [MetricDefinition(f"m{number}", rf"\bm{number}=(\S+)") for number in range(39)]
    reader = Reader([*definitions, MetricDefinition("empty", r"()")])
    lines = [("\x00\ufffd\t" + "x" * 65_000 + f" m{number % 39}={number}") for number in range(160)]
    start_s = time.process_time()
    readings = [reading for index in range(0, 160, 4) for reading in reader.read(lines[index : index + 4], index)]
    assert time.process_time() - start_s < 5
    assert [reading.value for reading in readings if reading.metric != "empty"] == list(map(float, range(160)))
    assert sum(reading.kind is Kind.UNPARSABLE for reading in readings) == 160
