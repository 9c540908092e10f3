"""How much sooner stopping early reaches what Bayesian without stopping reaches at its full budget.

    python -m bench.suggester.curves [--only NAME,NAME] [--seeds 3] [--workers 4] [--trainings 40] [--effort fast]

Rivals: Hyperband; Hyperband without a model ("random draws"); Bayesian under AMT's median rule.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Sequence
from concurrent.futures import as_completed

from bench.rows import Row, report
from bench.suggester.curves.models import curve_problems
from bench.suggester.curves.policies import RIVALS
from bench.suggester.curves.race import Course, Race, race
from bench.suggester.workers import pool, progress

AGAINST = "Bayesian without stopping"


def rows_of(races: Sequence[Race]) -> list[Row]:
    """Return for every rival the median seed of each problem, the median problem, and the mean of the best third."""
    names = list(dict.fromkeys(race.problem for race in races))
    groups = {name: [race for race in races if race.problem == name] for name in names}
    return [row for rival in RIVALS for row in _rows_of_rival(rival, groups)]


def _rows_of_rival(rival: str, groups: dict[str, list[Race]]) -> list[Row]:
    sooner = {name: statistics.median(race.sooner(rival) for race in group) for name, group in groups.items()}
    rows = [_row(rival, name, group, sooner[name]) for name, group in groups.items()]
    ordered = sorted(sooner.values(), reverse=True)
    median, third = statistics.median(ordered), statistics.mean(ordered[: max(len(ordered) // 3, 1)])
    if rival != "Hyperband":
        return [*rows, _summary(rival, "median problem", median, 0.0), _summary(rival, "best third", third, 0.0)]
    return [*rows, _summary(rival, "median problem", median, 1.5), _summary(rival, "best third", third, 3.0)]


def _summary(rival: str, what: str, figure: float, floor: float) -> Row:
    target = f"≥ {floor:g}" if floor else ""
    return Row(f"{rival} sooner, {what}", figure, "times", AGAINST, None, target, figure >= floor)


def _row(rival: str, name: str, races: Sequence[Race], sooner: float) -> Row:
    bayesian = statistics.median(race.bayesian for race in races)
    own = statistics.median(race.rivals[rival] for race in races)
    each = " ".join(f"{race.sooner(rival):.1f}" for race in sorted(races, key=lambda race: race.seed))
    beside = f"Bayesian {bayesian:.0f} of {races[0].budget} epochs, {rival} {own:.0f}; seeds {each}"
    return Row(f"{rival} sooner, {name}", sooner, "times", beside, None, "", True)


def measured(names: Sequence[str], courses: Sequence[Course], processes: int) -> list[Race]:
    tasks = [(name, course) for course in courses for name in names]
    found = []
    with progress(len(tasks), 0) as advance, pool(processes) as racing:
        for future in as_completed([racing.submit(race, *task) for task in tasks]):
            found.append(future.result())
            advance(f"{found[-1].problem} seed {found[-1].seed}")
    return sorted(found, key=lambda race: names.index(race.problem))


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.suggester.curves")
    parser.add_argument("--only", default=",".join(problem.name for problem in curve_problems()))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--trainings", type=int, default=40)
    parser.add_argument("--effort", default="fast")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    courses = [Course(seed, given.workers, given.trainings, given.effort) for seed in range(given.seeds)]
    report(rows_of(measured(given.only.split(","), courses, given.processes)))


if __name__ == "__main__":
    main()
