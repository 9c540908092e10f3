"""What CompleteOnConvergence costs and saves, beside a blind stop of equal saving.

    python -m bench.convergence [--seeds 5] [--budgets 50] [--only NAME,NAME]     (make bench-convergence)

Jobs on the twelve problems of the suggester's short bench, folded by the scheduler's own `decide`, with the suggester's
own answers, to their limit; what a criterion would have saved follows from when the job says that it has converged.
Loss is (true value of what looked best at the stop - at the limit) / scale, scale that of a random evaluation over the
optimum. The blind stop ends every job after one and the same number of trainings (between two where need be), chosen so
that the same number is saved in all. Intervals: bootstrap over problems, and within each over seeds.
"""

from __future__ import annotations

import argparse
import math
import os
import zlib
from collections.abc import Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.folded import Folded
from bench.rows import Row, report
from bench.suggester.cache import evaluate
from bench.suggester.problems import SHORT, catalogue
from bench.suggester.references import references
from bench.suggester.workers import pool, progress
from tunewright.core.spec import Strategy

RESAMPLES: Final = 4000
STRATEGIES: Final = (Strategy.BAYESIAN, Strategy.RANDOM)
WORST: Final = 0.05
"""Wanted: nine of ten jobs lose no more than this share of the scale."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stopped:
    """A job that ran to its limit, and when it would have ended."""

    problem: str
    losses: Array
    """(budget,): had the job ended after one, two … trainings."""
    count: int
    """Trainings until the criterion was met; the budget: it was not."""

    @property
    def saved(self) -> int:
        return len(self.losses) - self.count

    def loss(self, count: int) -> float:
        return float(self.losses[count - 1])


def stopped(problem_name: str, strategy: Strategy, seed: int, budget: int) -> Stopped:
    """Run one job. Noise is a function of problem, seed and number, the same for every strategy."""
    problem = catalogue()[problem_name]
    scale = references()[problem.reference].scale
    noise = (
        problem.noise * scale * np.random.default_rng([zlib.crc32(problem_name.encode()), seed]).standard_normal(budget)
    )
    job = Folded(problem.space, strategy, seed, budget)
    looked_best, true, trace = math.inf, math.inf, []
    for number, configuration in job.trainings():
        value = evaluate(problem, configuration)
        told = value + float(noise[number - 1])
        if told < looked_best:
            looked_best, true = told, value
        trace.append(true)
        job.ended(number, told if math.isfinite(told) else None)
    trace += trace[-1:] * (budget - len(trace))  # a finite space may be used up
    return Stopped(problem_name, (np.array(trace) - trace[-1]) / scale, job.converged_after or budget)


def blind(jobs: Sequence[Stopped]) -> tuple[float, Array]:
    """Return after how many trainings a blind stop saves what the jobs' own have, and what it loses in each."""
    saved = sum(job.saved for job in jobs) / len(jobs)
    count = len(jobs[0].losses) - saved
    below, weight = math.floor(count), count - math.floor(count)
    above = min(below + 1, len(jobs[0].losses))
    return count, np.array([(1 - weight) * job.loss(below) + weight * job.loss(above) for job in jobs])


def interval(jobs: Sequence[Stopped], differences: Array) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean difference."""
    random = np.random.default_rng(0)
    names = np.array([job.problem for job in jobs])
    groups = [differences[names == name] for name in sorted(set(names))]
    means = []
    for _ in range(RESAMPLES):
        picked = (groups[place] for place in random.integers(len(groups), size=len(groups)))
        means.append(np.mean([group[random.integers(len(group), size=len(group))].mean() for group in picked]))
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def rows_of(title: str, jobs: Sequence[Stopped]) -> list[Row]:
    losses = np.array([job.loss(job.count) for job in jobs])
    count, blindly = blind(jobs)
    low, high = interval(jobs, losses - blindly)
    share = sum(job.saved for job in jobs) / sum(len(job.losses) for job in jobs)
    ended = sum(job.saved > 0 for job in jobs) / len(jobs)
    mean, worst = float(losses.mean()), float(np.quantile(losses, 0.9))
    beside = (
        f"blind stop at {count:.1f}: {100 * blindly.mean():.2f} %; difference {100 * low:+.3f} … {100 * high:+.3f} %"
    )
    for job in jobs:
        if job.loss(job.count) > WORST:
            print(f"{title}: {job.problem} lost {100 * job.loss(job.count):.1f} % after {job.count} trainings")
    return [
        Row(
            f"{title}: saved", 100 * share, "%", f"{100 * ended:.0f} % of {len(jobs)} jobs ended early", None, "", True
        ),
        Row(f"{title}: mean loss", 100 * mean, "%", beside, None, "difference below 0", high < 0),
        Row(f"{title}: loss, 90th percentile", 100 * worst, "%", "", None, "≤ 5 % of the scale", worst <= WORST),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.convergence")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budgets", default="50", help="with commas")
    parser.add_argument("--only", default=",".join(SHORT), help="problems, with commas")
    parser.add_argument("--strategies", default=",".join(STRATEGIES), help="with commas")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    cases = [
        (Strategy(name), int(budget)) for budget in given.budgets.split(",") for name in given.strategies.split(",")
    ]
    found: dict[tuple[Strategy, int], list[Stopped]] = {case: [] for case in cases}
    problems, seeds = given.only.split(","), range(given.seeds)
    with progress(len(cases) * len(problems) * len(seeds), 0) as advance, pool(given.processes) as workers:
        jobs = {
            workers.submit(stopped, problem, strategy, seed, budget): (strategy, budget)
            for seed in seeds
            for problem in problems
            for strategy, budget in cases
        }
        for future in as_completed(jobs):
            found[jobs[future]].append(future.result())
            advance(" ".join(map(str, jobs[future])))
    report([row for (strategy, budget), of_case in found.items() for row in rows_of(f"{strategy} {budget}", of_case)])


if __name__ == "__main__":
    main()
