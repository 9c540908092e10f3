"""How configurations become numbers for a model, and back.

Two forms. *Coordinates* U (m, g): a column per free parameter, numeric ones in [0, 1] on the scaled axis, a choice by
its index; integers stand at the centres of their shares, so that a coordinate is always one of a real configuration.
*Features* X (m, p): numeric columns as they are, a choice as one-hot columns of length √½, so that two different
choices are at squared distance 1 (Hamming). Parameters of a single value bear no information and have no column.
It must not know of objectives or models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tunewright.core.space import (
    Choice,
    Configuration,
    Float,
    Int,
    ScalingType,
    Space,
    Value,
    from_unit,
    resolved_scaling,
)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Axis:
    """One free parameter."""

    name: str
    parameter: Float | Int | Choice

    @property
    def levels(self) -> int | None:
        """How many values it has; None: a continuum."""
        match self.parameter:
            case Float():
                return None
            case Int() as numbers:
                return numbers.high - numbers.low + 1
            case Choice() as choice:
                return len(choice.values)


@dataclass(frozen=True, slots=True)
class Encoding:
    space: Space
    axes: tuple[Axis, ...]
    groups: NDArray[np.intp]
    """(p,): which axis a feature belongs to."""

    @property
    def continuous(self) -> list[int]:
        return [place for place, axis in enumerate(self.axes) if axis.levels is None]

    @property
    def discrete(self) -> list[int]:
        return [place for place, axis in enumerate(self.axes) if axis.levels is not None]

    @property
    def choices(self) -> list[int]:
        return [place for place, axis in enumerate(self.axes) if isinstance(axis.parameter, Choice)]

    def coordinates(self, columns: Mapping[str, Sequence[Value | None]], rows: int) -> Array:
        """Return U (rows, g). NaN: the value has no place on its axis (no longer offered, or no logarithm).

        `columns` may be empty where there are no rows.
        """
        U = np.empty((rows, len(self.axes)))
        for place, axis in enumerate(self.axes):
            U[:, place] = _coordinates(axis.parameter, columns.get(axis.name, ()))
        return U

    def point(self, configuration: Configuration) -> Array:
        """Return the coordinates (g,) of one configuration."""
        columns = {axis.name: (configuration[axis.name],) for axis in self.axes}
        u: Array = self.coordinates(columns, 1)[0]
        return u

    def configuration(self, u: Array) -> dict[str, Value]:
        """Return the configuration at coordinates (g,): plain Python values, inside the space."""
        at = {axis.name: coordinate for axis, coordinate in zip(self.axes, u.tolist(), strict=True)}
        return {name: _value(parameter, at.get(name, 0.0)) for name, parameter in self.space.items()}

    def snapped(self, U: Array) -> Array:
        """Map a point of the cube [0, 1]^g to the coordinates of the configuration in whose share it lies."""
        V = U.copy()
        for place in self.discrete:
            V[:, place] = _snapped(self.axes[place].parameter, U[:, place])
        return V

    def inside(self, U: Array) -> NDArray[np.bool_]:
        """Return which of the coordinates (m, g) are of configurations of the space."""
        choices = np.isin(np.arange(len(self.axes)), self.choices)
        placed = np.where(choices, np.isfinite(U), (U >= 0.0) & (U <= 1.0))
        inside: NDArray[np.bool_] = np.all(placed, axis=1)
        return inside

    def levels(self, place: int, coordinate: float, reach: int) -> Array:
        """Return the coordinates of the values that an exact search tries on one discrete axis.

        All values where there are at most `reach`; else those within geometrically growing steps on both sides.
        """
        parameter = self.axes[place].parameter
        match parameter:
            case Choice(values):
                return np.arange(len(values)).astype(np.float64)
            case Int(low, high):
                value = int(from_unit(parameter, coordinate))
                return _coordinates(parameter, _near(value, low, high, reach))
            case Float():
                return np.empty(0)

    def features(self, U: Array) -> Array:
        """Return X (m, p) of U (m, g)."""
        X = np.empty((len(U), len(self.groups)))
        column = 0
        for place, axis in enumerate(self.axes):
            if isinstance(axis.parameter, Choice):
                width = len(axis.parameter.values)
                X[:, column : column + width] = (U[:, [place]] == np.arange(width)) * np.sqrt(0.5)
            else:
                width = 1
                X[:, column] = U[:, place]
            column += width
        return X

    def feature_of(self, place: int) -> int:
        """Return the feature of a numeric axis."""
        return int(np.searchsorted(self.groups, place))


def encoding_of(space: Space) -> Encoding:
    axes = tuple(Axis(name, parameter) for name, parameter in space.items() if not _single(parameter))
    widths = [len(axis.parameter.values) if isinstance(axis.parameter, Choice) else 1 for axis in axes]
    return Encoding(space, axes, np.repeat(np.arange(len(axes)), widths))


def _single(parameter: Float | Int | Choice) -> bool:
    return len(parameter.values) == 1 if isinstance(parameter, Choice) else parameter.low == parameter.high


def _coordinates(parameter: Float | Int | Choice, column: Sequence[Value | None] | Array) -> Array:
    if isinstance(parameter, Choice):
        place = {value: float(index) for index, value in enumerate(parameter.values)}
        return np.array([np.nan if value is None else place.get(str(value), np.nan) for value in column])
    low, high = _ends(parameter)
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = _scaled(np.array(column, dtype=np.float64), resolved_scaling(parameter))
    unit: Array = (np.where(np.isfinite(scaled), scaled, np.nan) - low) / (high - low)
    return unit


def _snapped(parameter: Float | Int | Choice, column: Array) -> Array:
    match parameter:
        case Choice(values):
            return np.minimum(np.floor(column * len(values)), len(values) - 1.0)
        case Int(low, high):
            scaled_low, scaled_high = _ends(parameter)
            scaled = scaled_low + column * (scaled_high - scaled_low)
            logarithmic = resolved_scaling(parameter) is ScalingType.LOGARITHMIC
            numbers = np.clip(np.rint(np.exp(scaled) if logarithmic else scaled), low, high)
            return _coordinates(parameter, numbers)
        case Float():
            return column


def _near(value: int, low: int, high: int, reach: int) -> Array:
    if high - low < reach:
        return np.arange(low, high + 1, dtype=np.float64)
    steps = [0, *(sign * 2**power for power in range((high - low).bit_length()) for sign in (-1, 1))]
    return np.array([float(value + step) for step in steps if low <= value + step <= high])


def _value(parameter: Float | Int | Choice, coordinate: float) -> Value:
    if isinstance(parameter, Choice):
        return parameter.values[int(coordinate)]
    return from_unit(parameter, coordinate)


def _ends(parameter: Float | Int) -> tuple[float, float]:
    """Return the ends of the scaled axis; an integer owns half a unit on each side."""
    margin = 0.5 if isinstance(parameter, Int) else 0.0
    ends = np.array([parameter.low - margin, parameter.high + margin])
    low, high = _scaled(ends, resolved_scaling(parameter)).tolist()
    return low, high


def _scaled(x: Array, scaling: ScalingType) -> Array:
    match scaling:
        case ScalingType.LOGARITHMIC:
            return np.log(x)
        case ScalingType.REVERSE_LOGARITHMIC:
            return -np.log1p(-x)
        case _:
            return x
