"""What is taken out of a stored chunk: the wanted lines of one of output, the wanted values of one of measurements."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, TypeVar

from tunewright.platform.codec import instant_to_timestamp
from tunewright.platform.store.port import Document
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright_metrics.core.finding import EVERYTHING, Wanted
from tunewright_metrics.core.thinning import largest_triangles
from tunewright_metrics.records import text_of

T = TypeVar("T")

POINTS_KEPT: Final = 1_048_576
"""Of a metric that has more values, a curve is drawn from every second one, every fourth one, and so on."""


class Found(NamedTuple, Generic[T]):
    """An item of a chunk. `offset` is its place there, and stays that however the chunk grows."""

    offset: int
    item: T
    characters: int = 0


@dataclass(frozen=True, slots=True)
class Opened(Generic[T]):
    count: int
    """Items in the chunk, wanted or not."""
    characters: int
    """That were gone through."""
    found: Iterable[Found[T]]


Open = Callable[[Document], Opened[T]]
"""Takes a chunk, returns what is wanted of it, in order."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Opens chunks of output."""

    wanted: Wanted = EVERYTHING
    instance: int | None = None
    """None: of all."""
    hidden: int | None = None
    """The instance that is no output but the metrics file."""

    def __call__(self, document: Document) -> Opened[pb.OutputLine]:
        instance: int = document["instance"]
        if instance == self.hidden or self.instance not in {None, instance}:
            return Opened(document["count"], 0, ())
        text = text_of(document)
        return Opened(document["count"], len(text), self._found(document, text))

    def _found(self, document: Document, text: bytes) -> Iterator[Found[pb.OutputLine]]:
        at, cut = instant_to_timestamp(document["at"]), set(document["cut"])
        first, instance = document["first_line"], document["instance"]
        for offset, line in self.wanted.lines(text):
            message = pb.OutputLine(
                index=first + offset, text=line.decode(), instance=instance, at=at, cut=offset in cut
            )
            yield Found(offset, message, len(line))


@dataclass(frozen=True, slots=True)
class Points:
    """Opens chunks of measurements."""

    metric: str = ""
    """Empty: all."""

    def __call__(self, document: Document) -> Opened[pb.Measurement]:
        return Opened(len(document["points"]), 0, self._found(document))

    def _found(self, document: Document) -> Iterator[Found[pb.Measurement]]:
        at, instance = instant_to_timestamp(document["at"]), document["instance"]
        for offset, (name, value, step, line) in enumerate(document["points"]):
            if self.metric in {"", name}:
                point = pb.Measurement(metric=name, value=value, step=step, line=line, instance=instance, at=at)
                yield Found(offset, point)


@dataclass(slots=True)
class Column:
    """One metric's values so far, in little memory."""

    stride: int = 1
    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    lines: array[int] = field(default_factory=lambda: array("q"))
    chunks: array[int] = field(default_factory=lambda: array("q"))
    """Where the value stood: an index into Columns.chunks."""

    def add(self, step: int, value: float, line: int, chunk: int) -> None:
        if step % self.stride:
            return
        self.steps.append(step)
        self.values.append(value)
        self.lines.append(line)
        self.chunks.append(chunk)
        if len(self.steps) > POINTS_KEPT:
            self.stride *= 2
            kept = [index for index, at in enumerate(self.steps) if at % self.stride == 0]
            for name in ("steps", "values", "lines", "chunks"):
                whole = getattr(self, name)
                setattr(self, name, array(whole.typecode, (whole[index] for index in kept)))


@dataclass(slots=True)
class Columns:
    """All values of an attempt, of one metric or of all, as far as a thinned curve needs them."""

    metric: str = ""
    by_metric: dict[str, Column] = field(default_factory=dict)
    chunks: list[tuple[float, int]] = field(default_factory=list)
    """When, and which instance."""

    def add(self, document: Document) -> None:
        self.chunks.append((document["at"], document["instance"]))
        chunk = len(self.chunks) - 1
        for name, value, step, line in document["points"]:
            if self.metric in {"", name}:
                self.by_metric.setdefault(name, Column()).add(step, value, line, chunk)

    def thinned(self, max_points: int) -> list[pb.Measurement]:
        """Return at most so many points of each metric."""
        return [
            self._point(name, column, index)
            for name, column in self.by_metric.items()
            for index in largest_triangles(column.steps, column.values, max_points)
        ]

    def _point(self, name: str, column: Column, index: int) -> pb.Measurement:
        at, instance = self.chunks[column.chunks[index]]
        return pb.Measurement(
            metric=name,
            value=column.values[index],
            step=column.steps[index],
            line=column.lines[index],
            instance=instance,
            at=instant_to_timestamp(at),
        )
