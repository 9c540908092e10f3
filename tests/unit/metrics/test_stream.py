"""However the messages of an attempt arrive, the same lines, the same values and the same summary come of them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.metrics.desk import Desk, only, resends, summary
from tests.unit.metrics.messages import ACCURACY, ended, lines, reported, started
from tunewright.events.v1 import results_pb2
from tunewright_metrics.buckets import lines_in


def run(*texts: str, **start: object) -> tuple[Desk, results_pb2.TrainingSummarized]:
    desk = Desk()
    told = desk.deliver(started(**start), lines(0, texts), ended(len(texts)))  # type: ignore[arg-type]
    return desk, summary(told)


# -- Any delivery ----------------------------------------------------------------------------------------------------

LINE = st.one_of(
    st.sampled_from(["accuracy=0.5", "accuracy=nan", "accuracy=1,5", "loss=3 accuracy=2", "val/loss=9", "loss=-inf"]),
    st.text(st.characters(exclude_characters="\n", exclude_categories=("Cs",)), max_size=8),
)


@dataclass
class Delivery:
    """Messages as a trainer might send them: pieces, again and again, out of order, cut into batches."""

    texts: list[str]
    batches: list[list[Message]]
    piece: int
    """Lines a message, when they are sent again."""


@st.composite
def deliveries(draw: st.DrawFn) -> Delivery:
    texts = draw(st.lists(LINE, max_size=12))
    span = st.tuples(st.integers(0, len(texts)), st.integers(0, len(texts))).map(sorted)
    message = st.one_of(
        span.map(lambda ends: lines(ends[0], texts[ends[0] : ends[1]])),
        st.just(started()),
        st.just(ended(len(texts))),
    )
    return Delivery(texts, draw(st.lists(st.lists(message, max_size=5), max_size=6)), draw(st.integers(1, 12)))


def settle(desk: Desk, delivery: Delivery) -> results_pb2.TrainingSummarized:
    """Do what the trainer does until there is a summary: say that it has ended, send again what is asked for."""
    for _ in range(len(delivery.texts) + 3):
        told = desk.deliver(ended(len(delivery.texts)))
        if only(results_pb2.TrainingSummarized, told):
            return summary(told)
        ((_, first),) = resends(told)
        again = [started()] if first < 0 else []
        starts = range(max(first, 0), len(delivery.texts), delivery.piece)
        desk.deliver(*again, *(lines(at, delivery.texts[at : at + delivery.piece]) for at in starts))
    raise AssertionError("never summarised")


@given(deliveries())
def test_any_delivery_comes_to_the_same(delivery: Delivery) -> None:
    straight, expected = run(*delivery.texts)
    desk = Desk()
    for batch in delivery.batches:
        desk.deliver(*batch)
    assert settle(desk, delivery).SerializeToString(deterministic=True) == expected.SerializeToString(
        deterministic=True
    )
    assert [text for _, _, text in desk.output()] == delivery.texts
    assert list(map(repr, desk.points())) == list(map(repr, straight.points()))


# -- Gaps ------------------------------------------------------------------------------------------------------------


def test_lines_behind_a_gap_are_asked_for_and_not_taken() -> None:
    desk = Desk()
    desk.deliver(started(), lines(0, ["accuracy=1"]))
    assert resends(desk.deliver(lines(2, ["accuracy=3"]))) == [(0, 1)]
    desk.deliver(lines(1, ["accuracy=2", "accuracy=3"]))
    assert desk.points() == [("accuracy", 1, 1, 0), ("accuracy", 2, 2, 1), ("accuracy", 3, 3, 2)]


def test_a_gap_is_asked_for_once_and_again_if_nothing_comes_of_it() -> None:
    desk = Desk()
    desk.deliver(started())
    assert [resends(desk.deliver(lines(5, ["x"], second=second))) for second in (1, 2, 10.5, 11, 12)] == [
        [(0, 0)],
        [],
        [],
        [(0, 0)],
        [],
    ]


def test_an_unknown_training_is_asked_for_from_the_start_and_leaves_nothing_in_the_store() -> None:
    desk = Desk()
    assert resends(desk.deliver(lines(0, ["accuracy=1"]))) == [(0, -1)]
    assert resends(desk.deliver(ended(1))) == [(0, -1)]
    assert resends(desk.deliver(reported("r", ("accuracy", 1)))) == [(0, -1)]
    assert not any(desk.documents.values())


def test_the_end_asks_for_what_is_missing_each_time() -> None:
    desk = Desk()
    desk.deliver(started(), lines(0, ["a"]))
    assert [resends(desk.deliver(ended(3))) for _ in range(2)] == [[(0, 1)], [(0, 1)]]


# -- The end ---------------------------------------------------------------------------------------------------------


def test_the_summary_is_told_again_byte_for_byte() -> None:
    desk, first = run("accuracy=0.5", "accuracy=0.7", "bye")
    told = desk.deliver(ended(3))
    assert summary(told).SerializeToString(deterministic=True) == first.SerializeToString(deterministic=True)
    assert [message.through_line for message in only(results_pb2.OutputSettled, told)] == [2]


def test_nothing_is_taken_after_the_summary() -> None:
    desk, _ = run("accuracy=0.5")
    before = desk.documents["streams"]
    assert desk.deliver(lines(1, ["accuracy=9"]), reported("late", ("accuracy", 9))) == []
    assert summary(desk.deliver(ended(2))).objective_value == 0.5
    assert desk.documents["streams"] == before
    assert desk.points() == [("accuracy", 0.5, 1, 0)]


def test_sending_known_lines_again_after_the_end_tells_nothing() -> None:
    desk, _ = run("accuracy=0.5", "x")
    assert desk.deliver(lines(0, ["accuracy=0.5", "x"])) == []


def test_a_summary_needs_the_lines_of_all_instances() -> None:
    desk = Desk()
    desk.deliver(started(instances=2), lines(0, ["accuracy=1", "accuracy=2"]))
    assert resends(desk.deliver(ended(2, 1))) == [(1, 0)]
    told = desk.deliver(lines(0, ["accuracy=5"], instance=1))
    assert summary(told).objective_value == 5  # the value reported last over all instances
    assert [(item.instance, item.through_line) for item in only(results_pb2.OutputSettled, told)] == [(0, 1), (1, 0)]
    assert desk.output() == [(0, 0, "accuracy=1"), (0, 1, "accuracy=2"), (1, 0, "accuracy=5")]


def test_the_tail_is_kept_short() -> None:
    _, told = run(*(f"{number:03d}{'x' * 1000}" for number in range(50)))
    assert [line[:3] for line in told.tail] == [f"{number:03d}" for number in range(30, 50)]
    assert {len(line) for line in told.tail} == {500}


def test_a_line_end_inside_a_line_does_not_shift_the_lines_after_it() -> None:
    desk, _ = run("a\nb", "accuracy=1")
    assert desk.output() == [(0, 0, "a b"), (0, 1, "accuracy=1")]
    assert desk.points() == [("accuracy", 1, 1, 1)]


# -- The objective ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "value", "fault"),
    [
        (["accuracy=0.9", "accuracy=0.5", "bye"], 0.5, ""),
        (["accuracy=nan", "accuracy=0.5"], 0.5, ""),
        (["accuracy=0.9", "x", "accuracy=nan"], None, "the last value of 'accuracy' was nan: 'nan' (line 3)"),
        (["accuracy=-inf"], None, "the last value of 'accuracy' was infinite: '-inf' (line 1)"),
        (["accuracy=98%"], None, "the last value of 'accuracy' was unparsable: '98%' (line 1)"),
        (["val/acc=1", "x"], None, "never emitted: none of 2 lines matched 'accuracy=(\\\\S+)'"),
        ([], None, "never emitted: none of 0 lines matched 'accuracy=(\\\\S+)'"),
        (["\x00\x01\x1b[", "{" * 5000], None, "none of 2 lines matched"),
    ],
)
def test_the_objective_is_the_last_value_if_that_is_a_finite_number(
    texts: list[str], value: float | None, fault: str
) -> None:
    _, told = run(*texts)
    assert (told.objective_value if told.HasField("objective_value") else None) == value
    assert fault in told.objective_fault
    assert (value is None) == bool(told.objective_fault)


def test_the_best_value_counts_where_the_user_wants_it() -> None:
    _, told = run("accuracy=0.9", "accuracy=0.5", "accuracy=nan", reading="BEST")
    assert told.objective_value == 0.9


def test_the_mean_of_the_last_values_counts_where_the_user_wants_it() -> None:
    _, told = run("accuracy=9", "accuracy=1", "accuracy=2", reading="MEAN_OF_LAST", last_k=2)
    assert told.objective_value == 1.5
    _, told = run("accuracy=nan", "accuracy=2", reading="MEAN_OF_LAST", last_k=2)
    assert not told.HasField("objective_value")
    assert "one of the last 2 values" in told.objective_fault


def test_a_pattern_that_cannot_be_used_says_so_and_the_other_metrics_go_on() -> None:
    desk, told = run("loss=1", metrics=[("accuracy", "accuracy="), ("loss", r"loss=(\d)")])
    assert "its regex cannot be used: 'accuracy=' has no group" in told.objective_fault
    assert desk.points() == [("loss", 1, 1, 0)]


def test_a_pattern_that_stalls_says_so() -> None:
    _, told = run(*["a" * 40 + "!"] * 9, metrics=[("accuracy", r"(?=a)(?:a|a)+(x)")])
    assert "took too long on 5 lines and was given up" in told.objective_fault
    assert [(fault.kind, fault.count) for fault in told.faults] == [("timed out", 5)]


def test_what_went_wrong_is_counted_by_kind_and_never_stored_as_a_number() -> None:
    desk, told = run("accuracy=nan", "accuracy=1,5", "accuracy=98%", "accuracy=1")
    assert {(fault.kind, fault.metric): (fault.count, fault.example) for fault in told.faults} == {
        ("nan", "accuracy"): (1, "nan"),
        ("unparsable", "accuracy"): (2, "1,5"),
    }
    assert [repr(value) for _, value, _, _ in desk.points()] == ["nan", "1.0"]
    assert told.steps == 4


def test_a_silent_objective_is_warned_of_once_by_its_regex() -> None:
    desk = Desk()
    desk.deliver(started(), lines(0, ["loss=1"] * 199))
    (warning,) = only(results_pb2.MetricNeverMatched, desk.deliver(lines(199, ["loss=1"] * 5)))
    assert (warning.metric, warning.regex, warning.lines_read) == ("accuracy", ACCURACY[1], 204)
    assert desk.deliver(lines(204, ["loss=1"] * 500)) == []


# -- Reports ---------------------------------------------------------------------------------------------------------


def test_a_report_counts_once_and_between_the_lines() -> None:
    desk = Desk()
    desk.deliver(started(), lines(0, ["accuracy=1"]), reported("r1", ("accuracy", 2), ("f1", 3)))
    desk.deliver(reported("r1", ("accuracy", 2), ("f1", 3)), reported("r2", ("accuracy", float("nan"))))
    told = desk.deliver(lines(1, ["accuracy=4", "bye"]), reported("r3", ("accuracy", 5)), ended(3))
    assert [repr(point) for point in desk.points()] == [
        "('accuracy', 1.0, 1, 0)",
        "('accuracy', 2.0, 2, -1)",
        "('f1', 3.0, 1, -1)",
        "('accuracy', nan, 3, -1)",
        "('accuracy', 4.0, 4, 1)",
        "('accuracy', 5.0, 5, -1)",
    ]
    assert summary(told).objective_value == 5


def test_an_objective_without_a_regex_can_be_reported() -> None:
    desk = Desk()
    start = started()
    del start.metric_definitions[:]
    assert summary(desk.deliver(start, reported("r", ("accuracy", 0.5)), ended(0))).objective_value == 0.5


# -- Storage ---------------------------------------------------------------------------------------------------------


def test_cut_lines_are_remembered() -> None:
    desk = Desk()
    second = lines(1, ["b", "c", "d"])
    second.cut.extend([0, 2])
    desk.deliver(started(), lines(0, ["a", "b"]), second)
    (bucket,) = desk.buckets("output")
    assert [(line.text, line.cut) for line in lines_in(bucket)] == [
        ("a", False),
        ("b", False),
        ("c", False),
        ("d", True),
    ]
