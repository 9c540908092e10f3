from __future__ import annotations

import pytest

from tests.contract.bus_contract import TOPIC, BusContract, read_all, record
from tunewright.core.errors import Unavailable
from tunewright.platform.bus.faulty import BusFaults, FaultyBus
from tunewright.platform.bus.memory import UNHEARD_KEPT, UNREAD_KEPT, MemoryBus
from tunewright.platform.bus.topics import topics


class TestMemoryBus(BusContract):
    @pytest.fixture
    def bus(self) -> MemoryBus:
        return MemoryBus(topics().values())


class TestFaultyBusWithoutFaults(BusContract):
    @pytest.fixture
    def bus(self) -> FaultyBus:
        return FaultyBus(MemoryBus(topics().values()), 1, BusFaults())


async def test_memory_does_not_grow_with_what_every_group_has_committed() -> None:
    bus = MemoryBus(topics().values())
    async with bus.subscribe("g", [TOPIC]) as subscription:
        for _ in range(20):
            await bus.publish([record("k", number) for number in range(50)])
            (delivered, *_) = await read_all(subscription, 50)
    assert len(bus.partition((TOPIC, delivered.partition)).records) == 0


async def test_a_topic_that_nobody_reads_keeps_only_its_last_records() -> None:
    bus = MemoryBus(topics().values())
    await bus.publish([record("k", number) for number in range(UNREAD_KEPT + 10)])
    async with bus.subscribe("late", [TOPIC]) as subscription:
        kept = await read_all(subscription, UNREAD_KEPT)
    assert int(kept[0].record.value) == 10


async def test_one_who_listens_and_falls_behind_misses_the_oldest() -> None:
    bus = MemoryBus(topics().values())
    async with bus.listen([TOPIC]) as listening:
        await bus.publish([record("k", number) for number in range(UNHEARD_KEPT + 10)])
        (oldest,) = await listening.batch(limit=1)
    assert int(oldest.record.value) == 10


async def test_a_faulty_bus_loses_some_of_what_is_listened_to() -> None:
    bus = FaultyBus(MemoryBus(topics().values()), 3, BusFaults(unheard=0.5))
    heard = []
    async with bus.listen([TOPIC]) as listening:
        for number in range(40):
            await bus.publish([record("k", number)])
            heard += await listening.batch(wait_s=0.01)
    assert 0 < len(heard) < 40


async def test_a_faulty_bus_repeats_but_never_loses_or_reorders() -> None:
    bus = FaultyBus(MemoryBus(topics().values()), 3, BusFaults(unavailable=0.3, answer_lost=0.3, redelivered=0.5))
    async with bus.subscribe("g", [TOPIC]) as subscription:
        seen: list[int] = []
        for number in range(40):
            while True:
                try:
                    await bus.publish([record("k", number)])
                except Unavailable:
                    continue
                break
            seen += [int(item.record.value) for item in await subscription.batch(wait_s=0.01)]
    assert set(seen) == set(range(40))
    assert len(seen) > 40
    first_seen = list(dict.fromkeys(seen))
    assert first_seen == sorted(first_seen)
