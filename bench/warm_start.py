"""What parents of a warm start save, and what misleading ones cost.

    python -m bench.warm_start [--quick]          (make bench-warm-start)

A child is tuned with a parent of 30 evaluations: of the same function, of one whose optimum is shifted by a tenth of
the ranges and whose values are on another scale, and of the negated function. Each row is the child with its parent
beside the same child and seed without.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tunewright.core.draws import random_configuration
from tunewright.core.space import Configuration, Float, Space
from tunewright.core.spec import Strategy, WarmStartType
from tunewright_suggester.core.ask import Ask, DefinitionAsk, Observations, Outcome, Parent
from tunewright_suggester.core.suggest import suggest

PARENT_EVALUATIONS: Final = 30
EVALUATIONS: Final = 50
READ_AT: Final = (25, 50)
SHIFT: Final = 0.1
"""Of the unit cube, along each axis."""
MOVED: Final = 0.15
IDENTICAL: Final = WarmStartType.IDENTICAL_DATA_AND_ALGORITHM
TRANSFER: Final = WarmStartType.TRANSFER_LEARNING

Function = Callable[[np.ndarray], float]


@dataclass(frozen=True, slots=True)
class Problem:
    """A function of the unit cube with minimum 0; a random point has the median 1. `noise` is a deviation."""

    name: str
    axes: int
    function: Function
    noise: float = 0.0

    @property
    def space(self) -> Space:
        return {f"x{axis}": Float(0.0, 1.0) for axis in range(self.axes)}


def branin(u: np.ndarray) -> float:
    x, y = 15.0 * u[0] - 5.0, 15.0 * u[1]
    bowl = (y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6) ** 2
    return (bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10 - 0.397887) / 35.0


def hartmann6(u: np.ndarray) -> float:
    return (3.32237 - float(HARTMANN_C @ np.exp(-(HARTMANN_A * (u - HARTMANN_P) ** 2).sum(1)))) / 3.17


def ackley5(u: np.ndarray) -> float:
    """Its optimum is at 0.6 of each axis; the cube has half of the usual edge."""
    x = 32.0 * (u - 0.6)
    return (
        20 + math.e - 20 * math.exp(-0.2 * math.sqrt(np.mean(x**2))) - math.exp(np.mean(np.cos(2 * math.pi * x)))
    ) / 19


def rosenbrock3(u: np.ndarray) -> float:
    x = 4.0 * u - 2.0
    return math.log1p(float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())) / 6.0


HARTMANN_C: Final = np.array([1, 1.2, 3, 3.2])
HARTMANN_A: Final = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
HARTMANN_P: Final = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
PROBLEMS: Final = (
    Problem("branin", 2, branin),
    Problem("rosenbrock3", 3, rosenbrock3),
    Problem("ackley5", 5, ackley5),
    Problem("hartmann6", 6, hartmann6),
    Problem("branin, noisy", 2, branin, 0.1),
    Problem("hartmann6, noisy", 6, hartmann6, 0.1),
)


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    kind: WarmStartType
    parent: Callable[[Problem, np.ndarray, float], float]
    """The parent's objective at a point of the cube; the last argument is how far its optimum lies along each axis."""


CASES: Final = (
    Case("identical", IDENTICAL, lambda problem, u, _: problem.function(u)),
    Case("same", TRANSFER, lambda problem, u, _: 1000.0 * problem.function(u) + 5.0),
    Case("shifted", TRANSFER, lambda problem, u, shift: 1000.0 * problem.function(u + shift) + 5.0),
    Case("unrelated", TRANSFER, lambda problem, u, _: problem.function(np.roll(1.0 - u, 1))),
    Case("negated", TRANSFER, lambda problem, u, _: -problem.function(u)),
)


def moved(problem: Problem, seed: int) -> Problem:
    """Return a copy whose optimum lies elsewhere, so that the middle of the cube is nothing special."""
    away = np.random.default_rng([seed, 2]).uniform(-MOVED, MOVED, problem.axes)
    return replace(problem, function=lambda u: problem.function(u + away))


def observed(space: Space, told: list[Configuration], values: list[float]) -> Observations:
    return Observations(
        {name: tuple(one[name] for one in told) for name in space},
        (Outcome.COMPLETED,) * len(told),
        tuple(values),
        (1,) * len(told),
        tuple(range(1, len(told) + 1)),
    )


def at(configuration: Configuration) -> np.ndarray:
    return np.array([float(value) for value in configuration.values()])


def parent_of(problem: Problem, case: Case, seed: int) -> Parent:
    random = np.random.default_rng([seed, 1])
    problem = moved(problem, seed)
    told = [random_configuration(problem.space, 10_000 + seed, draw) for draw in range(PARENT_EVALUATIONS)]
    noise = problem.noise * random.standard_normal(len(told))
    values = [case.parent(problem, at(one), SHIFT) for one in told]
    scale = np.ptp(values) / max(np.ptp([problem.function(at(one)) for one in told]), 1e-9)
    return Parent(problem.space, observed(problem.space, told, list(values + scale * noise)))


def regrets(problem: Problem, seed: int, evaluations: int, case: Case | None = None) -> list[float]:
    """Return the smallest regret so far after each evaluation of a sequential job."""
    random = np.random.default_rng([seed, 0])
    problem, original = moved(problem, seed), problem
    parents = () if case is None else (parent_of(original, case, seed),)
    told: list[Configuration] = []
    values: list[float] = []
    best: list[float] = []
    for number in range(evaluations):
        definition = DefinitionAsk(problem.space, "", observed(problem.space, told, values), parents=parents)
        warm_start = None if case is None else case.kind
        ask = Ask(Strategy.BAYESIAN, (definition,), seed=seed, number=number, started=number, warm_start=warm_start)
        told.append(suggest(ask).suggestions[0].configuration)
        regret = problem.function(at(told[-1]))
        values.append(regret + problem.noise * random.standard_normal())
        best.append(min([regret, *best[-1:]]))
    return best
