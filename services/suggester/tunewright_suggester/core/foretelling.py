"""What a training that was stopped early would have reached, foretold by its rank among the curves at its stop step.

The levels of the completed trainings at that step, in order, are matched with their final losses, in order (quantile
matching): between two levels stands a value between the two finals. So it does not matter that losses are ten times
higher at the beginning, nor that what was stopped is compared with survivors only. How far this misses is seen on the
completed trainings, each left out in turn; a share of it enters as a standard error, so that where early ranks tell
nothing the model believes the values less.

In loss units throughout: smaller is better. K completed trainings, T stop steps.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tunewright.surrogate.encoding import Array
from tunewright_suggester.core.ask import Curve, Observations
from tunewright_suggester.core.curves import mean_between

LATEST: Final = 256
"""Completed trainings that are looked at, the last ones in fold order: the work is bounded."""
WINDOW: Final = 0.25
"""The last quarter of a curve up to the stop step is its level: one value alone is noisy, the whole is old."""
FEW: Final = 2.0
"""So many completed trainings weigh as much as what is believed without any."""
STEP_BITS: Final = 3
"""Stop steps are rounded down to so many leading bits, by less than a fifth: the curves are looked at at few steps."""


def foretell(
    observations: Observations, y: Array, completed: NDArray[np.bool_], stopped: NDArray[np.bool_], sign: float
) -> tuple[Array, Array]:
    """Return losses and standard errors (n,): foretold where `stopped`, else y and 0.

    y (n,) holds losses with what is believed of the stopped trainings where there is no curve; with few completed
    trainings the foretold value is drawn towards that. None is taken for worse than _reach beyond the worst final.
    `sign` turns objectives into losses.
    """
    values, errors = y.copy(), np.zeros(len(y))
    curves = observations.curves
    references = [row for row in np.flatnonzero(completed).tolist() if curves and curves[row].steps][-LATEST:]
    if not references:
        return values, errors
    groups = _by_step(observations, np.flatnonzero(stopped).tolist())
    finals = y[references]
    levels = sign * _levels([curves[row] for row in references], np.array(list(groups), dtype=np.float64))
    missed = _missed(levels, finals)
    weight = len(references) / (len(references) + FEW)
    blind = 0.5 * float(y[completed | stopped].std())
    levels.sort(axis=1)
    finals.sort()
    limit = finals[-1] + _reach(finals)
    for place, (step, group) in enumerate(groups.items()):
        rows = list(group)
        own = sign * np.array([mean_between(curve, (1 - WINDOW) * step, step) for curve in group.values()])
        values[rows] = weight * _matched(levels[place], finals, own) + (1 - weight) * np.minimum(y[rows], limit)
        errors[rows] = observations.doubt * np.sqrt(weight * missed[place] + (1 - weight) * blind**2)
    return values, errors


def _by_step(observations: Observations, rows: list[int]) -> dict[int, dict[int, Curve]]:
    """Return stop step to the rows and curves stopped there. Without a curve, the last value stands for all before."""
    groups: defaultdict[int, dict[int, Curve]] = defaultdict(dict)
    for row in rows:
        curve = observations.curves[row]
        if not curve.steps:
            curve = Curve((max(observations.steps[row], 1),), (observations.values[row],))
        spare = max(curve.steps[-1].bit_length() - STEP_BITS, 0)
        groups[curve.steps[-1] >> spare << spare][row] = curve
    return groups


def _levels(curves: list[Curve], at: Array) -> Array:
    """Return the level of every curve at steps `at` (T,), as (T, K); what ended before keeps its last level."""
    lengths = np.array([len(curve.steps) + 1 for curve in curves])
    count = int(lengths.sum())
    steps = np.fromiter(chain.from_iterable((0, *curve.steps) for curve in curves), np.float64, count)
    means = np.fromiter(chain.from_iterable((0.0, *curve.means) for curve in curves), np.float64, count)
    sums, first = steps * means, np.cumsum(lengths) - lengths
    last = first + lengths - 1
    offset = (steps.max() + 1.0) * np.arange(len(curves))
    keys = steps + np.repeat(offset, lengths)  # ascending over all curves, so that one search serves them all

    def sums_up_to(end: Array) -> Array:
        right = np.clip(np.searchsorted(keys, offset + end), first + 1, last)
        share = (end - steps[right - 1]) / (steps[right] - steps[right - 1])
        total: Array = sums[right - 1] + share * (sums[right] - sums[right - 1])
        return total

    end = np.minimum(at[:, None], steps[last])
    level: Array = (sums_up_to(end) - sums_up_to((1 - WINDOW) * end)) / (WINDOW * end)
    return level


def _matched(levels: Array, finals: Array, own: Array) -> Array:
    """Return the finals (m,) that levels `own` (m,) foretell, given ascending levels and finals (K,) of the completed.

    Never better than the best final. What is worse than all levels lies beyond the worst final, by at most the distance
    from the median final to the worst. Equal levels share the mean of their finals.
    """
    left, right = np.searchsorted(levels, own, "left"), np.searchsorted(levels, own, "right")
    total = np.append(0.0, np.cumsum(finals))
    tied = (total[right] - total[left]) / np.maximum(right - left, 1)
    run = _reach(levels)
    beyond = np.clip((own - levels[-1]) / run, 0.0, 1.0) if run > 0 else (own > levels[-1]).astype(np.float64)
    matched: Array = np.where(right > left, tied, np.interp(own, levels, finals)) + _reach(finals) * beyond
    return matched


def _reach(ascending: Array) -> float:
    """Return the distance from the median to the last: how far beyond it is believed that a training may end."""
    return float(ascending[-1] - ascending[len(ascending) // 2])


def _missed(levels: Array, finals: Array) -> Array:
    """Return the mean squared miss (T,) at each step of the completed trainings' finals (K,), each left out in turn.

    Without training j the i-th of the others' ascending finals is the i-th of all, or the one after it from j on.
    """
    count = len(finals)
    if count == 1:
        return np.zeros(len(levels))
    order = np.argsort(levels, axis=1, kind="stable")
    ordered, ascending = np.take_along_axis(levels, order, axis=1), np.sort(finals)
    rank = np.empty(count, dtype=np.intp)
    rank[np.argsort(finals, kind="stable")] = np.arange(count)
    own, place = rank[order], np.arange(count)
    left, right = np.maximum(place - 1, 0), np.minimum(place + 1, count - 1)
    gap = ordered[:, right] - ordered[:, left]
    share = np.where(gap > 0, (ordered - ordered[:, left]) / np.where(gap > 0, gap, 1.0), 0.5)
    above = np.minimum(place, count - 2)
    foretold = (1 - share) * ascending[left + (left >= own)] + share * ascending[above + (above >= own)]
    squared: Array = ((foretold - ascending[own]) ** 2).mean(axis=1)
    return squared
