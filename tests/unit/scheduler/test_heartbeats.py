"""What a heartbeat looks at: all that its trainer holds now and then, and in between only what has changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.unit.scheduler.world import UID, World, spec
from tunewright.core.errors import Unavailable
from tunewright.core.names import split_training_id, training_id
from tunewright.core.spec import Limits
from tunewright.core.values import replace
from tunewright.platform.store.port import Page, Query, Replace, Stored
from tunewright_scheduler import records
from tunewright_scheduler.bells import trainer_bell
from tunewright_scheduler.core.ending import stopped
from tunewright_scheduler.core.orders import Holding, Orders
from tunewright_scheduler.core.session import LeaseTerms, Speaker
from tunewright_scheduler.core.training import Training

MANY: Final = 5
SOON_S: Final = 5.0
"""Far less than a heartbeat waits in these tests."""


class Trainer:
    """One that holds a few trainings, and the reads that its heartbeats cost."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.looked_at: list[str] = []
        self.epoch = 0
        self.holding: list[Holding] = []

    async def begin(self) -> None:
        await self.world.create(spec(limits=Limits(max_parallel=MANY, max_trainings=MANY)))
        await self.world.answer_all()
        self.epoch = await self.world.open("t")
        granted = await self.world.claim("t", self.epoch, "r", slots=MANY)
        self.holding = [Holding(training_id(UID, one.number), one.attempt) for one in granted]
        assert len(self.holding) == MANY

    async def heartbeat(self, wait_s: float = 0, holding: Sequence[Holding] | None = None) -> Orders:
        held = self.holding if holding is None else holding
        return await self.world.heartbeats.answer("t", self.epoch, held, wait_s=wait_s, draining=False)

    async def stop(self, number: int, *, ringing: bool = True) -> None:
        """Note that a training is to stop, as another scheduler does, whose bell may be lost."""
        found = await records.read_training(self.world.store, UID, number)
        assert found is not None
        told = stopped(found.value, "by its user", self.world.store.clock)
        document = records.training_document(told, self.world.store.clock)
        await self.world.store.commit([Replace("training_jobs", training_id(UID, number), document, found.version)])
        if ringing:
            self.world.bells.ring_here(trainer_bell(told))


@pytest.fixture
async def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Trainer]:
    world = World(tmp_path)
    trainer = Trainer(world)
    await trainer.begin()
    many, find = world.store.get_many, world.store.find

    async def get_many(collection: str, keys: Sequence[str]) -> dict[str, Stored]:
        trainer.looked_at += keys if collection == "training_jobs" else ()
        return await many(collection, keys)

    async def found(query: Query) -> Page:
        page = await find(query)
        trainer.looked_at += [item.key for item in page.items if query.collection == "training_jobs"]
        return page

    monkeypatch.setattr(world.store, "get_many", get_many)
    monkeypatch.setattr(world.store, "find", found)
    yield trainer
    await world.store.close()


def told_to_stop(orders: Orders) -> list[str]:
    return [held[0] for held, _ in orders.stop]


async def test_all_is_looked_at_once_and_then_no_more(trainer: Trainer) -> None:
    await trainer.heartbeat()
    assert sorted(trainer.looked_at) == sorted(item.training_id for item in trainer.holding)
    trainer.looked_at.clear()
    for _ in range(3):
        await trainer.heartbeat()
    assert trainer.looked_at == []


async def test_what_a_bell_names_is_looked_at_alone(trainer: Trainer) -> None:
    await trainer.heartbeat()
    trainer.looked_at.clear()
    await trainer.stop(3)
    assert told_to_stop(await trainer.heartbeat()) == [training_id(UID, 3)]
    assert trainer.looked_at == [training_id(UID, 3)]


async def test_one_that_waits_is_woken_by_a_bell_and_looks_at_what_it_names(trainer: Trainer) -> None:
    await trainer.heartbeat()
    waiting = asyncio.create_task(trainer.heartbeat(wait_s=60))
    await asyncio.sleep(0)
    trainer.looked_at.clear()
    await trainer.stop(1)
    async with asyncio.timeout(SOON_S):
        assert told_to_stop(await waiting) == [training_id(UID, 1)]
    assert trainer.looked_at == [training_id(UID, 1)]


async def test_an_order_is_given_until_its_trainer_says_that_it_is_obeyed(trainer: Trainer) -> None:
    await trainer.heartbeat()
    await trainer.stop(2)
    for _ in range(2):
        assert told_to_stop(await trainer.heartbeat()) == [training_id(UID, 2)]
    trainer.holding = [replace(item, stopping=item.training_id.endswith("2")) for item in trainer.holding]
    assert not await trainer.heartbeat()
    trainer.looked_at.clear()
    assert not await trainer.heartbeat()
    assert trainer.looked_at == []


async def test_a_bell_that_rings_while_it_looks_has_it_look_again(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = trainer.world.sessions.running

    async def read_before_it_changes(trainer_id: str) -> list[Training]:
        read = await running(trainer_id)
        await trainer.stop(4)
        return read

    monkeypatch.setattr(trainer.world.sessions, "running", read_before_it_changes)
    assert told_to_stop(await trainer.heartbeat()) == [training_id(UID, 4)]


async def test_a_bell_that_is_lost_is_made_up_for_by_the_next_look_at_all(trainer: Trainer) -> None:
    await trainer.heartbeat()
    await trainer.stop(1, ringing=False)
    assert not await trainer.heartbeat()
    trainer.world.store.clock += LeaseTerms().heartbeat_s
    assert told_to_stop(await trainer.heartbeat()) == [training_id(UID, 1)]


async def test_what_is_held_anew_is_looked_at(trainer: Trainer) -> None:
    *most, last = trainer.holding
    await trainer.heartbeat(holding=most)
    await trainer.stop(split_training_id(last.training_id)[1])  # before its trainer has spoken of it
    assert not await trainer.heartbeat(holding=most)
    assert told_to_stop(await trainer.heartbeat(holding=[*most, last])) == [last.training_id]


async def test_a_look_that_fails_is_made_up_for(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    await trainer.heartbeat()
    await trainer.stop(3)
    with monkeypatch.context() as away:

        async def leased(_names: Sequence[str], _by: Speaker) -> dict[str, Training]:
            raise Unavailable("the store", "as the test wants it")

        away.setattr(trainer.world.sessions, "leased", leased)
        with pytest.raises(Unavailable):
            await trainer.heartbeat()
    assert told_to_stop(await trainer.heartbeat()) == [training_id(UID, 3)]


async def test_a_session_that_is_opened_anew_is_known_anew(trainer: Trainer) -> None:
    await trainer.heartbeat()
    trainer.epoch = await trainer.world.open("t", holding=trainer.holding)
    trainer.looked_at.clear()
    await trainer.heartbeat()
    assert sorted(trainer.looked_at) == sorted(item.training_id for item in trainer.holding)


async def test_who_comes_anew_has_nobody_forgotten_that_waits(trainer: Trainer) -> None:
    world = trainer.world
    waiting = asyncio.create_task(trainer.heartbeat(wait_s=60))
    await asyncio.sleep(0)
    epoch = await world.open("u")
    await world.heartbeats.answer("u", epoch, [], wait_s=0, draining=False)
    await trainer.stop(1)
    async with asyncio.timeout(SOON_S):
        assert told_to_stop(await waiting) == [training_id(UID, 1)]
