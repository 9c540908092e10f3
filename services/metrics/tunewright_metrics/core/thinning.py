"""Fewer points of a curve, chosen so that it looks the same.

Steinarsson (2013), "Downsampling Time Series for Visual Representation", section 4.2: Largest-Triangle-Three-Buckets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise


def largest_triangles(x: Sequence[float], y: Sequence[float], count: int) -> list[int]:
    """Return the indexes of at most `count` points, in order, both ends among them if `count` is 2 or more.

    Values that are not finite are kept as long as nothing has to be left out, and left out first.
    """
    if len(y) <= count:
        return list(range(len(y)))
    finite = [index for index, value in enumerate(y) if math.isfinite(value)]
    if len(finite) <= max(count, 1):
        return finite[:count]
    if count <= 2:
        return [finite[0], finite[-1]][-count:]
    ends = [1 + (len(finite) - 2) * number // (count - 2) for number in range(count - 1)]
    buckets = [finite[low:high] for low, high in pairwise(ends)]
    kept = [finite[0]]
    for bucket, after in zip(buckets, [*buckets[1:], finite[-1:]], strict=True):
        kept.append(_farthest(x, y, kept[-1], bucket, after))
    return [*kept, finite[-1]]


def _farthest(x: Sequence[float], y: Sequence[float], origin: int, bucket: list[int], after: list[int]) -> int:
    """Return the point of the bucket that spans the largest triangle with the origin and the next bucket's mean."""
    mean_x, mean_y = (math.fsum(axis[index] for index in after) / len(after) for axis in (x, y))
    areas = [
        abs((x[origin] - mean_x) * (y[index] - y[origin]) - (x[origin] - x[index]) * (mean_y - y[origin]))
        for index in bucket
    ]
    return bucket[areas.index(max(areas))]
