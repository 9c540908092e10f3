"""The promise of platform/bus/port.py, sentence by sentence. An adapter is what passes this."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack

from tunewright.platform.bus.port import Bus, Delivered, Listening, Record, Subscription

TOPIC = "training.output"
OTHER = "training.results"


def record(key: str, number: int, topic: str = TOPIC) -> Record:
    return Record(topic, key, b"%d" % number, {"h": b"\xff"})


async def hear_all(listening: Listening, count: int) -> list[Delivered]:
    heard: list[Delivered] = []
    async with asyncio.timeout(20):
        while len(heard) < count:
            heard += await listening.batch()
    return heard


async def read_all(subscription: Subscription, count: int, *, commit: bool = True) -> list[Delivered]:
    read: list[Delivered] = []
    async with asyncio.timeout(20):
        while len(read) < count:
            batch = await subscription.batch()
            if commit:
                await subscription.commit(batch)
            read += batch
    return read


def by_key(batch: list[Delivered]) -> dict[str, list[int]]:
    seen: defaultdict[str, list[int]] = defaultdict(list)
    for delivered in batch:
        seen[delivered.record.key].append(int(delivered.record.value))
    return dict(seen)


class BusContract:
    """Subclass with a fixture `bus`."""

    async def test_a_record_arrives_as_it_was_published(self, bus: Bus) -> None:
        async with bus.subscribe("g", [TOPIC]) as subscription:
            await bus.publish([Record(TOPIC, "k", b"\x00value\xff", {"ce_id": b"1", "empty": b""})])
            (delivered,) = await read_all(subscription, 1)
        assert delivered.record == Record(TOPIC, "k", b"\x00value\xff", {"ce_id": b"1", "empty": b""})

    async def test_records_of_one_key_keep_their_order(self, bus: Bus) -> None:
        async with bus.subscribe("g", [TOPIC]) as subscription:
            for number in range(0, 60, 3):
                await bus.publish([record(f"k{number % 4}", step) for step in range(number, number + 3)])
            seen = by_key(await read_all(subscription, 60))
        assert all(numbers == sorted(numbers) for numbers in seen.values())

    async def test_a_key_always_goes_to_the_same_partition(self, bus: Bus) -> None:
        async with bus.subscribe("g", [TOPIC]) as subscription:
            await bus.publish([record(f"k{number % 10}", number) for number in range(100)])
            places: defaultdict[str, set[int]] = defaultdict(set)
            for delivered in await read_all(subscription, 100):
                places[delivered.record.key].add(delivered.partition)
        assert all(len(partitions) == 1 for partitions in places.values())
        assert len({number for partitions in places.values() for number in partitions}) > 1

    async def test_two_groups_see_all_records_each(self, bus: Bus) -> None:
        async with bus.subscribe("g", [TOPIC]) as one, bus.subscribe("h", [TOPIC]) as other:
            await bus.publish([record("k", number) for number in range(5)])
            assert by_key(await read_all(one, 5)) == by_key(await read_all(other, 5)) == {"k": [0, 1, 2, 3, 4]}

    async def test_a_group_that_comes_late_starts_at_the_oldest_record(self, bus: Bus) -> None:
        await bus.publish([record("k", number) for number in range(5)])
        async with bus.subscribe("late", [TOPIC]) as subscription:
            assert by_key(await read_all(subscription, 5)) == {"k": [0, 1, 2, 3, 4]}

    async def test_what_was_not_committed_is_delivered_again_and_what_was_is_not(self, bus: Bus) -> None:
        async with bus.subscribe("g", [TOPIC]) as subscription:
            await bus.publish([record("k", 1)])
            await read_all(subscription, 1)
            await bus.publish([record("k", 2), record("k", 3)])
            await read_all(subscription, 2, commit=False)
        async with bus.subscribe("g", [TOPIC]) as subscription:
            assert by_key(await read_all(subscription, 2)) == {"k": [2, 3]}

    async def test_members_share_the_partitions_and_take_over_from_the_dead(self, bus: Bus) -> None:
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(bus.subscribe("g", [TOPIC]))
            async with bus.subscribe("g", [TOPIC]) as second:
                await bus.publish([record(f"k{number}", number) for number in range(40)])
                halves: list[list[Delivered]] = [[], []]
                async with asyncio.timeout(20):
                    while sum(map(len, halves)) < 40:
                        for half, member in zip(halves, (first, second), strict=True):
                            half += await member.batch(wait_s=0.05)
                assert halves[0]
                assert halves[1]
                assert not set(by_key(halves[0])) & set(by_key(halves[1]))
                await first.commit(halves[0])
            taken_over = await read_all(first, len(halves[1]))
            assert by_key(taken_over) == by_key(halves[1])

    async def test_one_subscription_reads_several_topics(self, bus: Bus) -> None:
        async with bus.subscribe("g", [TOPIC, OTHER]) as subscription:
            await bus.publish([record("k", 1), record("k", 2, OTHER)])
            assert {delivered.record.topic for delivered in await read_all(subscription, 2)} == {TOPIC, OTHER}

    async def test_waiting_ends_when_a_record_comes(self, bus: Bus) -> None:
        async with bus.subscribe("g", [TOPIC]) as subscription:
            waiting = asyncio.create_task(subscription.batch(wait_s=15))
            await asyncio.sleep(0)
            await bus.publish([record("k", 1)])
            async with asyncio.timeout(10):
                assert len(await waiting) == 1

    async def test_an_empty_wait_ends_empty(self, bus: Bus) -> None:
        async with bus.subscribe("g", [TOPIC]) as subscription:
            assert await subscription.batch(wait_s=0.01) == []

    async def test_a_batch_is_no_larger_than_asked_for_and_the_next_goes_on(self, bus: Bus) -> None:
        async with bus.subscribe("g", [TOPIC]) as subscription:
            await bus.publish([record("k", number) for number in range(10)])
            first = await subscription.batch(limit=4)
            assert len(first) <= 4
            rest = await read_all(subscription, 10 - len(first))
        assert by_key([*first, *rest]) == {"k": list(range(10))}

    async def test_every_listener_hears_all_of_its_topics_and_nothing_older(self, bus: Bus) -> None:
        await bus.publish([record("old", 0)])
        async with bus.listen([TOPIC]) as one, bus.listen([TOPIC, OTHER]) as other:
            await bus.publish([record("k", 1), record("k", 2), record("k", 3, OTHER)])
            assert by_key(await hear_all(one, 2)) == {"k": [1, 2]}
            assert sorted(by_key(await hear_all(other, 3))["k"]) == [1, 2, 3]
            assert await one.batch(wait_s=0.01) == []

    async def test_listening_takes_nothing_from_a_group(self, bus: Bus) -> None:
        async with bus.subscribe("g", [TOPIC]) as subscription, bus.listen([TOPIC]) as listening:
            await bus.publish([record("k", number) for number in range(5)])
            assert by_key(await hear_all(listening, 5)) == by_key(await read_all(subscription, 5))

    async def test_a_listener_that_waits_hears_at_once(self, bus: Bus) -> None:
        async with bus.listen([TOPIC]) as listening:
            waiting = asyncio.create_task(listening.batch(wait_s=15))
            await asyncio.sleep(0)
            await bus.publish([record("k", 1)])
            async with asyncio.timeout(10):
                assert len(await waiting) == 1
