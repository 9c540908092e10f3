"""Texts, numbers, truth values and times: whether a value is one, and which constraints it violates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tunewright_gateway.core.model import wording
from tunewright_gateway.core.model.extensions import MORE_PATTERNS, MORE_VALUES
from tunewright_gateway.core.model.patterns import matcher
from tunewright_gateway.core.model.service import Shape

NOT_A_NUMBER: Final = frozenset({"NaN", "Infinity", "-Infinity"})
"""How JSON bodies of AWS's clients write what JSON has no number for."""
LAST_TIME: Final = 253_402_300_800
"""The first second of the year 10000, which no calendar of ours has."""
BITS: Final = {"integer": 31, "long": 63}
NAMES: Final = {
    "string": "a String",
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "boolean": "a Boolean",
    "timestamp": "a Timestamp",
}

Holds = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Scalar:
    wanted: str
    is_one: Holds
    holds: Holds
    """All constraints; asked of what `is_one` only."""
    constraints: tuple[tuple[Holds, str], ...]

    def violations(self, value: Any) -> list[str]:
        return [text for holds, text in self.constraints if not holds(value)]

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.constraints]


def scalar(shape: Shape) -> Scalar:
    """Return what a shape asks of its values. Raises KeyError: a type that has no such shape."""
    kind = shape.type_name
    if kind == "string":
        return _string(shape)
    constraints = tuple(_limits(shape, wording.least, wording.largest, float))
    return Scalar(NAMES[kind], IS_ONE[kind], _all([holds for holds, _ in constraints]), constraints)


def _string(shape: Shape) -> Scalar:
    if "enum" in shape.metadata:
        values = (*shape.metadata["enum"], *MORE_VALUES.get(shape.name, ()))
        known = frozenset(values).__contains__
        return Scalar(NAMES["string"], _is_text, known, ((known, wording.one_of(values)),))
    constraints = list(_limits(shape, wording.shortest, wording.longest, len))
    if pattern := shape.metadata.get("pattern"):
        constraints.append((matcher(pattern, MORE_PATTERNS.get(shape.name)), wording.matching(pattern)))
    return Scalar(NAMES["string"], _is_text, _all([holds for holds, _ in constraints]), tuple(constraints))


def _limits(
    shape: Shape, low_text: Callable[[Any], str], high_text: Callable[[Any], str], of: Callable[[Any], float]
) -> list[tuple[Holds, str]]:
    """Return the least and the largest that a shape allows, of a value or of its length, the largest first."""
    found: list[tuple[Holds, str]] = []
    high, low = shape.metadata.get("max"), shape.metadata.get("min")
    if high is not None:
        found.append((lambda value: of(value) <= high, high_text(high)))
    if low:
        found.append((lambda value: of(value) >= low, low_text(low)))
    elif low is not None:
        found.append((lambda value: of(value) >= 0, low_text(0)))
    return found


def _all(checks: list[Holds]) -> Holds:
    match checks:
        case []:
            return lambda _: True
        case [one]:
            return one
        case [one, two]:
            return lambda value: one(value) and two(value)
        case [one, two, three]:
            return lambda value: one(value) and two(value) and three(value)
        case _:
            return lambda value: all(holds(value) for holds in checks)


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_integer(bits: int) -> Holds:
    low, high = -(2**bits), 2**bits - 1
    return lambda value: type(value) is int and low <= value <= high


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) or (type(value) is str and value in NOT_A_NUMBER)


def _is_time(value: Any) -> bool:
    if type(value) is str:
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return False
        return True
    return type(value) in (int, float) and math.isfinite(value) and -LAST_TIME < value < LAST_TIME


IS_ONE: Final[dict[str, Holds]] = {
    "integer": _is_integer(BITS["integer"]),
    "long": _is_integer(BITS["long"]),
    "float": _is_number,
    "double": _is_number,
    "boolean": lambda value: type(value) is bool,
    "timestamp": _is_time,
}
