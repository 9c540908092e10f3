"""However the messages of an attempt arrive, the same lines, the same values and the same summary come of them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.metrics.desk import Desk, only, resends, summary
from tests.unit.metrics.messages import ACCURACY, LOSS, ended, lines, reported, started
from tunewright.events.v1 import results_pb2
from tunewright_metrics.collecting.buckets import lines_in


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
    assert (told.objective_value, told.objective_error) == (1.5, 0.5)  # sd 0.7071, of two
    _, told = run("accuracy=1", reading="MEAN_OF_LAST", last_k=2)
    assert (told.objective_value, told.HasField("objective_error")) == (1, False)
    _, told = run("accuracy=nan", "accuracy=2", reading="MEAN_OF_LAST", last_k=2)
    assert not told.HasField("objective_value")
    assert "one of the last 2 values" in told.objective_fault


def test_a_pattern_that_cannot_be_used_says_so_and_the_other_metrics_go_on() -> None:
    desk, told = run("loss=1", metrics=[("accuracy", "accuracy="), ("loss", r"loss=(\d)")])
    assert "its regex cannot be used: 'accuracy=' has no group" in told.objective_fault
    assert desk.points() == [("loss", 1, 1, 0)]


def test_a_pattern_that_stalls_says_so() -> None:
    desk = Desk()
    desk.deliver(started([("accuracy", r"(?=a)(?:a|a)+(x)"), ("loss", r"loss=(\d)")]))
    for index in range(9):
        desk.deliver(lines(index, ["a" * 40 + "!", "loss=1"][index % 2 :][:1]))
    told = summary(desk.deliver(ended(9)))
    assert "took too long on 5 lines and was given up" in told.objective_fault
    assert [(fault.metric, fault.kind, fault.count) for fault in told.faults] == [
        ("accuracy", "timed out", 5),
        ("accuracy", "missing", 9),
    ]


def test_what_went_wrong_is_counted_by_kind_and_never_stored_as_a_number() -> None:
    desk, told = run("accuracy=nan", "accuracy=1,5", "accuracy=98%", "accuracy=1")
    assert {(fault.kind, fault.metric): (fault.count, fault.example) for fault in told.faults} == {
        ("nan", "accuracy"): (1, "nan"),
        ("unparsable", "accuracy"): (2, "1,5"),
        ("missing", "loss"): (4, LOSS[1]),
    }
    assert [repr(value) for _, value, _, _ in desk.points()] == ["nan", "1.0"]
    assert told.steps == 4


def test_what_stays_silent_is_warned_of_once_with_what_looks_like_it_until_it_comes() -> None:
    desk = Desk()
    desk.deliver(started(), lines(0, ["acc: 0.5"] * 199))
    warnings = only(results_pb2.MetricNeverMatched, desk.deliver(lines(199, ["acc: 0.5"] * 5)))
    assert [(item.metric, item.regex, item.lines_read) for item in warnings] == [
        ("accuracy", ACCURACY[1], 204),
        ("loss", LOSS[1], 204),
    ]
    assert "acc=0.5" in warnings[0].nearest
    assert desk.deliver(lines(204, ["acc: 0.5"] * 500)) == []
    (taken_back,) = desk.deliver(lines(704, ["loss=1"]))
    assert taken_back == results_pb2.MetricMatched(uid=warnings[0].uid, number=1, attempt=1, metric="loss")
    assert desk.deliver(lines(705, ["loss=2"])) == []
    (by_report,) = desk.deliver(reported("r", ("accuracy", 1)))
    assert isinstance(by_report, results_pb2.MetricMatched)


def test_the_summary_is_the_same_whatever_was_warned_of() -> None:
    texts = ["x"] * 300 + ["accuracy=1", "loss=2"]
    _, at_once = run(*texts)
    desk = Desk()
    desk.deliver(started())
    for index, text in enumerate(texts):
        desk.deliver(lines(index, [text]))
    assert summary(desk.deliver(ended(len(texts)))) == at_once


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


def test_an_end_that_counts_reports_waits_for_them_however_they_come() -> None:
    desk = Desk()
    end = ended(0)
    end.reports = 2
    first, second = reported("r-1", ("accuracy", 0.5)), reported("r-2", ("accuracy", 0.7))
    assert only(results_pb2.TrainingSummarized, desk.deliver(started(), end, first, first)) == []
    assert summary(desk.deliver(second)).objective_value == 0.7


def test_an_objective_without_a_regex_can_be_reported() -> None:
    desk = Desk()
    start = started()
    del start.metric_definitions[:]
    assert summary(desk.deliver(start, reported("r", ("accuracy", 0.5)), ended(0))).objective_value == 0.5


def test_what_a_program_reports_under_new_names_without_end_is_told_and_stays_bounded() -> None:
    desk = Desk()
    desk.deliver(started(), *(reported(f"r{index}", (f"m{index}", 1.0)) for index in range(300)))
    told = summary(desk.deliver(ended(0)))
    (beyond,) = (fault for fault in told.faults if fault.kind == "refused")
    assert (len(told.last_values), beyond.count, beyond.example) == (256, 44, "beyond 256: m256")


# -- The metrics file ------------------------------------------------------------------------------------------------


def test_a_metrics_file_is_read_by_name_settled_like_output_and_never_shown() -> None:
    desk = Desk()
    start = started([("accuracy", r"acc=(\S+)"), ("f1", "")])
    start.metrics_file = True
    said = ['{"accuracy": 0.5, "f1": 0.1, "lr": 3}', "oops", '{"accuracy": 0.7}']
    desk.deliver(start, lines(0, ["acc=0.4", '{"f1": 0.2}']), lines(1, said[1:], instance=1))
    assert resends(desk.deliver(ended(2, 3))) == [(1, 0)]
    told = desk.deliver(lines(0, said, instance=1), lines(0, said, instance=1))
    assert desk.output() == [(0, 0, "acc=0.4"), (0, 1, '{"f1": 0.2}')]
    assert desk.points() == [
        ("accuracy", 0.4, 1, 0),
        ("f1", 0.2, 1, 1),
        ("accuracy", 0.5, 2, 0),
        ("f1", 0.1, 2, 0),
        ("accuracy", 0.7, 3, 2),
    ]
    runs = [run for document in desk.documents["measurements"].values() for run in document["runs"]]
    assert [instance for instance, *_ in runs] == [0, 1]
    assert (summary(told).objective_value, list(summary(told).tail)) == (0.7, ["acc=0.4", '{"f1": 0.2}'])
    assert [(fault.kind, fault.metric, fault.example) for fault in summary(told).faults] == [("unparsable", "", "oops")]
    assert [(item.instance, item.through_line) for item in only(results_pb2.OutputSettled, told)] == [(0, 1), (1, 2)]


def test_a_metrics_file_that_was_cut_short_is_told_of() -> None:
    desk = Desk()
    start = started()
    start.metrics_file = True
    end = ended(0, 1)
    end.metrics_file_fault = "it became shorter"
    told = desk.deliver(start, lines(0, ['{"accuracy": 1, "loss": 1}'], instance=1), end, end)
    (message, *_) = only(results_pb2.TrainingSummarized, told)
    assert [(fault.kind, fault.metric, fault.example) for fault in message.faults] == [
        ("refused", "", "it became shorter")
    ]


def test_a_cut_line_spoils_only_what_ends_there() -> None:
    desk = Desk()
    message = lines(0, ["known", "accuracy=0.5 loss=88"])
    message.cut.append(1)
    desk.deliver(started(), lines(0, ["known"]), message)
    assert desk.points() == [("accuracy", 0.5, 1, 1)]
    told = summary(desk.deliver(ended(2)))
    assert [(fault.kind, fault.metric, fault.example) for fault in told.faults] == [("cut", "loss", "88")]


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


def test_names_however_many_and_long_leave_the_record_small() -> None:
    desk = Desk()
    desk.deliver(started(), *(reported(f"r{at}", (f"{at}-" + "x" * 100_000, 1.0)) for at in range(300)))
    desk.deliver(reported("short", *((f"m{at}", 1.0) for at in range(300))))
    assert len(repr(desk.stream())) < 100_000
    assert {len(point[0]) < 10 for point in desk.points()} == {True}
