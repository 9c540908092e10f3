"""What a collector needs for a thousand trainings at once, each of a thousand points: memory, and time to take over.

It runs in a process of its own, so that nothing else counts as its memory.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import psutil

from bench.metrics.printed import Printed
from tunewright.platform.bus.consumer import Received
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.messages import read
from tunewright.platform.bus.port import Delivered, Record
from tunewright.platform.bus.topics import topics
from tunewright.platform.store.port import Query, Store, Write
from tunewright.platform.store.sqlite import SqliteStore
from tunewright_metrics.collecting.collector import Collector

BATCH: Final = 500
PRINTED: Final = Printed(jobs=1, trainings=1_000, points=1_000, together=100)
BACKLOG_LINES: Final = 10
"""Lines of each training that wait for the one who takes over."""


@dataclass(frozen=True, slots=True)
class Standing:
    mib: tuple[float, ...]
    """Resident memory at 10 %, 50 % and 100 %."""
    first_commit_s: float
    caught_up_s: float
    bytes_per_point: float
    """Of the whole database file."""
    documents: float
    """Buckets of measurements a training."""


def measured() -> Standing:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured).result()


def _measured() -> Standing:
    with tempfile.TemporaryDirectory(prefix="tunewright-bench-") as folder:
        return asyncio.run(_standing(Path(folder)))


async def _standing(folder: Path) -> Standing:
    store = SqliteStore(folder / "store.db")
    lines = PRINTED.points
    left = lines - BACKLOG_LINES
    first = new_collector(store)
    memory = []
    for part in (PRINTED.started(), PRINTED.said(0, lines // 10)):
        await take(first, part)
    memory.append(resident_mib())
    await take(first, PRINTED.said(lines // 10, lines // 2))
    memory.append(resident_mib())
    await take(first, PRINTED.said(lines // 2, left))
    memory.append(resident_mib())
    watched = Watched(store)
    began = time.perf_counter()
    heir = new_collector(watched)
    await take(heir, PRINTED.said(left, lines))
    caught_up = time.perf_counter()
    await take(heir, PRINTED.ended())
    count = 0
    for number in range(1, PRINTED.trainings + 1):
        count += len(await _buckets(store, number))
    await store.close()
    return Standing(
        tuple(memory),
        watched.committed_at - began,
        caught_up - began,
        _size(folder) / PRINTED.all_points,
        count / PRINTED.all_trainings,
    )


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


async def _buckets(store: Store, number: int) -> list[Any]:
    return (await store.find(Query("measurements", "by_training", {"uid": PRINTED.uid(0), "number": number}))).items


class Watched:
    """A store that takes note of its first commit."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.committed_at = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: list[Write]) -> None:
        await self._store.commit(writes)
        self.committed_at = self.committed_at or time.perf_counter()


def new_collector(store: Any) -> Collector:
    return Collector(store, MemoryBus(topics().values()), lambda _uid, _number: None)


async def take(collector: Collector, records: Iterable[Record]) -> None:
    """Hand over the records in batches, as consume() does."""
    source = iter(records)
    while batch := list(islice(source, BATCH)):
        await collector.handle(list(_received(batch)))


def _received(batch: list[Record]) -> Iterator[Received]:
    for offset, record in enumerate(batch):
        yield Received(read(record), Delivered(record, 0, offset))


def resident_mib() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20
