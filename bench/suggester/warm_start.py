"""What a parent job is worth, by how it relates: the same task, a shifted one, a negated one.

python -m bench.suggester.warm_start [--seeds 5] [--budget 30] [--parent-trainings 30]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.rows import Row, report
from bench.suggester.peers.peer import Setting
from bench.suggester.peers.warm import WarmStarted
from bench.suggester.problems import catalogue
from bench.suggester.problems.problem import Problem, Relation
from bench.suggester.references import references
from bench.suggester.results import Task
from bench.suggester.runs import traced
from bench.suggester.statistics import OFFSET, normalised_regret
from bench.suggester.workers import pool, progress
from tunewright.core.spec import WarmStartType

PARENT_SEEDS: Final = 1000
"""Added to a child's seed for its parent's."""
KINDS: Final = {
    Relation.SAME: (WarmStartType.IDENTICAL_DATA_AND_ALGORITHM, WarmStartType.TRANSFER_LEARNING),
    Relation.SHIFTED: (WarmStartType.TRANSFER_LEARNING,),
    Relation.NEGATED: (WarmStartType.TRANSFER_LEARNING,),
}

LABELS: Final = {WarmStartType.IDENTICAL_DATA_AND_ALGORITHM: "identical", WarmStartType.TRANSFER_LEARNING: "transfer"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A child with a parent and without, from the same seed."""

    problem: str
    relation: Relation
    kind: WarmStartType
    seed: int
    cold: tuple[float, ...]
    warm: tuple[float, ...]
    """Regret after each training."""

    @property
    def saved(self) -> float:
        """Return the share of trainings saved until the child has what it has at the end without its parent.

        0: it took as many with its parent. One that never arrives counts as arriving at the end.
        """
        return 1 - _arrival(self.warm, self.cold[-1]) / _arrival(self.cold, self.cold[-1])


def _arrival(regrets: Sequence[float], target: float) -> int:
    return next((count for count, regret in enumerate(regrets, 1) if regret <= target), len(regrets))


def pair(name: str, relation: Relation, kind: WarmStartType, seed: int, budget: int, trainings: int) -> Pair:
    problem = catalogue()[name]
    assert problem.parents is not None
    parent = problem.parents[relation]
    elder = WarmStarted(Setting(parent.space, seed + PARENT_SEEDS, trainings), None, ())
    traced(parent, elder, Task(parent.name, "ours", seed + PARENT_SEEDS, trainings))
    setting, task = Setting(problem.space, seed, budget), Task(name, "ours", seed, budget)
    cold = traced(problem, WarmStarted(setting, None, ()), task)
    warm = traced(problem, WarmStarted(setting, kind, (elder.told,)), task)
    return Pair(name, relation, kind, seed, _regrets(problem, cold), _regrets(problem, warm))


def _regrets(problem: Problem, trace: Sequence[float | None]) -> tuple[float, ...]:
    reference = references()[problem.reference]
    return tuple(normalised_regret(value, reference.optimum, reference.median) for value in trace)


def rows_of(pairs: Sequence[Pair]) -> list[Row]:
    rows = []
    for relation, kinds in KINDS.items():
        for kind in kinds:
            own = [pair for pair in pairs if (pair.relation, pair.kind) == (relation, kind)]
            cost = float(np.exp(np.mean([np.log((p.warm[-1] + OFFSET) / (p.cold[-1] + OFFSET)) for p in own])))
            saved, beside = float(np.median([p.saved for p in own])), f"{len(own)} pairs, {kind}"
            name = f"warm start, {relation} task, {LABELS[kind]}"
            if relation is Relation.NEGATED:
                rows.append(Row(f"{name}: regret", cost, "", beside, cost, "≤ 1.1 × without", cost <= 1.1))
            else:
                target, holds = ("≥ 0.5", saved >= 0.5) if relation is Relation.SAME else ("", True)
                rows.append(Row(f"{name}: trainings saved", saved, "", beside, cost, target, holds))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.suggester.warm_start")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", type=int, default=30)
    parser.add_argument("--parent-trainings", type=int, default=30)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    names = [name for name, problem in catalogue().items() if problem.parents]
    tasks = [
        (name, relation, kind, seed, given.budget, given.parent_trainings)
        for seed in range(given.seeds)
        for name in names
        for relation, kinds in KINDS.items()
        for kind in kinds
    ]
    found = []
    with progress(len(tasks), 0) as advance, pool(given.processes) as workers:
        for future in as_completed([workers.submit(pair, *task) for task in tasks]):
            found.append(future.result())
            advance(f"{found[-1].problem} {found[-1].relation}")
    report(rows_of(found))


if __name__ == "__main__":
    main()
