"""How much sooner Hyperband reaches what Bayesian without stopping reaches at its full budget.

python -m bench.suggester.curves [--only NAME,NAME] [--seeds 5] [--workers 4] [--trainings 40]
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Sequence
from concurrent.futures import as_completed

from bench.rows import Row, report
from bench.suggester.curves.models import curve_problems
from bench.suggester.curves.race import Race, race
from bench.suggester.workers import pool, progress


def rows_of(races: Sequence[Race]) -> list[Row]:
    names = sorted({race.problem for race in races})
    sooner = {name: statistics.median(race.sooner for race in races if race.problem == name) for name in names}
    rows = [_row(name, [race for race in races if race.problem == name], sooner[name]) for name in names]
    ordered = sorted(sooner.values(), reverse=True)
    third = statistics.mean(ordered[: max(len(ordered) // 3, 1)])
    median = statistics.median(ordered)
    return [
        *rows,
        Row(
            "Hyperband sooner, median problem",
            median,
            "times",
            "Bayesian without stopping",
            None,
            "≥ 1.5",
            median >= 1.5,
        ),
        Row("Hyperband sooner, best third", third, "times", "Bayesian without stopping", None, "≥ 3", third >= 3),
    ]


def _row(name: str, races: Sequence[Race], sooner: float) -> Row:
    bayesian = statistics.median(race.bayesian for race in races)
    hyperband = statistics.median(race.hyperband for race in races)
    beside = f"Bayesian {bayesian:.0f} of {races[0].budget} epochs, Hyperband {hyperband:.0f}, {len(races)} seeds"
    return Row(f"Hyperband sooner, {name}", sooner, "times", beside, None, "", True)


def measured(names: Sequence[str], seeds: int, workers: int, trainings: int, processes: int) -> list[Race]:
    tasks = [(name, seed, workers, trainings) for seed in range(seeds) for name in names]
    found = []
    with progress(len(tasks), 0) as advance, pool(processes) as racing:
        for future in as_completed([racing.submit(race, *task) for task in tasks]):
            found.append(future.result())
            advance(f"{found[-1].problem} seed {found[-1].seed}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.suggester.curves")
    parser.add_argument("--only", default=",".join(problem.name for problem in curve_problems()))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--trainings", type=int, default=40)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    report(rows_of(measured(given.only.split(","), given.seeds, given.workers, given.trainings, given.processes)))


if __name__ == "__main__":
    main()
