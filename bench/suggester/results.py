"""Runs as lines of JSON, so that a stopped bench goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Task:
    """One run of one optimiser on one problem."""

    problem: str
    optimizer: str
    seed: int
    budget: int
    parallel: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    problem: str
    optimizer: str
    seed: int
    budget: int
    parallel: int
    version: str
    """Of the optimiser and of the problem: a run of another is not this one."""
    trace: tuple[float | None, ...]
    """After each evaluation, the true value of what looked best until then; None: nothing has succeeded."""
    ask_ms: float
    """Median of asking and telling once."""
    errors: int = 0
    """Asks that failed, and were answered at random."""

    @property
    def task(self) -> Task:
        return Task(self.problem, self.optimizer, self.seed, self.budget, self.parallel)


def read(path: Path) -> list[Run]:
    """Return the runs of a file, of equal ones the last. A line that was cut off by a crash is passed over."""
    found: dict[tuple[Task, str], Run] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            item = json.loads(line)
        except json.JSONDecodeError:
            continue
        run = Run(**{**item, "trace": tuple(item["trace"])})
        found[run.task, run.version] = run
    return list(found.values())


def append(path: Path, runs: Iterable[Run]) -> None:
    with path.open("a") as file:
        file.writelines(json.dumps(asdict(run), separators=(",", ":")) + "\n" for run in runs)
