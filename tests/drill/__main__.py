"""The fault drill, two minutes of faults by default (make drill).

    python -m tests.drill [--seed N] [--jobs 20] [--seconds 120] [--folder .drill]

Repeat what went wrong with the seed that was printed. Logs, report.md and report.json are kept in FOLDER/SEED.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.drill.drill import Size, drill
from tests.drill.plan import Kind


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drill")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--jobs", type=int, default=Size().jobs)
    parser.add_argument("--seconds", type=float, default=Size().span_s)
    parser.add_argument("--folder", type=Path, default=Path(".drill"))
    given = parser.parse_args(words)
    folder = (given.folder / str(given.seed)).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _say(f"seed {given.seed}; logs in {folder}")
    report = drill(folder, given.seed, _size(given.jobs, given.seconds), _say)
    report.write(folder)
    _say("\n".join(report.lines()))
    return 1 if report.wrong else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _size(jobs: int, span_s: float) -> Size:
    """Scale faults and work with the time."""
    share = span_s / Size().span_s
    faults: dict[Kind, int] = {kind: max(1, round(many * share)) for kind, many in Size().faults.items()}
    trainings = max(4, round(Size().trainings * share))
    return replace(Size(), jobs=jobs, span_s=span_s, faults=faults, trainings=trainings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
