"""Ranges to try next: where good trainings lie, with a margin; a piece further at an end; readable ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tunewright.core.autotune import NEAR_ONE, SHARE
from tunewright.core.space import (
    MAX_EXACT_INT,
    Choice,
    Float,
    Int,
    Range,
    ScalingType,
    Value,
    from_unit,
    resolved_scaling,
    to_unit,
)
from tunewright_metrics.core.advice.evidence import Evidence

MARGIN: Final = 0.1
"""Of the range, beyond the outermost of the best trainings; half of what they span, if that is more."""
DECADE: Final = 10.0
HALF: Final = 0.5
WORTH: Final = 0.1
"""An end moves by this share of the range at least, or stays: less is not worth another job."""


def good_span(evidence: Evidence, place: int) -> tuple[float, float]:
    """Return the ends, as coordinates, of what holds the best trainings with a margin."""
    column = evidence.U[evidence.best, place]
    low, high = float(column.min()), float(column.max())
    margin = max(MARGIN, (high - low) / 2)
    return max(0.0, low - margin), min(1.0, high + margin)


def within(parameter: Float | Int, low: float, high: float) -> Float | Int:
    """Return the part of a range between two coordinates, with readable ends; ends that would hardly move stay."""
    low_value = parameter.low if low < WORTH else _readable(parameter, float(from_unit(parameter, low)), math.floor)
    high_value = (
        parameter.high if high > 1 - WORTH else _readable(parameter, float(from_unit(parameter, high)), math.ceil)
    )
    return _between(parameter, max(low_value, parameter.low), min(high_value, parameter.high))


def extended(name: str, parameter: Float | Int, low: float, high: float, *, upper: bool) -> Float | Int | None:
    """Return a range that goes on beyond an end: a decade on logarithmic scales, half the width on a linear one.

    The other end is where good trainings begin. None: the end is one of nature's, or nearly.
    """
    kept = within(parameter, 0.0 if not upper else low, 1.0 if upper else high)
    beyond = _limited(name, parameter, _beyond(parameter, upper=upper))
    if abs(to_unit(parameter, beyond) - (1.0 if upper else 0.0)) < WORTH:
        return None
    return _between(kept, kept.low if upper else beyond, beyond if upper else kept.high, parameter)


def fixed(parameter: Range, value: Value) -> Range:
    """Return the range of one value."""
    match parameter:
        case Float():
            return replace(parameter, low=float(value), high=float(value))
        case Int():
            return replace(parameter, low=int(value), high=int(value))
        case Choice():
            return Choice((str(value),))


def _beyond(parameter: Float | Int, *, upper: bool) -> float:
    low, high = parameter.low, parameter.high
    match resolved_scaling(parameter):
        case ScalingType.LOGARITHMIC:
            return high * DECADE if upper else low / DECADE
        case ScalingType.REVERSE_LOGARITHMIC:
            return 1 - (1 - high) / DECADE if upper else 1 - (1 - low) * DECADE
        case _:
            half = HALF * (high - low)
            return _readable(parameter, high + half if upper else low - half, math.ceil if upper else math.floor)


def _limited(name: str, parameter: Float | Int, value: float) -> Value:
    """Keep to nature's limits: what was not negative stays so, counts stay at least 1, shares below 1."""
    if isinstance(parameter, Int):
        least = next((least for least in (1, 0) if parameter.low >= least), -MAX_EXACT_INT)
        return min(max(round(value), least), MAX_EXACT_INT)
    if parameter.low >= 0:
        value = max(value, 0.0)
    if SHARE.search(name) and parameter.low >= 0 and parameter.high <= 1:
        value = min(value, max(NEAR_ONE, parameter.high))
    if resolved_scaling(parameter) is ScalingType.REVERSE_LOGARITHMIC:
        value = max(value, 0.0)
    return float(f"{value:.12g}")


def _between(parameter: Float | Int, low: Value, high: Value, was: Float | Int | None = None) -> Float | Int:
    """Return the range with other ends on the same scale, which Auto might choose otherwise for them."""
    scaling = parameter.scaling
    if isinstance(parameter, Int):
        changed: Float | Int = Int(int(low), int(high), scaling)
    else:
        changed = Float(float(low), float(high), scaling)
    before = resolved_scaling(was or parameter)
    return changed if resolved_scaling(changed) is before else replace(changed, scaling=before)


def _readable(parameter: Float | Int, value: float, rounded: Callable[[float], int]) -> float:
    """Round an end outwards to two digits: of itself on a logarithmic scale, of the range's width on a linear one."""
    if isinstance(parameter, Int):
        return float(rounded(value))
    scaling = resolved_scaling(parameter)
    if scaling is ScalingType.REVERSE_LOGARITHMIC:
        rest = 1.0 - value
        step = 10.0 ** (math.floor(math.log10(rest)) - 1)
        return float(f"{1.0 - (-rounded(-rest / step)) * step:.6g}")
    size = abs(value) if scaling is ScalingType.LOGARITHMIC else parameter.high - parameter.low
    if size == 0:
        return value
    step = 10.0 ** (math.floor(math.log10(size)) - 1)
    return float(f"{rounded(value / step) * step:.6g}")
