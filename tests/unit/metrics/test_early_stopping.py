"""Early stopping through the collector: whose values judge whom, told when, under restarts, rivals and repetition."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.metrics.desk import Desk, only
from tests.unit.metrics.messages import UID, batch, ended, lines, started
from tests.unit.metrics.test_collector import Results, new_collector
from tunewright.core.errors import Unavailable
from tunewright.core.spec import EarlyStopping, EarlyStoppingRule
from tunewright.events.v1 import facts_pb2, results_pb2
from tunewright.platform.bus.faulty import BusFaults, FaultyBus
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.port import Bus
from tunewright.platform.bus.topics import topics
from tunewright.platform.store.faulty import FaultyStore, StoreFaults
from tunewright.platform.store.port import Query, Store
from tunewright.platform.store.sqlite import SqliteStore
from tunewright_metrics.collecting.collector import Collector
from tunewright_metrics.collecting.standings import FRESH_S, read_standing
from tunewright_metrics.collecting.stop_advice import AGAIN_S

AUTO = EarlyStoppingRule(EarlyStopping.AUTO)
RUNGS = (1, 3, 9)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "store.db")
    yield store
    await store.close()


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus(topics().values())


@pytest.fixture
def results(bus: MemoryBus) -> Results:
    return Results(bus)


def emitted(values: Sequence[float]) -> list[str]:
    return [f"accuracy={value}" for value in values]


def training(number: int, values: Sequence[float], **fields: Any) -> list[Message]:
    """All that a training says that runs to its own end."""
    end = {name: fields.pop(name) for name in ("cause", "code") if name in fields}
    attempt = fields.get("attempt", 1)
    return [
        started(number=number, **{"early_stopping": AUTO, **fields}),
        lines(0, emitted(values), number=number, attempt=attempt),
        ended(len(values), number=number, attempt=attempt, **end),
    ]


def running(number: int, values: Sequence[float], **fields: Any) -> list[Message]:
    return training(number, values, **fields)[:2]


async def five(collector: Collector, value: float = 1.0, **fields: Any) -> None:
    """Five trainings that complete, with eight values each."""
    messages = [message for number in range(1, 6) for message in training(number, [value] * 8, **fields)]
    await collector.handle(batch(*messages))


async def stops(results: Results) -> list[results_pb2.StopAdvised]:
    return only(results_pb2.StopAdvised, await results.told())


async def record(store: Store, number: int, attempt: int = 1) -> dict[str, Any]:
    stored = await store.get("streams", f"{UID}/{number:06d}/{attempt:04d}")
    return stored.document["judged"]


async def test_a_decision_is_stored_with_its_evidence_and_told(store: Store, bus: Bus, results: Results) -> None:
    collector = new_collector(store, bus)
    await five(collector)
    await collector.handle(batch(*running(6, [2.0, 0.5])))
    (told,) = await stops(results)
    assert (told.number, told.attempt, told.rule, told.step) == (6, 1, "median", 2)
    assert (told.value, told.against, list(told.compared)) == (0.5, 1.0, [1, 2, 3, 4, 5])
    assert told.at.seconds == lines(0, []).at.seconds
    stored = (await record(store, 6))["stop"]
    assert (stored["rule"], stored["step"], stored["compared"]) == ("median", 2, [1, 2, 3, 4, 5])


async def test_a_good_training_and_a_job_without_a_rule_go_on(store: Store, bus: Bus, results: Results) -> None:
    collector = new_collector(store, bus)
    await five(collector)
    await collector.handle(batch(*running(6, [2.0] * 8), *running(7, [0.0] * 8, early_stopping=EarlyStoppingRule())))
    assert await stops(results) == []


@pytest.mark.parametrize(
    ("end", "values"),
    [
        ({"cause": "STOPPED"}, [1.0] * 8),
        ({"code": 3}, [1.0] * 8),
        ({"cause": "MAX_RUNTIME_EXCEEDED"}, [1.0] * 8),
        ({}, [1.0] * 7 + [math.nan]),
    ],
    ids=["stopped", "failed", "timed out", "no objective"],
)
async def test_only_what_completed_with_an_objective_is_compared_with(
    store: Store, bus: Bus, results: Results, end: dict[str, Any], values: list[float]
) -> None:
    collector = new_collector(store, bus)
    fields = {"early_stopping": EarlyStoppingRule()}
    await collector.handle(batch(*(item for number in range(1, 5) for item in training(number, [1.0] * 8))))
    await collector.handle(batch(*training(5, values, **fields, **end)))
    await new_collector(store, bus).handle(batch(*running(6, [0.0] * 8)))
    assert await stops(results) == []
    assert len((await store.find(Query("curves", "completed", {"uid": UID, "definition": ""}))).items) == 4


async def test_what_was_read_from_the_store_judges_as_what_was_in_memory(
    store: Store, bus: Bus, results: Results
) -> None:
    values = [[0.1 * number + 0.01 * step * (number % 3) for step in range(70)] for number in range(1, 8)]
    lasting = new_collector(store, bus)
    await lasting.handle(batch(*(item for number in range(1, 8) for item in training(number, values[number - 1]))))
    await results.told()
    for number, collector in ((8, lasting), (9, new_collector(store, bus))):
        await collector.handle(batch(*running(number, [9.0] * 40 + [0.41] * 30)))
    first, second = await stops(results)
    assert (first.step, first.against, first.compared) == (second.step, second.against, second.compared)


async def test_two_trainings_of_one_batch_see_each_other(store: Store, bus: Bus, results: Results) -> None:
    """In fold order: the first two at a rung go on, and the third is held against them."""
    messages = [
        item for number, value in ((1, 0.3), (2, 0.2), (3, 0.1)) for item in running(number, [value], rungs=RUNGS)
    ]
    await new_collector(store, bus).handle(batch(*messages))
    (told,) = await stops(results)
    assert (told.number, told.rule, told.against, list(told.compared)) == (3, "rung", pytest.approx(0.3), [1, 2])


async def test_rungs_are_judged_by_running_trainings_after_a_restart(store: Store, bus: Bus, results: Results) -> None:
    await new_collector(store, bus).handle(batch(*running(1, [0.3], rungs=RUNGS), *running(2, [0.2], rungs=RUNGS)))
    await new_collector(store, bus).handle(batch(*running(3, [0.1, 0.9, 0.9], rungs=RUNGS)))
    (told,) = await stops(results)
    assert (told.number, told.step) == (3, 1)
    assert (await read_standing(store, (UID, ""))).rungs == {1: {1: 0.3, 2: 0.2, 3: 0.1}}


async def test_at_its_largest_resource_a_training_ends_whatever_its_value(
    store: Store, bus: Bus, results: Results
) -> None:
    await new_collector(store, bus).handle(batch(*running(1, [0.5] * 12, rungs=RUNGS)))
    (told,) = await stops(results)
    assert (told.rule, told.step, told.HasField("against"), list(told.compared)) == ("max_resource", 9, False, [])


async def test_definitions_are_kept_apart(store: Store, bus: Bus, results: Results) -> None:
    collector = new_collector(store, bus)
    for number, value in ((1, 0.3), (2, 0.2), (3, 0.25)):
        await collector.handle(batch(*running(number, [value], rungs=RUNGS, definition="a")))
    await collector.handle(batch(*running(4, [0.1], rungs=RUNGS, definition="b")))
    assert [told.number for told in await stops(results)] == [3]


async def test_a_training_that_runs_again_stands_with_its_last_attempt(store: Store, bus: Bus) -> None:
    collector = new_collector(store, bus)
    for attempt, value in ((1, 0.9), (2, 0.1)):
        await collector.handle(batch(*running(9, [value], rungs=RUNGS, attempt=attempt)))
    assert (await read_standing(store, (UID, ""))).rungs == {1: {9: 0.1}}
    await five(collector)
    await collector.handle(batch(*training(3, [5.0] * 8, attempt=2)))
    standing = await read_standing(store, (UID, ""))
    assert sorted(standing.completed) == [1, 2, 3, 4, 5]
    assert sorted(standing.means_at(8).tolist()) == [1, 1, 1, 1, 5]


async def test_after_a_decision_nothing_is_judged_or_compared_with(store: Store, bus: Bus, results: Results) -> None:
    collector = new_collector(store, bus)
    await five(collector)
    await collector.handle(batch(*running(6, [0.0, 0.0, 0.0])))
    await collector.handle(batch(lines(3, emitted([0.0, 9.0]), number=6)))
    assert [told.step for told in await stops(results)] == [2]
    rungs = [message for number in (11, 12, 13) for message in running(number, [1 / number] * 9, rungs=RUNGS)]
    await collector.handle(batch(*rungs))
    assert 13 not in (await read_standing(store, (UID, ""))).at_rung(3)


async def test_a_value_that_cannot_be_read_is_worse_than_any(store: Store, bus: Bus, results: Results) -> None:
    collector = new_collector(store, bus)
    await five(collector, value=-1e9)
    await collector.handle(batch(started(number=6, early_stopping=AUTO), lines(0, ["accuracy=1"], number=6)))
    await collector.handle(batch(lines(1, ["accuracy=98%"], number=6)))
    (told,) = await stops(results)
    assert (told.step, math.isnan(told.value)) == (2, True)


class Doomed(MemoryBus):
    """Takes nothing: the process dies between its commit and what it would have told."""

    async def publish(self, _records: Sequence[Any]) -> None:
        raise Unavailable("the bus", "the process has died")


async def test_a_decision_that_was_stored_and_not_told_is_told_by_whoever_reads_on(
    store: Store, bus: Bus, results: Results
) -> None:
    await five(new_collector(store, bus))
    await results.told()
    messages = batch(*running(6, [0.0] * 3))
    with pytest.raises(Unavailable):
        await new_collector(store, Doomed(topics().values())).handle(messages)
    before = await record(store, 6)
    assert before["stop"] is not None
    await new_collector(store, bus).handle(messages)
    assert [told.number for told in await stops(results)] == [6]
    assert await record(store, 6) == before


async def test_what_could_not_be_told_is_told_when_the_bus_is_back(
    store: Store, bus: MemoryBus, results: Results
) -> None:
    await five(new_collector(store, bus))
    await results.told()
    collector = new_collector(store, FaultyBus(bus, 1, BusFaults(unavailable=0.5)))
    messages = batch(*running(6, [0.0] * 3))
    for _ in range(20):
        try:
            await collector.handle(messages)
            break
        except Unavailable:
            continue
    assert [told.number for told in await stops(results)] == [6]


async def test_a_decision_is_told_again_while_its_training_goes_on(
    store: Store, bus: Bus, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, passed = asyncio.get_running_loop(), 0.0
    clock = loop.time
    monkeypatch.setattr(loop, "time", lambda: clock() + passed)
    collector = new_collector(store, bus)
    await five(collector)
    await collector.handle(batch(*running(6, [0.0] * 3)))
    (first,) = await stops(results)
    await collector.handle(batch(lines(3, emitted([0.0]), number=6)))
    assert await stops(results) == []
    passed = AGAIN_S
    await collector.handle(batch(lines(4, emitted([0.0]), number=6)))
    assert await stops(results) == [first]
    passed = 3 * AGAIN_S
    await collector.handle(batch(ended(5, number=6, cause="STOPPED", code=143)))
    assert await stops(results) == []


async def test_a_standing_that_a_rival_has_added_to_is_read_again_after_a_while(
    store: Store, bus: Bus, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, passed = asyncio.get_running_loop(), 0.0
    clock = loop.time
    monkeypatch.setattr(loop, "time", lambda: clock() + passed)
    collector, rival = new_collector(store, bus), new_collector(store, bus)
    await collector.handle(batch(*running(6, [0.0])))
    await five(rival)
    await collector.handle(batch(lines(1, emitted([0.0]), number=6)))
    assert await stops(results) == []
    passed = FRESH_S
    await collector.handle(batch(lines(2, emitted([0.0]), number=6)))
    assert [told.step for told in await stops(results)] == [3]


async def test_a_collector_that_was_beaten_reads_what_the_other_has_stored(
    store: Store, bus: Bus, results: Results
) -> None:
    slow, fast = new_collector(store, bus), new_collector(store, bus)
    await slow.handle(batch(*running(6, [9.0])))
    await five(fast)
    await fast.handle(batch(lines(1, emitted([9.0]), number=6)))
    await slow.handle(batch(lines(1, emitted([9.0]), number=6), lines(2, emitted([0.0]), number=6)))
    (told,) = await stops(results)
    assert (told.step, list(told.compared)) == (3, [1, 2, 3, 4, 5])


@pytest.mark.parametrize("seed", range(6))
async def test_two_collectors_at_once_never_disagree_in_the_record(
    store: Store, bus: MemoryBus, results: Results, seed: int
) -> None:
    """Whatever is told of a training, and however often, is what its record says."""
    faulty = [FaultyStore(store, seed + at, StoreFaults(beaten=0.2, late=0.5)) for at in (1, 2)]
    rivals = [new_collector(one, bus) for one in faulty]
    await five(rivals[0])
    messages = [item for number in (6, 7, 8) for item in running(number, [])[:1]]
    messages += [
        lines(step, emitted([0.9 + (number - 6 - step) / 10]), number=number)
        for step in range(8)
        for number in (6, 7, 8)
    ]

    async def collect(collector: Collector, size: int) -> None:
        for start in range(0, len(messages), size):
            await collector.handle(batch(*messages[start : start + size]))

    await asyncio.gather(collect(rivals[0], 2), collect(rivals[1], 5))
    told = await stops(results)
    assert {item.number for item in told} == {6, 7, 8}
    for item in told:
        stored = (await record(store, item.number))["stop"]
        assert (item.step, item.value, item.against) == (stored["step"], stored["value"], stored["against"])
    assert len({item.SerializeToString(deterministic=True) for item in told}) == 3


async def test_a_deleted_job_leaves_no_curve_and_no_rung(store: Store, bus: Bus, results: Results) -> None:
    collector = new_collector(store, bus)
    await five(collector)
    await collector.handle(batch(*running(6, [0.1], rungs=RUNGS)))
    await collector.handle(batch(facts_pb2.TuningJobDeleted(uid=UID), topic="tuning.events"))
    for name in ("curves", "rungs"):
        keys = [f"{UID}/{number:06d}/0001" for number in range(1, 7)]
        assert await store.get_many(name, keys) == {}
    await collector.handle(batch(*running(7, [0.0] * 8)))
    assert await stops(results) == []


def test_a_decision_does_not_depend_on_how_the_lines_were_cut_into_messages() -> None:
    values = [0.5] * 30 + [0.2] * 10
    rule = EarlyStoppingRule(patience=12, threshold=0.3)
    ends = set()
    for size in (1, 2, 7, 40):
        desk = Desk()
        texts = emitted(values)
        desk.deliver(started(early_stopping=rule))
        for at in range(0, 40, size):
            desk.deliver(lines(at, texts[at : at + size]))
        ends.add((desk.stream().judged.stop.rule, desk.stream().judged.stop.step))
    assert ends == {("patience", 13)}


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=25))
def test_repetition_and_disorder_change_no_decision(deliveries: list[tuple[int, int]]) -> None:
    texts = emitted([0.5] * 10 + [0.6] + [0.5] * 29)
    begins = started(early_stopping=EarlyStoppingRule(patience=12))
    desk, whole = Desk(), Desk()
    whole.deliver(begins, lines(0, texts))
    for start, length in deliveries:
        if start < len(texts):
            desk.deliver(begins, lines(start, texts[start : start + length]))
    desk.deliver(begins, lines(0, texts))
    assert desk.stream().judged == whole.stream().judged
    assert desk.stream().judged.stop.step == 11 + 12
