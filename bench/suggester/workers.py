"""Runs tasks on all cores, one process each, and keeps what they gave."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from bench.suggester.results import Run, Task, append, read
from bench.suggester.runs import run, task_version

ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Advance(Protocol):
    def __call__(self, done: str) -> None: ...


def run_all(tasks: Sequence[Task], results: Path, processes: int, make: Callable[[Task], Run] = run) -> list[Run]:
    """Return the runs of all tasks; those that the file of results has are not made again."""
    have = kept(tasks, results)
    known = {found.task for found in have}
    missing = [task for task in tasks if task not in known]
    made = []
    with progress(len(tasks), len(have)) as advance, pool(processes) as workers:
        for future in as_completed([workers.submit(make, task) for task in missing]):
            found = future.result()
            append(results, [found])
            made.append(found)
            advance(f"{found.problem} {found.optimizer} seed {found.seed}")
    return have + made


def kept(tasks: Sequence[Task], results: Path) -> list[Run]:
    """Return the runs of tasks that the file has, made by the present build of each optimiser."""
    wanted = set(tasks)
    return [found for found in read(results) if found.task in wanted and found.version == task_version(found.task)]


@contextmanager
def pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Open a pool of fresh processes of one thread each; what has not begun when it is left is not begun.

    Also when it is ended from outside: processes whose parent is gone would wait for it for ever.
    """
    os.environ.update(ONE_THREAD)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    workers = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield workers
    finally:
        workers.shutdown(cancel_futures=True)


@contextmanager
def progress(total: int, done: int) -> Iterator[Advance]:
    """Show progress on stderr: a bar on a terminal, else a line for each tenth."""
    if sys.stderr.isatty():
        with _bar(total, done) as advance:
            yield advance
        return
    count = done

    def say(done: str) -> None:
        nonlocal count
        count += 1
        if count * 10 // total > (count - 1) * 10 // total:
            print(f"{count}/{total} {done}", file=sys.stderr, flush=True)

    yield say


@contextmanager
def _bar(total: int, done: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("runs", total=total, completed=done)

        def advance(done: str) -> None:
            bar.update(task, advance=1, description=done)

        yield advance
