"""Trainings on w asynchronous workers, in simulated epochs: an epoch of any training takes one unit of time.

Asking takes no time here: what a suggestion costs is measured elsewhere.
"""

from __future__ import annotations

import heapq
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from bench.suggester.curves.problem import CurveProblem
from tunewright.core.space import Configuration


class Policy(Protocol):
    """Chooses what is trained, and what goes on."""

    def suggest(self) -> Configuration:
        """Return what the next training, numbered from 0 in this order, is to try."""
        ...

    def judge(self, training: int, step: int, value: float) -> bool:
        """Return whether a training goes on that has emitted its `step`-th value (from 1), unless it was the last."""
        ...

    def ended(self, training: int, steps: int, value: float) -> None:
        """Take note that a training has ended, by itself or by verdict, with its last value."""
        ...


@dataclass(frozen=True, slots=True)
class Emitted:
    at: int
    """Epochs since the beginning."""
    training: int
    step: int
    """From 1."""
    value: float
    last: bool
    """The training ended with it."""


def simulate(problem: CurveProblem, policy: Policy, workers: int, horizon: int) -> Iterator[Emitted]:
    """Yield, in order of time, every value that trainings have emitted by `horizon` epochs.

    What happens in the same epoch happens in the order in which the trainings were started. A training that ends frees
    its worker for the next at once.
    """
    trainings: list[Training] = []
    running: list[tuple[int, int]] = []

    def start(now: int) -> None:
        trainings.append(Training(problem, policy.suggest()))
        heapq.heappush(running, (now + 1, len(trainings) - 1))

    for _ in range(workers):
        start(0)
    while running[0][0] <= horizon:
        now, number = heapq.heappop(running)
        step, value = trainings[number].advance()
        goes_on = policy.judge(number, step, value) and step < problem.epochs
        yield Emitted(now, number, step, value, last=not goes_on)
        if goes_on:
            heapq.heappush(running, (now + 1, number))
            continue
        policy.ended(number, step, value)
        start(now)


class Training:
    """One training and how far it has come."""

    def __init__(self, problem: CurveProblem, configuration: Configuration) -> None:
        self._problem, self._configuration = problem, configuration
        self._step = 0
        self._curve: tuple[float, ...] = ()

    def advance(self) -> tuple[int, float]:
        """Train one epoch more; return its number from 1, and the loss after it."""
        self._step += 1
        if self._step > len(self._curve):
            self._curve = self._problem.curve(self._configuration, self._step)
        return self._step, self._curve[self._step - 1]


def time_to(emitted: Iterable[Emitted], target: float, rungs: Container[int]) -> int | None:
    """Return after how many epochs a training first had the target or better at a rung or at its end; None: never."""
    counted = (item for item in emitted if item.last or item.step in rungs)
    return next((item.at for item in counted if item.value <= target), None)
