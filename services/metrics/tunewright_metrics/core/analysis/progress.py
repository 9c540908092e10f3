"""How the job went: the best objective so far, and how the objectives are distributed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from tunewright.core.analysis import BestStep, Share
from tunewright.core.spec import Direction
from tunewright_metrics.core.analysis.sample import has_objective
from tunewright_metrics.core.history import Tried

MOST_SHARES: Final = 500
"""Of more different objectives, so many are kept, evenly by rank, the best and the worst among them."""


def best_so_far(tried: Sequence[Tried], direction: Direction) -> tuple[BestStep, ...]:
    """Return each training that was the best when it ended, in that order; those stopped early count, as everywhere."""
    steps: list[BestStep] = []
    for count, item in enumerate(sorted(tried, key=lambda item: (item.ended_at, item.number)), 1):
        value = item.value
        if value is not None and has_objective(item) and (not steps or direction.better(value, steps[-1].value)):
            steps.append(BestStep(item.number, item.ended_at, value, count))
    return tuple(steps)


def distribution(tried: Sequence[Tried], direction: Direction) -> tuple[Share, ...]:
    """Return the empirical distribution of the objectives, the best first."""
    objectives = [item.value for item in tried if has_objective(item)]
    if not objectives:
        return ()
    values, counts = np.unique(np.array(objectives, dtype=np.float64), return_counts=True)
    if direction is Direction.MAXIMIZE:
        values, counts = values[::-1], counts[::-1]
    shares = np.cumsum(counts) / len(objectives)
    kept = np.unique(np.linspace(0, len(values) - 1, MOST_SHARES).astype(np.intp))
    return tuple(Share(float(values[place]), float(shares[place])) for place in kept)
