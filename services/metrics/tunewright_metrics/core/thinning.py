"""Fewer points of a curve, chosen so that it looks the same.

Steinarsson (2013), "Downsampling Time Series for Visual Representation", section 4.2: Largest-Triangle-Three-Buckets;
with the least and the greatest value put in where it leaves them out, because people look for these.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def largest_triangles(x: ArrayLike, y: ArrayLike, count: int) -> list[int]:
    """Return the indexes of at most `count` points, in order; if `count` is 2 or more, both ends are among them.

    From 4 on, so are a least and a greatest value. Values that are not finite are kept as long as nothing has to be
    left out, and left out first.
    """
    xs, ys = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if len(ys) <= count:
        return list(range(len(ys)))
    finite = np.flatnonzero(np.isfinite(ys))
    if len(finite) <= count:
        return _plain(finite)
    if count <= 2:
        return _plain(finite[[0, -1][:count]])
    xs, ys = xs[finite], ys[finite]
    with np.errstate(over="ignore", invalid="ignore"):  # of huge values, some triangle
        kept = _farthest(xs, ys, count)
    return _plain(finite[_with_extremes(kept, ys)])


def _farthest(x: Floats, y: Floats, count: int) -> list[int]:
    """Return the ends, and of each bucket the point farthest from the line between the last one and the next mean."""
    edges = 1 + (len(y) - 2) * np.arange(count - 1) // (count - 2)
    sizes = np.diff(np.append(edges, len(y)))
    means = [(np.add.reduceat(axis, edges) / sizes).tolist() for axis in (x, y)]
    kept = [0]
    for (low, high), mean_x, mean_y in zip(pairwise(edges.tolist()), means[0][1:], means[1][1:], strict=True):
        from_x, from_y = x[kept[-1]], y[kept[-1]]
        areas = np.abs((from_x - mean_x) * (y[low:high] - from_y) - (from_x - x[low:high]) * (mean_y - from_y))
        kept.append(low + int(areas.argmax()))
    return [*kept, len(y) - 1]


def _with_extremes(kept: Sequence[int], y: Floats) -> list[int]:
    """Return the points with a least and a greatest one among them, each in the place of the nearest."""
    if len(kept) < 4:
        return list(kept)
    extremes = [int(y.argmin()), int(y.argmax())]
    for extreme in extremes:
        if not np.isin(y[extreme], y[kept]):
            replaceable = [index for index in kept[1:-1] if index not in extremes]
            nearest = min(replaceable, key=lambda index: abs(index - extreme))
            kept = sorted([extreme, *(index for index in kept if index != nearest)])
    return list(kept)


def _plain(indexes: NDArray[Any]) -> list[int]:
    found: list[int] = indexes.tolist()
    return found
