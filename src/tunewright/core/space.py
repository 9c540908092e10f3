"""The search space: named parameters, their ranges, and how a value maps to the unit interval.

A space is an ordered mapping of name to Float, Int or Choice. A configuration maps every name of the space to a plain
float, int or str. Nothing here draws or decides; see draws.py and the suggester.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tunewright.core.errors import InvalidSpec

LOGARITHMIC_RATIO: Final = 100.0
"""Auto takes the logarithm of a positive range whose ends differ by at least this factor."""

MAX_EXACT_INT: Final = 2**53
"""Beyond this a float64 no longer tells neighbouring integers apart."""

MAX_TUNABLE: Final = 30
"""Parameters of one space; AMT's limit."""

Value = float | int | str
Configuration = Mapping[str, Value]


class ScalingType(StrEnum):
    AUTO = "Auto"
    LINEAR = "Linear"
    LOGARITHMIC = "Logarithmic"
    REVERSE_LOGARITHMIC = "ReverseLogarithmic"


NOTATION: Final = {
    ScalingType.LINEAR: "linear",
    ScalingType.LOGARITHMIC: "log",
    ScalingType.REVERSE_LOGARITHMIC: "reverse_log",
    ScalingType.AUTO: "auto",
}
"""Scales as people write them; ranges_text.py reads what `str` of a range gives."""


@dataclass(frozen=True, slots=True)
class Float:
    """A real number in [low, high]."""

    low: float
    high: float
    scaling: ScalingType = ScalingType.AUTO

    def __post_init__(self) -> None:
        _check_ends(self.low, self.high, self.scaling)
        if self.scaling is ScalingType.REVERSE_LOGARITHMIC and not 0 <= self.low <= self.high < 1:
            raise InvalidSpec("scaling", "ReverseLogarithmic needs a range inside [0, 1)", "Use Linear")

    def __str__(self) -> str:
        return _interval_text(self)

    def contains(self, value: Value) -> bool:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Int:
    """An integer in low … high, both included."""

    low: int
    high: int
    scaling: ScalingType = ScalingType.AUTO

    def __post_init__(self) -> None:
        if max(abs(self.low), abs(self.high)) > MAX_EXACT_INT:
            raise InvalidSpec("high", "integers beyond 2^53 cannot be told apart", "Narrow the range")
        _check_ends(self.low, self.high, self.scaling)
        if self.scaling is ScalingType.REVERSE_LOGARITHMIC:
            raise InvalidSpec("scaling", "ReverseLogarithmic is for real numbers only", "Use Linear or Logarithmic")

    def __str__(self) -> str:
        return _interval_text(self)

    def contains(self, value: Value) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a list of texts, in the order given."""

    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise InvalidSpec("values", "there is nothing to choose from", "List at least one value")
        if len(set(self.values)) != len(self.values):
            raise InvalidSpec("values", "a value is listed twice", "List each value once")

    def __str__(self) -> str:
        return ",".join(self.values)

    def contains(self, value: Value) -> bool:
        return value in self.values


Range = Float | Int | Choice
Space = Mapping[str, Range]


def _interval_text(range_: Float | Int) -> str:
    if range_.scaling is ScalingType.AUTO:
        return f"{range_.low!r}..{range_.high!r}"
    return f"{NOTATION[range_.scaling]}({range_.low!r}, {range_.high!r})"


def _check_ends(low: float, high: float, scaling: ScalingType) -> None:
    if not (math.isfinite(low) and math.isfinite(high)):
        raise InvalidSpec("low", "the ends of a range must be finite", "Give two finite numbers")
    if low > high:
        raise InvalidSpec("low", f"the range is empty: {low} > {high}", "Swap the ends")
    if not math.isfinite(high - low):
        raise InvalidSpec("high", f"{low} … {high} is wider than a float64 can say", "Narrow the range")
    if scaling is ScalingType.LOGARITHMIC and low <= 0:
        raise InvalidSpec("scaling", "Logarithmic needs a range above 0", "Raise the lower end or use Linear")


def resolved_scaling(parameter: Float | Int) -> ScalingType:
    """Return the scaling in force: Auto is logarithmic if low > 0 and high/low ≥ 100, else linear."""
    if parameter.scaling is not ScalingType.AUTO:
        return parameter.scaling
    wide = parameter.low > 0 and parameter.high / parameter.low >= LOGARITHMIC_RATIO
    return ScalingType.LOGARITHMIC if wide else ScalingType.LINEAR


def to_unit(parameter: Range, value: Value) -> float:
    """Map a value of the range into [0, 1]; a choice maps to the centre of its equal share.

    An integer maps to the centre of its share of [low − ½, high + ½] on the scaled axis, so that every integer owns an
    interval. `from_unit` is the inverse on values of the range. Values outside the range map outside [0, 1].
    """
    if isinstance(parameter, Choice):
        return (parameter.values.index(str(value)) + 0.5) / len(parameter.values)
    scaling = resolved_scaling(parameter)
    low, high = _scaled_ends(parameter, scaling)
    if high == low:
        return 0.5
    return (_scale(float(value), scaling) - low) / (high - low)


def from_unit(parameter: Range, unit: float) -> Value:
    """Map a point of [0, 1] to a value of the range: a plain float, int or str, never outside it."""
    if isinstance(parameter, Choice):
        return parameter.values[min(int(unit * len(parameter.values)), len(parameter.values) - 1)]
    scaling = resolved_scaling(parameter)
    low, high = _scaled_ends(parameter, scaling)
    value = _unscale(low + unit * (high - low), scaling)
    if isinstance(parameter, Int):
        return min(max(round(value), parameter.low), parameter.high)
    return min(max(value, parameter.low), parameter.high)


def size(space: Space) -> int | None:
    """Return how many distinct configurations the space holds; None if one of its ranges is real-valued."""
    total = 1
    for parameter in space.values():
        match parameter:
            case Float():
                if parameter.low != parameter.high:
                    return None
            case Int():
                total *= parameter.high - parameter.low + 1
            case Choice():
                total *= len(parameter.values)
    return total


def check_configuration(space: Space, configuration: Configuration, field: str = "configuration") -> None:
    """Raise InvalidSpec unless the configuration gives each parameter, and no other, a value of its range."""
    check_part(space, configuration, field)
    for name in space:
        if name not in configuration:
            raise InvalidSpec(f"{field}.{name}", "is missing", "Give every parameter a value")


def check_part(space: Space, part: Configuration, field: str) -> None:
    """Raise InvalidSpec unless a part of a configuration gives parameters, and nothing else, values of their ranges."""
    for name, value in part.items():
        if name not in space:
            raise InvalidSpec(f"{field}.{name}", "is not a parameter of this space", f"Known: {', '.join(space)}")
        if not space[name].contains(value):
            raise InvalidSpec(f"{field}.{name}", f"{value!r} is outside {space[name]}", "Choose inside it")


def text_of(value: Value) -> str:
    """Write a value as a hyperparameter string: shortest round-trip double, plain integer, or the text itself."""
    return repr(value) if isinstance(value, float) else str(value)


def _scaled_ends(parameter: Float | Int, scaling: ScalingType) -> tuple[float, float]:
    low, high = float(parameter.low), float(parameter.high)
    if isinstance(parameter, Int):
        low, high = low - 0.5, high + 0.5
    return _scale(low, scaling), _scale(high, scaling)


def _scale(value: float, scaling: ScalingType) -> float:
    match scaling:
        case ScalingType.LOGARITHMIC:
            return math.log(value)
        case ScalingType.REVERSE_LOGARITHMIC:
            return -math.log1p(-value)
        case _:
            return value


def _unscale(value: float, scaling: ScalingType) -> float:
    match scaling:
        case ScalingType.LOGARITHMIC:
            return math.exp(value)
        case ScalingType.REVERSE_LOGARITHMIC:
            return -math.expm1(-value)
        case _:
            return value
