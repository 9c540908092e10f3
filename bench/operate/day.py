"""A busy installation's day in little time: `tunewright local`, many jobs one after another, its memory and its store.

The server is the one that people start; the trainings are real processes, shell scripts that print a hundred values.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final

import psutil

from bench.roundtrip import Served
from bench.rows import Row
from tunewright.client import Client, find
from tunewright.core.space import Float
from tunewright.core.spec import Definition, Limits, MetricDefinition, Objective, Parameter, Strategy, TuningJobSpec
from tunewright.platform.store.folder import STORE_FILE

AT_ONCE: Final = 10
"""Tuning jobs; the next begins when one has ended."""
PARALLEL: Final = 2
TRAININGS: Final = 100
"""Of each job."""
POINTS: Final = 100
"""Of each training."""
POINT_BYTES: Final = 16
"""A step and a value, as bare as they can be."""
FLAT: Final = 1.15
PAGES: Final = ("page_count", "freelist_count", "page_size")
PROGRAM: Final = f"""#!/bin/sh
exec awk 'BEGIN {{ for (i = 1; i <= {POINTS}; i++) print "step " i " loss=" 1 / i }}'
"""


class Looking:
    """Looks at a server's memory and store when a quarter of the jobs has ended, and another, and another."""

    def __init__(self, server: Served, jobs: int) -> None:
        self._server, self._jobs, self._ended = server, jobs, 0
        self._lock = threading.Lock()
        self.mib: dict[int, float] = {}
        self.store_bytes: dict[int, int] = {}

    def one_more(self) -> None:
        with self._lock:
            self._ended += 1
            percent = 100 * self._ended // self._jobs // 25 * 25
            if percent and percent not in self.mib:
                self.mib[percent] = psutil.Process(self._server.process).memory_info().rss / 2**20
                self.store_bytes[percent] = _bytes(self._server.data_dir / STORE_FILE)


def _bytes(store: Path) -> int:
    """Return how large a store is with what stands in its log only, and without what has been freed."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as reading:
        used, free, size = (reading.execute(f"PRAGMA {name}").fetchone()[0] for name in PAGES)
    return int((used - free) * size)


def rows(folder: Path, jobs: int) -> list[Row]:
    program = folder / "train"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    trainings = jobs * TRAININGS
    with Served(folder, slots=AT_ONCE * PARALLEL) as server:
        looking, began = Looking(server, jobs), time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for done in [threads.submit(_run, server.data_dir, folder, number, looking) for number in range(jobs)]:
                done.result()
        took_s = time.perf_counter() - began
        busy = psutil.Process(server.process).cpu_times()
    first, last = looking.mib[25], looking.mib[100]
    grown = (looking.store_bytes[100] - looking.store_bytes[25]) / (0.75 * trainings) / 1024
    name, bare = f"a day of {trainings:,} trainings", POINTS * POINT_BYTES / 1024
    told = ", ".join(f"{percent} %: {mib:.0f}" for percent, mib in sorted(looking.mib.items()))
    each_ms = 1000 * (busy.user + busy.system) / trainings
    beside = f"{trainings / took_s:.1f} trainings/s, {each_ms:.0f} ms of a core each"
    return [
        Row(name, took_s, "s", beside, None, "20,000 in 600 s", trainings / took_s >= 20_000 / 600),
        Row(
            f"{name}, memory", last, "MiB", told, last / first, f"flat (≤ {FLAT} × that at 25 %)", last <= FLAT * first
        ),
        Row(
            f"{name}, store a training",
            grown,
            "KiB",
            f"{POINTS} bare points: {bare:.1f} KiB",
            grown / bare,
            "",
            holds=True,
        ),
    ]


def _run(data_dir: Path, folder: Path, number: int, looking: Looking) -> None:
    definition = Definition(
        image=f"file://{folder}",
        parameters=(Parameter("x", Float(0.0, 1.0)),),
        metric_definitions=(MetricDefinition("loss", "loss=([-+0-9.e]+)"),),
    )
    spec = TuningJobSpec(
        name=f"day-{number:03d}",
        definitions=(definition,),
        objective=Objective("loss"),
        limits=Limits(max_parallel=PARALLEL, max_trainings=TRAININGS),
        strategy=Strategy.RANDOM,
    )
    with Client(find(data_dir)) as client:
        client.create(spec)
        done = client.wait(spec.name)
    if done.trainings.completed != TRAININGS:
        raise RuntimeError(f"{spec.name}: {done.trainings}")
    looking.one_more()
