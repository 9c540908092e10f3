"""What a parent job is worth, by how it relates: the same task, a shifted one, a negated one.

    python -m bench.suggester.warm_start [--only NAME,NAME] [--seeds 5] [--budget 50] [--parallel 1]

A parent is a job of ours of 30 trainings with another seed. Its child is compared with the run of the same seed that
has no parent; both are kept with the other benches' runs and not made again.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from bench.rows import Row, report
from bench.suggester.cache import folder
from bench.suggester.latency import history
from bench.suggester.peers.peer import Setting
from bench.suggester.peers.warm import WarmStarted
from bench.suggester.problems import catalogue
from bench.suggester.problems.parents import Relation, related
from bench.suggester.references import references
from bench.suggester.results import Run, Task
from bench.suggester.runs import run, run_with, traced
from bench.suggester.statistics import OFFSET, normalised_regret
from bench.suggester.tables import OURS
from bench.suggester.workers import run_all
from tunewright.core.spec import WarmStartType
from tunewright_suggester.core.ask import Ask, Parent
from tunewright_suggester.core.suggest import suggest

PROBLEMS: Final = ("branin", "hartmann6", "rosenbrock4", "ackley5", "levy6", "svr-diabetes")
PARENT_SEEDS: Final = 1000
"""Added to a child's seed for its parent's."""
PARENT_TRAININGS: Final = 30
TARGET_AT: Final = 30
"""Trainings after which the run without a parent has what the child should have sooner."""
CHECKPOINTS: Final = (25, 50)
LARGEST_COST: Final = 1.10
LEAST_SAVED: Final = 0.5
PARENTS: Final = 5
ROWS_OF_A_PARENT: Final = 100
LARGEST_SLOWDOWN: Final = 2.5
SIZES: Final = (6, 20, 50)
"""Observations of a child whose ask is timed: just past its initial design, then more."""
IDENTICAL, TRANSFER = WarmStartType.IDENTICAL_DATA_AND_ALGORITHM, WarmStartType.TRANSFER_LEARNING
WARM: Final = {
    "ours+same/identical": (Relation.SAME, IDENTICAL),
    "ours+same/transfer": (Relation.SAME, TRANSFER),
    "ours+shifted/transfer": (Relation.SHIFTED, TRANSFER),
    "ours+negated/transfer": (Relation.NEGATED, TRANSFER),
}
"""Ours with a parent, by the name under which its runs are kept."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A child with its parent and without, from the same seed."""

    problem: str
    cold: tuple[float, ...]
    warm: tuple[float, ...]
    """Regret after each training."""

    def saved(self, at: int) -> float:
        """Return the share of trainings saved until the child has what it has after `at` without its parent.

        0: it took as many with its parent. One that never arrives counts as arriving at the end of its run.
        """
        return 1 - _arrival(self.warm, self.cold[at - 1]) / _arrival(self.cold, self.cold[at - 1])

    def cost(self, at: int) -> float:
        """Return the logarithm of the ratio of regrets with the parent and without after `at` trainings."""
        return float(np.log((self.warm[at - 1] + OFFSET) / (self.cold[at - 1] + OFFSET)))


def _arrival(regrets: Sequence[float], target: float) -> int:
    return next((count for count, regret in enumerate(regrets, 1) if regret <= target), len(regrets))


def made(task: Task) -> Run:
    """Run a task; where its optimiser is of WARM, its parent's first."""
    if task.optimizer not in WARM:
        return run(task)
    relation, kind = WARM[task.optimizer]
    problem = catalogue()[task.problem]
    parent, seed = related(problem, relation), task.seed + PARENT_SEEDS
    elder = WarmStarted(Setting(parent.space, seed, PARENT_TRAININGS), None, ())
    traced(parent, elder, Task(parent.name, task.optimizer, seed, PARENT_TRAININGS))
    return run_with(
        WarmStarted(Setting(problem.space, task.seed, task.budget, task.parallel), kind, (elder.told,)), task
    )


def rows_of(runs: Iterable[Run]) -> list[Row]:
    """Return, per kind of parent, regrets with and without it at the checkpoints that were run, and what it saves."""
    found = {(run.optimizer, run.problem, run.seed): _regrets(run) for run in runs}
    rows = []
    for name, (relation, _) in WARM.items():
        keys = [(problem, seed) for optimizer, problem, seed in found if optimizer == name]
        pairs = [Pair(key[0], found[OURS, *key], found[name, *key]) for key in sorted(keys)]
        title = f"warm start, {name.removeprefix('ours+')}"
        budget = min(len(pair.warm) for pair in pairs)
        rows += [_cost_row(f"{title}: regret at {at}", pairs, at, relation) for at in CHECKPOINTS if at <= budget]
        if relation is not Relation.NEGATED:
            rows.append(_saved_row(f"{title}: trainings saved", pairs, min(TARGET_AT, budget), relation))
    return rows


def _cost_row(name: str, pairs: Sequence[Pair], at: int, relation: Relation) -> Row:
    value = float(np.exp(np.mean([pair.cost(at) for pair in pairs])))
    problems = sorted({pair.problem for pair in pairs})
    each = [np.exp(np.mean([pair.cost(at) for pair in pairs if pair.problem == problem])) for problem in problems]
    beside = f"{len(pairs)} pairs: " + ", ".join(f"{p} {v:.2f}" for p, v in zip(problems, each, strict=True))
    limited = relation is Relation.NEGATED
    target = f"≤ {LARGEST_COST} × without" if limited else ""
    return Row(name, value, "", beside, value, target, not limited or value <= LARGEST_COST)


def _saved_row(name: str, pairs: Sequence[Pair], at: int, relation: Relation) -> Row:
    value = float(np.median([pair.saved(at) for pair in pairs]))
    problems = sorted({pair.problem for pair in pairs})
    each = [np.median([pair.saved(at) for pair in pairs if pair.problem == problem]) for problem in problems]
    beside = f"{len(pairs)} pairs: " + ", ".join(f"{p} {v:.2f}" for p, v in zip(problems, each, strict=True))
    wanted = relation is Relation.SAME
    return Row(name, value, "", beside, None, f"≥ {LEAST_SAVED}" if wanted else "", not wanted or value >= LEAST_SAVED)


def slowdown_row(size: int, repeats: int) -> Row:
    """Time cold asks in ten dimensions with parents and without, in turns; each has a history of its own."""
    alone, beside = [], []
    for number in range(repeats + 1):
        ask = history(size, "", number)
        alone.append(_seconds(ask))
        beside.append(_seconds(_with_parents(ask)))
    value = statistics.median(beside[1:]) / statistics.median(alone[1:])  # the first ones warm up
    name = f"warm start, {PARENTS} parents of {ROWS_OF_A_PARENT}, one ask at {size}"
    milliseconds, without = 1e3 * statistics.median(beside[1:]), 1e3 * statistics.median(alone[1:])
    target = f"≤ {LARGEST_SLOWDOWN} × without"
    return Row(name, milliseconds, "ms", f"{without:.0f} ms without", value, target, value <= LARGEST_SLOWDOWN)


def _with_parents(ask: Ask) -> Ask:
    (own,) = ask.definitions
    seen = [history(ROWS_OF_A_PARENT, "", PARENT_SEEDS + 10 * ask.seed + place) for place in range(PARENTS)]
    parents = tuple(Parent(own.space, one.definitions[0].observations) for one in seen)
    return replace(ask, definitions=(replace(own, parents=parents),), warm_start=TRANSFER)


def _seconds(ask: Ask) -> float:
    """Return the processor time of an ask: other processes must not count."""
    began = time.process_time()
    suggest(ask)
    return time.process_time() - began


def _regrets(run: Run) -> tuple[float, ...]:
    reference = references()[catalogue()[run.problem].reference]
    return tuple(normalised_regret(value, reference.optimum, reference.median) for value in run.trace)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.suggester.warm_start")
    parser.add_argument("--only", default=",".join(PROBLEMS), help="problems, separated by commas")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", type=int, default=50)
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=20, help="of what is timed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--results", type=Path, default=folder() / "results.jsonl")
    given = parser.parse_args()
    tasks = [
        Task(problem, name, seed, given.budget, given.parallel)
        for seed in range(given.seeds)
        for problem in given.only.split(",")
        for name in (OURS, *WARM)
    ]
    rows = rows_of(run_all(tasks, given.results, given.processes, made))
    report([*rows, *(slowdown_row(size, given.repeats) for size in SIZES)])


if __name__ == "__main__":
    main()
