"""A collector that dies between any two steps, is doubted, or is not alone: everything is stored once, told once.

Steps that last are commits to the store, publications, and commits of offsets; between them all is in memory only.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from google.protobuf.message import Message

from tests.simulation.mortal import Life, MortalBus, MortalStore
from tests.unit.metrics.messages import UID, batch, ended, lines, reported, started
from tunewright.core.errors import Unavailable
from tunewright.events.v1 import results_pb2
from tunewright.platform.bus.consumer import consume
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.messages import read, to_record
from tunewright.platform.bus.port import Delivered, Subscription
from tunewright.platform.bus.topics import topics
from tunewright.platform.store.faulty import FaultyStore, StoreFaults
from tunewright.platform.store.port import Query, Store
from tunewright.platform.store.sqlite import SqliteStore
from tunewright_metrics.collecting.buckets import lines_in, points_in
from tunewright_metrics.collecting.collector import Collector
from tunewright_metrics.core.stream import REPORTS_REMEMBERED
from tunewright_metrics.main import GROUP, TOPICS

TRAININGS = range(1, 4)
LINES = 12
A_BATCH = 3
"""Records, so that there are several batches."""


class Steps(MortalBus):
    """Publications and commits of offsets are steps at which the process may die."""

    def __init__(self, bus: MemoryBus, life: Life) -> None:
        super().__init__(bus, life, counts=True)
        self._life = life

    @asynccontextmanager
    async def subscribe(self, group: str, names: Sequence[str]) -> AsyncIterator[Subscription]:
        async with super().subscribe(group, names) as subscription:
            yield _Stepwise(subscription, self._life)


class _Stepwise:
    def __init__(self, subscription: Subscription, life: Life) -> None:
        self._subscription, self._life = subscription, life

    async def batch(self, *, limit: int = 500, wait_s: float = 1.0) -> list[Delivered]:
        await self._life.going_on()
        return await self._subscription.batch(limit=min(limit, A_BATCH), wait_s=wait_s)

    async def commit(self, read: Sequence[Delivered]) -> None:
        await self._life.act(lambda: self._subscription.commit(read))


def said(number: int) -> list[Message]:
    """Return what a training says, in messages of three lines, and a report on the way."""
    texts = [f"accuracy={number + at}" if at % 2 else f"line {at}" for at in range(LINES)]
    messages: list[Message] = [lines(at, texts[at : at + 3], number=number) for at in range(0, LINES, 3)]
    messages.insert(2, reported("a report", ("accuracy", 0.5), number=number))
    return [started(number=number), *messages, ended(LINES, number=number)]


def mixed() -> list[Message]:
    return [message for messages in zip(*map(said, TRAININGS), strict=True) for message in messages]


async def publish(bus: MemoryBus, messages: Sequence[Message]) -> None:
    await bus.publish([to_record("training.output", UID, message, source="test") for message in messages])


async def collect(store: Store, bus: MemoryBus, life: Life) -> None:
    """Collect until all is taken, or the collector dies."""
    mortal = Steps(bus, life)
    collector = Collector(MortalStore(store, life), mortal, lambda _uid, _number: None)
    done = asyncio.Event()

    def on_read(_asked_at: float, _count: int) -> None:
        if not left(bus):
            done.set()

    running = asyncio.create_task(consume(mortal, GROUP, TOPICS, collector.handle, on_read=on_read))
    ends = [asyncio.create_task(event.wait()) for event in (done, life.over)]
    await asyncio.wait([running, *ends], return_when=asyncio.FIRST_COMPLETED, timeout=20)
    for task in (running, *ends):
        task.cancel()
    await asyncio.gather(running, *ends, return_exceptions=True)


def left(bus: MemoryBus) -> bool:
    """Say whether there are records that nobody has committed."""
    return any(bus.partition(("training.output", number)).records for number in range(32))


async def stored(
    store: Store, number: int, uid: str = UID
) -> tuple[list[tuple[int, str]], list[tuple[float, int, int]]]:
    """Return all lines and points of a training, in order."""
    found = []
    for collection in ("output", "measurements"):
        query = Query(collection, "by_training", {"uid": uid, "number": number}, limit=1000)
        found.append([item.document for item in (await store.find(query)).items])
    output, points = found
    return (
        [(line.line, line.text) for bucket in output for line in lines_in(bucket)],
        [(point.value, point.step, point.line) for bucket in points for point in points_in(bucket)],
    )


async def summaries(bus: MemoryBus) -> dict[int, set[bytes]]:
    """Return what was told of each training in the end, as bytes."""
    told: dict[int, set[bytes]] = {number: set() for number in TRAININGS}
    async with bus.subscribe("test", ["training.results"]) as subscription:
        for delivered in await subscription.batch(wait_s=0.01):
            message = read(delivered.record)
            if isinstance(message, results_pb2.TrainingSummarized):
                told[message.number].add(message.SerializeToString(deterministic=True))
    return told


@pytest.mark.parametrize("applied", [True, False])
async def test_whatever_the_last_step_was_the_next_collector_comes_to_the_same(tmp_path: Path, applied: bool) -> None:
    wanted = None
    for steps in (None, *range(1000)):
        store, bus = SqliteStore(tmp_path / f"{steps}.db"), MemoryBus(topics().values())
        async with bus.subscribe("test", ["training.results"]):
            await publish(bus, mixed())
        life = Life(steps, applied)
        await collect(store, bus, life)
        if life.over.is_set():
            await collect(store, bus, Life())
        found = [await stored(store, number) for number in TRAININGS], await summaries(bus)
        await store.close()
        wanted = wanted or found
        assert found == wanted
        if steps is not None and not life.over.is_set():
            assert steps > 10
            break
    lines_stored, points = wanted[0][0]
    assert [line for line, _ in lines_stored] == list(range(LINES))
    assert [step for _, step, _ in points] == list(range(1, LINES // 2 + 2))
    assert all(len(told) == 1 for told in wanted[1].values())


async def test_a_zombie_that_still_folds_after_it_lost_its_partition_adds_nothing(tmp_path: Path) -> None:
    """It has all in memory, is behind, and takes what is delivered to both; the other one has gone on."""
    store, bus = SqliteStore(tmp_path / "store.db"), MemoryBus(topics().values())
    zombie, heir = (Collector(store, bus, lambda _uid, _number: None) for _ in range(2))
    messages = said(1)
    await zombie.handle(batch(*messages[:3]))
    await heir.handle(batch(*messages[1:6]))
    await zombie.handle(batch(*messages[2:5]))
    await heir.handle(batch(*messages[4:]))
    await zombie.handle(batch(*messages))
    output, points = await stored(store, 1)
    assert [line for line, _ in output] == list(range(LINES))
    assert [step for _, step, _ in points] == list(range(1, LINES // 2 + 2))
    await store.close()


@pytest.mark.parametrize("seed", range(10))
async def test_a_store_that_goes_away_in_the_middle_loses_nothing(tmp_path: Path, seed: int) -> None:
    """Some streams of a batch are committed, others of the same and of other jobs are not; all of it comes again."""
    store, bus = SqliteStore(tmp_path / "store.db"), MemoryBus(topics().values())
    faulty = FaultyStore(store, seed, StoreFaults(unavailable=0.3, answer_lost=0.3, late=0.3))
    collector = Collector(faulty, bus, lambda _uid, _number: None)
    many = [message for number in range(1, 60) for message in said(number)]
    for message in many:
        message.uid = f"uid-{message.number % 3}"  # type: ignore[attr-defined]
    for start in range(0, len(many), 200):
        while True:
            try:
                await collector.handle(batch(*many[start : start + 200]))
            except Unavailable:
                continue
            break
    for number in (1, 25, 26, 59):
        output, points = await stored(store, number, f"uid-{number % 3}")
        assert [line for line, _ in output] == list(range(LINES))
        assert [step for _, step, _ in points] == list(range(1, LINES // 2 + 2))
    await store.close()


async def test_a_broker_that_came_back_empty_is_told_everything_again_and_nothing_counts_twice(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    collector = Collector(store, MemoryBus(topics().values()), lambda _uid, _number: None)
    messages = said(1)
    await collector.handle(batch(*messages[:4]))
    for _ in range(2):  # the trainer begins anew, as it is asked to
        await collector.handle(batch(*messages))
    output, points = await stored(store, 1)
    assert len(output) == LINES
    assert [step for _, step, _ in points] == list(range(1, LINES // 2 + 2))
    await store.close()


async def test_an_id_of_a_report_counts_once_among_the_last_thousand(tmp_path: Path) -> None:
    """So many are remembered; a client that repeats an older one is not caught, and the record stays bounded."""
    store = SqliteStore(tmp_path / "store.db")
    collector = Collector(store, MemoryBus(topics().values()), lambda _uid, _number: None)
    ids = [f"report-{number}-{'x' * 100}" for number in range(REPORTS_REMEMBERED + 1)]
    await collector.handle(batch(started(), *(reported(name, ("accuracy", 1)) for name in ids)))
    await collector.handle(batch(reported(ids[1], ("accuracy", 1))))
    assert len((await stored(store, 1))[1]) == len(ids)
    await collector.handle(batch(reported(ids[0], ("accuracy", 1))))
    assert len((await stored(store, 1))[1]) == len(ids) + 1
    (record,) = (await store.find(Query("streams", "by_job", {"uid": UID}))).items
    assert len(record.document["reports"]) == 8 * REPORTS_REMEMBERED
    await store.close()
