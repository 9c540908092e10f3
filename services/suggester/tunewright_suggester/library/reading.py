"""What a library user hands in, read as plain Python values, or refused with its field and the remedy.

numpy's numbers are as welcome as Python's; a truth value is no number, and neither is a text that reads like one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tunewright.core.errors import InvalidSpec


def real(given: Any, field: str) -> float:
    """Return a number as a float, NaN and infinity included. Raises: InvalidSpec: it is none."""
    if is_number(given):
        try:
            return float(given)
        except (TypeError, ValueError, OverflowError):
            pass
    raise InvalidSpec(field, f"{given!r:.80} is not a number", "Give a single float")


def whole(given: Any, field: str) -> int:
    """Return a number without a fraction as an int, of any size. Raises: InvalidSpec: it is none."""
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if is_number(given) and real(given, field).is_integer():
        return int(given)
    raise InvalidSpec(field, f"{given!r:.80} is not a whole number", "Give an int")


def mapping(given: Any, field: str) -> Mapping[str, Any]:
    """Return what maps names to values. Raises: InvalidSpec: it does not."""
    if isinstance(given, Mapping) and all(isinstance(name, str) for name in given):
        return given
    raise InvalidSpec(field, f"{given!r:.80} does not map names to values", "Give a dict whose keys are str")


def pair(given: Any, field: str) -> tuple[Mapping[str, Any], Any]:
    """Return a configuration and what it gave. Raises: InvalidSpec: it is no pair."""
    try:
        configuration, value = given
    except (TypeError, ValueError):
        raise InvalidSpec(field, f"{given!r:.80} is not a pair", "Give (configuration, value)") from None
    return mapping(configuration, field), value


def is_number(given: Any) -> bool:
    """Say whether something reads as one number: what has more than one element does not."""
    if isinstance(given, (str, bytes, bool)) or not hasattr(given, "__float__"):
        return False
    return type(given).__name__ not in ("bool", "bool_") and getattr(given, "ndim", 0) == 0


def same(one: Any, other: Any) -> bool:
    """Say whether two values are equal; arrays, which answer element by element, are if they are written alike."""
    if one is other:
        return True
    try:
        return bool(one == other)
    except ValueError:
        return repr(one) == repr(other)
