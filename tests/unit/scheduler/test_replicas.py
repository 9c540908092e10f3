"""Several schedulers on one store: who is beaten tries again, who dies is followed, nobody judges too early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.unit.scheduler.world import UID, ClockedStore, World, running, spec
from tunewright.core.errors import Conflict, Unavailable
from tunewright.platform.store.port import Insert, Query, Write
from tunewright_scheduler import asker as asking_module
from tunewright_scheduler import sweep as sweeping
from tunewright_scheduler.asker import Asker
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import ATTEMPTS, Changes, Contended
from tunewright_scheduler.controls import ControlRoom
from tunewright_scheduler.core.asking import ANSWER_DUE_S, StillAsked
from tunewright_scheduler.core.decide import StopRequested, Tick
from tunewright_scheduler.core.session import LeaseTerms
from tunewright_scheduler.elsewhere import Elsewhere
from tunewright_scheduler.sessions import Sessions
from tunewright_scheduler.sweep import Sweep


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    there = World(tmp_path)
    yield there
    await there.store.close()


def another(store: ClockedStore) -> tuple[Changes, Sessions]:
    changes = Changes(store, Bells())
    return changes, Sessions(store, changes, LeaseTerms())


class BeatenStore(ClockedStore):
    beaten = 0

    async def commit(self, writes: Sequence[Write]) -> None:
        if self.beaten:
            self.beaten -= 1
            raise Conflict("tuning_jobs", UID)
        await super().commit(writes)


async def test_an_ask_whose_asker_is_silent_is_asked_again_and_one_that_is_heard_of_is_not(world: World) -> None:
    await world.create(spec())
    world.asked.clear()
    for _ in range(5):
        world.store.clock += ANSWER_DUE_S - 1
        await world.changes.send(UID, StillAsked(0))
        await world.changes.send(UID, Tick())
    assert world.asked == []
    world.store.clock += ANSWER_DUE_S
    await world.changes.send(UID, StillAsked(7))
    await world.changes.send(UID, Tick())
    assert world.asked == [0]
    assert (await world.job()).due_at == world.store.clock + ANSWER_DUE_S


async def test_whoever_asks_says_so_until_it_is_answered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking_module, "SAY_SO_EVERY_S", 0.01)
    await world.create(spec())
    under_way, answer = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def suggest(_request: object, timeout: float) -> object:  # noqa: ASYNC109, ARG001 - as grpc's
        under_way.set()
        return await answer

    asker = Asker(world.changes, SimpleNamespace(unary_unary=lambda *_, **__: suggest))  # type: ignore[arg-type]
    asker.ask(UID, 0)
    asker.ask(UID, 0)
    await under_way.wait()
    due_at = (await world.job()).due_at
    world.store.clock += 100
    async with asyncio.timeout(5):
        while (await world.job()).due_at == due_at:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert (await world.job()).due_at == world.store.clock + ANSWER_DUE_S
    await asker.close()


async def test_a_change_that_is_beaten_now_and_then_gets_through(tmp_path: Path) -> None:
    store = BeatenStore(tmp_path / "store.db")
    drawn: list[float] = []
    changes = Changes(store, Bells(), lambda: drawn.append(0.0) or 0.0)
    world = World(tmp_path)
    await world.create(spec())
    store.beaten = ATTEMPTS
    with pytest.raises(Contended) as beaten:
        await changes.send(UID, StopRequested("by hand"))
    assert isinstance(beaten.value, Unavailable)
    drawn.clear()
    store.beaten = ATTEMPTS - 1
    assert (await changes.send(UID, StopRequested("by hand"))).state.final
    assert len(drawn) == ATTEMPTS - 1
    await world.store.close()
    await store.close()


async def test_a_job_that_is_fought_over_keeps_no_other_from_the_sweep(tmp_path: Path) -> None:
    class Fought(ClockedStore):
        async def commit(self, writes: Sequence[Write]) -> None:
            if any(write.key == "fought" for write in writes):
                raise Conflict("tuning_jobs", "fought")
            await super().commit(writes)

    world = World(tmp_path)
    await world.create(spec(), "fought")
    world.store.clock += 1
    await world.create(spec(name="other"))
    store = Fought(tmp_path / "store.db")
    store.clock = world.store.clock + ANSWER_DUE_S + 1
    changes = Changes(store, Bells(), lambda: 0.0)
    asked: list[tuple[str, int]] = []
    changes.on_ask = lambda uid, number: asked.append((uid, number))
    await Sweep(
        store, changes, Sessions(store, changes, LeaseTerms()), Elsewhere(store, changes, ControlRoom(store))
    ).sweep()
    assert asked == [(UID, 0)]
    await world.store.close()
    await store.close()


async def test_two_schedulers_end_one_session_together(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    assert len(await world.claim("t", epoch, "r", slots=2)) == 2
    _, sessions = another(world.store)
    world.store.clock += 100
    await asyncio.gather(world.sessions.lose_expired(), sessions.lose_expired())
    await asyncio.gather(world.sessions.lose_expired(), sessions.lose_expired())
    assert await world.store.get("sessions", "t") is None
    assert [item.losses for item in await world.trainings()] == [1, 1]


async def test_one_session_that_cannot_be_ended_keeps_none_of_the_others(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    for trainer in ("t", "u"):
        epoch = await world.open(trainer)
        assert await world.claim(trainer, epoch, trainer)
    world.store.clock += 100
    world.store.commits_to_failure, world.store.fails_before = 0, True
    await world.sessions.lose_expired()
    assert len(running(await world.trainings())) == 1


async def test_a_trainer_that_is_back_keeps_what_it_has_claimed_since(world: World) -> None:
    """The scheduler that ends its former session is slow."""
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    (first,) = await world.claim("t", epoch, "r")
    found = await world.sessions.current("t", epoch)
    fenced = await world.sessions._fenced(found)
    epoch = await world.open("t")
    (second,) = await world.claim("t", epoch, "r2")
    with pytest.raises(Conflict):
        await world.sessions._forget(fenced)
    assert [item.number for item in running(await world.trainings())] == [second.number]
    assert (await world.training(first.number)).losses == 1


async def test_after_a_long_time_without_the_store_trainers_are_heard_before_they_are_judged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "EVERY_S", 0.01)
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    await world.claim("t", epoch, "r")
    sweeper = asyncio.create_task(Sweep(world.store, world.changes, world.sessions, world.elsewhere).run())
    await asyncio.sleep(0.1)
    world.store.clock += 29
    await asyncio.sleep(0.1)
    world.store.clock += 100  # as after a laptop's sleep, or while the store was away
    await asyncio.sleep(0.1)
    assert running(await world.trainings())
    await world.heartbeats.answer("t", epoch, [], wait_s=0, draining=False)
    for _ in range(2):
        world.store.clock += 29
        await asyncio.sleep(0.1)
    assert not running(await world.trainings())
    sweeper.cancel()


async def test_a_store_that_is_away_at_the_start_does_not_end_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "EVERY_S", 0.01)
    await world.create(spec())
    world.asked.clear()
    world.store.reads_to_fail = 2
    await Sweep(world.store, world.changes, world.sessions, world.elsewhere).resume()
    assert world.asked == [0]


async def test_a_deleted_job_is_cleared_away_by_two_schedulers_at_once(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    await world.changes.send(UID, StopRequested("by hand"))

    async def delete(change: Change) -> None:
        change.job = replace(change.job, deleted=True, due_at=change.now)

    await world.changes.make(UID, delete)
    world.store.clock += 1
    changes, sessions = another(world.store)
    there = Elsewhere(world.store, changes, ControlRoom(world.store))
    sweeps = [
        Sweep(world.store, world.changes, world.sessions, world.elsewhere),
        Sweep(world.store, changes, sessions, there),
    ]
    for _ in range(6):
        await asyncio.gather(*(sweeper.sweep() for sweeper in sweeps))
    assert await world.store.get("tuning_jobs", UID) is None
    assert await world.trainings() == []


async def test_however_many_deleted_jobs_are_to_be_cleared_away_no_other_waits_for_them(world: World) -> None:
    await world.create(spec())
    found = await world.store.get("tuning_jobs", UID)
    assert found is not None
    gone = [
        Insert(
            "tuning_jobs", f"gone-{number}", {**found.document, "uid": f"gone-{number}", "deleted": True, "due_at": 1.0}
        )
        for number in range(sweeping.PAGE + 1)
    ]
    await world.store.commit(gone)
    world.asked.clear()
    world.store.clock += 2 * ANSWER_DUE_S
    sweep = Sweep(world.store, world.changes, world.sessions, world.elsewhere)
    await sweep.sweep()
    assert world.asked == [0]
    for _ in range(sweeping.PAGE // sweeping.AT_ONCE + 1):
        await sweep.sweep()
    left = await world.store.find(Query("tuning_jobs", "by_due", {"deleted": True}))
    assert left.items == []


async def test_answers_to_requests_are_forgotten_in_time(world: World) -> None:
    for number in range(300):
        kept = {"digest": b"", "expires_at": world.store.clock + number}
        await world.store.commit([Insert("requests", f"{number}", kept)])
    world.store.clock += 250
    await Sweep(world.store, world.changes, world.sessions, world.elsewhere).forget_requests()
    page = await world.store.find(Query("requests", "expiring", limit=1000))
    assert len(page.items) == 50


async def test_a_session_that_drains_is_granted_nothing_new_but_what_it_was_granted_before(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    before = await world.claim("t", epoch, "r")
    await world.heartbeats.answer("t", epoch, [], wait_s=0, draining=True)
    assert await world.claim("t", epoch, "r2") == []
    assert await world.claim("t", epoch, "r") == before
