"""What counts as an improvement: the one rule for counters, criteria and what a model foretells.

An objective improves on the best if it is better by more than ε = 1 % of max(|best|, interquartile range of the
objectives of completed trainings). The share of the best is what AMT says of its criteria; alone it would count every
rounding error where the best is near 0 (a loss that vanishes, a score around zero), which the spread does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

SHARE: Final = 0.01


def worthwhile_gain(best: float, ascending: Sequence[float]) -> float:
    """Return ε, at least 0, in units of the objective; `ascending` are the objectives of completed trainings.

    Multiplying all objectives by a number multiplies ε by its magnitude.
    """
    spread = SHARE * _quantile(ascending, 0.75) - SHARE * _quantile(ascending, 0.25) if ascending else 0.0
    return max(SHARE * abs(best), spread)


def _quantile(ascending: Sequence[float], share: float) -> float:
    """Return the quantile, linear between order statistics (Hyndman and Fan 1996, definition 7)."""
    place = share * (len(ascending) - 1)
    below = int(place)
    above = min(below + 1, len(ascending) - 1)
    weight = place - below
    return (1.0 - weight) * ascending[below] + weight * ascending[above]
