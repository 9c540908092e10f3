"""From observations to losses: smaller is better, and what failed or was stopped early has one too.

Which member of the family of bends (tunewright.surrogate.bend) they are fitted with is chosen by leave-one-out
likelihood (see model.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tunewright.core.spec import Direction
from tunewright.surrogate.bend import LARGEST
from tunewright.surrogate.encoding import Array
from tunewright_suggester.core.ask import Observations, Outcome
from tunewright_suggester.core.foretelling import foretell


def losses(observations: Observations, direction: Direction) -> tuple[Array, Array]:
    """Return losses and their standard errors (n,), smaller is better; NaN where there is nothing to learn from.

    A training without a usable objective enters at the worst value seen. One that was stopped early enters at what its
    curve foretells; where no curve is known, it is no better than the median of those that ran to their end: that is
    why it was stopped.
    """
    sign = -1.0 if direction is Direction.MAXIMIZE else 1.0
    y = sign * np.array(observations.values, dtype=np.float64).clip(-LARGEST, LARGEST)
    errors = np.nan_to_num(np.array(observations.errors or np.zeros(len(y)), dtype=np.float64))
    usable = np.isfinite(observations.values) & ~_has(observations.outcomes, (Outcome.FAILED, Outcome.INFEASIBLE))
    if not usable.any():
        return np.full(len(y), np.nan), errors
    completed = usable & _has(observations.outcomes, (Outcome.COMPLETED,))
    stopped = usable & ~completed
    if completed.any() and stopped.any():
        y = np.where(stopped, np.maximum(y, np.median(y[completed])), y)
        y, unsure = foretell(observations, y, completed, stopped, sign)
        errors = np.hypot(errors, unsure)
    return np.where(usable, y, y[usable].max()), errors


def _has(outcomes: Sequence[Outcome], wanted: tuple[Outcome, ...]) -> NDArray[np.bool_]:
    return np.array([outcome in wanted for outcome in outcomes], dtype=bool)
