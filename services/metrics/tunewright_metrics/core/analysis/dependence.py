"""Partial dependence: the objective along one parameter, all others averaged out (Friedman 2001, section 8.2, eq. 52).

The average is over the whole space, uniform on the scaled axes, not over the configurations that were tried: a Bayesian
search tries few bad ones.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tunewright.core.space import Value
from tunewright.surrogate.encoding import Array, Encoding
from tunewright_metrics.core.analysis.functions import Functions
from tunewright_metrics.core.analysis.sobol import cube

PLACES: Final = 25
EVALUATIONS: Final = 16_384
"""Of the model, over all parameters, if that is not fewer than 2^FEWEST_POINTS points a place."""
FEWEST_POINTS: Final = 4
MOST_POINTS: Final = 8
"""Powers of two: how many points the other parameters are averaged over."""


def partial_dependences(functions: Functions) -> list[tuple[tuple[Value, ...], Array, Array]]:
    """Return per parameter: its values, the means there, and their standard deviations."""
    encoding = functions.encoding
    places = [_places(encoding, axis) for axis in range(len(encoding.axes))]
    power = int(np.log2(EVALUATIONS / sum(map(len, places))))
    others = encoding.snapped(cube(len(places), min(max(power, FEWEST_POINTS), MOST_POINTS)))
    return [_along(functions, axis, at, others) for axis, at in enumerate(places)]


def _along(functions: Functions, axis: int, at: Array, others: Array) -> tuple[tuple[Value, ...], Array, Array]:
    U = np.tile(others, (len(at), 1))
    U[:, axis] = np.repeat(at, len(others))
    found = functions.at(U).reshape(len(at), len(others), -1).mean(1)
    encoding, name = functions.encoding, functions.encoding.axes[axis].name
    u = others[0].copy()
    values = []
    for coordinate in at.tolist():
        u[axis] = coordinate
        values.append(encoding.configuration(u)[name])
    return tuple(values), found[:, 0], found[:, 1:].std(1)


def _places(encoding: Encoding, axis: int) -> Array:
    """Return coordinates of one axis: each choice, or values evenly along the scaled axis, its ends included."""
    levels = encoding.axes[axis].levels
    if axis in encoding.choices:
        return np.arange(levels or 1, dtype=np.float64)
    column = np.full((PLACES, len(encoding.axes)), 0.5)
    column[:, axis] = np.linspace(0.0, 1.0, PLACES)
    return np.unique(encoding.snapped(column)[:, axis])
