"""How runs are judged: normalised regrets, ratios with bounds, and what an optimiser is worth in random draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

OFFSET: Final = 0.01
"""Added to a normalised regret before its logarithm: below it differences fade."""
RESAMPLES: Final = 4000
BOUND: Final = 0.95

Scores = Mapping[str, Mapping[int, Array]]
"""Problem to seed to regrets (c,), one per checkpoint."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Of two optimisers' geometric means of (regret + OFFSET), per checkpoint (c,); below 1 the first is better."""

    value: Array
    upper: Array
    """95 % of the bootstrap's ratios are below."""
    problems: int
    pairs: int


def normalised_regret(value: float | None, optimum: float, median: float) -> float:
    """Return 0 for the optimum, 1 for the median random configuration or worse; None (no success yet) gives 1."""
    if value is None or not math.isfinite(value):
        return 1.0
    return min(max((value - optimum) / (median - optimum), 0.0), 1.0)


def geometric_mean(scores: Scores) -> Array:
    """Return the geometric mean (c,) of regret + OFFSET over problems, less OFFSET: each problem weighs the same."""
    per_problem = [
        np.mean([np.log(regrets + OFFSET) for regrets in seeds.values()], axis=0) for seeds in scores.values()
    ]
    mean: Array = np.exp(np.mean(per_problem, axis=0)) - OFFSET
    return mean


def ratio(ours: Scores, theirs: Scores, resamples: int = RESAMPLES) -> Ratio | None:
    """Compare two optimisers on the problems and seeds that both have; None: they share none.

    Bootstrap over problems, and within each drawn problem over seeds (hierarchical: Davison and Hinkley 1997,
    section 3.8), of the mean difference of logarithms, paired by problem and seed.
    """
    groups = _differences(ours, theirs)
    if not groups:
        return None
    random = np.random.default_rng(0)
    value = np.exp(np.mean([group.mean(0) for group in groups], axis=0))
    upper = np.exp(np.quantile(_resampled(groups, resamples, random), BOUND, axis=0))
    return Ratio(value, upper, len(groups), sum(map(len, groups)))


def equivalent_draws(
    value: float | None, quantiles: Sequence[float], probabilities: Sequence[float], design: int
) -> float:
    """Return how many random draws have, in the median, `value` as the smallest of them.

    The median of the smallest of k draws is the quantile at 1 - 2^(-1/k) of one. Censored at the design's size.
    """
    if value is None:
        return 0.0
    finite = [(q, p) for q, p in zip(quantiles, probabilities, strict=True) if math.isfinite(q)]
    share = float(np.interp(value, [q for q, _ in finite], [p for _, p in finite]))
    if share >= 1.0:
        return 0.0
    smallest = 1 - 0.5 ** (1 / design)
    return min(math.log(0.5) / math.log1p(-max(share, smallest)), float(design))


def selected(scores: Scores, keep: Callable[[str], bool]) -> Scores:
    return {problem: seeds for problem, seeds in scores.items() if keep(problem)}


def _differences(ours: Scores, theirs: Scores) -> list[Array]:
    """Return per shared problem the differences of logarithms (seeds, c)."""
    groups = []
    for problem in sorted(ours.keys() & theirs.keys()):
        seeds = sorted(ours[problem].keys() & theirs[problem].keys())
        if seeds:
            a = np.log(np.stack([ours[problem][seed] for seed in seeds]) + OFFSET)
            b = np.log(np.stack([theirs[problem][seed] for seed in seeds]) + OFFSET)
            groups.append(a - b)
    return groups


def _resampled(groups: list[Array], count: int, random: np.random.Generator) -> Array:
    """Return the means (count, c) of so many resamples."""
    drawn = random.integers(len(groups), size=(count, len(groups)))
    means = np.empty((*drawn.shape, groups[0].shape[1]))
    for place, group in enumerate(groups):
        slots = drawn == place
        means[slots] = group[random.integers(len(group), size=(int(slots.sum()), len(group)))].mean(1)
    mean: Array = means.mean(1)
    return mean
