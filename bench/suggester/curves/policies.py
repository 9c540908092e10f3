"""What is compared: Bayesian search that lets every training run to its end, and three ways to stop most of them early.

All ask, report and tell through the library's front door, as a program without services would.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final, Protocol

from bench.suggester.curves.problem import CurveProblem
from bench.suggester.curves.simulator import Policy
from bench.suggester.peers.ours import typed
from tunewright.core.space import Configuration
from tunewright_suggester import Optimizer
from tunewright_suggester.library.asked import Asked

FEWEST_COMPLETED: Final = 5
"""Trainings that ran to their end before the median rule stops any."""
GRACE: Final = 0.25
"""Share of a training before which the median rule does not look at it."""


class Making(Protocol):
    def __call__(self, problem: CurveProblem, seed: int, workers: int, trainings: int) -> Policy:
        """Return a policy for a job of so many trainings, side by side on so many workers."""
        ...


class Unstopped:
    """Our Bayesian strategy; no training is stopped."""

    strategy = "Bayesian"

    def __init__(self, problem: CurveProblem, seed: int, workers: int, trainings: int) -> None:
        self._epochs = problem.epochs
        self._optimizer = Optimizer(
            typed(problem.space),
            strategy=self.strategy,
            budget=trainings,
            parallel=workers,
            seed=seed,
            max_resource=problem.epochs if self.strategy == "Hyperband" else None,
        )
        self._asked: list[Asked] = []

    def suggest(self) -> Configuration:
        self._asked.append(self._optimizer.ask())
        return self._asked[-1]

    def judge(self, training: int, step: int, value: float) -> bool:
        return not self._optimizer.report(self._asked[training], step, value)

    def ended(self, training: int, steps: int, value: float) -> None:
        stopped = steps if steps < self._epochs else None
        self._optimizer.tell(self._asked[training], value, step=stopped)


class Hyperband(Unstopped):
    """Our Hyperband strategy, judged at the rungs that come with each suggestion."""

    strategy = "Hyperband"


class Drawn(Hyperband):
    """Hyperband that is told nothing, so that it never has a model: what the rungs alone are worth."""

    def ended(self, training: int, steps: int, value: float) -> None:
        """Keep it pending."""


class MedianRule(Unstopped):
    """Our Bayesian strategy under AMT's rule: a value worse than the median of the completed ones' running means."""

    def __init__(self, problem: CurveProblem, seed: int, workers: int, trainings: int) -> None:
        super().__init__(problem, seed, workers, trainings)
        self._values: list[list[float]] = []
        self._means: list[tuple[float, ...]] = []

    def suggest(self) -> Configuration:
        self._values.append([])
        return super().suggest()

    def judge(self, training: int, step: int, value: float) -> bool:
        self._values[training].append(value)
        return super().judge(training, step, value) and not worse_than_median(self._means, step, value, self._epochs)

    def ended(self, training: int, steps: int, value: float) -> None:
        super().ended(training, steps, value)
        if steps == self._epochs:
            self._means.append(running_means(self._values[training]))


def worse_than_median(means: Sequence[Sequence[float]], step: int, value: float, epochs: int) -> bool:
    """Say whether a training is to be stopped at a step (from 1), given the running means of the completed ones."""
    if len(means) < FEWEST_COMPLETED or step < max(2, math.ceil(GRACE * epochs)):
        return False
    return value > statistics.median(curve[step - 1] for curve in means)


def running_means(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(total / step for step, total in enumerate(accumulate(values), start=1))


RIVALS: Final[Mapping[str, Making]] = {"Hyperband": Hyperband, "random draws": Drawn, "median rule": MedianRule}
