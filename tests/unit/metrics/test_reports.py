"""Metrics that other systems report: for trainings of their own, counted once, never lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulation.mortal import Life, MortalBus
from tests.unit.metrics.messages import UID, ended, lines, reported, started
from tests.unit.platform.foreign import KEY_OF, OTHERS, letters, records_on, sealed, signed, until_read
from tunewright.core.access import OWNER
from tunewright.core.errors import Unavailable
from tunewright.core.states import TrainingState
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Bus, Record
from tunewright.platform.bus.signing import SIGNATURE
from tunewright.platform.bus.topics import topics
from tunewright.platform.store.port import Put, Query, Stored
from tunewright.platform.store.sqlite import SqliteStore
from tunewright_metrics import reports as reports_module
from tunewright_metrics.collecting.buckets import points_in
from tunewright_metrics.main import Metrics
from tunewright_metrics.reports import LONGEST_ID

TOPIC, OUTPUT = "training.reports", "training.output"


class Bench:
    """Metrics on a store with trainings of two owners, and the others who report."""

    def __init__(self, store: SqliteStore, bus: MemoryBus) -> None:
        self.store, self.bus = store, bus
        self.metrics = Metrics(store, bus)

    async def training(
        self,
        number: int = 1,
        attempt: int = 1,
        state: TrainingState = TrainingState.RUNNING,
        owner: str = OWNER,
    ) -> None:
        """Write as much of a training as metrics looks at."""
        document = {"uid": UID, "number": number, "attempt": attempt, "state": state.value, "owner": owner, "name": "t"}
        job = {"uid": UID, "deleted": False}
        await self.store.commit([Put("training_jobs", f"{UID}/{number:06d}", document), Put("tuning_jobs", UID, job)])

    async def says(self, *messages: output_pb2.TrainingStarted | output_pb2.TrainingEnded) -> None:
        """Have the trainer say something and metrics collect it."""
        await self.bus.publish([to_record(OUTPUT, UID, message, source="test") for message in messages])
        await self.collect()

    async def collect(self) -> None:
        await until_read(self.bus, "metrics", OUTPUT, self.metrics.run)

    async def report(self, *what: Record | output_pb2.MetricsReported) -> None:
        """Publish reports and have them taken, then collected."""
        await self.bus.publish([item if isinstance(item, Record) else signed(TOPIC, item) for item in what])
        await until_read(self.bus, "metrics-reports", TOPIC, lambda: self.metrics.take_reports(KEY_OF))
        await self.collect()

    async def points(self, number: int = 1) -> list[tuple[str, float, int]]:
        """Return metric, value and step of what is stored, in order."""
        page = await self.store.find(Query("measurements", "by_training", {"uid": UID, "number": number}))
        return [(metric, value, step) for item in page.items for metric, value, step, *_ in points_in(item.document)]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "store.db")
    yield store
    await store.close()


@pytest.fixture
async def bench(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(reports_module, "LOOK_AGAIN_S", 0.01)
    return Bench(store, MemoryBus(topics().values()))


@pytest.mark.parametrize("json", [True, False])
async def test_a_report_counts_once_however_often_it_comes(bench: Bench, json: bool) -> None:
    await bench.training()
    await bench.says(started())
    record = signed(TOPIC, reported("r-1", ("accuracy", 0.5), ("loss", 2)), json=json)
    await bench.report(record, record)
    await bench.report(record, reported("r-2", ("accuracy", 0.75)))
    assert await bench.points() == [("accuracy", 0.5, 1), ("loss", 2, 1), ("accuracy", 0.75, 2)]
    assert await letters(bench.bus) == []


async def test_without_an_attempt_the_current_one_is_meant_and_without_a_time_now(bench: Bench) -> None:
    await bench.training(attempt=2)
    await bench.says(started(attempt=2))
    report = reported("r", ("accuracy", 0.5), attempt=0)
    report.ClearField("at")
    await bench.report(report)
    page = await bench.store.find(Query("measurements", "by_training", {"uid": UID, "number": 1}))
    assert page.items[0].document["order"].startswith("0002/")
    assert next(points_in(page.items[0].document)).at > 1_700_000_000


async def test_a_report_waits_for_the_start_of_its_attempt_and_those_behind_it_keep_their_order(bench: Bench) -> None:
    await bench.training()
    await bench.training(number=2)
    await bench.says(started(number=2))
    first, second = reported("r-1", ("accuracy", 1)), reported("r-2", ("accuracy", 2))
    others = reported("r-1", ("accuracy", 3), number=2)
    await bench.bus.publish([signed(TOPIC, item) for item in (first, second, others)])
    waiting = asyncio.ensure_future(bench.metrics.take_reports(KEY_OF))
    async with asyncio.timeout(10):
        while not await bench.points(2):
            await asyncio.sleep(0.02)
            await bench.collect()
    assert await bench.points(1) == []
    await bench.says(started())
    await until_read(bench.bus, "metrics-reports", TOPIC, asyncio.Event().wait)
    await bench.collect()
    waiting.cancel()
    assert await bench.points(1) == [("accuracy", 1, 1), ("accuracy", 2, 2)]


async def test_what_never_starts_is_a_dead_letter_in_the_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports_module, "START_WITHIN_S", 0.05)
    await bench.training()
    await bench.report(reported("r", ("accuracy", 1)))
    (reason,) = await letters(bench.bus)
    assert "not known to have started" in reason


async def test_an_owner_who_was_waited_for_in_vain_holds_up_the_others_no_longer(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports_module, "START_WITHIN_S", 0.05)
    monkeypatch.setattr(reports_module, "SOON_S", 0.0)
    await bench.training()
    await bench.report(reported("r-1", ("accuracy", 1)))
    monkeypatch.setattr(reports_module, "START_WITHIN_S", 1e6)
    taking = bench.metrics.take_reports(KEY_OF)
    await bench.bus.publish([signed(TOPIC, reported("r-2", ("accuracy", 2)))])
    await until_read(bench.bus, "metrics-reports", TOPIC, lambda: taking)
    assert len(await letters(bench.bus)) == 2


def odd(**fields: object) -> output_pb2.MetricsReported:
    report = reported("r", ("accuracy", 1))
    for name, value in fields.items():
        if name == "at":
            report.at.CopyFrom(value)
        elif name == "values":
            del report.values[:]
            report.values.extend(value)
        else:
            setattr(report, name, value)
    return report


REFUSED = [
    (odd(uid="nowhere"), "no training job"),
    (odd(number=-1), "no training job"),
    (odd(number=2), "no training job"),
    (odd(number=3), "is COMPLETED"),
    (odd(attempt=2), "attempt 1"),
    (odd(attempt=-1), "attempt: "),
    (odd(report_id=""), "report_id"),
    (odd(report_id="r" * (LONGEST_ID + 1)), "report_id"),
    (odd(values=[]), "values"),
    (odd(values=[output_pb2.ReportedValue(value=1)]), "values"),
    (odd(instance=1), "instance"),
    (odd(instance=-1), "instance"),
    (odd(at=Timestamp(seconds=10**15)), "at"),
]


@pytest.mark.parametrize(("report", "why"), REFUSED, ids=range(len(REFUSED)))
async def test_what_is_refused_is_a_dead_letter_that_says_why(
    bench: Bench, report: output_pb2.MetricsReported, why: str
) -> None:
    await bench.training()
    await bench.training(number=2, owner="somebody else")
    await bench.training(number=3, state=TrainingState.COMPLETED)
    await bench.says(started(), started(number=2), started(number=3))
    await bench.report(report, reported("good", ("accuracy", 7)))
    (reason,) = await letters(bench.bus)
    assert why in reason
    assert await bench.points() == [("accuracy", 7, 1)]
    assert await bench.points(2) == await bench.points(3) == []


async def test_nobody_reports_in_anothers_name(bench: Bench) -> None:
    await bench.training()
    await bench.says(started())
    genuine = signed(TOPIC, reported("r", ("accuracy", 1)))
    unsigned = replace(genuine, headers={name: value for name, value in genuine.headers.items() if name != SIGNATURE})
    elsewhere = sealed("tuning.commands", "StopTuningJob", genuine.value).headers[SIGNATURE]
    replayed = replace(genuine, headers={**genuine.headers, SIGNATURE: elsewhere})
    forged = replace(genuine, value=reported("r", ("accuracy", 99)).SerializeToString())
    await bench.report(unsigned, replayed, forged, signed(TOPIC, reported("r"), credentials=OTHERS))
    assert len(await letters(bench.bus)) == 4
    assert await bench.points() == []


async def test_a_fault_of_ours_with_one_report_leaves_the_others_alone(bench: Bench) -> None:
    await bench.training()
    await bench.training(number=2)
    await bench.says(started())
    await bench.store.commit([Put("streams", f"{UID}/000002/0001", {"uid": UID, "number": 2, "attempt": "odd"})])
    await bench.report(reported("r", ("accuracy", 1), number=2), reported("r", ("accuracy", 1)))
    assert await letters(bench.bus) == ["a fault of ours while reading it; the log of metrics has it"]
    assert await bench.points() == [("accuracy", 1, 1)]


async def test_reports_count_for_the_summary(bench: Bench) -> None:
    await bench.training()
    await bench.says(started(), lines(0, ["accuracy=0.25"]))
    await bench.report(reported("r", ("accuracy", 0.5)))
    await bench.says(ended(1))
    await bench.report(reported("late", ("accuracy", 0.75)))
    assert await bench.points() == [("accuracy", 0.25, 1), ("accuracy", 0.5, 2)]


class Unsteady(SqliteStore):
    fails = 0

    async def get(self, collection: str, key: str) -> Stored | None:
        if self.fails > 0:
            self.fails -= 1
            raise Unavailable("the store", "as the test wants it")
        return await super().get(collection, key)


async def test_a_store_that_is_away_delays_and_loses_nothing(tmp_path: Path) -> None:
    store = Unsteady(tmp_path / "unsteady.db")
    bench = Bench(store, MemoryBus(topics().values()))
    await bench.training()
    await bench.says(started())
    store.fails = 1
    await bench.report(reported("r-1", ("accuracy", 1)), reported("r-2", ("accuracy", 2)))
    assert await bench.points() == [("accuracy", 1, 1), ("accuracy", 2, 2)]
    await store.close()


class Dying(MortalBus):
    """Dies at the first publication, before or after it is accepted."""

    def __init__(self, bus: Bus, life: Life) -> None:
        super().__init__(bus, life)
        self.bus, self.life = bus, life

    async def publish(self, records: object) -> None:
        if self.life.applied:
            await self.bus.publish(records)
        await self.life.end()


@pytest.mark.parametrize("applied", [True, False])
async def test_a_crash_between_the_topics_loses_nothing_and_counts_nothing_twice(bench: Bench, applied: bool) -> None:
    await bench.training()
    await bench.says(started())
    life = Life(applied=applied)
    await bench.bus.publish([signed(TOPIC, reported("r-1", ("accuracy", 1)))])
    dying = asyncio.ensure_future(Metrics(bench.store, Dying(bench.bus, life)).take_reports(KEY_OF))
    async with asyncio.timeout(10):
        await life.over.wait()
    dying.cancel()
    await asyncio.wait([dying])
    await bench.report(reported("r-2", ("accuracy", 2)))
    assert await bench.points() == [("accuracy", 1, 1), ("accuracy", 2, 2)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.lists(records_on(TOPIC, ["MetricsReported"]), min_size=1, max_size=20))
async def test_nothing_that_anybody_writes_stops_the_consumer(tmp_path: Path, batch: list[Record]) -> None:
    store = SqliteStore(tmp_path / "fuzz.db")
    try:
        bench = Bench(store, MemoryBus(topics().values()))
        await bench.report(*batch)
        reasons = await letters(bench.bus)
        assert len(reasons) == len(batch)
        assert all(reasons)
    finally:
        await store.close()
