"""The collector on a real store and bus: restarts, rivals, failures, poison."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from prometheus_client import REGISTRY

from tests.unit.metrics.desk import only, resends, summary
from tests.unit.metrics.messages import NOW, UID, batch, ended, lines, reported, started
from tunewright.core.errors import Unavailable
from tunewright.events.v1 import facts_pb2, results_pb2
from tunewright.platform.bus.faulty import BusFaults, FaultyBus
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.messages import read, to_record
from tunewright.platform.bus.port import Bus, Record
from tunewright.platform.bus.topics import topics
from tunewright.platform.store.faulty import FaultyStore, StoreFaults
from tunewright.platform.store.port import Put, Query, Store, Write
from tunewright.platform.store.sqlite import SqliteStore
from tunewright_metrics.collecting.buckets import lines_of, points_in
from tunewright_metrics.collecting.collector import Collector
from tunewright_metrics.main import Metrics


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "store.db")
    yield store
    await store.close()


class Results:
    """Reads training.results beside whoever else does."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def told(self) -> list[Message]:
        """Return what has been told since the last call."""
        async with self._bus.subscribe("test", ["training.results"]) as subscription:
            received = await subscription.batch(wait_s=0.01)
            await subscription.commit(received)
            return [read(delivered.record) for delivered in received]


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus(topics().values())


@pytest.fixture
def results(bus: MemoryBus) -> Results:
    return Results(bus)


def new_collector(store: Store, bus: Bus) -> Collector:
    return Collector(store, bus, lambda _uid, _number: None)


async def stored_lines(store: Store, number: int = 1) -> list[str]:
    page = await store.find(Query("output", "by_training", {"uid": UID, "number": number}))
    return [line for item in page.items for line in lines_of(item.document)]


async def stored_points(store: Store, number: int = 1) -> list[list[object]]:
    page = await store.find(Query("measurements", "by_training", {"uid": UID, "number": number}))
    return [list(point[:4]) for item in page.items for point in points_in(item.document)]


async def test_a_restart_in_mid_stream_goes_on_from_the_store(store: Store, bus: Bus, results: Results) -> None:
    await new_collector(store, bus).handle(batch(started(), lines(0, ["accuracy=1", "x"])))
    await new_collector(store, bus).handle(batch(lines(1, ["x", "accuracy=2"]), ended(3)))
    told = summary(await results.told())
    assert (told.objective_value, told.steps, list(told.curve)) == (2, 2, [1, 1.5])
    assert await stored_points(store) == [["accuracy", 1, 1, 0], ["accuracy", 2, 2, 2]]
    assert await stored_lines(store) == ["accuracy=1", "x", "accuracy=2"]


async def test_the_lag_is_the_age_of_the_oldest_output_and_none_once_there_is_none(store: Store, bus: Bus) -> None:
    def lag() -> float | None:
        return REGISTRY.get_sample_value("tunewright_reading_lag_seconds")

    young = lines(0, ["accuracy=1"])
    young.at.GetCurrentTime()
    await new_collector(store, bus).handle(batch(started(), young))
    assert lag() == pytest.approx(time.time() - NOW, abs=600)
    async with collecting(store, bus):
        while lag() != 0:  # noqa: ASYNC110 - a gauge tells nobody
            await asyncio.sleep(0.01)


async def test_a_collector_that_was_overtaken_folds_again(store: Store, bus: Bus, results: Results) -> None:
    slow, fast = new_collector(store, bus), new_collector(store, bus)
    await slow.handle(batch(started(), lines(0, ["accuracy=1"])))
    await fast.handle(batch(lines(0, ["accuracy=1", "accuracy=2", "accuracy=3"])))
    await slow.handle(batch(lines(1, ["accuracy=2"]), lines(2, ["accuracy=3", "accuracy=4"]), ended(4)))
    assert summary(await results.told()).objective_value == 4
    assert await stored_points(store) == [["accuracy", step, step, step - 1] for step in (1, 2, 3, 4)]


async def test_two_collectors_at_once_store_everything_once(store: Store, bus: Bus, results: Results) -> None:
    texts = [f"accuracy={number}" for number in range(50)]
    messages = [started(), *(lines(number, [text]) for number, text in enumerate(texts))]
    rivals = [new_collector(FaultyStore(store, seed, StoreFaults(late=0.5)), bus) for seed in (1, 2)]

    async def collect(collector: Collector, size: int) -> None:
        for start in range(0, len(messages), size):
            await collector.handle(batch(*messages[start : start + size]))

    await asyncio.gather(collect(rivals[0], 3), collect(rivals[1], 7))
    await rivals[0].handle(batch(ended(50)))
    assert await stored_lines(store) == texts
    assert await stored_points(store) == [["accuracy", number, number + 1, number] for number in range(50)]
    assert summary(await results.told()).objective_value == 49


async def test_an_answer_that_was_lost_changes_nothing(store: Store, bus: Bus, results: Results) -> None:
    """The commit stands, the caller hears Unavailable, and the bus delivers the batch again."""
    collector = new_collector(FaultyStore(store, 1, StoreFaults(answer_lost=1)), bus)
    messages = batch(started(), lines(0, ["accuracy=1", "accuracy=2"]), reported("r", ("accuracy", 3)), ended(2))
    with pytest.raises(Unavailable):
        await collector.handle(messages)
    assert await results.told() == []
    await new_collector(store, bus).handle(messages)
    assert summary(await results.told()).objective_value == 3
    assert [point[1] for point in await stored_points(store)] == [1, 2, 3]


async def test_a_message_that_fails_leaves_other_trainings_and_its_own_stream_alone(
    store: Store, bus: Bus, results: Results
) -> None:
    poison = lines(0, ["accuracy=9"], instance=7)
    good = [started(number=2), lines(0, ["accuracy=2"], number=2), ended(1, number=2)]
    await new_collector(store, bus).handle(batch(started(), poison, *good, lines(0, ["accuracy=1"]), ended(1)))
    told = await results.told()
    summaries = [message for message in told if isinstance(message, results_pb2.TrainingSummarized)]
    assert {message.number: message.objective_value for message in summaries} == {1: 1, 2: 2}


class FussyStore:
    """A store that has no form for what is written of training 2."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: Sequence[Write]) -> None:
        if any(write.key.startswith(f"{UID}/000002") for write in writes):
            raise ValueError("surrogates not allowed")
        await self._store.commit(writes)


async def test_writes_that_the_store_cannot_take_leave_other_trainings_alone(store: Store, bus: Bus) -> None:
    fussy = FussyStore(store)
    messages = [started(number=number) for number in (1, 2, 3)]
    messages += [lines(0, ["accuracy=1"], number=number) for number in (1, 2, 3)]
    await new_collector(fussy, bus).handle(batch(*messages))
    assert [await stored_lines(store, number) for number in (1, 2, 3)] == [["accuracy=1"], [], ["accuracy=1"]]


async def test_a_record_that_cannot_be_read_stops_nobody_else(store: Store, bus: Bus, results: Results) -> None:
    await store.commit([Put("streams", f"{UID}/000001/0001", {"uid": UID, "number": 1, "attempt": "?"})])
    good = [started(number=2), lines(0, ["accuracy=2"], number=2), ended(1, number=2)]
    await new_collector(store, bus).handle(batch(started(), lines(0, ["accuracy=1"]), *good))
    assert summary(await results.told()).number == 2


async def test_a_job_that_another_collector_hears_is_deleted_is_begun_no_more(store: Store, bus: Bus) -> None:
    collector = new_collector(store, bus)
    await collector.handle(batch(lines(0, ["accuracy=1"])))  # it has asked for the start
    await new_collector(store, bus).handle(batch(facts_pb2.TuningJobDeleted(uid=UID), topic="tuning.events"))
    await collector.handle(batch(started(), lines(0, ["accuracy=1"]), started(number=2)))
    assert (await store.find(Query("streams", "by_job", {"uid": UID}))).items == []


class Away:
    """A bus that is away, and comes back."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus, self.now = bus, True

    async def publish(self, records: Sequence[Record]) -> None:
        if self.now:
            raise Unavailable("the bus", "it is away")
        await self._bus.publish(records)


@pytest.mark.parametrize("dies", [False, True])
async def test_what_was_stored_and_could_not_be_told_is_told_by_whoever_reads_on(
    store: Store, bus: MemoryBus, results: Results, dies: bool
) -> None:
    """The bus is away between commit and publication; the collector goes on, or another one does."""
    away = Away(bus)
    quiet, gap = lines(0, ["nothing"] * 200), lines(300, ["accuracy=1"])
    for messages, kind, metric in (
        ([started(), quiet], results_pb2.MetricNeverMatched, "accuracy"),
        ([lines(200, ["accuracy=1"])], results_pb2.MetricMatched, "accuracy"),
        ([gap], results_pb2.ResendRequested, ""),
    ):
        faulty = new_collector(store, away)
        with pytest.raises(Unavailable):
            await faulty.handle(batch(*messages))
        away.now = False
        await (new_collector(store, bus) if dies else faulty).handle(batch(*messages))
        away.now = True
        told = only(kind, await results.told())
        assert [getattr(item, "metric", "") for item in told][:1] == [metric]


async def test_attempts_are_kept_apart(store: Store, bus: Bus, results: Results) -> None:
    collector = new_collector(store, bus)
    await collector.handle(batch(started(), lines(0, ["accuracy=1"]), started(attempt=2)))
    await collector.handle(batch(lines(0, ["accuracy=2"], attempt=2), lines(1, ["accuracy=9"]), ended(1, attempt=2)))
    told = summary(await results.told())
    assert (told.attempt, told.objective_value, told.steps) == (2, 2, 1)


async def test_a_deleted_job_leaves_nothing_and_late_output_brings_nothing_back(
    store: Store, bus: Bus, results: Results
) -> None:
    collector = new_collector(store, bus)
    for number in (1, 2):
        await collector.handle(batch(started(number=number), lines(0, ["accuracy=1"], number=number)))
    await collector.handle(batch(facts_pb2.TuningJobDeleted(uid=UID), topic="tuning.events"))
    await collector.handle(batch(lines(1, ["accuracy=2"])))
    for collection, index in (("streams", "by_job"), ("output", "by_training"), ("measurements", "by_training")):
        for number in (1, 2):
            equals = {"uid": UID} if index == "by_job" else {"uid": UID, "number": number}
            assert (await store.find(Query(collection, index, equals))).items == []
    assert resends(await results.told()) == []


async def test_output_that_is_delivered_again_after_a_deletion_is_not_stored(store: Store, bus: Bus) -> None:
    said = batch(started(), lines(0, ["accuracy=1"]), ended(1))
    await new_collector(store, bus).handle(said)  # and dies before it has committed its offsets
    await new_collector(store, bus).handle(batch(facts_pb2.TuningJobDeleted(uid=UID), topic="tuning.events"))
    await new_collector(store, bus).handle(said)
    key = f"{UID}/000001/0001"
    assert [await store.get(name, key) for name in ("streams", "curves")] == [None, None]
    for name in ("output", "measurements"):
        assert (await store.find(Query(name, "by_training", {"uid": UID, "number": 1}))).items == []


async def test_repeating_the_end_writes_nothing(store: Store, bus: Bus) -> None:
    collector = new_collector(store, bus)
    await collector.handle(batch(started(), lines(0, ["accuracy=1"]), ended(1)))
    before = await store.get("streams", f"{UID}/000001/0001")
    await collector.handle(batch(ended(1), started(), lines(0, ["accuracy=1"])))
    await new_collector(store, bus).handle(batch(ended(1)))
    assert await store.get("streams", f"{UID}/000001/0001") == before


@asynccontextmanager
async def collecting(store: Store, bus: Bus) -> AsyncIterator[None]:
    task = asyncio.create_task(Metrics(store, bus).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def trainer(bus: MemoryBus, texts: list[str]) -> results_pb2.TrainingSummarized:
    """Say all once, then do as is asked until there is a summary."""

    async def say(*messages: Message) -> None:
        for message in messages:
            await bus.publish([to_record("training.output", UID, message, source="test")])

    async with bus.subscribe("test", ["training.results"]) as results:
        await say(started(), *(lines(number, [text]) for number, text in enumerate(texts)))
        while True:
            await say(ended(len(texts)))
            received = await results.batch(wait_s=0.2)
            await results.commit(received)
            for told in (read(delivered.record) for delivered in received):
                if isinstance(told, results_pb2.TrainingSummarized):
                    return told
                if isinstance(told, results_pb2.ResendRequested):
                    await say(started(), *(lines(at, texts[at : at + 1]) for at in range(len(texts))))


@pytest.mark.parametrize("seed", range(8))
async def test_under_seeded_faults_everything_is_stored_once(store: Store, bus: MemoryBus, seed: int) -> None:
    texts = [f"accuracy={number}" for number in range(30)]
    faulty_store = FaultyStore(store, seed, StoreFaults(beaten=0.2, unavailable=0.02, answer_lost=0.02, late=0.3))
    faulty_bus = FaultyBus(bus, seed, BusFaults(unavailable=0.02, answer_lost=0.02, redelivered=0.3))
    async with asyncio.timeout(30), collecting(faulty_store, faulty_bus):
        told = await trainer(bus, texts)
    assert (told.objective_value, told.steps) == (29, 30)
    assert await stored_lines(store) == texts
    assert await stored_points(store) == [["accuracy", number, number + 1, number] for number in range(30)]
