"""What is taken out of a stored chunk: the wanted lines of one of output, the wanted values of one of measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

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


POINT: Final = np.dtype([("step", "i8"), ("value", "f8"), ("line", "i8"), ("instance", "i4"), ("at", "f8")])


@dataclass(slots=True)
class Column:
    """One metric's points so far, in little memory."""

    stride: int = 1
    parts: list[NDArray[Any]] = field(default_factory=list)
    count: int = 0

    def add(self, points: NDArray[Any]) -> None:
        self._append(points[points["step"] % self.stride == 0])
        if self.count > POINTS_KEPT:
            whole = self.points()
            self.stride *= 2
            self.parts, self.count = [], 0
            self._append(whole[whole["step"] % self.stride == 0])

    def points(self) -> NDArray[Any]:
        return np.concatenate(self.parts)

    def _append(self, points: NDArray[Any]) -> None:
        self.parts.append(points)
        self.count += len(points)


@dataclass(slots=True)
class Columns:
    """All values of an attempt, of one metric or of all, as far as a thinned curve needs them."""

    metric: str = ""
    by_metric: dict[str, Column] = field(default_factory=dict)

    def add(self, document: Document) -> None:
        names, values, steps, lines = zip(*document["points"], strict=True)
        points = np.empty(len(names), POINT)
        points["step"], points["value"], points["line"] = steps, values, lines
        points["instance"], points["at"] = document["instance"], document["at"]
        which = np.array(names)
        for name in dict.fromkeys(names):
            if self.metric in {"", name}:
                self.by_metric.setdefault(name, Column()).add(points[which == name])

    def curve(self) -> NDArray[Any]:
        """Return the points of the one metric."""
        column = self.by_metric.get(self.metric)
        return column.points() if column else np.empty(0, POINT)

    def thinned(self, max_points: int) -> list[pb.Measurement]:
        """Return at most so many points of each metric."""
        return [
            _measurement(name, point)
            for name, column in self.by_metric.items()
            for point in _shape(column.points(), max_points)
        ]


def _shape(points: NDArray[Any], max_points: int) -> Iterable[Any]:
    kept: Iterable[Any] = points[largest_triangles(points["step"], points["value"], max_points)].tolist()
    return kept


def _measurement(name: str, point: tuple[int, float, int, int, float]) -> pb.Measurement:
    step, value, line, instance, at = point
    return pb.Measurement(
        metric=name, value=value, step=step, line=line, instance=instance, at=instant_to_timestamp(at)
    )
