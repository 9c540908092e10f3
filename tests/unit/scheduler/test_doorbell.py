"""Bells between schedulers on one bus, and how many look when one rings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.unit.scheduler.world import World, spec, with_limits
from tunewright.core.errors import Unavailable
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.port import Record
from tunewright.platform.bus.topics import topics
from tunewright.platform.store.port import Page, Query
from tunewright_scheduler import doorbell
from tunewright_scheduler.bells import ABOUT, Bells, heard, job_bell, pool_bell
from tunewright_scheduler.doorbell import TOPIC, Doorbell


class CountingBus(MemoryBus):
    def __init__(self) -> None:
        super().__init__(topics().values())
        self.published: list[Record] = []
        self.refusals = 0

    async def publish(self, records: list[Record]) -> None:
        self.published.extend(records)
        if self.refusals:
            self.refusals -= 1
            raise Unavailable("the bus")
        await super().publish(records)


@asynccontextmanager
async def schedulers(bus: MemoryBus, count: int) -> AsyncIterator[list[Bells]]:
    async with AsyncExitStack() as stack:
        group = await stack.enter_async_context(asyncio.TaskGroup())
        bells = [Bells() for _ in range(count)]
        tasks = [group.create_task(Doorbell(item, bus).run()) for item in bells]
        await asyncio.sleep(0.05)
        await meet(bells)
        yield bells
        for task in tasks:
            task.cancel()


async def meet(bells: list[Bells]) -> None:
    """Wait until each knows of the others: what it rings is heard by all of them."""
    async with asyncio.timeout(20):
        for mine in bells:
            with ExitStack() as stack:
                heard = [stack.enter_context(other.listen("meeting")) for other in bells if other is not mine]
                while not all(bell.is_set() for bell in heard):
                    mine.ring("meeting")
                    await asyncio.sleep(0.05)
        await asyncio.sleep(0.1)  # the last of these bells has gone out too


async def test_a_bell_is_heard_at_every_scheduler_and_once_where_it_was_rung() -> None:
    async with schedulers(CountingBus(), 3) as (here, *elsewhere):
        with (
            here.listen("pool/a") as mine,
            elsewhere[0].listen("pool/a") as one,
            elsewhere[1].listen("pool/a") as other,
        ):
            here.ring("pool/a")
            assert mine.is_set()
            mine.clear()
            async with asyncio.timeout(5):
                await asyncio.gather(one.wait(), other.wait())
            await asyncio.sleep(0.1)
            assert not mine.is_set()


async def test_what_a_bell_is_about_is_heard_at_every_scheduler() -> None:
    async with schedulers(CountingBus(), 2) as (here, elsewhere):
        with elsewhere.listen("trainer/t") as bell:
            for about in ("job/000001", "job/000002"):
                here.ring(f"trainer/t{ABOUT}{about}")
            async with asyncio.timeout(5):
                await bell.wait()
            assert bell.take() == {"job/000001", "job/000002"}
            assert bell.take() == frozenset()


async def test_a_burst_goes_out_as_one_record_and_goes_round_no_further() -> None:
    bus = CountingBus()
    async with schedulers(bus, 2) as (here, elsewhere):
        bus.published.clear()
        with elsewhere.listen(job_bell("49")) as bell:
            for number in range(50):
                here.ring(job_bell(str(number)))
            async with asyncio.timeout(5):
                await bell.wait()
            await asyncio.sleep(0.1)
    assert len(bus.published) == 1


async def test_a_single_scheduler_tells_its_bells_to_nobody() -> None:
    bus = CountingBus()
    async with schedulers(bus, 1) as (here,):
        bus.published.clear()
        here.ring("pool/a")
        await asyncio.sleep(0.1)
    assert bus.published == []


async def test_one_that_is_gone_is_told_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = CountingBus()
    async with schedulers(bus, 1) as (here,):
        async with schedulers(bus, 1) as (other,):
            await meet([here, other])
        monkeypatch.setattr(doorbell, "GONE_AFTER_S", 0.0)
        bus.published.clear()
        here.ring("pool/a")
        await asyncio.sleep(0.1)
    assert bus.published == []


async def test_what_cannot_be_told_is_dropped_and_the_next_bell_is_heard() -> None:
    bus = CountingBus()
    async with schedulers(bus, 2) as (here, elsewhere):
        bus.refusals = 1
        with elsewhere.listen("trainer/t") as lost, elsewhere.listen("trainer/u") as bell:
            here.ring("trainer/t")
            await asyncio.sleep(0.1)
            here.ring("trainer/u")
            async with asyncio.timeout(5):
                await bell.wait()
            assert not lost.is_set()


async def test_a_record_that_is_no_doorbell_is_passed_over() -> None:
    bus = CountingBus()
    async with schedulers(bus, 2) as (here, elsewhere):
        await bus.publish([Record(TOPIC, "k", b"\xff", {"ce_type": b"tunewright.events.v1.Doorbell"})])
        await bus.publish([Record(TOPIC, "k", b"", {})])
        with elsewhere.listen("trainer/t") as bell:
            here.ring("trainer/t")
            async with asyncio.timeout(5):
                await bell.wait()


async def test_a_claim_that_no_bell_reaches_looks_again_by_itself(tmp_path: Path) -> None:
    world = World(tmp_path)
    epoch = await world.open("t")
    claiming = asyncio.create_task(world.claims.claim("t", epoch, "r", slots=1, wait_s=20))
    await asyncio.sleep(0.1)
    world.bells.ring_here = lambda _name: None  # type: ignore[method-assign]
    await world.create(spec())
    await world.answer_all()
    async with asyncio.timeout(4):
        assert len(await claiming) == 1
    await world.store.close()


async def test_many_who_wait_for_one_training_do_not_all_look(tmp_path: Path) -> None:
    world, looks = World(tmp_path), 0
    find = world.store.find

    async def counted(query: Query) -> Page:
        nonlocal looks
        looks += query.index == "claimable"
        return await find(query)

    epochs = [await world.open(f"t{number}") for number in range(20)]
    claims = [
        asyncio.create_task(world.claims.claim(f"t{number}", epoch, f"r{number}", slots=1, wait_s=1.5))
        for number, epoch in enumerate(epochs)
    ]
    await asyncio.sleep(0.3)
    world.store.find = counted  # type: ignore[method-assign]
    await world.create(with_limits(spec(), max_parallel=3))
    await world.answer_all()
    claimed = [claim for claims in await asyncio.gather(*claims) for claim in claims]
    assert sorted(training.number for training in claimed) == [1, 2, 3]
    assert looks <= 5
    await world.store.close()


async def test_who_looks_in_vain_because_its_session_is_lost_leaves_the_training_to_the_next(tmp_path: Path) -> None:
    world = World(tmp_path)
    lost, epoch = await world.open("lost"), await world.open("t")
    first = asyncio.create_task(world.claims.claim("lost", lost, "r", slots=1, wait_s=5))
    second = asyncio.create_task(world.claims.claim("t", epoch, "r", slots=1, wait_s=5))
    await asyncio.sleep(0.1)
    await world.open("lost")
    await world.create(with_limits(spec(), max_parallel=1))
    await world.answer_all()
    async with asyncio.timeout(1.5):
        assert len(await second) == 1
    await asyncio.gather(first, return_exceptions=True)
    await world.store.close()


async def test_hearing_makes_a_bell_ready_to_be_rung_again() -> None:
    bells = Bells()
    with bells.listen(pool_bell("p")) as bell:
        bells.ring(pool_bell("p"))
        await heard(bell, 1.0)
        assert not bell.is_set()
