"""The first configurations of a job, before there is enough to fit: the default point, then a small Latin hypercube.

A function of space, default point and seed, never of what came in meanwhile. The hypercube (McKay, Beckman and Conover
1979) is the one of several draws whose nearest two points, the default among them, are farthest apart (Johnson, Moore
and Ylvisaker 1990).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from tunewright.core.space import Choice, Value
from tunewright.surrogate.encoding import Array, Encoding
from tunewright_suggester.core.streams import Stream, generator

POINTS: Final = 4
"""Of the hypercube; the default point comes before."""
TRIES: Final = 64


def default_coordinates(encoding: Encoding, given: Mapping[str, Value]) -> Array:
    """Return the default point (g,): what is given, else the middle of the scaled axis, else the first choice."""
    middle = np.array([0.0 if isinstance(axis.parameter, Choice) else 0.5 for axis in encoding.axes])
    standing = encoding.configuration(encoding.snapped(middle[None, :])[0])
    return encoding.point({**standing, **given})


def initial_design(encoding: Encoding, given: Mapping[str, Value], seed: int) -> Array:
    """Return the coordinates (1 + POINTS, g) in the order in which they are tried."""
    default = default_coordinates(encoding, given)[None, :]
    random = generator(seed, 0, Stream.DESIGN)
    best, widest = default, -1.0
    for _ in range(TRIES):
        cells = random.permuted(np.tile(np.arange(POINTS)[:, None], len(encoding.axes)), axis=0)
        hypercube = encoding.snapped((cells + random.random(cells.shape)) / POINTS)
        design = np.vstack([default, hypercube])
        gap = _smallest_gap(encoding.features(design))
        if gap > widest:
            best, widest = design, gap
    return best


def _smallest_gap(X: Array) -> float:
    squared = ((X[:, None, :] - X[None, :, :]) ** 2).sum(2)
    return float(squared[np.triu_indices(len(X), 1)].min())
