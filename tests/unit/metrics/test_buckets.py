"""What goes into buckets comes out again, and a training makes few of them however it prints."""

from __future__ import annotations

import math
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.metrics.desk import Desk
from tests.unit.metrics.messages import NOW, ended, lines, reported, started
from tunewright_metrics.buckets import (
    FULL_POINTS,
    MOST_CHARACTERS,
    MOST_POINTS,
    Bucket,
    Chunk,
    lines_in,
    packed_lines,
    packed_points,
    points_in,
)
from tunewright_metrics.core.series import Measured
from tunewright_metrics.core.stream import Stream
from tunewright_metrics.fold import Fold, Kept

TEXTS = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=30)
MEASURED = st.builds(
    Measured, st.sampled_from(["loss", "acc", "größe"]), st.floats(), st.integers(1, 2**40), st.integers(-1, 2**40)
)


@st.composite
def chunks(draw: st.DrawFn) -> list[Chunk]:
    made, position = [], draw(st.integers(0, 10**9))
    for texts, measured in draw(
        st.lists(st.tuples(st.lists(TEXTS, max_size=4), st.lists(MEASURED, max_size=4)), max_size=8)
    ):
        at = draw(st.floats(1e9, 2e9))
        cut = [offset for offset in range(len(texts)) if draw(st.booleans())]
        instance, first = draw(st.integers(0, 3)), draw(st.integers(0, 2**40))
        made.append(Chunk(position, instance, first, at, texts, cut, measured))
        position += max(len(texts), 1)
    return made


def stored(chunked: list[list[Chunk]]) -> tuple[list[Bucket], list[Bucket]]:
    """Pack commit after commit; return what then stands in the store."""
    kept: tuple[dict[int, Bucket], dict[int, Bucket]] = ({}, {})
    for commit in chunked:
        for buckets, pack in zip(kept, (packed_lines, packed_points), strict=True):
            last = buckets[max(buckets)] if buckets else None
            buckets |= {bucket.position: bucket for bucket in pack(last, commit)}
    return tuple([buckets[at] for at in sorted(buckets)] for buckets in kept)  # type: ignore[return-value]


@given(chunks(), st.integers(1, 9))
def test_everything_comes_out_as_it_went_in_however_it_was_committed(made: list[Chunk], together: int) -> None:
    commits = [made[start : start + together] for start in range(0, len(made), together)]
    output, measurements = stored(commits)
    lines_out = [line for bucket in output for line in lines_in(bucket.content)]
    assert [(line.line, line.text, line.instance, line.cut) for line in lines_out] == [
        (chunk.first_line + offset, text, chunk.instance, offset in chunk.cut)
        for chunk in made
        for offset, text in enumerate(chunk.lines)
    ]
    points_out = [point for bucket in measurements for point in points_in(bucket.content)]
    points = [(item, chunk.instance) for chunk in made for item in chunk.measured]
    assert [(repr(point[:4]), point.instance) for point in points_out] == [
        (repr(tuple(item)), instance) for item, instance in points
    ]


@given(chunks())
def test_a_time_is_right_to_the_moment(made: list[Chunk]) -> None:
    output, _ = stored([made])
    times = [line.at for bucket in output for line in lines_in(bucket.content)]
    wanted = [chunk.at for chunk in made for _ in chunk.lines]
    assert all(abs(time - at) < 1 for time, at in zip(times, wanted, strict=True))


class Printer:
    """Folds as a collector does that goes on, commit by commit; counts what stands in the store."""

    def __init__(self) -> None:
        self.kept = Kept(Stream("uid-1", 1, 1))
        self.documents: defaultdict[str, dict[str, int]] = defaultdict(dict)

    def commit(self, *messages: object) -> None:
        fold = Fold({("uid-1", 1, 1): self.kept})
        for message in messages:
            fold.take(message)
        writes, after = fold.close(NOW)
        for write in writes:
            document = write.document  # type: ignore[union-attr] - no Remove
            sizes = [len(item) for item in document.values() if isinstance(item, bytes)]
            self.documents[write.collection][write.key] = sum(sizes)
        self.kept = after["uid-1", 1, 1]


def test_a_slow_printer_makes_as_few_documents_as_a_fast_one() -> None:
    printer = Printer()
    printer.commit(started())
    for number in range(1000):
        printer.commit(lines(number, [f"epoch {number} accuracy=0.{number}"], second=number / 10))
    assert {name: len(kept) for name, kept in printer.documents.items()} == {
        "output": 1,
        "measurements": 1,
        "streams": 1,
    }


def test_instances_that_take_turns_share_buckets() -> None:
    printer = Printer()
    printer.commit(started(instances=4))
    for number in range(400):
        printer.commit(lines(number // 4, [f"accuracy=0.{number}"], instance=number % 4, second=number / 10))
    assert len(printer.documents["output"]) == len(printer.documents["measurements"]) == 1


def test_a_stream_knows_what_its_buckets_take() -> None:
    printer = Printer()
    printer.commit(started())
    for number in range(0, 3000, 100):
        texts = [f"epoch {at} accuracy={math.sin(at)}" for at in range(number, number + 100)]
        printer.commit(lines(number, texts), reported(f"r{number}", ("accuracy", number)))
    stream = printer.kept.stream
    assert stream.output_bytes == sum(printer.documents["output"].values())
    assert stream.measurements_bytes == sum(printer.documents["measurements"].values())


def test_buckets_are_bounded_in_size_and_a_point_takes_few_bytes() -> None:
    points = [Measured("loss", math.sin(step), step, 2 * step) for step in range(1, 50_001)]
    texts = [f"{math.sin(step)}" * 50 for step in range(2_000)]
    split = [Chunk(at, 0, at, 1.0, (), (), points[at : at + 500]) for at in range(0, 50_000, 500)]
    buckets = packed_points(None, split)
    assert max(bucket.size for bucket in buckets) <= MOST_POINTS
    assert sum(bucket.bytes for bucket in buckets) < 9 * len(points)
    output = packed_lines(None, [Chunk(at, 0, at, 1.0, texts[at : at + 10]) for at in range(0, 2_000, 10)])
    assert max(bucket.size for bucket in output) <= MOST_CHARACTERS
    (grown,) = packed_points(packed_points(None, split[:1])[0], split[1:2])
    assert grown.size == FULL_POINTS
    (fresh,) = packed_points(grown, split[2:3])
    assert fresh.position == 1000


def test_after_the_end_nothing_is_held_in_memory() -> None:
    printer = Printer()
    printer.commit(started(), lines(0, ["accuracy=1"]))
    assert printer.kept.output is not None
    printer.commit(ended(1))
    assert (printer.kept.output, printer.kept.measurements) == (None, None)


def test_a_collector_that_takes_over_begins_a_bucket_and_leaves_the_old_one_as_it_is() -> None:
    desk = Desk()  # knows nothing from batch to batch
    desk.deliver(started(), lines(0, ["accuracy=1", "x"]))
    before = [dict(bucket) for bucket in desk.buckets("output")]
    desk.deliver(lines(2, ["accuracy=2"]))
    assert desk.buckets("output")[:1] == before
    assert [text for *_, text in desk.output()] == ["accuracy=1", "x", "accuracy=2"]
