"""How long each query of MetricsService takes on a job of 1,000 trainings × 1,000 points and lines, beside a bare find.

    python -m bench.metrics reading_back

The store is filled through the collector's own fold, so that what is read is what would stand there. The floor of a
query is a find of the same documents through sqlite3, or motor, with nothing done to them. What the job's trainings
have said lies in SQLite, then in a server of MongoDB's protocol. Client and service share a process and its event loop:
each answer bears the work of both ends.
"""

from __future__ import annotations

import asyncio
import math
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp
from motor.motor_asyncio import AsyncIOMotorClient
from tests.servers import mongodb

from bench.rows import Row
from tunewright.core.access import ALL, Principal
from tunewright.core.names import training_id
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.consumer import Received
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Delivered
from tunewright.platform.bus.topics import topics
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.gate import Gate
from tunewright.platform.rpc.server import RpcServer
from tunewright.platform.store.collections import COLLECTIONS
from tunewright.platform.store.mongodb import MongoStore
from tunewright.platform.store.port import Put, Query, Store, Stored
from tunewright.platform.store.sqlite import SqliteStore
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright.v1 import metrics_service_pb2_grpc, spec_pb2
from tunewright_metrics.collecting.collector import Collector
from tunewright_metrics.main import Metrics

TRAININGS: Final = 1_000
NUMBER: Final = 100
"""Of the one that is read by itself."""
POINTS: Final = 1_000
LONG: Final = 100_000
"""Points of one training more, in a job of its own."""
LINES_TOGETHER: Final = 100
MESSAGES_TOGETHER: Final = 20
ROUNDS: Final = 20
LIMIT_MS: Final = 100.0
UID, LONG_UID, OWNER = "bench", "bench-long", "me"
DATABASE: Final = "reading_back"


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="tunewright-bench-") as folder:
        return asyncio.run(both(Path(folder)))


async def both(folder: Path) -> list[Row]:
    path = folder / "store.db"
    embedded = SqliteStore(path)
    made = await measured("SQLite", embedded, partial(sqlite_find, path))
    await embedded.close()
    uri = mongodb.mongodb().database(DATABASE)
    client: Any = AsyncIOMotorClient(uri)
    distributed = MongoStore(uri)
    await distributed.create_schema()
    made += await measured("MongoDB's protocol", distributed, partial(mongo_find, client[DATABASE]))
    await distributed.close()
    client.close()
    return made


Find = Callable[[str, dict[str, Any], str, int], Awaitable[Any]]
"""Reads documents of a collection by equal fields, in the order of one, so many at most, and does nothing to them."""

Asked = tuple[str, Callable[[], Awaitable[Any]], Callable[[], Awaitable[Any]]]
"""What a query is called, the query, its floor."""


async def sqlite_find(path: Path, collection: str, equals: dict[str, Any], order: str, limit: int) -> None:
    connection = sqlite3.connect(path)
    where = " AND ".join(f'"{name}" = ?' for name in equals)
    query = f'SELECT body FROM {collection} WHERE {where} ORDER BY "{order}" LIMIT ?'  # noqa: S608
    connection.execute(query, (*equals.values(), limit)).fetchall()
    connection.close()


async def mongo_find(database: Any, collection: str, equals: dict[str, Any], order: str, limit: int) -> None:
    """Go through the index that our store names; a server may well be faster by one that it chooses itself."""
    index = next(item for item in COLLECTIONS[collection].indexes if item.equals == (*equals,) and item.sort == order)
    wanted = {f"doc.{name}": value for name, value in equals.items()}
    found = database[collection].find(
        wanted, sort=[(f"doc.{order}", 1)], limit=limit, batch_size=limit, hint=index.name
    )
    await found.to_list(None)


async def measured(where: str, store: Store, floor: Find) -> list[Row]:
    await fill(store)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = []
    async with served(store) as stub:
        for name, query, bare in queries(stub, floor):
            await query()
            taken, alone = [await spent_ms(query) for _ in range(ROUNDS)], [await spent_ms(bare) for _ in range(ROUNDS)]
            p95_ms, floor_ms = (statistics.quantiles(times, n=20, method="inclusive")[-1] for times in (taken, alone))
            beside = f"bare find of its documents {floor_ms:.1f} ms; median {statistics.median(taken):.1f} ms"
            made.append(
                Row(
                    f"{where}: {name}, p95",
                    p95_ms,
                    "ms",
                    beside,
                    p95_ms / floor_ms,
                    f"< {LIMIT_MS:g} ms",
                    p95_ms < LIMIT_MS,
                )
            )
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib) / 1024
    told = f"over the peak while filling, {before_kib / 1024:.0f} MiB, in {ROUNDS} rounds"
    made.append(
        Row(
            f"{where}: reading adds to the peak of memory",
            grown_mib,
            "MiB",
            told,
            None,
            "flat (< 100)",
            grown_mib < 100,
        )
    )
    return made


def queries(stub: Any, floor: Find) -> list[Asked]:
    one, long = training_id(UID, NUMBER), training_id(LONG_UID, 1)
    of_one, of_long = {"uid": UID, "number": NUMBER}, {"uid": LONG_UID, "number": 1}

    async def first_of(call: Any) -> None:
        await call.read()
        call.cancel()

    def ask(method: Any, request: Any) -> Callable[[], Awaitable[Any]]:
        return partial(method, request)

    def find(collection: str, equals: dict[str, Any], order: str, limit: int = 10_000) -> Callable[[], Awaitable[Any]]:
        return partial(floor, collection, equals, order, limit)

    streams = find("streams", {"uid": UID}, "number", 200)
    values, lines = find("measurements", of_one, "order"), find("output", of_one, "order")
    return [
        ("curves of 200 trainings", ask(stub.ListCurves, pb.ListCurvesRequest(job=UID)), streams),
        (
            "curves of another metric, a page",
            ask(stub.ListCurves, pb.ListCurvesRequest(job=UID, metric="loss")),
            streams,
        ),
        (
            "a curve of 1,000 thinned to 500",
            ask(stub.ListMeasurements, pb.ListMeasurementsRequest(training=one, metric="accuracy", max_points=500)),
            values,
        ),
        (
            "a curve of 100,000 thinned to 500",
            ask(stub.ListMeasurements, pb.ListMeasurementsRequest(training=long, metric="accuracy", max_points=500)),
            find("measurements", of_long, "order"),
        ),
        ("a page of measurements", ask(stub.ListMeasurements, pb.ListMeasurementsRequest(training=one)), values),
        ("a page of output", ask(stub.ReadOutput, pb.ReadOutputRequest(training=one)), lines),
        ("the last 20 lines", ask(stub.ReadOutput, pb.ReadOutputRequest(training=long, tail=20)), lines),
        (
            "a search in one training",
            ask(stub.ReadOutput, pb.ReadOutputRequest(training=one, matches="(?i)no such (thing|line)")),
            lines,
        ),
        (
            "a page of a search over the job that finds nothing",
            ask(stub.SearchOutput, pb.SearchOutputRequest(job=UID, matches="(?i)no such (thing|line)")),
            lines,
        ),
        (
            "first answer of following curves",
            lambda: first_of(stub.FollowCurves(pb.FollowCurvesRequest(job=UID))),
            streams,
        ),
        (
            "first answer of following output",
            lambda: first_of(stub.FollowOutput(pb.FollowOutputRequest(training=one, tail=20))),
            lines,
        ),
    ]


async def spent_ms(query: Callable[[], Awaitable[Any]]) -> float:
    began = time.perf_counter()
    await query()
    return 1000 * (time.perf_counter() - began)


@asynccontextmanager
async def served(store: Store) -> AsyncIterator[Any]:
    metrics = Metrics(store, MemoryBus(topics().values()))
    server = RpcServer("127.0.0.1", 0, Gate(lambda _: Principal("bench", OWNER, ALL)))
    register = partial(metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server, metrics.servicer)
    await server.start({"tunewright.v1.MetricsService": register})
    async with open_channel(f"127.0.0.1:{server.port}", "token") as channel:
        yield metrics_service_pb2_grpc.MetricsServiceStub(channel)
    await server.stop(grace_s=0)


async def fill(store: Store) -> None:
    """Store two jobs, and what their trainings say: of the first as a collector does, the others alike."""
    collector = Collector(store, MemoryBus(topics().values()), lambda _uid, _number: None)
    for uid, count, points in ((UID, TRAININGS, POINTS), (LONG_UID, 1, LONG)):
        job = {"uid": uid, "name": uid, "name_key": uid, "owner": OWNER, "deleted": False, "state": "RUNNING"}
        await store.commit([Put("tuning_jobs", uid, job | {"active": True, "created_at": 0.0, "spec_revision": 1})])
        said = messages(uid, points)
        for start in range(0, len(said), MESSAGES_TOGETHER):
            together = said[start : start + MESSAGES_TOGETHER]
            records = [to_record("training.output", uid, message, source="bench") for message in together]
            delivered = [Delivered(record, 0, start + at) for at, record in enumerate(records)]
            await collector.handle([Received(*pair) for pair in zip(together, delivered, strict=True)])
        first = await said_by(store, uid)
        for number in range(1, count + 1):
            training = {"uid": uid, "number": number, "name": f"{uid}-{number}", "owner": OWNER, "state": "RUNNING"}
            again = [
                Put(
                    collection,
                    stored.key.replace("/000001/", f"/{number:06d}/", 1),
                    stored.document | {"number": number},
                )
                for collection, stored in first
            ]
            await store.commit([Put("training_jobs", training_id(uid, number), training | {"attempt": 1}), *again])


async def said_by(store: Store, uid: str) -> list[tuple[str, Stored]]:
    """Return all that is stored of a job's first training."""
    found = []
    for collection, index, equals in (
        ("streams", "by_job", {"uid": uid}),
        ("measurements", "by_training", {"uid": uid, "number": 1}),
        ("output", "by_training", {"uid": uid, "number": 1}),
    ):
        page = await store.find(Query(collection, index, equals, limit=10_000))
        found += [(collection, stored) for stored in page.items]
    return found


def messages(uid: str, points: int) -> Sequence[Any]:
    """Return what a training says that prints two metrics a line, a hundred lines every two seconds."""
    metrics = [spec_pb2.MetricDefinition(name=name, regex=rf"{name}=(\S+)") for name in ("accuracy", "loss")]
    objective = spec_pb2.Objective(metric_name="accuracy", direction=spec_pb2.DIRECTION_MAXIMIZE)
    started = output_pb2.TrainingStarted(
        uid=uid, number=1, attempt=1, metric_definitions=metrics, objective=objective, instance_count=1
    )
    said: list[Any] = [started]
    for first in range(0, points, LINES_TOGETHER):
        texts = [
            f"step {step:6d}  accuracy={math.tanh(step / 300):.6f}  loss={math.exp(-step / 500):.6f}  lr=1e-3"
            for step in range(first, min(first + LINES_TOGETHER, points))
        ]
        at = Timestamp(seconds=1_700_000_000 + 2 * first // LINES_TOGETHER)
        said.append(output_pb2.OutputLines(uid=uid, number=1, attempt=1, first_line=first, lines=texts, at=at))
    return said
