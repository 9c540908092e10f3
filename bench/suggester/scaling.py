"""What Auto scaling is worth: copies of problems whose logarithmic ranges say Auto, against copies that say Linear.

python -m bench.suggester.scaling [--seeds 5] [--budget 50]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.rows import Row, report
from bench.suggester.cache import folder
from bench.suggester.problems import UNFLAGGED
from bench.suggester.results import Run, Task
from bench.suggester.statistics import Array, Scores, ratio, selected
from bench.suggester.tables import OURS, scores_of
from bench.suggester.workers import run_all
from tunewright.core.space import ScalingType


def rows_of(runs: Sequence[Run]) -> list[Row]:
    scores = scores_of(runs)[OURS]
    auto, linear = _of(scores, ScalingType.AUTO), _of(scores, ScalingType.LINEAR)
    rows = []
    for name in auto:
        found = ratio(selected(auto, name.__eq__), linear)
        assert found is not None
        value, upper = float(found.value[-1]), float(found.upper[-1])
        rows.append(Row(f"Auto / Linear, {name}", upper, "bound", f"{found.pairs} seeds", value, "", True))
    found = ratio(auto, linear)
    assert found is not None
    value, upper = float(found.value[-1]), float(found.upper[-1])
    return [*rows, Row("Auto / Linear, all", upper, "bound", f"{found.pairs} pairs", value, "≤ 0.6", value <= 0.6)]


def _of(scores: Scores, scaling: ScalingType) -> Scores:
    """Return the scores of the copies with a scaling, by the names of the problems that they are copies of."""
    ending = f"#{scaling.lower()}"
    found: dict[str, Mapping[int, Array]] = {
        name.removesuffix(ending): seeds for name, seeds in scores.items() if name.endswith(ending)
    }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.suggester.scaling")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", type=int, default=50)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--results", type=Path, default=folder() / "results.jsonl")
    given = parser.parse_args()
    tasks = [
        Task(f"{name}#{scaling.lower()}", OURS, seed, given.budget)
        for seed in range(given.seeds)
        for name in UNFLAGGED
        for scaling in (ScalingType.AUTO, ScalingType.LINEAR)
    ]
    report(rows_of(run_all(tasks, given.results, given.processes)))


if __name__ == "__main__":
    main()
