"""A pasted log is read as a training's output would be, within its limits, and every fault is told."""

from __future__ import annotations

import math
import time

import pytest

from tunewright.core.errors import InvalidSpec
from tunewright.core.ranges_text import default_regex
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright.v1 import spec_pb2
from tunewright_metrics.trying import LONGEST, MOST_LINES, MOST_READINGS, Tries

LOG = 'loss=0.5\nacc 90%\r\nloss=nan\rloss=0.25 acc 80\n{"f1": 0.75, "lr": 0.01}\n'
LOSS, ACC = ("loss", r"loss=(\S+)"), ("acc", r"acc (\S+)")
CATASTROPHIC = r"(?=a)(a|aa)+$"


async def tried(*metrics: tuple[str, str], text: str = LOG, objective: str = "", **reading: object):
    request = pb.TryMetricsRequest(
        metrics=[spec_pb2.MetricDefinition(name=name, regex=regex) for name, regex in metrics], text=text
    )
    if objective:
        request.objective.CopyFrom(spec_pb2.Objective(metric_name=objective, direction=1, **reading))
    return await Tries().answer(request)


def faults(answer: pb.TryMetricsResponse) -> list[tuple[str, str, int, str]]:
    return [(item.kind, item.metric, item.count, item.example) for item in answer.faults]


async def test_each_line_says_what_was_read_of_it():
    answer = await tried(LOSS, ACC)
    read = [(item.line, item.metric, item.kind, item.step, item.text) for item in answer.readings]
    assert read == [
        (0, "loss", "number", 1, "0.5"),
        (1, "acc", "unparsable", 1, "90%"),
        (2, "loss", "nan", 2, "nan"),
        (3, "loss", "number", 3, "0.25"),
        (3, "acc", "number", 2, "80"),
    ]
    assert [item.value for item in answer.readings if item.kind == "number"] == [0.5, 0.25, 80.0]
    assert all(math.isnan(item.value) for item in answer.readings if item.kind != "number")
    assert faults(answer) == [("unparsable", "acc", 1, "90%"), ("nan", "loss", 1, "nan")]
    assert (answer.lines, answer.left_out) == (5, 0)


async def test_what_json_lines_say_is_read_by_name_and_what_nobody_named_is_told():
    answer = await tried(("f1", ""), ("loss", default_regex("loss")))
    assert [(item.line, item.value) for item in answer.readings if item.metric == "f1"] == [(4, 0.75)]
    assert dict(answer.unnamed) == {"lr": 0.01}


@pytest.mark.parametrize(
    ("objective", "reading", "value", "fault"),
    [
        ("loss", {}, 0.25, ""),
        ("loss", {"reading": spec_pb2.OBJECTIVE_READING_BEST}, 0.5, ""),
        ("loss", {"reading": spec_pb2.OBJECTIVE_READING_MEAN_OF_LAST, "last_k": 2}, None, "not a finite number"),
        ("none", {}, None, "never emitted"),
        ("bad", {}, None, "cannot be used"),
    ],
)
async def test_the_objective_is_that_of_a_training_or_it_is_said_why_there_is_none(objective, reading, value, fault):
    answer = await tried(LOSS, ("none", "none=(.)"), ("bad", "("), objective=objective, **reading)
    assert (answer.objective_value if answer.HasField("objective_value") else None) == value
    assert fault in answer.objective_fault


async def test_without_an_objective_there_is_none_and_no_fault():
    answer = await tried(LOSS)
    assert not answer.HasField("objective_value")
    assert answer.objective_fault == ""


@pytest.mark.parametrize("regex", ["(", "no group", "(x){1001}" * 2, "x" * 501, r"((x{500}){500})"])
async def test_a_regex_that_cannot_be_used_is_a_fault_and_the_others_are_read(regex):
    answer = await tried(("bad", regex), LOSS)
    assert [item.metric for item in answer.readings] == ["loss"] * 3
    ((kind, metric, _, why),) = [item for item in faults(answer) if item[1] == "bad"]
    assert (kind, metric) == ("refused", "bad")
    assert why


async def test_what_was_sought_in_vain_is_told_with_its_regex():
    assert ("missing", "f2", 5, r"f2=(\S+)") in faults(await tried(("f2", r"f2=(\S+)")))


async def test_a_pattern_without_end_is_given_up_and_the_others_are_read():
    before = time.process_time()
    answer = await tried(("slow", CATASTROPHIC), LOSS, text="\n".join(["a" * 60 + "b loss=1"] * 3000))
    assert time.process_time() - before < 30
    slow = [item for item in answer.readings if item.metric == "slow"]
    assert {(item.kind, item.step) for item in slow} == {("timed out", 0)}
    assert 1 <= len(slow) <= 5
    assert len([item for item in answer.readings if item.metric == "loss"]) == 3000


async def test_of_very_many_readings_the_first_are_told():
    answer = await tried(("a", "(1)"), ("b", "(1)"), text="1\n" * MOST_LINES)
    assert len(answer.readings) == MOST_READINGS
    assert 0 < answer.left_out <= 2 * MOST_LINES - MOST_READINGS  # fewer where the patterns' time was up: under load


async def test_a_long_line_is_cut_where_a_trainer_cuts_it():
    answer = await tried(("loss", r"(\d+)"), text="8" * (LONGEST // 2))
    assert [(item.kind, item.step) for item in answer.readings] == [("cut", 1)]


@pytest.mark.parametrize(
    ("metrics", "asked", "field"),
    [
        ([], {}, "metrics"),
        ([(str(number), "") for number in range(41)], {}, "metrics"),
        ([LOSS, LOSS], {}, "metrics[1].name"),
        ([("", "x")], {}, "metrics[0].name"),
        ([LOSS], {"objective": "acc"}, "objective.metric_name"),
        ([LOSS], {"text": "x" * (LONGEST + 1)}, "text"),
        ([LOSS], {"text": "\n" * (MOST_LINES + 1)}, "text"),
    ],
)
async def test_what_is_too_much_or_makes_no_sense_is_refused(metrics, asked, field):
    with pytest.raises(InvalidSpec) as caught:
        await tried(*metrics, **asked)
    assert caught.value.field == field
