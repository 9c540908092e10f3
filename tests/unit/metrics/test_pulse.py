"""A collector says how far it has read only if it reads: not while it hangs, its broker is away, or it is behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.simulation.timeless import TimelessStore, play
from tunewright.core.errors import Unavailable
from tunewright.platform.store.port import Put, Query, Store
from tunewright_metrics.collecting.pulse import EVERY_S, FORGET_AFTER_S, SHORT, Pulse


async def told(store: Store) -> list[dict[str, float]]:
    page = await store.find(Query("collectors", "by_time"))
    return [item.document for item in page.items]


def clock() -> float:
    return asyncio.get_running_loop().time()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_it_tells_at_once_that_it_reads_then_every_few_seconds_as_long_as_it_does(folder: Path) -> None:
    async def tell() -> None:
        store = TimelessStore(folder)
        pulse = Pulse(store)
        running = asyncio.create_task(pulse.run())
        await asyncio.sleep(60)
        assert await told(store) == [], "nothing has been read yet"
        for _ in range(10):
            asked_at = clock()
            await asyncio.sleep(1)
            pulse.read(asked_at, 0)
        (record,) = await told(store)
        assert await store.now() - record["at"] <= EVERY_S
        assert record["at"] - record["through"] <= 2
        await asyncio.sleep(60)
        (later,) = await told(store)
        assert later["at"] - record["at"] <= EVERY_S + 1, "it hangs, and so is silent"
        running.cancel()
        await store.close()

    play(tell())


def test_it_is_silent_while_its_broker_is_away_though_empty_batches_come(folder: Path) -> None:
    async def tell() -> None:
        async def away() -> None:
            raise Unavailable("Kafka")

        store = TimelessStore(folder)
        pulse = Pulse(store, away)
        running = asyncio.create_task(pulse.run())
        for _ in range(30):
            await asyncio.sleep(1)
            pulse.read(clock() - 1, 0)
        assert await told(store) == []
        running.cancel()
        await store.close()

    play(tell())


def test_long_batches_may_have_left_something_behind(folder: Path) -> None:
    async def tell() -> None:
        store = TimelessStore(folder)
        pulse = Pulse(store)
        began = await store.now()
        pulse.read(clock(), 3)
        for _ in range(20):
            await asyncio.sleep(1)
            pulse.read(clock(), SHORT)
        await pulse.beat()
        assert (await told(store))[0]["through"] == pytest.approx(began)
        pulse.read(clock(), SHORT - 1)
        await pulse.beat()
        (record,) = await told(store)
        assert record["through"] == pytest.approx(await store.now())
        await store.close()

    play(tell())


def test_who_has_been_silent_for_long_is_forgotten(folder: Path) -> None:
    async def tell() -> None:
        store = TimelessStore(folder)
        now = await store.now()
        await store.commit([Put("collectors", "old", {"at": now - FORGET_AFTER_S - 1, "through": 0.0})])
        await store.commit([Put("collectors", "young", {"at": now - FORGET_AFTER_S + 10, "through": 1.0})])
        pulse = Pulse(store)
        pulse.read(clock(), 0)
        await pulse.beat()
        assert [record["through"] for record in await told(store)] == [1.0, pytest.approx(now)]
        await store.close()

    play(tell())
