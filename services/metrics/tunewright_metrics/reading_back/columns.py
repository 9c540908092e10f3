"""All values of an attempt as columns, for curves: what takes a message each elsewhere takes 36 bytes here."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tunewright.platform.codec import instant_to_timestamp
from tunewright.platform.store.port import Document
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright_metrics.core.thinning import largest_triangles

POINTS_KEPT: Final = 1_048_576
"""Of a metric that has more values, a curve is drawn from every second one, every fourth one, and so on."""

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
        """Take a bucket of measurements."""
        if self.metric and self.metric not in document["metrics"]:
            return
        which, points = _unpacked(document)
        for number, name in enumerate(document["metrics"]):
            if self.metric in {"", name}:
                self.by_metric.setdefault(name, Column()).add(points[which == number])

    def finite(self) -> NDArray[Any]:
        """Return the points of the one metric that are finite numbers."""
        column = self.by_metric.get(self.metric)
        points = column.points() if column else np.empty(0, POINT)
        finite: NDArray[Any] = points[np.isfinite(points["value"])]
        return finite

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


def _unpacked(document: Document) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return a bucket's points, and of each which metric it is of; collecting/buckets.py has its layout."""
    values, places = np.frombuffer(document["values"], "<f8"), zlib.decompress(document["places"])
    count = len(values)
    which = np.frombuffer(places, "<u4", count)
    steps, lines = np.frombuffer(places, "<i8", 2 * count, which.nbytes).reshape(2, count).cumsum(axis=1)
    instances, counts, moments = zip(*document["runs"], strict=True)
    points = np.empty(count, POINT)
    points["step"], points["value"], points["line"] = steps, values, lines
    points["instance"], points["at"] = np.repeat(instances, counts), np.repeat(moments, counts)
    return which, points
