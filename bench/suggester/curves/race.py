"""One problem and seed: how long Bayesian without stopping and its rivals take to the same value.

A training's objective is the last value that it has emitted. The target is the best objective of Bayesian at its full
budget. On both sides alike, a training has it from the first of Hyperband's rungs at which its value is as good, or at
its end: were every epoch counted, the luckiest of a thousand noisy values would be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bench.suggester.ablation import applied
from bench.suggester.curves.models import curve_problems
from bench.suggester.curves.policies import RIVALS, Unstopped
from bench.suggester.curves.problem import remembering
from bench.suggester.curves.simulator import simulate, time_to
from tunewright.core.rungs import rungs_of

PATIENCE: Final = 2
"""A rival may take so many times Bayesian's whole budget before it counts as never arriving."""


@dataclass(frozen=True, slots=True)
class Course:
    """What is raced: job and machine."""

    seed: int
    workers: int
    trainings: int
    """Of the budget of Bayesian without stopping."""
    effort: str
    """Tier of every ask, on both sides."""


@dataclass(frozen=True, slots=True)
class Race:
    problem: str
    seed: int
    budget: int
    """Epochs of the full budget."""
    bayesian: int
    """Epochs until Bayesian first had the objective that it has at its full budget."""
    rivals: Mapping[str, float]
    """Epochs until each had that value; infinite: not within PATIENCE budgets."""

    def sooner(self, rival: str) -> float:
        return self.bayesian / self.rivals[rival]


def race(name: str, course: Course) -> Race:
    problem = remembering(next(problem for problem in curve_problems() if problem.name == name))
    budget = problem.epochs * math.ceil(course.trainings / course.workers)
    given = (problem, course.seed, course.workers, course.trainings)
    rungs = rungs_of(0, 1, problem.epochs)
    with applied({"DEFAULT_TIER": course.effort}):
        unstopped = list(simulate(problem, Unstopped(*given), course.workers, budget))
        target = min(emitted.value for emitted in unstopped if emitted.last)
        first = time_to(unstopped, target, rungs)
        rivals = {
            rival: time_to(simulate(problem, making(*given), course.workers, PATIENCE * budget), target, rungs)
            for rival, making in RIVALS.items()
        }
    assert first is not None
    times = {rival: math.inf if time is None else time for rival, time in rivals.items()}
    return Race(name, course.seed, budget, first, times)
