"""One problem and seed: how long Bayesian without stopping and Hyperband take to the same value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from bench.suggester.curves.models import curve_problems
from bench.suggester.curves.policies import Hyperband, Unstopped
from bench.suggester.curves.problem import remembering
from bench.suggester.curves.simulator import simulate, time_to

PATIENCE: Final = 2
"""Hyperband may take so many times Bayesian's whole budget before it counts as never arriving."""


@dataclass(frozen=True, slots=True)
class Race:
    problem: str
    seed: int
    target: float
    bayesian: int
    """Epochs until Bayesian first had the value that it has at its full budget."""
    budget: int
    """Epochs of the full budget."""
    hyperband: float
    """Epochs until Hyperband had that value; infinite: not within PATIENCE budgets."""

    @property
    def sooner(self) -> float:
        return self.bayesian / self.hyperband


def race(name: str, seed: int, workers: int, trainings: int) -> Race:
    problem = remembering(next(problem for problem in curve_problems() if problem.name == name))
    budget = problem.epochs * math.ceil(trainings / workers)
    unstopped = list(simulate(problem, Unstopped(problem, seed, workers, trainings), workers, budget))
    target = min(item.value for item in unstopped)
    stopped = simulate(problem, Hyperband(problem, seed, workers), workers, PATIENCE * budget)
    first, arrived = time_to(unstopped, target), time_to(stopped, target)
    assert first is not None
    return Race(name, seed, target, first, budget, math.inf if arrived is None else arrived)
