"""10,000 trainings listed by boto3 page by page: every page of a walk counts, the last like the first.

The trainings are copies of one that has really run, put into the store while no server is there.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.gateway.bare import bare
from bench.gateway.polled import NAME
from bench.gateway.standing import Door, body, standing
from bench.rows import Row
from tunewright.core.names import training_id
from tunewright.platform.store.port import Insert, Query
from tunewright.platform.store.sqlite import SqliteStore

TRAININGS: Final = 10_000
REAL: Final = 2
"""Trainings that the job has run."""
TOGETHER: Final = 500
"""Trainings written in a commit."""
PAGE: Final = 100
"""AWS's most."""
WALKS: Final = 3
"""A page's time is the median of so many walks: what else this machine does is none of the server's."""
LIMIT_MS: Final = 50.0
OF_JOB: Final = "list_training_jobs_for_hyper_parameter_tuning_job"
OF_ALL: Final = "list_training_jobs"
JOB: Final = "many"
ORDERS: Final[Sequence[tuple[str, dict[str, str]]]] = (
    (OF_JOB, {NAME: JOB}),
    (OF_JOB, {NAME: JOB, "SortBy": "FinalObjectiveMetricValue", "SortOrder": "Descending"}),
    (OF_JOB, {NAME: JOB, "SortBy": "Status"}),
    (OF_ALL, {}),
    (OF_ALL, {"SortBy": "Name", "SortOrder": "Ascending"}),
)


def rows(folder: Path) -> list[Row]:
    with standing(folder, slots=1) as door:
        _run(door.client(), body(folder, JOB, trainings=REAL))
    asyncio.run(_multiply(folder / "data" / "store.db"))
    with standing(folder, slots=1) as door:
        return [_row(folder, door, method, asked) for method, asked in ORDERS]


def _run(client: Any, request: dict[str, Any]) -> None:
    client.create_hyper_parameter_tuning_job(**request)
    while client.describe_hyper_parameter_tuning_job(**{NAME: JOB})["HyperParameterTuningJobStatus"] != "Completed":
        time.sleep(0.1)


async def _multiply(path: Path) -> None:
    """Write copies of the job's last training, each with a number, a name, a time and an objective of its own."""
    store = SqliteStore(path)
    (job,) = (await store.find(Query("tuning_jobs", "active", {"active": False}))).items
    last = await store.get("training_jobs", training_id(job.key, REAL))
    assert last is not None
    for first in range(REAL + 1, TRAININGS + 1, TOGETHER):
        numbers = range(first, min(first + TOGETHER, TRAININGS + 1))
        await store.commit([_copy(last.document, number) for number in numbers])
    await store.close()


def _copy(training: dict[str, Any], number: int) -> Insert:
    name = f"{JOB}-{number:03d}-{number:08x}"
    own = {"number": number, "name": name, "name_key": name, "objective_value": number * 0.618034 % 1.0}
    later = {"created_at": training["created_at"] + number}
    return Insert("training_jobs", training_id(training["uid"], number), training | own | later)


def _row(folder: Path, door: Door, method: str, asked: dict[str, Any]) -> Row:
    walks = [_walk(door, method, asked) for _ in range(WALKS)]
    pages_ms = [1e3 * statistics.median(times) for times in zip(*(times for times, _ in walks), strict=True)]
    with bare(folder, walks[0][1], door) as floor:
        floor_ms = 1e3 * statistics.median(_calls(floor, method, asked, len(pages_ms)))
    worst_ms = max(pages_ms)
    order = asked.get("SortBy", "as it comes")
    what = "a job's trainings" if method == OF_JOB else "all trainings"
    return Row(
        f"List {PAGE} of {TRAININGS:,} {what}, {order}, worst page",
        worst_ms,
        "ms",
        f"floor: bare uvicorn {floor_ms:.1f} ms; first page {pages_ms[0]:.1f}, last {pages_ms[-1]:.1f}, "
        f"median {statistics.median(pages_ms):.1f} of {len(pages_ms)}",
        worst_ms / floor_ms,
        f"≤ {LIMIT_MS:g} ms",
        worst_ms <= LIMIT_MS,
    )


def _walk(door: Door, method: str, asked: dict[str, Any]) -> tuple[Sequence[float], bytes]:
    """Return the time of every page in seconds, and a page as it was on the wire. Raises if trainings are missing."""
    client = door.client()
    bodies: list[bytes] = []
    client.meta.events.register("before-parse.*", lambda response_dict, **_: bodies.append(response_dict["body"]))
    times: list[float] = []
    seen: set[str] = set()
    token: dict[str, str] = {}
    client.list_hyper_parameter_tuning_jobs()  # connects
    while True:
        began = time.perf_counter()
        page = getattr(client, method)(MaxResults=PAGE, **asked, **token)
        times.append(time.perf_counter() - began)
        seen.update(training["TrainingJobName"] for training in page["TrainingJobSummaries"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    if len(seen) != TRAININGS:
        raise RuntimeError(f"{len(seen)} of {TRAININGS} trainings were listed")
    return times, bodies[1]


def _calls(door: Door, method: str, asked: dict[str, Any], count: int) -> Sequence[float]:
    client = door.client()
    times: list[float] = []
    for _ in range(count + 1):
        began = time.perf_counter()
        getattr(client, method)(MaxResults=PAGE, **asked)
        times.append(time.perf_counter() - began)
    return times[1:]
