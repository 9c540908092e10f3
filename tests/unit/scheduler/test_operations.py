"""What a person decides in place of the system holds, may be decided twice, and breaks no count."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.callers import anybody
from tests.unit.scheduler.world import UID, World, any_program, running, spec, with_limits
from tunewright.core.errors import IllegalTransition, InvalidSpec, QuotaExceeded, Unavailable
from tunewright.core.spec import Limits, Strategy
from tunewright.core.states import JobState, ObjectiveState, TrainingState
from tunewright.platform.rpc.server import _caller
from tunewright.platform.store.port import Insert
from tunewright.v1 import operations_service_pb2 as pb
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.claims import Claims
from tunewright_scheduler.controls import COLLECTION, TURN, ControlRoom
from tunewright_scheduler.core.controls import Controls, Quota, checked
from tunewright_scheduler.core.decide import Park, StopRequested
from tunewright_scheduler.core.ending import MAX_LOSSES
from tunewright_scheduler.core.orders import Holding
from tunewright_scheduler.core.session import LeaseTerms
from tunewright_scheduler.operations import Operations
from tunewright_scheduler.operations_servicer import OperationsServicer
from tunewright_scheduler.purging import Purging
from tunewright_scheduler.records import training_key
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.sessions import Sessions
from tunewright_scheduler.sweep import Sweep
from tunewright_scheduler.tuning_jobs import TuningJobs


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    there = World(tmp_path)
    yield there
    await there.store.close()


@pytest.fixture
def operations(world: World) -> Operations:
    return Operations(world.changes)


@pytest.fixture
def front(world: World, operations: Operations) -> OperationsServicer:
    _caller.set(anybody("owner"))
    jobs = TuningJobs(world.store, world.changes, any_program, world.room)
    tuning = TuningServicer(world.store, world.changes, world.bells, jobs, world.doctor)
    return OperationsServicer(tuning, jobs, world.room, world.doctor, operations, Purging(world.store, jobs))


async def begin(world: World, **limits: object) -> None:
    await world.create(with_limits(spec(), **limits))
    await world.answer_all()


# -- Starts and cordons -----------------------------------------------------------------------------------------------


async def test_while_starts_are_paused_nothing_is_claimed_and_what_runs_goes_on(world: World) -> None:
    await begin(world)
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    await world.room.pause_starts("new disks")
    await world.room.pause_starts("new disks, still")
    assert await world.claim("t", epoch, "s") == []
    held = [Holding(training_key(claimed), 1)]
    assert not await world.heartbeats.answer("t", epoch, held, wait_s=0, draining=False)
    await world.exit(claimed)
    await world.summarize(claimed, 0.5)
    assert (await world.job()).best is not None
    await world.room.resume_starts()
    await world.room.resume_starts()
    assert len(await world.claim("t", epoch, "s")) == 1


async def test_the_list_of_trainers_says_who_is_there_and_since_when_starts_are_paused(
    world: World, front: OperationsServicer
) -> None:
    async def listed() -> pb.ListTrainersResponse:
        return await front.ListTrainers(pb.ListTrainersRequest(), None)  # type: ignore[arg-type]

    await world.open("here")
    await world.room.cordon("away", "bad memory")
    found = await listed()
    assert [(one.trainer_id, one.HasField("opened_at")) for one in found.trainers] == [("here", True), ("away", False)]
    assert not found.HasField("starts_paused")
    await front.PauseStarts(pb.PauseStartsRequest(reason="new disks"), None)  # type: ignore[arg-type]
    paused = (await listed()).starts_paused
    assert (paused.reason, paused.since.ToMicroseconds() / 1e6) == ("new disks", pytest.approx(world.store.clock))
    await front.ResumeStarts(pb.ResumeStartsRequest(), None)  # type: ignore[arg-type]
    assert not (await listed()).HasField("starts_paused")


async def test_a_cordon_holds_over_a_restart_of_its_trainer_and_leaves_the_others_alone(world: World) -> None:
    await begin(world)
    await world.room.cordon("t", "bad memory")
    await world.open("t")
    assert await world.claim("t", await world.open("t"), "r", 2) == []
    assert len(await world.claim("u", await world.open("u"), "r")) == 1
    await world.room.uncordon("t")
    assert len(await world.claim("t", await world.open("t"), "s")) == 1


async def test_what_was_granted_is_granted_again_to_a_trainer_that_has_been_cordoned_meanwhile(world: World) -> None:
    await begin(world)
    epoch = await world.open("t")
    before = await world.claim("t", epoch, "r")
    await world.room.cordon("t", "")
    assert await world.claim("t", epoch, "r") == before


async def test_an_order_given_again_stands_since_the_first_time(world: World) -> None:
    await world.room.cordon("t", "one")
    since = world.store.clock
    world.store.clock += 50
    await world.room.cordon("t", "another")
    order = (await world.room.now()).cordons["t"]
    assert (order.reason, order.since) == ("another", since)


# -- Release ----------------------------------------------------------------------------------------------------------


async def test_a_released_training_runs_again_and_no_loss_is_counted(world: World, operations: Operations) -> None:
    await begin(world)
    for turn in range(MAX_LOSSES + 1):
        trainer = f"t{turn}"
        epoch = await world.open(trainer)
        (claimed,) = await world.claim(trainer, epoch, "r")
        assert (claimed.number, claimed.attempt) == (1, turn + 1)
        world.store.clock += 10
        await operations.release(claimed, "it hangs")
        await operations.release(claimed, "it hangs")
        orders = await world.heartbeats.answer(
            trainer, epoch, [Holding(training_key(claimed), claimed.attempt)], wait_s=0, draining=False
        )
        assert orders.abandon == ((training_key(claimed), claimed.attempt),)
    released = await world.training(1)
    assert (released.state, released.losses, released.ran_s) == (TrainingState.READY, 0, 10.0 * (MAX_LOSSES + 1))
    assert "by an operator: it hangs" in released.reason
    assert (await world.job()).slots == (1, 2)


async def test_what_a_released_attempt_says_later_changes_nothing(world: World, operations: Operations) -> None:
    await begin(world)
    (claimed,) = await world.claim("t", await world.open("t"), "r")
    await operations.release(claimed, "")
    with pytest.raises(IllegalTransition, match="Abandon it"):
        await world.exit(claimed)
    assert (await world.training(1)).state is TrainingState.READY


async def test_a_training_whose_process_has_ended_cannot_be_released(world: World, operations: Operations) -> None:
    await begin(world)
    (claimed,) = await world.claim("t", await world.open("t"), "r")
    await world.exit(claimed)
    with pytest.raises(IllegalTransition, match="settle it"):
        await operations.release(claimed, "")


async def test_a_released_training_that_was_to_stop_has_stopped(world: World, operations: Operations) -> None:
    await begin(world)
    (claimed,) = await world.claim("t", await world.open("t"), "r")
    await world.changes.send(UID, StopRequested("stopped by its user"))
    await operations.release(claimed, "")
    assert (await world.training(1)).state is TrainingState.STOPPED
    assert (await world.job()).state is JobState.STOPPED


# -- Settling by hand -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reached", [TrainingState.READY, TrainingState.RUNNING, TrainingState.EXITED])
async def test_a_training_is_settled_wherever_it_is_and_counts(
    world: World, operations: Operations, reached: TrainingState
) -> None:
    await begin(world)
    training, epoch = await world.training(1), await world.open("t")
    if reached is not TrainingState.READY:
        (training,) = await world.claim("t", epoch, "r")
    if reached is TrainingState.EXITED:
        await world.exit(training)
    for _ in range(2):
        await operations.settle(training, TrainingState.COMPLETED, 0.75, "read from its log")
    ended, job = await world.training(1), await world.job()
    assert (ended.state, ended.objective_value) == (TrainingState.COMPLETED, 0.75)
    assert ended.reason == "settled by hand: read from its log"
    assert (job.trainings.completed, job.objectives.succeeded, job.observations) == (1, 1, 1)
    assert job.best is not None
    assert job.best.value == 0.75
    if reached is TrainingState.RUNNING:
        held = [Holding(training_key(training), training.attempt)]
        orders = await world.heartbeats.answer("t", epoch, held, wait_s=0, draining=False)
        assert orders.settled == (((training_key(training), 1), False),), "the trainer stops and forgets it"


async def test_without_a_value_what_metrics_has_read_counts(world: World, operations: Operations) -> None:
    await begin(world)
    (claimed,) = await world.claim("t", await world.open("t"), "r")
    await world.summarize(claimed, 0.25)
    await operations.settle(claimed, TrainingState.STOPPED, None, "")
    ended = await world.training(1)
    assert (ended.objective_state, ended.objective_value) == (ObjectiveState.SUCCEEDED, 0.25)


async def test_what_has_ended_otherwise_is_not_settled(world: World, operations: Operations) -> None:
    await begin(world)
    ended = await world.run_one(0.5)
    with pytest.raises(IllegalTransition, match="already COMPLETED"):
        await operations.settle(ended, TrainingState.COMPLETED, 0.9, "better")
    assert (await world.training(ended.number)).objective_value == 0.5


@pytest.mark.parametrize(
    ("state", "value", "field"),
    [
        (TrainingState.RUNNING, None, "state"),
        (TrainingState.COMPLETED, float("nan"), "objective_value"),
        (TrainingState.FAILED, 0.5, "objective_value"),
    ],
)
async def test_what_is_no_end_is_refused_with_its_field(
    world: World, operations: Operations, state: TrainingState, value: float | None, field: str
) -> None:
    await begin(world)
    with pytest.raises(InvalidSpec) as refused:
        await operations.settle(await world.training(1), state, value, "")
    assert refused.value.field == field
    assert refused.value.remedy


# -- Parked jobs ------------------------------------------------------------------------------------------------------


async def test_a_parked_job_counts_what_ends_and_goes_on_where_it_was(world: World, operations: Operations) -> None:
    await begin(world)
    epoch = await world.open("t")
    one, other = await world.claim("t", epoch, "r", 2)
    await world.changes.send(UID, Park("reading a result failed"))
    await world.exit(one)
    await world.summarize(one, 0.5)
    await world.exit(other)
    parked = await world.job()
    assert (parked.state, parked.trainings.completed, parked.observations) == (JobState.BLOCKED, 1, 1)
    assert parked.best is not None
    world.asked.clear()
    for _ in range(2):
        await operations.unpark(UID)
    job = await world.job()
    assert (job.state, job.reason, job.blocked_in) == (JobState.RUNNING, "", None)
    assert len(job.slots) == 2, "it starts what there is room for"
    again = (await world.training(other.number)).resend
    assert again is not None
    assert again.from_line == -1, "the summary that it was parked over comes again"


async def test_a_model_s_ask_that_was_open_is_asked_again(world: World, operations: Operations) -> None:
    await world.create(spec(strategy=Strategy.BAYESIAN))
    assert world.asked == [0]
    await world.changes.send(UID, Park("asking for configurations failed"))
    world.store.clock += 1000
    await operations.unpark(UID)
    assert world.asked == [0, 1]
    await world.answer(1, 2)
    assert (await world.job()).started == 2


async def test_a_job_that_was_parked_while_it_ended_ends_for_the_reason_that_it_had(
    world: World, operations: Operations
) -> None:
    await begin(world)
    (claimed, _) = await world.claim("t", await world.open("t"), "r", 2)
    await world.changes.send(UID, StopRequested("stopped by its user"))
    await world.changes.send(UID, Park("a fault"))
    await operations.unpark(UID)
    assert (await world.job()).state is JobState.STOPPING
    for number in (1, 2):
        await operations.settle(await world.training(number), TrainingState.STOPPED, None, "")
    job = await world.job()
    assert (job.state, job.reason) == (JobState.STOPPED, "stopped by its user")
    with pytest.raises(IllegalTransition, match="already Stopped"):
        await operations.unpark(UID)
    assert claimed.number == 1


# -- Quotas -----------------------------------------------------------------------------------------------------------


async def test_more_jobs_than_the_quota_are_refused_until_one_has_ended(world: World) -> None:
    jobs = TuningJobs(world.store, world.changes, any_program, world.room)
    await world.room.set_quota(Quota("", max_jobs=1))
    first = await jobs.create("alice", spec(name="one"))
    with pytest.raises(QuotaExceeded, match="alice"):
        await jobs.create("alice", spec(name="two"))
    await jobs.create("bob", spec(name="two"))
    await world.changes.send(first, StopRequested("enough"))
    await jobs.create("alice", spec(name="two"))


async def test_of_two_creates_at_once_the_quota_lets_in_one(world: World) -> None:
    await world.room.set_quota(Quota("alice", max_jobs=3))
    replicas = [
        TuningJobs(world.store, Changes(world.store, Bells()), any_program, ControlRoom(world.store)) for _ in range(8)
    ]
    made = await asyncio.gather(
        *(jobs.create("alice", spec(name=f"job{index}")) for index, jobs in enumerate(replicas)), return_exceptions=True
    )
    assert sum(isinstance(one, str) for one in made) == 3
    assert all(isinstance(one, str | QuotaExceeded) for one in made)


async def test_no_more_trainings_run_than_the_quota_and_nobody_behind_is_starved(world: World) -> None:
    wanted = spec(limits=Limits(max_parallel=8, max_trainings=8))
    await world.create(wanted)
    await world.answer(world.asked.pop(), 8)
    await world.create(replace(wanted, name="other"), "fedcba9876543210", "bob")
    await world.answer(0, 8, uid="fedcba9876543210")
    await world.room.set_quota(Quota("owner", max_parallel=2))
    epoch = await world.open("t")
    claimed = await world.claim("t", epoch, "r", 6)
    assert Counter(training.owner for training in claimed) == {"owner": 2, "bob": 4}
    await world.exit(next(training for training in claimed if training.owner == "owner"))
    rest = await world.claim("t", epoch, "s", 8)
    assert Counter(training.owner for training in rest) == {"owner": 1, "bob": 4}


async def test_a_long_queue_of_one_at_its_quota_is_looked_through_in_steps(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunewright_scheduler.quotas.PAGE", 2)
    monkeypatch.setattr("tunewright_scheduler.quotas.PAGES", 2)
    await world.create(spec(limits=Limits(max_parallel=20, max_trainings=20)))
    await world.answer(world.asked.pop(), 20)
    await world.create(spec(name="other"), "fedcba9876543210", "bob")
    await world.answer(0, 2, uid="fedcba9876543210")
    await world.room.set_quota(Quota("owner", max_parallel=1))
    epoch = await world.open("t")
    await world.claim("t", epoch, "r", 1)
    claimed = await world.claims.claim("t", epoch, "s", slots=2, wait_s=1.0)
    assert {training.owner for training in claimed} == {"bob"}


async def test_schedulers_that_grant_at_once_keep_the_quota_together(world: World) -> None:
    await world.create(spec(limits=Limits(max_parallel=12, max_trainings=12)))
    await world.answer(world.asked.pop(), 12)
    await world.room.set_quota(Quota("owner", max_parallel=4))
    claims = []
    for index in range(6):
        changes = Changes(world.store, Bells())
        sessions = Sessions(world.store, changes, LeaseTerms())
        epoch = await world.open(f"t{index}")
        claims.append(
            Claims(world.store, changes, sessions, ControlRoom(world.store), world.needs).claim(
                f"t{index}", epoch, "r", slots=2, wait_s=0
            )
        )
    await asyncio.gather(*claims)
    assert len(running(await world.trainings())) == 4


async def test_without_a_quota_nothing_is_written_for_the_owner(world: World) -> None:
    await begin(world)
    await world.claim("t", await world.open("t"), "r")
    assert await world.store.get(COLLECTION, TURN + "owner") is None


async def test_a_quota_that_is_taken_back_no_longer_holds(world: World) -> None:
    await begin(world)
    await world.room.set_quota(Quota("owner", max_parallel=1))
    epoch = await world.open("t")
    assert len(await world.claim("t", epoch, "r", 2)) == 1
    await world.room.set_quota(Quota("owner"))
    assert len(await world.claim("t", epoch, "s", 2)) == 1
    assert (await world.room.now()).quotas == {}


@pytest.mark.parametrize("quota", [Quota("a", max_jobs=-1), Quota("a", max_parallel=0)])
def test_a_quota_that_makes_no_sense_is_refused(quota: Quota) -> None:
    with pytest.raises(InvalidSpec, match=r"quota\.max_"):
        checked(quota)


# -- Summaries while nobody reads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("behind_s", [None, 700.0], ids=["no collector is heard", "it is behind"])
async def test_a_summary_is_waited_for_as_long_as_nobody_has_read_so_far(world: World, behind_s: float | None) -> None:
    await begin(world)
    (claimed,) = await world.claim("t", await world.open("t"), "r")
    await world.exit(claimed)
    sweep = Sweep(world.store, world.changes, world.sessions, world.elsewhere)
    for _ in range(20):
        world.store.clock += 100
        if behind_s is not None:
            behind_s += 100
            await world.collector_reads(behind_s)
        await sweep.sweep()
    assert (await world.training(1)).state is TrainingState.EXITED
    await world.summarize(claimed, 0.5)
    assert (await world.training(1)).objective_value == 0.5


async def test_when_a_collector_has_read_it_all_and_says_nothing_the_output_is_lost(world: World) -> None:
    await begin(world)
    (claimed,) = await world.claim("t", await world.open("t"), "r")
    await world.exit(claimed)
    world.store.clock += 700
    sweep = Sweep(world.store, world.changes, world.sessions, world.elsewhere)
    await sweep.sweep()
    await world.collector_reads()
    world.store.clock += 31
    await sweep.sweep()
    assert (await world.training(1)).state is TrainingState.EXITED, "silent for 31 s"
    world.store.clock += 31
    await world.collector_reads()
    await sweep.sweep()
    assert (await world.training(1)).reason.startswith("output lost")


async def test_a_silent_collector_beside_one_that_reads_is_left_out(world: World) -> None:
    now = world.store.clock
    await world.store.commit([Insert("collectors", "gone", {"at": now - 100, "through": now - 100})])
    await world.collector_reads()
    await begin(world)
    (claimed,) = await world.claim("t", await world.open("t"), "r")
    await world.exit(claimed)
    world.store.clock += 601
    await world.collector_reads()
    await Sweep(world.store, world.changes, world.sessions, world.elsewhere).sweep()
    assert (await world.training(1)).state is TrainingState.COMPLETED


@pytest.mark.parametrize(
    "call",
    [
        lambda front: front.CordonTrainer(pb.CordonTrainerRequest(trainer_id="t", reason="x" * 1001), None),
        lambda front: front.CordonTrainer(pb.CordonTrainerRequest(trainer_id="t" * 257), None),
        lambda front: front.PauseStarts(pb.PauseStartsRequest(reason="x" * 1001), None),
        lambda front: front.SetQuota(pb.SetQuotaRequest(quota=pb.Quota(owner="o" * 257, max_jobs=1)), None),
    ],
)
async def test_what_is_too_long_for_a_table_is_refused(
    front: OperationsServicer, world: World, call: Callable[[OperationsServicer], Awaitable[object]]
) -> None:
    with pytest.raises(InvalidSpec, match="at most"):
        await call(front)
    assert await world.room.now() == Controls()


async def test_a_doctor_who_can_only_read_says_that_the_store_takes_nothing(
    front: OperationsServicer, world: World
) -> None:
    await begin(world)
    world.store.commits_to_failure, world.store.fails_before = 0, True
    with pytest.raises(Unavailable, match="the store"):
        await front.Diagnose(pb.DiagnoseRequest(), None)  # type: ignore[arg-type]
    await front.Diagnose(pb.DiagnoseRequest(job="job"), None)  # type: ignore[arg-type]
