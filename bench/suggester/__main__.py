"""The project's optimiser beside others, on the same problems with the same seeds, noise and durations.

    python -m bench.suggester            (make bench-suggester: under 15 minutes on two cores)
    python -m bench.suggester --full     (make bench-suggester-full: hours)

Runs are kept in a file and not made again; those of another build of ours are.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Final

from bench.rows import Row, report
from bench.suggester.cache import folder
from bench.suggester.peers import PEERS, available
from bench.suggester.problems import SHORT, catalogue, standard
from bench.suggester.results import Task
from bench.suggester.tables import rows_of, text_of
from bench.suggester.workers import kept, run_all

SHORT_SEEDS: Final = 3
FULL_SEEDS: Final = 20
FULL_ONLY: Final = ("skopt-gp",)
"""Slow peers against whom nothing is claimed."""
REAL_SEEDS: Final = 10
"""Of real models in the full form: their evaluations cost more than the asking."""


def main() -> None:
    given = arguments()
    if given.list:
        print(listing())
        return
    tasks = list(wanted(given))
    runs = kept(tasks, given.results) if given.kept else run_all(tasks, given.results, given.processes)
    rows: list[Row] = []
    for budget, parallel in sorted({(task.budget, task.parallel) for task in tasks}):
        part = [run for run in runs if (run.budget, run.parallel) == (budget, parallel)]
        if not part:
            continue
        title = f"{budget} evaluations, " + ("sequential" if parallel == 1 else f"{parallel} pending")
        print(text_of(part, title))
        rows += rows_of(part, title)
    print()
    report(rows)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.suggester", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--full", action="store_true", help="every problem, 20 seeds, budgets 50 and 150, 1/5/10 pending"
    )
    parser.add_argument("--list", action="store_true", help="say which problems and optimisers there are")
    parser.add_argument("--kept", action="store_true", help="run nothing: show what the results hold")
    parser.add_argument("--only", type=_names, help="problems, separated by commas")
    parser.add_argument("--optimizers", type=_names, help="otherwise all that are installed")
    parser.add_argument("--seeds", type=_range, help="3, 0-4 or 5-9")
    parser.add_argument("--budget", type=int, action="append", help="evaluations; may be given again")
    parser.add_argument("--parallel", type=int, action="append", help="pending at once; may be given again")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--results", type=Path, default=folder() / "results.jsonl")
    return parser.parse_args()


def wanted(given: argparse.Namespace) -> Iterable[Task]:
    """Yield the tasks seed by seed, so that a stop leaves every optimiser with the same problems and seeds."""
    problems = given.only or (standard() if given.full else SHORT)
    optimizers = given.optimizers or [
        name for name in PEERS if available(name) and (given.full or name not in FULL_ONLY)
    ]
    seeds = given.seeds or range(FULL_SEEDS if given.full else SHORT_SEEDS)
    for seed in seeds:
        for (budget, parallel), name, optimizer in product(_settings(given, seed), problems, optimizers):
            if given.seeds or not catalogue()[name].costly or seed < REAL_SEEDS:
                yield Task(name, optimizer, seed, budget, parallel)


def _settings(given: argparse.Namespace, seed: int) -> Sequence[tuple[int, int]]:
    """Return budgets and parallelisms: the short form runs five at once with its first seed only."""
    if given.budget or given.parallel:
        return list(product(given.budget or [50], given.parallel or [1]))
    if given.full:
        return [(50, 1), (50, 5), (150, 1), (150, 10)]
    return [(50, 1), (50, 5)] if seed == 0 else [(50, 1)]


def listing() -> str:
    lines = [
        f"{name:28} {problem.kind:10} {len(problem.space):3} parameters  {'short form' if name in SHORT else ''}"
        for name, problem in catalogue().items()
    ]
    lines += [f"{name:28} {'installed' if available(name) else 'not installed'}" for name in PEERS]
    return "\n".join(lines)


def _names(text: str) -> list[str]:
    return text.split(",")


def _range(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last) + 1) if last else range(int(first))


if __name__ == "__main__":
    main()
