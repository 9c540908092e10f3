"""A thousand tuning jobs at once in one process: memory, messages per second. Run as a process of its own.

    python -m bench.scheduler.crowd FOLDER     prints one line of JSON

The process holds the scheduler behind gRPC, its suggester, and the trainers' and users' side of every call.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from bench.rows import Row
from bench.scheduler import subject
from bench.scheduler.standing import Standing, Trainer, standing, until_all_claimed
from tunewright.platform.codec import to_message
from tunewright.platform.store.port import Query
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb

JOBS: Final = 1_000
PARALLEL: Final = 2
TRAINERS: Final = 50
EACH: Final = 6
"""Trainings of each job: the first two start together, so that all jobs run at once."""
ALLOWED_MIB: Final = 1024
AT_ONCE: Final = 50
"""Requests of users at the same time."""


@dataclass(frozen=True, slots=True)
class Measured:
    created_s: float
    ran_s: float
    trainings: int
    messages: int
    bare_mib: float
    """Peak before the first job."""
    peak_mib: float


def rows(folder: Path) -> list[Row]:
    home = folder / "crowd"
    home.mkdir()
    command = [sys.executable, "-m", "bench.scheduler.crowd", str(home)]
    found = Measured(**json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
    rate = found.messages / found.ran_s
    beside = f"before the first job {found.bare_mib:.0f} MiB; created in {found.created_s:.1f} s"
    done = f"{found.trainings:,} trainings in {found.ran_s:.0f} s, all jobs at once, over gRPC, both ends in it"
    return [
        Row(
            f"{JOBS:,} tuning jobs in one process, peak",
            found.peak_mib,
            "MiB",
            beside,
            found.peak_mib / found.bare_mib,
            f"≤ {ALLOWED_MIB} MiB",
            found.peak_mib <= ALLOWED_MIB,
        ),
        Row(f"{JOBS:,} tuning jobs, messages", rate, "/s", done, None, "", holds=True),
    ]


async def create_jobs(at: Standing, **fields: object) -> None:
    """Create JOBS jobs, AT_ONCE at a time."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def create(number: int) -> None:
        spec = subject.spec(f"crowd{number:04d}", **fields)  # type: ignore[arg-type]
        async with turns:
            await at.tuning.CreateTuningJob(
                pb.CreateTuningJobRequest(spec=to_message(spec, spec_pb2.TuningJobSpec), request_id=spec.name)
            )

    await asyncio.gather(*(create(number) for number in range(JOBS)))


async def run(folder: Path) -> Measured:
    async with standing(folder, subject.Drawing()) as at:
        bare_mib, began = peak_mib(), time.perf_counter()
        await create_jobs(at, trainings=EACH, parallel=PARALLEL)
        created_s = time.perf_counter() - began
        trainers = [Trainer(f"trainer{index}", JOBS * PARALLEL // TRAINERS, at) for index in range(TRAINERS)]
        await asyncio.gather(*(trainer.open() for trainer in trainers))
        beats = [asyncio.create_task(trainer.beat()) for trainer in trainers]
        began = time.perf_counter()
        await until_all_claimed(trainers)
        assert len((await at.store.find(Query("tuning_jobs", "active", {"active": True}, limit=2000))).items) == JOBS
        over = asyncio.Event()
        working = [asyncio.create_task(_work(trainer, trainers, over)) for trainer in trainers]
        await over.wait()
        ran_s = time.perf_counter() - began
        for task in (*beats, *working):
            task.cancel()
        await asyncio.gather(*beats, *working, return_exceptions=True)
        messages = sum(trainer.messages for trainer in trainers)
        return Measured(created_s, ran_s, JOBS * EACH, messages, bare_mib, peak_mib())


async def _work(trainer: Trainer, all_of_them: list[Trainer], over: asyncio.Event) -> None:
    """End what is held, claim again, until all trainings of all jobs have ended."""
    while not over.is_set():
        await asyncio.gather(*(trainer.end(attempt) for attempt in list(trainer.held)))
        if sum(each.ended for each in all_of_them) == JOBS * EACH:
            over.set()
        await trainer.claim(trainer.slots)


def peak_mib() -> float:
    """Return the process's largest resident memory so far, in MiB (Linux counts it in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(run(Path(sys.argv[1]))))))
