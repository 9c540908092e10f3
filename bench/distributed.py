"""The circle on Kafka and MongoDB: what it adds between two trainings, what it carries, how fast work is taken over.

    python -m bench.distributed          (make bench-distributed; --full for 300 trainings at once)

The services are processes of their own on this machine, on a real Kafka broker and a server of MongoDB's protocol. The
trainings are shell scripts that write down when they begin and end; the floor is a bare asyncio loop that spawns them.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final

from tests.servers import kafka, mongodb
from tests.wire.fleet import Fleet, Member, until
from tests.wire.trainings import Wanted, ended, job

from bench.rows import Row, report
from tunewright.platform.store.mongodb import MongoStore
from tunewright.platform.store.port import Insert

BUDGET: Final = """Commit and hop budget of a round (Random), from one training's exit to the next one's start:
  exit seen (pipe) → Exited RPC → transaction 1: training EXITED, job, next training (asked ahead) READY, facts → bell,
  here or through Kafka (training.requests) → transaction 2: RUNNING, session check, fact → Claim answered → spawn
Beside it, off the path: output → Kafka → metrics: 1–2 transactions → summary → Kafka → scheduler: 1 transaction."""
ROUND_TRIPS: Final = 200


def main() -> None:
    full = "--full" in sys.argv
    with tempfile.TemporaryDirectory(prefix="tunewright-bench-") as name:
        folder = Path(name)
        rows = [*turnaround(folder), *throughput(folder), *take_over(folder)]
        if full:
            rows += crowd(folder)
    print(BUDGET)
    report(rows)


@contextmanager
def fleet(folder: Path, name: str, *, of_each: int = 2, trainers: int = 2, slots: int = 2) -> Iterator[Fleet]:
    """Start an installation of its own topics and database."""
    home = folder / name
    home.mkdir()
    installed = Fleet(home, kafka.kafka().bootstrap, mongodb.mongodb().database(name), prefix=f"{name}-")
    try:
        installed.start(of_each=of_each, trainers=trainers, slots=slots, terms={})
        yield installed
    finally:
        installed.close()


def turnaround(folder: Path) -> list[Row]:
    with fleet(folder, "turnaround", of_each=1, trainers=1, slots=2) as installed:
        ours = turnarounds(finished(installed, job(installed.folder, "turn", trainings=ROUND_TRIPS, steps=0)), slots=2)
        floor = turnarounds(bare(job(installed.folder, "bare", trainings=ROUND_TRIPS, steps=0), slots=2), slots=2)
    median_ms, p95_ms, floor_ms = (
        statistics.median(ours),
        statistics.quantiles(ours, n=20)[-1],
        statistics.median(floor),
    )
    beside, times = f"floor: bare asyncio loop {floor_ms:.2f} ms", median_ms / floor_ms
    alone_ms = asyncio.run(transaction_ms())
    within = median_ms - floor_ms <= 40
    return [
        Row("distributed turnaround, median", median_ms, "ms", beside, times, "≤ 40 ms over the floor", within),
        Row("distributed turnaround, p95", p95_ms, "ms", beside, p95_ms / floor_ms, "", True),
        Row(
            "one transaction of 5 writes, alone",
            alone_ms,
            "ms",
            "the database; a round has two on its path",
            None,
            "",
            True,
        ),
    ]


async def transaction_ms() -> float:
    """Return what the database takes for a commit like those of a round, with nothing else to do."""
    store = MongoStore(mongodb.mongodb().database("alone"))
    await store.create_schema()
    document = {"uid": "u", "state": "RUNNING", "text": "x" * 500}
    taken = []
    for number in range(60):
        names = ("training_jobs", "observations", "outbox", "asks", "sessions")
        writes = [Insert(name, f"{number}", document) for name in names]
        began = time.perf_counter()
        await store.commit(writes)
        taken.append(1000 * (time.perf_counter() - began))
    await store.close()
    return statistics.median(taken)


def throughput(folder: Path) -> list[Row]:
    """8 trainers of 2 slots, trainings of one second: how much of the ideal is left."""
    slots, trainings = 16, 160
    with fleet(folder, "throughput", of_each=1, trainers=8, slots=2) as installed:
        wanted = job(installed.folder, "second", trainings=trainings, parallel=slots, steps=1, step_s=1.0)
        share = trainings / slots / makespan_s(*finished(installed, wanted))
        floor = job(installed.folder, "bare", trainings=trainings, parallel=slots, steps=1, step_s=1.0)
        bare_share = trainings / slots / makespan_s(*bare(floor, slots=slots))
    beside = f"bare asyncio loop {bare_share:.1%}"
    return [Row("share of ideal, 16 × 1 s", 100 * share, "%", beside, share / bare_share, "≥ 95 %", share >= 0.95)]


def crowd(folder: Path) -> list[Row]:
    """300 trainings of a minute at once, in three jobs, twice over."""
    rows = []
    for each in (1, 2):
        with fleet(folder, f"crowd{each}", of_each=each, trainers=4, slots=75) as installed:
            names = [f"crowd-{number}" for number in range(3)]
            jobs = [job(installed.folder, name, trainings=200, parallel=100, steps=1, step_s=60.0) for name in names]
            took_s = makespan_s(*finished(installed, *jobs))
        rows.append(Row(f"300 at once, {each} of each", took_s, "s", "ideal: 120 s", took_s / 120, "", True))
    slower = rows[1].figure / rows[0].figure
    rows.append(Row("two of each against one", slower, "×", "", None, "no slower (≤ 1.05 ×)", slower <= 1.05))
    return rows


def take_over(folder: Path) -> list[Row]:
    """How long nothing ends after one of two schedulers, or collectors, is killed: the worse of both."""
    rows = []
    with fleet(folder, "takeover", of_each=2, trainers=1, slots=2) as installed:
        for service in ("scheduler", "metrics"):
            gaps = [gap_s(installed, victim, f"{victim.name}") for victim in installed.of(service)]
            worst = max(gaps)
            rows.append(
                Row(
                    f"killed {service} taken over",
                    worst,
                    "s",
                    f"other one: {min(gaps):.1f} s",
                    None,
                    "< 10 s",
                    worst < 10,
                )
            )
    return rows


def gap_s(installed: Fleet, victim: Member, name: str) -> float:
    """Kill a replica while short trainings run; return the longest time without one that is done and summarised."""
    wanted = job(installed.folder, name, trainings=80, steps=1, step_s=0.3)
    with installed.client() as client:
        client.create(wanted.spec)
        until(lambda: ended(wanted) >= 6, "trainings end")
        victim.kill()
        counts = [(time.monotonic(), 0)]
        while not (found := client.describe(name)).state.final:
            if found.trainings.completed != counts[-1][1]:
                counts.append((time.monotonic(), found.trainings.completed))
            time.sleep(0.02)
    victim.start()
    counts.append((time.monotonic(), 0))
    return max(after[0] - before[0] for before, after in pairwise(counts))


def finished(installed: Fleet, *jobs: Wanted) -> tuple[Wanted, ...]:
    with installed.client() as client:
        for wanted in jobs:
            client.create(wanted.spec)
        for wanted in jobs:
            client.wait(wanted.spec.name)
    return jobs


def bare(wanted: Wanted, slots: int) -> tuple[Wanted]:
    """Run the same trainings in a bare loop."""
    definition = wanted.spec.definitions[0]
    program = definition.image.removeprefix("file://")
    trainings = wanted.spec.limits.max_trainings or 0
    base = wanted.stamps.parent
    (base / "input/config").mkdir(parents=True, exist_ok=True)
    (base / "input/config/hyperparameters.json").write_text('{"x": "0.5"}')
    environment = {
        **definition.environment,
        "PATH": "/usr/bin:/bin",
        "TRAINING_JOB_NAME": "bare",
        "SAGEMAKER_BASE_DIR": str(base),
    }

    async def slot() -> None:
        for _ in range(trainings // slots):
            process = await asyncio.create_subprocess_exec(program, stdout=asyncio.subprocess.DEVNULL, env=environment)
            await process.wait()

    async def all_slots() -> None:
        await asyncio.gather(*(slot() for _ in range(slots)))

    asyncio.run(all_slots())
    return (wanted,)


def times(*jobs: Wanted) -> tuple[list[float], list[float]]:
    """Return when trainings began and when they ended, each sorted, in seconds."""
    stamps = [line.split() for wanted in jobs for line in wanted.stamps.read_text().splitlines()]
    begins, ends = (sorted(float(at) for _, what, at, *_ in stamps if what == kind) for kind in "be")
    return begins, ends


def makespan_s(*jobs: Wanted) -> float:
    begins, ends = times(*jobs)
    return ends[-1] - begins[0]


def turnarounds(jobs: tuple[Wanted, ...], slots: int) -> list[float]:
    """Return, in order, the milliseconds from each end to the beginning that took its slot."""
    begins, ends = times(*jobs)
    return [1000 * (begin - end) for begin, end in zip(begins[slots:], ends, strict=False)]


if __name__ == "__main__":
    main()
