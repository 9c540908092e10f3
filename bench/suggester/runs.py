"""One run: an optimiser on a problem, one training at a time or several at once.

Simulated durations, noise and order are functions of problem and seed, the same for every optimiser.
"""

from __future__ import annotations

import heapq
import math
import statistics
import time
import zlib
from typing import Final

import numpy as np

from bench.suggester.cache import evaluate
from bench.suggester.peers import peer_of, version_of
from bench.suggester.peers.peer import Peer, Setting
from bench.suggester.problems import catalogue
from bench.suggester.problems.problem import Problem
from bench.suggester.references import references
from bench.suggester.results import Run, Task
from tunewright.core.draws import random_configuration
from tunewright.core.space import Configuration

DURATION_SPREAD: Final = 0.5
"""Standard deviation of the logarithm of a training's duration."""
SPARE_SEED: Final = 10**7
"""Of the configurations that stand in where a peer fails."""


def task_version(task: Task) -> str:
    return f"{version_of(task.optimizer)}/{catalogue()[task.problem].version}"


def run(task: Task) -> Run:
    problem = catalogue()[task.problem]
    setting = Setting(problem.space, task.seed, task.budget, task.parallel)
    return run_with(peer_of(task.optimizer, setting), task)


def run_with(peer: Peer, task: Task) -> Run:
    """Run the task's problem with this peer, and close it."""
    problem = catalogue()[task.problem]
    asked = Timed(peer, problem, task.seed)
    try:
        trace = traced(problem, asked, task)
    finally:
        asked.close()
    return Run(
        task.problem,
        task.optimizer,
        task.seed,
        task.budget,
        task.parallel,
        task_version(task),
        tuple(None if value is None else float(f"{value:.9g}") for value in trace),
        asked.median_ms(),
        asked.errors,
    )


class Timed:
    """A peer beside how long it takes; where it fails to answer, a random configuration stands in."""

    def __init__(self, peer: Peer, problem: Problem, seed: int) -> None:
        self._peer, self._problem, self._seed = peer, problem, seed
        self._asked, self._unknown = 0, 0
        self._taken: list[float] = []
        self._spares: list[Configuration] = []
        self.errors = 0

    def ask(self) -> Configuration:
        began = time.perf_counter()
        try:
            configuration = self._peer.ask()
        except Exception:  # noqa: BLE001 - whatever it is, the bench goes on and counts it
            self.errors += 1
            configuration = random_configuration(self._problem.space, self._seed + SPARE_SEED, self._asked)
            self._spares.append(configuration)
        self._asked += 1
        self._taken.append(time.perf_counter() - began)
        return configuration

    def tell(self, configuration: Configuration, value: float | None) -> None:
        if configuration in self._spares:
            return  # the peer never asked for it
        began = time.perf_counter()
        try:
            self._peer.tell(configuration, value)
        except Exception:  # noqa: BLE001 - as above
            self.errors += 1
        self._taken[-1] += time.perf_counter() - began

    def close(self) -> None:
        self._peer.close()

    def median_ms(self) -> float:
        """Return the median past the first quarter, in which there is no model yet."""
        return round(1e3 * statistics.median(self._taken[len(self._taken) // 4 :]), 2)


def traced(problem: Problem, peer: Peer, task: Task) -> list[float | None]:
    """Return, after each evaluation, the true value of what looked best; None before the first success."""
    random = np.random.default_rng([zlib.crc32(task.problem.encode()), task.seed])
    noise = random.standard_normal(task.budget) * _noise_deviation(problem)
    durations = random.lognormal(0.0, DURATION_SPREAD, task.budget)
    running: list[tuple[float, int, Configuration]] = []
    clock, asked, looked_best, true = 0.0, 0, math.inf, None
    trace: list[float | None] = []
    while len(trace) < task.budget:
        while asked < task.budget and len(running) < task.parallel:
            heapq.heappush(running, (clock + float(durations[asked]), asked, peer.ask()))
            asked += 1
        clock, number, configuration = heapq.heappop(running)
        value = evaluate(problem, configuration)
        told = value + float(noise[number])
        peer.tell(configuration, told if math.isfinite(told) else None)
        if told < looked_best:
            looked_best, true = told, value
        trace.append(true)
    return trace


def _noise_deviation(problem: Problem) -> float:
    return problem.noise * references()[problem.reference].scale if problem.noise else 0.0
