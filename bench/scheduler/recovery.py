"""How soon a scheduler killed with a thousand running jobs has all of them going again.

    python -m bench.scheduler.recovery fill FOLDER      says "filled", then waits to be killed
    python -m bench.scheduler.recovery again FOLDER     prints one line of JSON

When it is killed, each job has an ask open that the suggester is still at, one training under a trainer's lease, and
one whose process has ended without a word from metrics. Recovered is a job whose ask has been made again, answered and
folded, so that a training more is ready; counted from the start of the new process, imports included. The floor is the
store alone: reading the thousand jobs and committing each of them once.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

from bench.rows import Row
from bench.scheduler import subject
from bench.scheduler.crowd import JOBS, TRAINERS, create_jobs
from bench.scheduler.standing import Trainer, standing, until_all_claimed
from tunewright.core.names import split_training_id
from tunewright.core.spec import Strategy
from tunewright.platform.store.port import Query, Replace, Store, Stored
from tunewright.platform.store.sqlite import SqliteStore
from tunewright.v1 import suggestion_service_pb2 as pb

WITHIN_S: Final = 10.0
PARALLEL: Final = 2
STEP_S: Final = 0.05
PROGRAM: Final = (sys.executable, "-m", "bench.scheduler.recovery")


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds since the process began."""

    serving_s: float
    asked_s: float
    """Until every open ask has been made again."""
    recovered_s: float


def rows(folder: Path) -> list[Row]:
    home = folder / "recovery"
    home.mkdir()
    filling = subprocess.Popen([*PROGRAM, "fill", str(home)], stdout=subprocess.PIPE, text=True)
    assert filling.stdout is not None
    assert filling.stdout.readline() == "filled\n"
    filling.send_signal(signal.SIGKILL)
    filling.wait()
    filling.stdout.close()
    again = subprocess.run([*PROGRAM, "again", str(home)], check=True, stdout=subprocess.PIPE)
    found = Measured(**json.loads(again.stdout))
    floor_s = asyncio.run(_floor_s(home))
    beside = (
        f"serves after {found.serving_s:.2f} s, all asked again {found.asked_s:.2f} s; the store alone {floor_s:.2f} s"
    )
    took_s = found.recovered_s
    name = f"{JOBS:,} running jobs recovered"
    return [Row(name, took_s, "s", beside, took_s / floor_s, f"≤ {WITHIN_S:.0f} s", took_s <= WITHIN_S)]


async def fill(folder: Path) -> None:
    """Bring all jobs to where they are killed."""

    def answers(request: pb.SuggestRequest) -> int:
        return request.count if request.started < PARALLEL else -1

    suggester = subject.Drawing(answers=answers)
    async with standing(folder, suggester) as at:
        await create_jobs(at, trainings=100, parallel=PARALLEL, strategy=Strategy.BAYESIAN)
        trainers = [Trainer(f"trainer{index}", JOBS * PARALLEL // TRAINERS, at) for index in range(TRAINERS)]
        await asyncio.gather(*(trainer.open() for trainer in trainers))
        beats = [asyncio.create_task(trainer.beat()) for trainer in trainers]
        await until_all_claimed(trainers)
        for trainer in trainers:
            first = [attempt for attempt in trainer.held if split_training_id(attempt.training_id)[1] == 1]
            await asyncio.gather(*(trainer.exit(attempt) for attempt in first))
        await _until(lambda: sum(suggester.asked.values()) == JOBS)  # each job's second ask, which is number 1
        print("filled", flush=True)
        await asyncio.gather(*beats)


async def again(folder: Path) -> Measured:
    """Start on what is left, as `tunewright local` does."""
    began = psutil.Process().create_time()
    suggester = subject.Drawing()
    async with standing(folder, suggester) as at:
        serving_s = time.time() - began
        await at.scheduling.sweep.resume()
        await _until(lambda: len(suggester.asked) == JOBS)
        asked_s = time.time() - began
        while len(await _ready(at.store)) < JOBS:  # noqa: ASYNC110 - as above
            await asyncio.sleep(STEP_S)
        return Measured(serving_s, asked_s, time.time() - began)


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - looked at from outside
        await asyncio.sleep(STEP_S)


async def _ready(store: Store) -> list[Stored]:
    """Return the trainings that wait for a trainer: one of each job that is going again."""
    query = Query("training_jobs", "claimable", {"pool": "default", "state": "READY"}, limit=JOBS)
    return (await store.find(query)).items


async def _floor_s(folder: Path) -> float:
    began = time.perf_counter()
    store = SqliteStore(folder / "store.db")
    jobs = (await store.find(Query("tuning_jobs", "active", {"active": True}, limit=JOBS))).items
    assert len(jobs) == JOBS
    await asyncio.gather(*(store.commit([Replace("tuning_jobs", job.key, job.document, job.version)]) for job in jobs))
    await store.close()
    return time.perf_counter() - began


def main() -> None:
    what, folder = sys.argv[1], Path(sys.argv[2])
    if what == "fill":
        asyncio.run(fill(folder))
    else:
        print(json.dumps(asdict(asyncio.run(again(folder)))))


if __name__ == "__main__":
    main()
