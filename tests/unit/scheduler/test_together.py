"""What waits together is committed together: steps of one job, claims of one pool."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.scheduler.world import UID, World, spec
from tunewright.core.access import OWNER
from tunewright.core.errors import IllegalTransition, Unavailable
from tunewright.core.phases import Phase
from tunewright.core.spec import Limits
from tunewright.core.states import EndCause, TrainingState
from tunewright.events.v1 import results_pb2
from tunewright.platform.store.port import Insert, Page, Put, Query, Remove, Write
from tunewright_scheduler import records
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import TOGETHER, Changes
from tunewright_scheduler.core.decide import Park
from tunewright_scheduler.core.facts import TuningJobDeleted
from tunewright_scheduler.core.orders import Holding
from tunewright_scheduler.core.phases import Told
from tunewright_scheduler.core.session import Speaker
from tunewright_scheduler.core.training import Exit
from tunewright_scheduler.results import Results
from tunewright_scheduler.sweep import AT_ONCE, Sweep


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    await world.create(spec(limits=Limits(max_parallel=4, max_trainings=8)))
    await world.answer_all()
    yield world
    await world.store.close()


def count_commits(world: World) -> list[int]:
    """Note how many writes each commit has from now on."""
    sizes: list[int] = []
    commit = world.store.commit

    async def counted(writes: Sequence[Write]) -> None:
        sizes.append(len(writes))
        await commit(writes)

    world.store.commit = counted  # type: ignore[method-assign]
    return sizes


async def test_trainings_that_are_due_at_once_cost_two_commits(world: World) -> None:
    """The job itself is due too: its open ask."""
    world.store.clock += 61
    sizes = count_commits(world)
    await Sweep(world.store, world.changes, world.sessions, world.elsewhere).sweep()
    assert len(sizes) <= 2
    assert all("no trainer" in training.reason for training in await world.trainings())


async def test_all_open_asks_are_made_again_though_one_job_cannot_be_read(world: World) -> None:
    uids = [f"{number:016x}" for number in range(1, 2 * AT_ONCE)]
    for uid in uids:
        await world.create(spec(name=f"job{uid}"), uid)
    broken = uids[AT_ONCE // 2]
    await world.store.commit([Remove("specs", records.spec_key(broken, 1))])
    asked: list[str] = []
    started_again = Changes(world.store, Bells())
    started_again.on_ask = lambda uid, _number: asked.append(uid)
    await Sweep(world.store, started_again, world.sessions, world.elsewhere).resume()
    assert sorted(asked) == sorted(set(uids) - {broken})


async def test_ends_that_come_at_once_cost_two_commits_and_lose_nothing(world: World) -> None:
    epoch = await world.open("t")
    claimed = await world.claim("t", epoch, "r", slots=4)
    sizes, now = count_commits(world), world.store.clock
    exits = [
        world.sessions.exited(
            Speaker("t", epoch, OWNER), (f"{UID}/{one.number:06d}", 1), Exit(EndCause.EXITED, 0, "", now, now, "")
        )
        for one in claimed
    ]
    await asyncio.gather(*exits)
    assert len(sizes) <= 2
    job = await world.job()
    assert sorted(waiting.number for waiting in job.awaiting) == [1, 2, 3, 4]
    assert len(job.slots) == 4
    assert job.started == 8


async def test_a_step_that_fails_leaves_no_trace_in_what_the_others_do(world: World) -> None:
    async def failing(change: Change) -> None:
        await change.apply(Park("half done"))
        change.facts.append(TuningJobDeleted(UID, "job", change.now))
        change.writes.append(Insert("requests", "left-behind", {}))
        raise IllegalTransition("this", "so", "be done")

    async def working(change: Change) -> None:
        change.writes.append(Insert("requests", f"done-{len(change.writes)}", {}))

    outcomes = await asyncio.gather(
        *(world.changes.make(UID, step) for step in (working, failing, working)), return_exceptions=True
    )
    assert isinstance(outcomes[1], IllegalTransition)
    assert (await world.job()).reason == ""
    assert await world.store.get("requests", "left-behind") is None
    assert await world.store.get("requests", "done-0") is not None
    page = await world.store.find(Query("outbox", "unsent", limit=100))
    told = [record["headers"]["ce_type"] for item in page.items for record in item.document["records"]]
    assert b"tunewright.events.v1.TuningJobDeleted" not in told


async def test_one_that_can_never_be_committed_keeps_none_of_the_others(world: World) -> None:
    await world.store.commit([Insert("requests", "taken", {})])

    def writing(key: str):
        async def step(change: Change) -> None:
            change.writes.append(Insert("requests", key, {}))

        return step

    outcomes = await asyncio.gather(
        *(world.changes.make(UID, writing(key)) for key in ("a", "taken", "b")), return_exceptions=True
    )
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, False]
    assert isinstance(outcomes[1], Unavailable)
    assert set(await world.store.get_many("requests", ["a", "b"])) == {"a", "b"}


async def test_a_caller_that_goes_takes_no_other_with_it(world: World) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_change: Change) -> None:
        begun.set()
        await go_on.wait()

    async def quick(change: Change) -> None:
        change.writes.append(Insert("requests", "quick", {}))

    leading = asyncio.create_task(world.changes.make(UID, slow))
    following = asyncio.create_task(world.changes.make(UID, quick))
    await begun.wait()
    leading.cancel()
    go_on.set()
    async with asyncio.timeout(5):
        await following
    assert await world.store.get("requests", "quick") is not None


async def test_who_comes_behind_more_than_share_a_commit_is_served_though_all_those_have_gone(world: World) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_change: Change) -> None:
        begun.set()
        await go_on.wait()

    async def last(change: Change) -> None:
        change.writes.append(Insert("requests", "last", {}))

    async def nothing(_change: Change) -> None: ...

    leading = asyncio.create_task(world.changes.make(UID, slow))
    await begun.wait()
    gone = [asyncio.create_task(world.changes.make(UID, nothing)) for _ in range(TOGETHER)]
    behind = asyncio.create_task(world.changes.make(UID, last))
    await asyncio.sleep(0)
    for one in gone:
        one.cancel()
    go_on.set()
    async with asyncio.timeout(5):
        await asyncio.gather(leading, behind)
    assert await world.store.get("requests", "last") is not None


async def test_a_job_whose_record_is_broken_keeps_none_of_the_others_from_going_on(world: World) -> None:
    broken = "f" * 16
    await world.create(spec(name="broken"), broken)
    stored = await world.store.get("tuning_jobs", broken)
    assert stored is not None
    await world.store.commit([Put("tuning_jobs", broken, stored.document | {"slots": "none", "due_at": 0.0})])
    world.store.clock += 61
    await Sweep(world.store, world.changes, world.sessions, world.elsewhere).sweep()
    assert all("61 s" in training.reason for training in await world.trainings())
    await Results(world.changes).take(results_pb2.ResendRequested(uid=broken, number=1, attempt=1))


async def test_claims_that_wait_are_served_in_one_commit(world: World) -> None:
    epochs = {name: await world.open(name) for name in ("a", "b", "c")}
    sizes = count_commits(world)
    claimed = await asyncio.gather(
        *(world.claims.claim(name, epoch, name, slots=1, wait_s=5) for name, epoch in epochs.items())
    )
    assert sorted(one.number for (one,) in claimed) == [1, 2, 3]
    assert {one.holder for (one,) in claimed} == {"a", "b", "c"}
    assert len(sizes) <= 2


async def test_a_claim_under_a_session_that_is_no_more_is_refused_and_the_others_served(world: World) -> None:
    lost, epoch = await world.open("lost"), await world.open("t")
    await world.open("lost")
    refused, (served,) = await asyncio.gather(
        world.claims.claim("lost", lost, "r", slots=2, wait_s=5),
        world.claims.claim("t", epoch, "r", slots=1, wait_s=5),
        return_exceptions=True,
    )
    assert isinstance(refused, IllegalTransition)
    assert served.holder == "t"


async def test_all_who_shared_a_commit_whose_answer_was_lost_ask_again_and_are_given_the_same(world: World) -> None:
    epochs = {name: await world.open(name) for name in ("a", "b", "c")}
    world.store.commits_to_failure = 0
    claims = [
        asyncio.create_task(world.claims.claim(name, epoch, name, slots=1, wait_s=5)) for name, epoch in epochs.items()
    ]
    outcomes = await asyncio.gather(*claims, return_exceptions=True)
    held = {training.holder: training for training in await world.trainings() if training.holder}
    for (name, epoch), outcome in zip(epochs.items(), outcomes, strict=True):
        if isinstance(outcome, Unavailable):
            outcome = await world.claims.claim(name, epoch, name, slots=1, wait_s=5, again=True)
        assert [one.number for one in outcome] == [held[name].number if name in held else outcome[0].number]
    running = [training for training in await world.trainings() if training.state is TrainingState.RUNNING]
    assert len(running) == 3
    assert any(isinstance(outcome, Unavailable) for outcome in outcomes)


async def test_a_grant_that_never_reached_its_trainer_is_taken_back(world: World) -> None:
    epoch = await world.open("t")
    heard, unheard = await world.claim("t", epoch, "r", slots=2)
    holding = [Holding(f"{UID}/{heard.number:06d}", 1)]
    for _ in range(7):
        world.store.clock += 11
        await world.heartbeats.answer("t", epoch, holding, wait_s=0, draining=False)
    assert (await world.training(heard.number)).state is TrainingState.RUNNING
    taken_back = await world.training(unheard.number)
    assert (taken_back.state, taken_back.losses) == (TrainingState.READY, 1)


async def test_heartbeats_that_tell_much_look_at_all_that_runs_only_from_time_to_time(world: World) -> None:
    """What runs is told several times a second when much of it ends at once; each look costs as much as there is."""
    epoch = await world.open("t")
    (held,) = await world.claim("t", epoch, "r", slots=1)
    looks = 0
    find = world.store.find

    async def counted(query: Query) -> Page:
        nonlocal looks
        looks += query.index == "by_holder"
        return await find(query)

    world.store.find = counted  # type: ignore[method-assign]
    holding = Holding(f"{UID}/{held.number:06d}", 1)
    for second in range(30):
        world.store.clock += 1.1
        told = (Told(holding.training_id, 1, (Phase(f"at {second}", world.store.clock),)),)
        await world.heartbeats.answer("t", epoch, [holding], wait_s=0, draining=False, told=told)
    assert looks == 30 // 5
