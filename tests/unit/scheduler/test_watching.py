"""Who watches a job, or all jobs, is told of every change once, at a cost that does not grow with what has ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from tests.callers import anybody
from tests.unit.scheduler.world import UID, World, any_program, spec, with_limits
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.values import replace
from tunewright.platform.rpc.server import _caller
from tunewright.platform.store.port import Query
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import jobs_watch, servicer
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core.decide import StopRequested
from tunewright_scheduler.jobs_watch import JobsWatch
from tunewright_scheduler.positions import Position
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.tuning_jobs import TuningJobs
from tunewright_scheduler.view import MOST_AT_ONCE, View

SECOND = "fedcba9876543210"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    _caller.set(anybody("owner"))
    there = World(tmp_path)
    yield there
    await there.store.close()


def desk(world: World) -> Any:
    jobs = TuningJobs(world.store, world.changes, any_program, world.room)
    return TuningServicer(world.store, world.changes, world.bells, jobs, world.doctor)


async def two_in_flight(world: World) -> None:
    await world.create(spec())
    await world.answer_all()


async def in_columns(front: Any, page_size: int) -> tuple[dict[int, int], str]:
    """Walk through the columns; return the states by number, and where a watch goes on."""
    request = pb.ListTrainingColumnsRequest(job="job", page_size=page_size)
    states: dict[int, int] = {}
    position = ""
    while True:
        page = await front.ListTrainingColumns(request, None)
        states |= dict(zip(page.columns.numbers, page.columns.states, strict=True))
        position = position or page.position
        if not page.next_page_token:
            return states, position
        request.page_token = page.next_page_token


async def first_of(front: Any, **asked: object) -> pb.WatchTuningJobResponse:
    async with aclosing(front.WatchTuningJob(pb.WatchTuningJobRequest(job="job", **asked), None)) as watching:
        return await anext(watching)


async def test_what_ends_and_begins_between_a_list_and_the_watch_is_told_by_the_watch(world: World) -> None:
    await two_in_flight(world)
    front = desk(world)
    states, position = await in_columns(front, page_size=1)
    assert set(states) == {1, 2}
    await world.run_one(0.5)  # ends after the list …
    await world.answer_all()
    ended = await world.run_one(0.7)
    await world.answer_all()
    begun_and_ended = await world.run_one(0.9)  # … or was not in it at all
    await world.answer_all()
    told = await first_of(front, since=position)
    numbers = {training.number for training in told.trainings}
    job = await world.job()
    assert numbers == {1, 2} | set(range(3, job.started + 1))
    assert {ended.number, begun_and_ended.number} <= numbers
    without = await first_of(front)
    assert {training.number for training in without.trainings} == set(job.in_flight)


async def test_what_changes_while_the_list_is_walked_is_told_too(world: World) -> None:
    await two_in_flight(world)
    front = desk(world)
    first = await front.ListTrainingColumns(pb.ListTrainingColumnsRequest(job="job", page_size=1), None)
    await world.run_one(0.5)
    await world.answer_all()
    second = await front.ListTrainingColumns(
        pb.ListTrainingColumnsRequest(job="job", page_size=1, page_token=first.next_page_token), None
    )
    assert second.position == ""
    told = await first_of(front, since=first.position, in_columns=True)
    assert list(told.columns.numbers) == [1, 2, 3]
    assert not told.trainings


async def test_a_watch_goes_on_where_a_lost_one_was(world: World) -> None:
    await two_in_flight(world)
    front = desk(world)
    lost = await first_of(front)
    ended = await world.run_one(0.5)
    await world.changes.send(UID, StopRequested("enough"))
    told = await first_of(front, since=lost.position)
    states = {training.number: training.state for training in told.trainings}
    assert states[ended.number] == pb.TRAINING_STATE_COMPLETED
    assert set(states) == set(range(1, (await world.job()).started + 1))
    again = await first_of(front, since=told.position)  # all has ended, and was told
    assert again.job.state == pb.JOB_STATE_STOPPED
    assert not again.trainings


@pytest.mark.parametrize("since", ["nonsense", f"{SECOND}/1/", f"{UID}/99/", f"{UID}/1/1-", f"{UID}/1/1,", f"{UID}//"])
async def test_a_position_of_no_such_list_is_refused(world: World, since: str) -> None:
    await two_in_flight(world)
    with pytest.raises(InvalidSpec, match="position"):
        await first_of(desk(world), since=since)


async def test_a_position_of_a_huge_range_costs_no_more_than_the_job_has(world: World) -> None:
    await two_in_flight(world)
    position = Position.read(f"{UID}/2/1-999999999", await world.job())
    assert position.open == {1, 2}
    assert str(replace_open(position, {1, 2, 3, 7, 9, 10})) == f"{UID}/2/1-3,7,9-10"


def replace_open(position: Position, numbers: set[int]) -> Position:
    return Position(position.uid, position.started, frozenset(numbers))


async def test_a_look_reads_what_has_changed_and_nothing_that_has_ended(world: World) -> None:
    await two_in_flight(world)
    view = View(world.store)
    first, _ = await view.changed(await world.job())
    assert [stored.document["number"] for stored in first] == [1, 2]
    assert await view.changed(await world.job()) == ([], False)
    ended = await world.run_one(0.5)
    await world.answer_all()
    changed, _ = await view.changed(await world.job())
    assert {ended.number, 3} <= {stored.document["number"] for stored in changed}
    assert await view.changed(await world.job()) == ([], False)
    job = await world.job()
    assert Position.read(view.position(job), job).open == set(job.in_flight)


async def test_of_very_many_changes_each_message_tells_a_part(world: World) -> None:
    wanted = with_limits(spec(), max_parallel=MOST_AT_ONCE + 10, max_trainings=MOST_AT_ONCE + 10)
    await world.create(wanted)
    while world.asked:
        await world.answer_all()
    view, job = View(world.store), await world.job()
    assert job.started == MOST_AT_ONCE + 10
    first, more = await view.changed(job)
    assert (len(first), more) == (MOST_AT_ONCE, True)
    rest, more = await view.changed(job)
    assert ([stored.document["number"] for stored in rest], more) == (
        list(range(MOST_AT_ONCE + 1, MOST_AT_ONCE + 11)), False
    )  # fmt: skip


async def test_columns_say_what_the_trainings_themselves_say(world: World) -> None:
    await two_in_flight(world)
    world.store.clock += 1
    await world.run_one(0.7)
    await world.answer_all()
    await world.run_one(None, code=2)
    await world.answer_all()
    epoch = await world.open("u")
    (running,) = await world.claim("u", epoch, "mine")
    await world.sessions.lose(running)
    front = desk(world)
    columns = (await front.ListTrainingColumns(pb.ListTrainingColumnsRequest(job="job"), None)).columns
    whole = (await front.ListTrainingJobs(pb.ListTrainingJobsRequest(job="job"), None)).trainings
    assert list(columns.numbers) == [item.number for item in whole]
    assert list(columns.names) == [item.name for item in whole]
    assert list(columns.states) == [item.state for item in whole]
    assert list(columns.objective_states) == [item.objective_state for item in whole]
    assert [columns.texts[place] for place in columns.statuses] == [item.status for item in whole]
    assert [columns.texts[place] for place in columns.sources] == [item.provenance.source for item in whole]
    assert [columns.texts[place] for place in columns.trainers] == ["t", "t", "u", ""]
    assert list(columns.attempts) == [item.attempt for item in whole]
    assert columns.objective_values[0] == 0.7
    for times, field in (
        (columns.created_at, "created_at"), (columns.started_at, "started_at"), (columns.ended_at, "ended_at")
    ):  # fmt: skip
        stamps = [getattr(item, field).ToNanoseconds() / 1e9 if item.HasField(field) else None for item in whole]
        assert [None if time != time else time for time in times] == stamps  # noqa: PLR0124 - NaN
    (taken,) = columns.earlier_attempts
    assert (taken.number, taken.attempt.trainer_id) == (running.number, "u")
    learning_rate = next(column for column in columns.parameters if column.name == "lr")
    batch = next(column for column in columns.parameters if column.name == "batch")
    epochs = next(column for column in columns.parameters if column.name == "epochs")
    assert list(learning_rate.numbers) == [item.configuration["lr"].float_value for item in whole]
    assert [columns.texts[place] for place in batch.texts] == ["32"] * len(whole)
    assert (learning_rate.integer, epochs.integer, list(batch.numbers)) == (False, True, [])


# -- All jobs --------------------------------------------------------------------------------------------------------


@pytest.fixture
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_watch, "GATHER_S", 0.0)
    monkeypatch.setattr(jobs_watch, "AGAIN_S", 0.05)


async def told_of(watching: AsyncIterator[pb.WatchTuningJobsResponse], uid: str) -> pb.WatchTuningJobsResponse:
    """Return the first message that has this job in it."""
    async with asyncio.timeout(20):
        async for message in watching:
            if uid in {*(job.uid for job in message.jobs), *message.deleted}:
                return message
    raise AssertionError("the stream has ended")


@pytest.mark.usefixtures("prompt")
async def test_after_an_empty_first_message_each_change_of_any_job_is_told(world: World) -> None:
    await two_in_flight(world)
    async with aclosing(desk(world).WatchTuningJobs(pb.WatchTuningJobsRequest(), None)) as watching:
        assert await anext(watching) == pb.WatchTuningJobsResponse()
        await world.create(spec(name="another"), uid=SECOND)
        (job,) = (await told_of(watching, SECOND)).jobs
        assert job.spec.name == "another"
        await world.run_one(0.5)
        (job,) = (await told_of(watching, UID)).jobs
        while not job.HasField("best"):
            (job,) = (await told_of(watching, UID)).jobs
        assert job.best.objective_value == 0.5


@pytest.mark.usefixtures("prompt")
async def test_what_another_scheduler_changes_is_told_without_its_bell_and_a_deletion_by_its_uid(world: World) -> None:
    await two_in_flight(world)
    await world.changes.send(UID, StopRequested("enough"))
    elsewhere = TuningJobs(world.store, Changes(world.store, Bells()), any_program, world.room)
    async with aclosing(desk(world).WatchTuningJobs(pb.WatchTuningJobsRequest(), None)) as watching:
        await anext(watching)
        world.store.clock += 1
        await elsewhere.delete("owner", "job")
        message = await told_of(watching, UID)
        assert (list(message.deleted), list(message.jobs)) == ([UID], [])


@pytest.mark.usefixtures("prompt")
async def test_nobody_is_told_of_anothers_jobs_or_of_what_stands_for_a_training(world: World) -> None:
    front = desk(world)
    async with aclosing(front.WatchTuningJobs(pb.WatchTuningJobsRequest(), None)) as watching:
        await anext(watching)
        await world.create(spec(name="theirs"), uid="theirs", owner="somebody")
        await world.create(spec(name="mine"), uid=SECOND)
        assert [job.uid for job in (await told_of(watching, SECOND)).jobs] == [SECOND]


class CountingStore:
    """Counts the looks at what has changed."""

    def __init__(self, world: World) -> None:
        self._store = world.store
        self.finds = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def find(self, query: Query) -> Any:
        self.finds += 1
        return await self._store.find(query)


@pytest.mark.usefixtures("prompt")
async def test_watchers_of_one_owner_share_their_looks(world: World) -> None:
    await two_in_flight(world)
    store: Any = CountingStore(world)
    watch = JobsWatch(store, world.changes, world.bells)
    streams = [watch.follow("owner") for _ in range(50)]
    assert await asyncio.gather(*(anext(stream) for stream in streams)) == [{}] * 50
    assert store.finds <= 2  # one may have been under way when the others came
    before = store.finds
    await world.run_one(0.5)
    for told in await asyncio.gather(*(anext(stream) for stream in streams)):
        assert told[UID].best.objective_value == 0.5
    assert store.finds - before <= 5
    for stream in streams:
        await stream.aclose()


@pytest.mark.usefixtures("prompt")
async def test_a_late_commit_is_told_though_others_were_decided_after_it(world: World) -> None:
    await two_in_flight(world)
    await world.create(spec(name="another"), uid=SECOND)
    watch = JobsWatch(world.store, world.changes, world.bells)
    async with aclosing(watch.follow("owner")) as stream:
        await anext(stream)
        decided_at = world.store.clock

        async def late(change: Change) -> None:
            change.job = replace(change.job, reason="late", modified_at=decided_at)

        world.store.clock += 4
        await world.changes.send(SECOND, StopRequested("enough"))
        assert SECOND in await anext(stream)
        await world.changes.make(UID, late)
        assert (await anext(stream))[UID].reason == "late"


async def test_the_watch_of_a_deleted_job_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servicer, "WATCH_GATHER_S", 0.0)
    await two_in_flight(world)
    front = desk(world)
    async with aclosing(front.WatchTuningJob(pb.WatchTuningJobRequest(job="job"), None)) as watching:
        await anext(watching)

        async def delete(change: Change) -> None:
            change.job = replace(change.job, deleted=True)

        await world.changes.make(UID, delete)
        with pytest.raises(NotFound, match="tuning job"):
            await anext(watching)


# -- Lists of jobs ---------------------------------------------------------------------------------------------------


async def test_jobs_are_listed_by_their_last_change_with_their_best(world: World) -> None:
    await two_in_flight(world)
    world.store.clock += 1
    await world.create(spec(name="another"), uid=SECOND)
    order = pb.TUNING_JOB_ORDER_MODIFIED_AT
    front = desk(world)

    async def listed(**asked: object) -> list[pb.TuningJob]:
        request = pb.ListTuningJobsRequest(order=order, page_size=1, descending=True, **asked)  # type: ignore[arg-type]
        found: list[pb.TuningJob] = []
        while True:
            page = await front.ListTuningJobs(request, None)
            found += page.jobs
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    assert [job.uid for job in await listed()] == [SECOND, UID]
    world.store.clock += 1
    await world.run_one(0.5)
    changed, other = await listed(with_best=True)
    assert (changed.uid, changed.best.objective_value) == (UID, 0.5)
    assert not other.HasField("best")
    assert not (await listed())[0].HasField("best")
    assert [job.uid for job in await listed(modified_after=changed.modified_at)] == [UID]
    assert await listed(state_equals="Completed") == []
