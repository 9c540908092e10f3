"""What parents of a warm start save, and what misleading ones cost.

    python -m bench.warm_start [--quick]          (make bench-warm-start, make bench-warm-start-full)

A child is tuned with a parent of 30 evaluations, random ones or tuned: of the same function, of one whose optimum is
shifted by a tenth of the ranges, of one with the axes reversed and exchanged, and of the negated function. Each row is
the child with its parent beside the same child and seed without: the geometric mean of (regret + 0.01) over problems
and seeds, and the median share of evaluations that are saved.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.rows import Row, report
from tunewright.core.space import Configuration, Float, Space
from tunewright.core.spec import Strategy, WarmStartType
from tunewright_suggester.core.ask import Ask, DefinitionAsk, Observations, Outcome, Parent
from tunewright_suggester.core.suggest import suggest

PARENT_EVALUATIONS: Final = 30
READ_AT: Final = (25, 50)
SHIFT: Final = 0.1
"""Of the unit cube, along each axis."""
MOVED: Final = 0.15
"""Each seed has a copy of the problem, moved by up to this along each axis."""
IDENTICAL: Final = WarmStartType.IDENTICAL_DATA_AND_ALGORITHM
TRANSFER: Final = WarmStartType.TRANSFER_LEARNING

Array = NDArray[np.float64]
Function = Callable[[Array], float]


@dataclass(frozen=True, slots=True)
class Problem:
    """A function of the unit cube with minimum 0; a random point is about 1 above it. `noise` is a deviation."""

    name: str
    axes: int
    function: Function
    noise: float = 0.0

    @property
    def space(self) -> Space:
        return {f"x{axis}": Float(0.0, 1.0) for axis in range(self.axes)}


def branin(u: Array) -> float:
    x, y = 15.0 * u[0] - 5.0, 15.0 * u[1]
    bowl = (y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6) ** 2
    return (bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10 - 0.397887) / 35.0


def hartmann6(u: Array) -> float:
    return (3.32237 - float(HARTMANN_C @ np.exp(-(HARTMANN_A * (u - HARTMANN_P) ** 2).sum(1)))) / 3.17


def ackley5(u: Array) -> float:
    """Its optimum is at 0.6 of each axis; the cube has half of the usual edge."""
    x = 32.0 * (u - 0.6)
    return (
        20 + math.e - 20 * math.exp(-0.2 * math.sqrt(np.mean(x**2))) - math.exp(np.mean(np.cos(2 * math.pi * x)))
    ) / 19


def rosenbrock3(u: Array) -> float:
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
    loss: Callable[[Problem, Array], float]
    """The parent's objective at a point of the cube."""
    history: Strategy = Strategy.RANDOM
    """How the parent was tuned."""


CASES: Final = (
    Case("identical", IDENTICAL, lambda problem, u: problem.function(u)),
    Case("identical, tuned", IDENTICAL, lambda problem, u: problem.function(u), Strategy.BAYESIAN),
    Case("same", TRANSFER, lambda problem, u: 1000.0 * problem.function(u) + 5.0),
    Case("same, tuned", TRANSFER, lambda problem, u: 1000.0 * problem.function(u) + 5.0, Strategy.BAYESIAN),
    Case("shifted", TRANSFER, lambda problem, u: 1000.0 * problem.function(u + SHIFT) + 5.0),
    Case("unrelated", TRANSFER, lambda problem, u: problem.function(np.roll(1.0 - u, 1))),
    Case("negated", TRANSFER, lambda problem, u: -problem.function(u)),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Smallest regrets so far of one problem and seed, after each evaluation."""

    cold: list[float]
    warm: list[float]

    def ratio(self, evaluations: int) -> float:
        return (self.warm[evaluations - 1] + 0.01) / (self.cold[evaluations - 1] + 0.01)

    @property
    def saved(self) -> float:
        """Return the share of evaluations that the parent saves on the way to the cold start's value at 30.

        A hundredth of a random point's median regret is near enough. What is never reached counts as at the end.
        """
        wanted = max(self.cold[PARENT_EVALUATIONS - 1], 0.01)
        cold, warm = (
            next((place + 1 for place, regret in enumerate(regrets) if regret <= wanted), len(regrets) + 1)
            for regrets in (self.cold, self.warm)
        )
        return 1.0 - warm / cold


def main() -> None:
    quick = "--quick" in sys.argv
    problems, seeds, evaluations = (PROBLEMS[:2], 3, 30) if quick else (PROBLEMS, 10, 50)
    compared: dict[str, list[Comparison]] = {case.name: [] for case in CASES}
    for problem in problems:
        for seed in range(seeds):
            copy = moved(problem, seed)
            cold = regrets(copy, seed, evaluations)
            for case in CASES:
                compared[case.name].append(Comparison(cold, regrets(copy, seed, evaluations, case)))
    report(rows_of(compared, [count for count in READ_AT if count <= evaluations]))


def rows_of(compared: Mapping[str, Sequence[Comparison]], read_at: Sequence[int]) -> list[Row]:
    rows = []
    for name, comparisons in compared.items():
        for count in read_at:
            ratio = geometric_mean([one.ratio(count) for one in comparisons])
            rows.append(Row(f"{name} parent: regret at {count}", ratio, "", "of cold", ratio, "≤ 1.10", ratio <= 1.1))
        if name.startswith(("identical", "same")):
            saved = median(one.saved for one in comparisons)
            rows.append(Row(f"{name} parent: evaluations saved", saved, "", "of cold", saved, "≥ 0.50", saved >= 0.5))
    return rows


def geometric_mean(ratios: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def regrets(problem: Problem, seed: int, evaluations: int, case: Case | None = None) -> list[float]:
    """Return the smallest regret so far after each evaluation of a sequential job, noise not counted."""
    parents = () if case is None else (parent_of(problem, case, seed),)
    definition = DefinitionAsk(problem.space, parents=parents)
    noise = problem.noise * np.random.default_rng([seed, 0]).standard_normal(evaluations)
    seen = tuned(definition, problem.function, noise, seed, None if case is None else case.kind)
    found = [problem.function(at(configuration)) for configuration in rows_in(seen)]
    return list(accumulate(found, min))


def parent_of(problem: Problem, case: Case, seed: int) -> Parent:
    """Return a parent of another seed; its noise is about as strong as the problem's, on its own scale."""

    def loss(u: Array) -> float:
        return case.loss(problem, u)

    zero, one = np.zeros(problem.axes), np.ones(problem.axes)
    scale = abs(loss(one) - loss(zero)) / abs(problem.function(one) - problem.function(zero))
    noise = scale * problem.noise * np.random.default_rng([seed, 1]).standard_normal(PARENT_EVALUATIONS)
    definition = DefinitionAsk(problem.space)
    return Parent(problem.space, tuned(definition, loss, noise, 10_000 + seed, None, case.history))


def tuned(
    definition: DefinitionAsk,
    loss: Function,
    noise: Array,
    seed: int,
    kind: WarmStartType | None,
    strategy: Strategy = Strategy.BAYESIAN,
) -> Observations:
    """Run a sequential job of as many evaluations as there are values of noise."""
    told: list[Configuration] = []
    values: list[float] = []
    for number, disturbance in enumerate(noise.tolist()):
        asked = replace(definition, observations=observed(definition.space, told, values))
        ask = Ask(strategy, (asked,), seed=seed, number=number, started=number, warm_start=kind)
        told.append(suggest(ask).suggestions[0].configuration)
        values.append(loss(at(told[-1])) + disturbance)
    return observed(definition.space, told, values)


def moved(problem: Problem, seed: int) -> Problem:
    """Return a copy whose optimum lies elsewhere, so that the middle of the cube is nothing special."""
    away = np.random.default_rng([seed, 2]).uniform(-MOVED, MOVED, problem.axes)
    return replace(problem, function=lambda u: problem.function(u + away))


def observed(space: Space, told: Sequence[Configuration], values: Sequence[float]) -> Observations:
    rows = len(told)
    columns = {name: tuple(one[name] for one in told) for name in space}
    return Observations(columns, (Outcome.COMPLETED,) * rows, tuple(values), (1,) * rows, tuple(range(1, rows + 1)))


def rows_in(seen: Observations) -> list[Configuration]:
    return [dict(zip(seen.columns, row, strict=True)) for row in zip(*seen.columns.values(), strict=True)]


def at(configuration: Configuration) -> Array:
    return np.array([float(value) for value in configuration.values()])


if __name__ == "__main__":
    main()
