"""What it costs to list all trainings of a job of 10,000, and to watch it, through gRPC on SQLite.

As rows, as the command line reads them, and as columns, as the dashboard does; beside the floor: reading the stored
bytes of these trainings, with nothing decoded. Times are those of a client in the same process.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.rows import Row
from bench.scheduler import subject
from bench.scheduler.standing import Standing, standing
from tunewright.core.names import training_name
from tunewright.core.phases import Phase
from tunewright.core.spec import Strategy
from tunewright.core.states import EndCause, ObjectiveState, TrainingState
from tunewright.core.values import replace
from tunewright.platform.store.naming import name_key
from tunewright.platform.store.port import Insert
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import records
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core.job import Provenance, TuningJob
from tunewright_scheduler.core.training import Exit, Summary, Training
from tunewright_scheduler.view import View

TRAININGS: Final = 10_000
IN_FLIGHT: Final = 16
UID: Final = "0123456789abcdef"
NAME: Final = "lists"
BEGAN: Final = 1_700_000_000.0
ROUNDS: Final = 5
LOOKS: Final = 50


def rows(folder: Path) -> list[Row]:
    home = folder / "lists"
    home.mkdir()
    return asyncio.run(_measured(home))


async def _measured(folder: Path) -> list[Row]:
    async with standing(folder, subject.Drawing()) as there:
        await _fill(there)
        floor_s, stored_mb = _floor(folder / "store.db")
        listed = pb.ListTrainingJobsRequest(job=NAME, page_size=1000)
        by_row_s, row_mb = await _walked(there.tuning.ListTrainingJobs, listed)
        in_columns = pb.ListTrainingColumnsRequest(job=NAME, page_size=2000)
        by_column_s, column_mb = await _walked(there.tuning.ListTrainingColumns, in_columns)
        few, many = await _look_ms(there)
        beside = f"the stored bytes: {floor_s:.3f} s, {stored_mb:.1f} MB"
        return [
            Row("10,000 trainings listed as rows", by_row_s, "s", beside, by_row_s / floor_s, "—", holds=True),
            Row("their size", row_mb, "MB", "", row_mb / stored_mb, "—", holds=True),
            Row(
                "10,000 trainings listed as columns",
                by_column_s,
                "s",
                beside,
                by_column_s / floor_s,
                "≤ 1.0 s",
                by_column_s <= 1.0,
            ),
            Row("their size in columns", column_mb, "MB", "", column_mb / stored_mb, "≤ 2 MB", column_mb <= 2.0),
            Row(
                "a watcher's look at one change of 10,000",
                many,
                "ms",
                f"with 100 trainings: {few:.2f} ms",
                many / few,
                "≤ 2 × with 100",
                many <= 2 * few,
            ),
        ]


async def _fill(there: Standing) -> None:
    for uid, name, count in ((UID, NAME, TRAININGS), (f"{UID}00", "small", 100)):
        spec = subject.spec(name, trainings=count + IN_FLIGHT, parallel=IN_FLIGHT, strategy=Strategy.RANDOM)
        slots = tuple(range(count - IN_FLIGHT + 1, count + 1))
        job = TuningJob(uid, name, "owner", BEGAN, BEGAN, seed=7, started=count, slots=slots)
        await there.store.commit(
            [
                Insert("tuning_jobs", uid, records.job_document(job)),
                Insert("job_names", name_key("owner", name), {"uid": uid}),
                Insert("specs", records.spec_key(uid, 1), records.Specification.of(spec).document()),
            ]
        )
        made = [_training(uid, name, number, ended=number < slots[0]) for number in range(1, count + 1)]
        for start in range(0, count, 500):
            some = made[start : start + 500]
            written = [(records.training_key(one), records.training_document(one, one.created_at)) for one in some]
            await there.store.commit([Insert("training_jobs", key, document) for key, document in written])


def _training(uid: str, job: str, number: int, *, ended: bool) -> Training:
    at, value = BEGAN + 3 * number, number * 0.7548776662466927 % 1.0
    running = Training(
        uid=uid,
        number=number,
        name=training_name(job, uid, number),
        owner="owner",
        configuration=subject.suggestion(number).configuration,
        spec_revision=1,
        created_at=at,
        pool="default",
        claim_order=None,
        provenance=Provenance("exploit", value, 0.1, 0.2),
        state=TrainingState.RUNNING,
        attempt=1,
        holder=f"trainer-{number % IN_FLIGHT}",
        host="host",
        granted_at=at + 1,
    )
    if not ended:
        return running
    curve = tuple(value + 1 / step for step in range(1, 21))
    return replace(
        running,
        state=TrainingState.COMPLETED,
        objective_state=ObjectiveState.SUCCEEDED,
        objective_value=value,
        cost=1.25,
        ran_s=12.5,
        exit=Exit(EndCause.EXITED, 0, "", at + 1.5, at + 14, "file:///artifacts/model.tar.gz"),
        summary=Summary(value, "", 20, {"loss": value}, None, curve, tuple(range(1, 21)), ("epoch 20 loss=0.1",) * 5),
        ended_at=at + 14,
        phases=tuple(Phase(status, at + 1) for status in ("Starting", "Training", "Uploading")),
    )


def _floor(path: Path) -> tuple[float, float]:
    """Return the seconds to read the stored bytes of all trainings, and their megabytes."""
    connection = sqlite3.connect(path)
    query = "SELECT key, version, body FROM training_jobs WHERE uid = ? ORDER BY number"
    took_s, found = min(_timed(lambda: connection.execute(query, (UID,)).fetchall()) for _ in range(ROUNDS))
    connection.close()
    return took_s, sum(len(body) for *_, body in found) / 1e6


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = call()
    return time.perf_counter() - began, found


async def _walked(call: Any, request: Any) -> tuple[float, float]:
    """Return the seconds of a walk through all pages, a median, and their megabytes."""
    took_s, size = [], 0
    for _ in range(ROUNDS):
        began, size = time.perf_counter(), 0
        request.page_token = ""
        while True:
            page = await call(request)
            size += page.ByteSize()
            request.page_token = page.next_page_token
            if not page.next_page_token:
                break
        took_s.append(time.perf_counter() - began)
    return statistics.median(took_s), size / 1e6


async def _look_ms(there: Standing) -> tuple[float, float]:
    """Return what a look costs that finds one change, of the small job and of the large one."""
    small, large = [await _looks(there, uid, count) for uid, count in ((f"{UID}00", 100), (UID, TRAININGS))]
    return small, large


async def _looks(there: Standing, uid: str, count: int) -> float:
    view, changes, took_s = View(there.store), Changes(there.store, Bells()), []
    for look in range(LOOKS):

        async def change_one(change: Change, look: int = look) -> None:
            running = await change.training(count - look % IN_FLIGHT)
            await change.put(replace(running, reason=f"look {look}"))

        await changes.make(uid, change_one)
        began = time.process_time()
        job = await records.read_job(there.store, uid)
        assert job is not None
        changed, _ = await view.changed(job.value)
        took_s.append(time.process_time() - began)
        assert len(changed) == (1 if look else IN_FLIGHT)
    return 1000 * statistics.median(took_s)
