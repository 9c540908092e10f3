"""How much time our circle adds between two trainings; start-up, memory, and what the 2,000th training costs.

    python -m bench.roundtrip          (make bench-roundtrip)

Trainings are a shell script that writes down when it begins and ends. Turnaround is from the end of one to the
beginning of the next on the same number of slots; the floor is a bare asyncio loop that spawns the same script.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bench.rows import Row, report
from tunewright.client import Client, find
from tunewright.core.space import Float
from tunewright.core.spec import (
    Definition,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    Strategy,
    TuningJobSpec,
)

SLOTS = 2
SCRIPT = """#!/bin/sh
echo "b $(date +%s%N)" >> "$STAMPS"
echo score=1
echo "e $(date +%s%N)" >> "$STAMPS"
"""
BUDGET = """Commit and hop budget of a round (Random), from one training's exit to the next one's start:
  exit seen (pipe) → Exited RPC → commit 1: training EXITED, job, next training (asked ahead) READY, facts → bell
  → commit 2: training RUNNING, session check, fact → Claim answered → attempt folder, spawn
Beside it, off the path: output → bus → metrics: 1–2 commits → summary → bus → scheduler: 1 commit; outbox trim: 1
commit shared by all facts of 50 ms; an ask and its answer: 1 commit per 8 trainings."""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tunewright-bench-") as name:
        folder = Path(name)
        program = folder / "train"
        program.write_text(SCRIPT)
        program.chmod(0o755)
        floor = turnarounds(floor_stamps(folder, program, 200))
        rows = [*start_up(folder), *round_trips(folder, program, floor)]
    print(BUDGET)
    report(rows)


def round_trips(folder: Path, program: Path, floor: list[float]) -> list[Row]:
    short = turnarounds(our_stamps(folder, program, "short", 200))
    long = turnarounds(our_stamps(folder, program, "long", 2100))
    floor_ms = statistics.median(floor)
    median_ms, p95_ms = statistics.median(short), statistics.quantiles(short, n=20)[-1]
    early, late = statistics.median(long[50:250]), statistics.median(long[1850:2050])
    beside = f"floor: bare asyncio loop {floor_ms:.2f} ms"
    over, over_p95 = median_ms - floor_ms, p95_ms - floor_ms
    return [
        Row("turnaround, median", median_ms, "ms", beside, median_ms / floor_ms, "≤ 8 ms over the floor", over <= 8),
        Row("turnaround, p95", p95_ms, "ms", beside, p95_ms / floor_ms, "≤ 25 ms over the floor", over_p95 <= 25),
        Row(
            "turnaround at training 2,000",
            late,
            "ms",
            f"at training 100: {early:.2f} ms",
            late / early,
            "≤ 1.2 × training 100",
            late <= 1.2 * early,
        ),
    ]


def floor_stamps(folder: Path, program: Path, count: int) -> Path:
    stamps = folder / "floor"

    async def slot() -> None:
        for _ in range(count // SLOTS):
            process = await asyncio.create_subprocess_exec(
                str(program), stdout=asyncio.subprocess.DEVNULL, env={"STAMPS": str(stamps), "PATH": "/usr/bin:/bin"}
            )
            await process.wait()

    async def all_slots() -> None:
        await asyncio.gather(*(slot() for _ in range(SLOTS)))

    asyncio.run(all_slots())
    return stamps


def our_stamps(folder: Path, program: Path, name: str, count: int) -> Path:
    stamps = folder / name
    definition = Definition(
        image=f"file://{program.parent}",
        parameters=(Parameter("x", Float(0, 1)),),
        metric_definitions=(MetricDefinition("score", "score=([0-9.]+)"),),
        environment={"STAMPS": str(stamps)},
    )
    spec = TuningJobSpec(
        name=name,
        definitions=(definition,),
        objective=Objective("score"),
        limits=Limits(max_parallel=SLOTS, max_trainings=count),
        strategy=Strategy.RANDOM,
    )
    with Served(folder) as server, Client(find(server.data_dir)) as client:
        client.create(spec)
        client.wait(name)
    return stamps


def turnarounds(stamps: Path) -> list[float]:
    """Return, in order, the milliseconds from each end to the beginning that took its slot."""
    events = [line.split() for line in stamps.read_text().splitlines()]
    begins = sorted(int(at) for kind, at in events if kind == "b")
    ends = sorted(int(at) for kind, at in events if kind == "e")
    return [(begin - end) / 1e6 for begin, end in zip(begins[SLOTS:], ends, strict=False)]


def start_up(folder: Path) -> list[Row]:
    python_s = median_seconds([sys.executable, "-c", "pass"])
    help_s = median_seconds([sys.executable, "-m", "tunewright", "--help"])
    ready, idle = [], 0.0
    for _ in range(3):
        began = time.perf_counter()
        with Served(folder) as server:
            ready.append(time.perf_counter() - began)
            idle = max(idle, server.memory_mib())
    ready_s = statistics.median(ready)
    bare = f"floor: python -c pass {python_s:.2f} s"
    return [
        Row("tunewright --help", help_s, "s", bare, help_s / python_s, "< 0.3 s", help_s < 0.3),
        Row("tunewright local, ready", ready_s, "s", bare, ready_s / python_s, "< 1.5 s", ready_s < 1.5),
        Row("tunewright local, idle memory", idle, "MiB", "", None, "≤ 120 MiB", idle <= 120),
    ]


def median_seconds(command: list[str], runs: int = 7) -> float:
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


class Served:
    """An embedded server in a process of its own."""

    def __init__(self, folder: Path, image_root: Path | None = None, slots: int = SLOTS) -> None:
        self.data_dir = folder / "data"
        command = [sys.executable, "-m", "tunewright", "local", "--data-dir", str(self.data_dir)]
        self._process = subprocess.Popen(
            [*command, "--slots", str(slots), "--image-root", str(image_root or folder)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Served:
        assert self._process.stdout is not None
        if not self._process.stdout.readline().startswith("ready"):
            sys.exit("the server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def process(self) -> int:
        """Return its id."""
        return self._process.pid

    def memory_mib(self) -> float:
        """Return the resident memory of the server and its children, in MiB."""
        process = psutil.Process(self._process.pid)
        return float(sum(item.memory_info().rss for item in (process, *process.children(recursive=True))) / 2**20)


if __name__ == "__main__":
    main()
