"""What is taken out of a stored bucket: the wanted lines of one of output, the wanted values of one of measurements."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from tunewright.platform.codec import instant_to_timestamp
from tunewright.platform.store.port import Document
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright_metrics.collecting.buckets import points_in
from tunewright_metrics.core.finding import EVERYTHING, Wanted

T = TypeVar("T")


class Found(NamedTuple, Generic[T]):
    """An item of a bucket. `offset` is its place there, and stays that however the bucket grows."""

    offset: int
    item: T
    characters: int = 0


@dataclass(frozen=True, slots=True)
class Opened(Generic[T]):
    count: int
    """Items in the bucket, wanted or not."""
    characters: int
    """That were gone through."""
    found: Iterable[Found[T]]


Open = Callable[[Document], Opened[T]]
"""Takes a bucket, returns what is wanted of it, in order."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Opens buckets of output."""

    wanted: Wanted = EVERYTHING
    instance: int | None = None
    """None: of all."""

    def __call__(self, document: Document) -> Opened[pb.OutputLine]:
        runs = document["runs"]
        count = sum(run[2] for run in runs)
        if not any(self._shows(run[0]) for run in runs):
            return Opened(count, 0, ())
        text = zlib.decompress(document["text"])
        return Opened(count, len(text), self._found(document, text))

    def _shows(self, instance: int) -> bool:
        return self.instance in {None, instance}

    def _found(self, document: Document, text: bytes) -> Iterator[Found[pb.OutputLine]]:
        cut, runs = set(document["cut"]), iter(document["runs"])
        begin = end = instance = first = 0
        at = instant_to_timestamp(0)
        for offset, line in self.wanted.lines(text):
            while offset >= end:
                instance, first, count, moment = next(runs)
                begin, end, at = end, end + count, instant_to_timestamp(moment)
            if self._shows(instance):
                message = pb.OutputLine(index=first + offset - begin, text=line.decode(), instance=instance, at=at)
                message.cut = offset in cut
                yield Found(offset, message, len(line))


@dataclass(frozen=True, slots=True)
class Points:
    """Opens buckets of measurements."""

    metric: str = ""
    """Empty: all."""

    def __call__(self, document: Document) -> Opened[pb.Measurement]:
        return Opened(sum(run[1] for run in document["runs"]), 0, self._found(document))

    def _found(self, document: Document) -> Iterator[Found[pb.Measurement]]:
        if self.metric and self.metric not in document["metrics"]:
            return
        for offset, (name, value, step, line, instance, at) in enumerate(points_in(document)):
            if self.metric in {"", name}:
                point = pb.Measurement(metric=name, value=value, step=step, line=line, instance=instance)
                point.at.CopyFrom(instant_to_timestamp(at))
                yield Found(offset, point)
