"""What early stopping saves, and what it costs, with the judge of the metrics service and a peer's beside it.

    python -m bench.metrics stopping     (five minutes the first time, a minute once the curves are in the cache)

Simulated: the eight curve problems of bench.suggester, whose curves are measured on real data, 20 seeds each. A seed is
a random search of 40 trainings, four side by side; what stops them sees the same configurations. Bayesian search is
told of every stop, so it goes its own way; it costs more: one seed of each problem.

Real: examples/digits, 50 trainings of 30 epochs. The curves are those that its program prints; they are folded in this
process, where an hour of waiting for processes would show the same epochs.

Saving is the share of the epochs that are not trained. Loss is what the final best lacks to that without stopping, as a
share of max(|that best|, interquartile range of the objectives), the scale of the rule that ends a job that does not
improve: a share of the best alone means nothing where the best loss is 1e-6. The objective of a training that was
stopped is its last value, as in AMT.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from bench.metrics import digits
from bench.metrics.stopped_job import Listed, Search, bayesian, drawn, pool_of, run
from bench.metrics.stoppers import MEDIAN, Nothing, stoppers
from bench.rows import Row
from bench.suggester.ablation import applied
from bench.suggester.curves.models import curve_problems
from bench.suggester.curves.problem import CurveProblem, remembering
from bench.suggester.workers import pool, progress
from tunewright.core.space import Configuration

POOL: Final = 240
TRAININGS: Final = 40
SEEDS: Final = 20
BAYESIAN_SEEDS: Final = 1
REAL_TRAININGS: Final = 50
LEAST_SAVED: Final = 0.25
MOST_LOST: Final = 0.01
RESAMPLES: Final = 2000
EFFORT: Final = "fast"


@dataclass(frozen=True, slots=True)
class Pair:
    """One job with stopping beside the same without."""

    problem: str
    search: str
    stopper: str
    saved: float
    lost: float


def compared(
    problem: CurveProblem, search: str, begin: Callable[[], Search], trainings: int, names: Iterable[str]
) -> Iterator[Pair]:
    """Yield a pair for each stopper named; `begin` begins the same search anew."""
    whole = run(problem, begin(), Nothing(), trainings)
    for name in names:
        stopped = run(problem, begin(), stoppers()[name](problem.epochs), trainings)
        lost = (stopped.best - whole.best) / whole.scale
        yield Pair(problem.name, search, name, 1 - stopped.epochs / whole.epochs, lost)


def simulated(name: str) -> list[Pair]:
    """Return all pairs of one curve problem."""
    problem = whole_curves(next(problem for problem in curve_problems() if problem.name == name))
    known = pool_of(problem, POOL)
    random = [pair for seed in range(SEEDS) for pair in _random(problem, drawn(known, seed, TRAININGS))]
    return random + [pair for seed in range(BAYESIAN_SEEDS) for pair in _bayesian(problem, seed, TRAININGS)]


def real() -> list[Pair]:
    """Return all pairs of the real job."""
    problem = whole_curves(digits.problem())
    random = _random(problem, pool_of(problem, REAL_TRAININGS))
    return [*random, *_bayesian(problem, 0, REAL_TRAININGS)]


def _random(problem: CurveProblem, configurations: list[Configuration]) -> Iterator[Pair]:
    return compared(problem, "Random", partial(Listed, configurations), len(configurations), stoppers())


def _bayesian(problem: CurveProblem, seed: int, trainings: int) -> list[Pair]:
    with applied({"DEFAULT_TIER": EFFORT}):
        begin = partial(bayesian, problem, seed, trainings)
        return list(compared(problem, "Bayesian", begin, trainings, (MEDIAN,)))


def whole_curves(problem: CurveProblem) -> CurveProblem:
    """Return a copy that trains a configuration once, to the end, and knows its curve from then on."""
    remembered = remembering(problem)
    known: dict[tuple[object, ...], tuple[float, ...]] = {}

    def losses(configuration: Configuration, epochs: int) -> tuple[float, ...]:
        key = tuple(configuration.items())
        if key not in known:
            known[key] = remembered.losses(configuration, problem.epochs)
        return known[key][:epochs]

    return replace(problem, losses=losses)


def rows() -> list[Row]:
    names = [problem.name for problem in curve_problems()]
    pairs: list[Pair] = []
    with progress(len(names) + 1, 0) as advance, pool(os.cpu_count() or 1) as workers:
        tasks = {workers.submit(real): "digits", **{workers.submit(simulated, name): name for name in names}}
        for future in as_completed(tasks):
            pairs += future.result()
            advance(tasks[future])
    return [*_simulated_rows([item for item in pairs if item.problem in names], names), *_real_rows(pairs)]


def _simulated_rows(pairs: Sequence[Pair], names: Sequence[str]) -> Iterator[Row]:
    for search, stopper in dict.fromkeys((item.search, item.stopper) for item in pairs):
        found = [item for item in pairs if (item.search, item.stopper) == (search, stopper)]
        grouped = [[item for item in found if item.problem == name] for name in names]
        yield from _summary(f"{stopper}, {search}", grouped, ours=stopper == MEDIAN)
    for name in names:
        found = [item for item in pairs if (item.problem, item.search, item.stopper) == (name, "Random", MEDIAN)]
        beside = f"no stopping; best {_spread([item.lost for item in found])}"
        yield Row(f"epochs saved, {MEDIAN}, {name}", _percent(found), "%", beside, None, "", holds=True)


def _summary(name: str, groups: Sequence[Sequence[Pair]], *, ours: bool) -> Iterator[Row]:
    """Yield a row of what is saved and one of what is lost, over all problems and seeds."""
    low, high = _interval([[item.saved for item in group] for group in groups])
    everyone = [item for group in groups for item in group]
    saved, lost = _percent(everyone), [item.lost for item in everyone]
    text = f"no stopping; 95 % of resamples in {100 * low:.0f} … {100 * high:.0f}"
    yield Row(f"epochs saved, {name}", saved, "%", text, None, *_target(ours, "≥ 25 %", saved / 100 >= LEAST_SAVED))
    median = float(np.median(lost))
    target = _target(ours, "median ≤ 1 %", median <= MOST_LOST)
    yield Row(f"best lost, {name}", 100 * median, "%", f"no stopping; {_spread(lost)}", None, *target)


def _real_rows(pairs: Sequence[Pair]) -> Iterator[Row]:
    for item in (item for item in pairs if item.problem == digits.NAME):
        ours = item.stopper == MEDIAN
        name = f"real job, {item.stopper}, {item.search}"
        met = item.saved >= LEAST_SAVED and item.lost <= MOST_LOST
        text = f"no stopping; best accuracy {100 * item.lost:.2f} % lower"
        yield Row(name, 100 * item.saved, "%", text, None, *_target(ours, "≥ 25 %, lost ≤ 1 %", met))


def _target(ours: bool, target: str, met: bool) -> tuple[str, bool]:
    return (target, met) if ours else ("", True)


def _percent(pairs: Sequence[Pair]) -> float:
    return 100 * float(np.median([item.saved for item in pairs]))


def _spread(lost: Sequence[float]) -> str:
    within = np.mean(np.array(lost) <= MOST_LOST)
    return f"90th percentile {100 * np.quantile(lost, 0.9):.2f} % lost, {100 * within:.0f} % of the jobs within 1 %"


def _interval(groups: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return the ends of the 95 % bootstrap interval of the median, resampling problems, then seeds within each.

    Davison and Hinkley 1997, section 3.8.
    """
    random = np.random.default_rng(0)
    medians = []
    for _ in range(RESAMPLES):
        picked = [groups[place] for place in random.integers(len(groups), size=len(groups))]
        medians.append(np.median(np.concatenate([random.choice(group, len(group)) for group in picked])))
    low, high = np.quantile(medians, [0.025, 0.975])
    return float(low), float(high)
