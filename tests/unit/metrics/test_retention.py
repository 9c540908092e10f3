"""Retention: what is too old or too much goes, the oldest end first; what runs, and what was learnt, stays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from tests.unit.metrics.messages import NOW, UID, at, batch, ended, lines, started
from tunewright.core.errors import IllegalTransition, InvalidSpec, Unavailable
from tunewright.core.states import TrainingState
from tunewright.events.v1 import facts_pb2
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.topics import topics
from tunewright.platform.keeping import KeepingSettings
from tunewright.platform.store.faulty import FaultyStore, StoreFaults
from tunewright.platform.store.port import Put, Query, Write
from tunewright.platform.store.sqlite import SqliteStore
from tunewright_metrics.collecting.collector import Collector
from tunewright_metrics.collecting.retention import DAY_S, Retention, removed_from
from tunewright_metrics.jobs import Jobs
from tunewright_metrics.reading_back.archive import Archive, Extent, Training
from tunewright_metrics.reading_back.news import News

UNLIMITED = {"output_kept_days": 0, "output_kept_gb": 0, "measurements_kept_days": 0, "measurements_kept_gb": 0}


class Clocked(SqliteStore):
    """A store whose clock is set."""

    time = float(NOW)

    async def now(self) -> float:
        return self.time


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Clocked]:
    store = Clocked(tmp_path / "store.db")
    yield store
    await store.close()


def keeping(**limits: float) -> KeepingSettings:
    return KeepingSettings(**{**UNLIMITED, **limits})


async def run(store: SqliteStore, number: int, day: float | None, text: str = "x") -> None:
    """Let a training print; it ends on that day, or goes on."""
    collector = Collector(store, MemoryBus(topics().values()), lambda _uid, _number: None)
    await collector.handle(batch(started(number=number), lines(0, ["accuracy=1", text], number=number)))
    if day is not None:
        await collector.handle(batch(ended(2, number=number)))
        await Retention(store, keeping()).take(batch(fact(number, day), topic="tuning.events"))


def fact(number: int, day: float) -> facts_pb2.TrainingJobEnded:
    return facts_pb2.TrainingJobEnded(uid=UID, number=number, at=at(day * DAY_S))


async def having(store: SqliteStore, collection: str, numbers: range) -> list[int]:
    """Return the trainings that have something there."""
    queries = {number: Query(collection, "by_training", {"uid": UID, "number": number}) for number in numbers}
    return [number for number, query in queries.items() if (await store.find(query)).items]


async def test_what_ended_too_long_ago_goes_and_what_runs_stays(store: Clocked) -> None:
    for number, day in ((1, 0), (2, 5), (3, None)):
        await run(store, number, day)
    store.time = NOW + 8 * DAY_S
    await Retention(store, keeping(output_kept_days=7)).sweep()
    assert await having(store, "output", range(1, 4)) == [2, 3]
    assert await having(store, "measurements", range(1, 4)) == [1, 2, 3]
    assert len((await store.find(Query("streams", "by_job", {"uid": UID}))).items) == 3


async def test_of_too_much_the_oldest_end_goes_first(store: Clocked) -> None:
    noise = [f"{number**7919 % 10**3000}" for number in (3, 5, 7, 11)]
    for number, day in ((1, 3), (2, 1), (3, 2), (4, 4)):
        await run(store, number, day, noise[number - 1])
    sizes = [item.document["output_bytes"] for item in (await store.find(Query("contents", "by_output"))).items]
    retention = Retention(store, keeping(output_kept_gb=sum(sizes[2:]) / 1e9))
    await retention.sweep()
    assert await having(store, "output", range(1, 5)) == [1, 4]
    await retention.sweep()
    assert await having(store, "output", range(1, 5)) == [1, 4]


async def test_what_was_removed_is_said_to_be(store: Clocked) -> None:
    await run(store, 1, 0)
    archive = Archive(store, Jobs(store), News())
    training = Training(UID, 1, 1, TrainingState.COMPLETED, "me")
    await archive.require_kept(Extent("output", training, 1))
    store.time = NOW + 8 * DAY_S
    await Retention(store, keeping(output_kept_days=7)).sweep()
    with pytest.raises(IllegalTransition, match=r"removed by retention on 2023-11-22.*TUNEWRIGHT_OUTPUT_KEPT_DAYS"):
        await archive.require_kept(Extent("output", training, 1))
    await archive.require_kept(Extent("measurements", training, 1))


@pytest.mark.parametrize("seed", range(6))
async def test_a_sweep_that_dies_is_taken_up_again_and_an_end_told_again_brings_nothing_back(
    store: Clocked, seed: int
) -> None:
    for number in range(1, 6):
        await run(store, number, 0)
    store.time = NOW + 8 * DAY_S
    faulty = FaultyStore(store, seed, StoreFaults(unavailable=0.1, answer_lost=0.1, beaten=0.1))
    died = 0
    while await having(store, "output", range(1, 6)) or (await store.find(Query("contents", "by_output"))).items:
        retention = Retention(faulty, keeping(output_kept_days=7))
        try:
            await retention.sweep()
            await retention.take(batch(*(fact(number, 0) for number in range(1, 6)), topic="tuning.events"))
        except Unavailable:
            died += 1
        assert died < 200
    assert await having(store, "measurements", range(1, 6)) == [1, 2, 3, 4, 5]


async def test_output_that_comes_after_the_end_goes_too(store: Clocked) -> None:
    await Retention(store, keeping()).take(batch(fact(1, 0), topic="tuning.events"))  # its summary was given up
    await run(store, 1, None)
    store.time = NOW + 8 * DAY_S
    await Retention(store, keeping(output_kept_days=7, measurements_kept_days=7)).sweep()
    assert (await having(store, "output", range(1, 2)), await having(store, "measurements", range(1, 2))) == ([], [])


async def test_nothing_is_said_to_be_removed_of_a_training_that_printed_nothing(store: Clocked) -> None:
    await Retention(store, keeping()).take(batch(fact(1, 0), topic="tuning.events"))
    store.time = NOW + 8 * DAY_S
    await Retention(store, keeping(output_kept_days=7)).sweep()
    assert await removed_from(store, "output", [(UID, 1)]) == set()


async def test_a_deleted_job_leaves_no_record_of_its_contents(store: Clocked) -> None:
    await run(store, 1, 0)
    await Retention(store, keeping()).take(batch(fact(2, 0), topic="tuning.events"))  # of one that never started
    collector = Collector(store, MemoryBus(topics().values()), lambda _uid, _number: None)
    deleted = batch(facts_pb2.TuningJobDeleted(uid=UID), topic="tuning.events")
    await collector.handle(deleted)
    await Retention(store, keeping()).take(batch(fact(1, 0), topic="tuning.events"))
    assert (await store.find(Query("contents", "by_output"))).items == []


def test_a_limit_below_zero_is_refused_by_name() -> None:
    with pytest.raises(InvalidSpec, match=r"TUNEWRIGHT_OUTPUT_KEPT_GB: -1 is no amount\. Give a number from 0 on"):
        KeepingSettings(output_kept_gb=-1)


async def test_ends_told_together_are_noted_together_and_told_again_change_nothing(store: Clocked) -> None:
    numbers = (1, 3, 40)
    for number in (*numbers, 2):  # of 2, which lies between, no end is told, and its record cannot be read
        await run(store, number, None)
    (neighbour,) = (await store.find(Query("streams", "by_job", {"uid": UID}, low=2, high=3))).items
    await store.commit([Put("streams", neighbour.key, {"uid": UID, "number": 2, "changed_at": 0.0})])
    counted, commits = store.commit, []

    async def commit(writes: Sequence[Write]) -> None:
        commits.append(len(writes))
        await counted(writes)

    store.commit = commit  # type: ignore[method-assign]
    retention = Retention(store, keeping())
    await retention.take(batch(*(fact(number, 0) for number in numbers), topic="tuning.events"))
    assert commits == [len(numbers)]
    noted = (await store.find(Query("contents", "by_output"))).items
    assert [item.document["number"] for item in noted] == list(numbers)
    assert all(item.document["output_bytes"] > 0 for item in noted)
    await run(store, 4, None)
    await retention.take(batch(fact(3, 5), fact(4, 5), topic="tuning.events"))
    again = (await store.find(Query("contents", "by_output"))).items
    assert [item.document["number"] for item in again] == [1, 3, 40, 4]
    assert again[:3] == noted
