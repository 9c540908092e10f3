"""A reading: what one match of a metric definition said, and of which kind that is."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Final, NamedTuple

EXAMPLE_LENGTH: Final = 60
NO_METRIC: Final = ""
"""What a line of a metrics file belongs to that is no JSON object."""


class Kind(StrEnum):
    NUMBER = "number"
    NAN = "nan"
    INFINITE = "infinite"
    UNPARSABLE = "unparsable"
    CUT = "cut"
    """It ends where the line, longer than 64 KiB, has been cut: 888 may be left as 8."""
    TIMED_OUT = "timed out"
    """The pattern took too long on this line; whether it would have matched is not known."""
    REFUSED = "refused"
    """The pattern cannot be used at all."""
    MISSING = "missing"
    """Nothing was read under this name in a whole training."""


NO_NUMBERS: Final = frozenset({Kind.UNPARSABLE, Kind.CUT})
NO_EMISSIONS: Final = frozenset({Kind.TIMED_OUT, Kind.REFUSED})


class Reading(NamedTuple):
    """One match of one definition. `value` is NaN for what is not a number."""

    metric: str
    line: int
    kind: Kind
    value: float
    text: str


def number_kind(value: float) -> Kind:
    if math.isnan(value):
        return Kind.NAN
    return Kind.NUMBER if math.isfinite(value) else Kind.INFINITE


def typed(metric: str, line: int, text: str, value: float | None) -> Reading:
    """Return the reading of a text that is, as a whole, this number; None: it is none."""
    if value is None:
        return Reading(metric, line, Kind.UNPARSABLE, math.nan, text[:EXAMPLE_LENGTH])
    kind = Kind.NUMBER if -math.inf < value < math.inf else number_kind(value)
    return Reading(metric, line, kind, value, text[:EXAMPLE_LENGTH])
