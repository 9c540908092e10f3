"""One job in simulated epochs, its trainings side by side on a few workers, with something that stops them early."""

from __future__ import annotations

import itertools
import random
import statistics
from dataclasses import dataclass
from typing import Final, Protocol

from bench.metrics.stoppers import Stopper
from bench.suggester.curves.policies import Unstopped
from bench.suggester.curves.problem import CurveProblem
from bench.suggester.curves.simulator import simulate
from tunewright.core.space import Configuration

WORKERS: Final = 4
FOREVER: Final = 10**9


class Search(Protocol):
    """Where configurations come from; `bench.suggester.curves.policies.Unstopped` is Bayesian."""

    def suggest(self) -> Configuration: ...

    def ended(self, training: int, steps: int, value: float) -> None: ...


class Listed:
    """The same configurations whatever becomes of them."""

    def __init__(self, configurations: list[Configuration]) -> None:
        self._left = iter(configurations)

    def suggest(self) -> Configuration:
        return next(self._left)

    def ended(self, training: int, steps: int, value: float) -> None:
        """Chooses nothing by it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    epochs: int
    """Trained in all."""
    best: float
    """Smallest objective; that of a training that was stopped is its last value."""
    scale: float
    """What a loss of the best is measured in: max(|best|, interquartile range of the objectives)."""


class _Job:
    """A policy of the simulator, which starts trainings for ever: those past the job's end are stopped at once."""

    def __init__(self, search: Search, stopper: Stopper, epochs: int, trainings: int) -> None:
        self._search, self._stopper, self._epochs, self._trainings = search, stopper, epochs, trainings
        self._suggested = 0
        self._idle: Configuration = {}

    def suggest(self) -> Configuration:
        self._suggested += 1
        if self._suggested <= self._trainings:
            self._idle = self._search.suggest()
        return self._idle

    def judge(self, training: int, step: int, value: float) -> bool:
        if training >= self._trainings:
            return False
        if step == self._epochs:
            self._stopper.completed(training, step, value)
            return True
        return not self._stopper.stops(training, step, value)

    def ended(self, training: int, steps: int, value: float) -> None:
        if training < self._trainings:
            self._search.ended(training, steps, value)


def run(problem: CurveProblem, search: Search, stopper: Stopper, trainings: int) -> Outcome:
    emitted = simulate(problem, _Job(search, stopper, problem.epochs, trainings), WORKERS, FOREVER)
    own = (item for item in emitted if item.training < trainings)
    epochs, last = 0, []
    for item in own:
        epochs += 1
        last += [item] if item.last else []
        if len(last) == trainings:
            break
    values = [item.value for item in last]
    lower, _, upper = statistics.quantiles(values, n=4)
    return Outcome(epochs, min(values), max(abs(min(values)), upper - lower))


def bayesian(problem: CurveProblem, seed: int, trainings: int) -> Search:
    return Unstopped(problem, seed, WORKERS, trainings)


def drawn(pool: list[Configuration], seed: int, trainings: int) -> list[Configuration]:
    """Return so many of a pool of random configurations, without repetition: a random search of its own per seed."""
    return random.Random(seed).sample(pool, trainings)


def pool_of(problem: CurveProblem, count: int) -> list[Configuration]:
    """Return random configurations, as our Random strategy draws them."""
    from bench.suggester.peers.ours import typed
    from tunewright_suggester import Optimizer

    optimizer = Optimizer(typed(problem.space), strategy="Random", direction="minimize", seed=0)
    return [optimizer.ask() for _ in itertools.repeat(None, count)]
