"""A training that is asked for by itself runs like one of a tuning job, under its own name, and nothing is made up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.callers import anybody
from tests.unit.scheduler.world import UID, World, any_program, spec
from tunewright.core.claimed import OBJECTIVE_PARAMETER
from tunewright.core.errors import AlreadyExists, IllegalTransition, InvalidSpec, NotFound, QuotaExceeded
from tunewright.core.names import training_name
from tunewright.core.space import Float
from tunewright.core.spec import Definition, MetricDefinition, Objective, Parameter, StoppingCondition
from tunewright.core.states import EndCause, TrainingState
from tunewright.events.v1 import results_pb2
from tunewright.platform.bus.messages import read
from tunewright.platform.codec import to_message
from tunewright.platform.rpc.server import _caller
from tunewright.platform.store.port import Query
from tunewright.v1 import operations_service_pb2 as pb_operations
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import records
from tunewright_scheduler.amendments import Amendments
from tunewright_scheduler.core.amendment import Amendment
from tunewright_scheduler.core.controls import Quota
from tunewright_scheduler.core.ending import MAX_LOSSES
from tunewright_scheduler.core.orders import Holding
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.operations import Operations
from tunewright_scheduler.operations_servicer import OperationsServicer
from tunewright_scheduler.purging import Purging
from tunewright_scheduler.results import Results
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.sweep import Sweep
from tunewright_scheduler.tuning_jobs import TuningJobs
from tunewright_scheduler.worker_servicer import _grant

PROGRAM = Definition(
    image="file:///train",
    static_hyperparameters={"lr": "0.1"},
    metric_definitions=(MetricDefinition("acc", "acc=(.*)"),),
)


class Desk:
    """The front, asked as its callers ask."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.jobs = TuningJobs(world.store, world.changes, any_program, world.room)
        self.front: Any = TuningServicer(world.store, world.changes, world.bells, self.jobs, world.doctor)

    async def create(self, name: str = "churn", definition: Definition = PROGRAM, **fields: object) -> pb.TrainingJob:
        message = to_message(definition, spec_pb2.Definition)
        request = pb.CreateTrainingJobRequest(name=name, definition=message, **fields)  # type: ignore[arg-type]
        return (await self.front.CreateTrainingJob(request, None)).training

    async def get(self, training: str = "churn") -> pb.GetTrainingJobResponse:
        answer: pb.GetTrainingJobResponse = await self.front.GetTrainingJob(
            pb.GetTrainingJobRequest(training=training), None
        )
        return answer

    async def job(self, uid: str) -> pb.TuningJob:
        return (await self.front.GetTuningJob(pb.GetTuningJobRequest(job=uid), None)).job

    async def stop(self, training: str = "churn") -> pb.TrainingJob:
        return (await self.front.StopTrainingJob(pb.StopTrainingJobRequest(training=training), None)).training

    async def delete(self, training: str = "churn") -> None:
        await self.front.DeleteTrainingJob(pb.DeleteTrainingJobRequest(training=training), None)

    async def run(self, code: int = 0) -> Training:
        """Claim it and see it through, with what metrics tells of a stream without an objective."""
        epoch = await self.world.open("t")
        (claimed,) = await self.world.claim("t", epoch, f"r{epoch}")
        await self.world.exit(claimed, code)
        await self.summarize(claimed)
        return claimed

    async def summarize(self, claimed: Training) -> None:
        told = results_pb2.TrainingSummarized(uid=claimed.uid, number=claimed.number, attempt=claimed.attempt)
        told.last_values.add(metric="acc", value=0.875)
        await Results(self.world.changes).take(told)

    async def told(self) -> list[Any]:
        """Return the facts in the outbox, in order."""
        page = await self.world.store.find(Query("outbox", "unsent", limit=1000))
        return [read(record) for item in page.items for record in records.outbox_records(item.document)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    _caller.set(anybody("owner"))
    world = World(tmp_path)
    yield Desk(world)
    await world.store.close()


async def test_it_is_there_to_be_claimed_at_once_and_no_suggester_is_asked(desk: Desk) -> None:
    created = await desk.create(tags={"team": "churn"})
    assert (created.name, created.status, created.alone, created.job_name) == ("churn", "InProgress", True, "")
    assert created.tags == {"team": "churn"}
    assert desk.world.asked == []
    epoch = await desk.world.open("t")
    (claimed,) = await desk.world.claim("t", epoch, "r")
    assert claimed.name == "churn"


async def test_its_program_is_told_of_no_tuning(desk: Desk) -> None:
    await desk.create()
    (claimed,) = await desk.world.claim("t", await desk.world.open("t"), "r")
    grant = _grant(claimed, await desk.world.changes.spec(claimed.uid, 1))
    assert dict(grant.hyperparameters) == {"lr": "0.1"}
    assert OBJECTIVE_PARAMETER not in grant.hyperparameters
    assert (grant.HasField("objective"), grant.job_name, grant.training_name) == (False, "", "churn")


async def test_it_completes_with_its_metrics_and_without_an_objective(desk: Desk) -> None:
    created = await desk.create()
    await desk.run()
    found = await desk.get()
    training = found.training
    assert (training.status, training.reason, dict(training.final_metrics)) == ("Completed", "", {"acc": 0.875})
    assert (training.objective_state, training.HasField("objective_value")) == (pb.OBJECTIVE_STATE_UNSPECIFIED, False)
    assert found.spec.alone
    job = await desk.job(created.uid)
    assert (job.state, job.objectives) == (pb.JOB_STATE_COMPLETED, pb.ObjectiveCounters())
    assert job.trainings.completed == 1


async def test_what_an_operator_settles_gives_it_no_objective_either(desk: Desk) -> None:
    await desk.create()
    (claimed,) = await desk.world.claim("t", await desk.world.open("t"), "r")
    await Operations(desk.world.changes).settle(claimed, TrainingState.COMPLETED, 0.5, "seen")
    assert (await desk.get()).training.objective_state == pb.OBJECTIVE_STATE_UNSPECIFIED


async def test_the_job_that_stands_for_it_ends_as_it_does(desk: Desk) -> None:
    failed = await desk.create("fails")
    await desk.run(code=3)
    assert (await desk.get("fails")).training.status == "Failed"
    job = await desk.job(failed.uid)
    assert (job.state, job.reason) == (pb.JOB_STATE_FAILED, "exit code 3")
    stopped = await desk.create("waits")
    assert (await desk.stop("waits")).status == "Stopped"
    assert (await desk.job(stopped.uid)).state == pb.JOB_STATE_STOPPED
    with pytest.raises(IllegalTransition, match="already Stopped"):
        await desk.stop("waits")


async def test_a_running_one_is_stopping_until_its_process_has_ended(desk: Desk) -> None:
    await desk.create()
    epoch = await desk.world.open("t")
    (claimed,) = await desk.world.claim("t", epoch, "r")
    assert (await desk.stop()).status == "Stopping"
    held = [Holding(records.training_key(claimed), claimed.attempt)]
    orders = await desk.world.heartbeats.answer("t", epoch, held, wait_s=0, draining=False)
    assert [held for held, _ in orders.stop] == [(records.training_key(claimed), 1)]
    await desk.world.exit(claimed, -15, EndCause.STOPPED)
    await desk.summarize(claimed)
    training = (await desk.get()).training
    assert (training.status, dict(training.final_metrics)) == ("Stopped", {"acc": 0.875})


async def test_it_is_tried_again_when_lost_and_fails_at_the_third_loss(desk: Desk) -> None:
    created = await desk.create()
    for turn in range(MAX_LOSSES):
        await desk.world.claim(f"t{turn}", await desk.world.open(f"t{turn}"), "r")
        desk.world.store.clock += 1000
        await desk.world.sessions.lose_expired()
    assert (await desk.get()).training.status == "Failed"
    assert (await desk.job(created.uid)).state == pb.JOB_STATE_FAILED


async def test_it_has_one_allowance_of_time(desk: Desk) -> None:
    await desk.create(definition=Definition("file:///train", stopping=StoppingCondition(max_runtime_s=60)))
    (claimed,) = await desk.world.claim("t", await desk.world.open("t"), "r")
    assert _grant(claimed, await desk.world.changes.spec(claimed.uid, 1)).max_runtime_s == 60


async def test_lists_of_tuning_jobs_leave_it_out_and_only_its_uid_finds_its_job(desk: Desk) -> None:
    created = await desk.create()
    assert list((await desk.front.ListTuningJobs(pb.ListTuningJobsRequest(), None)).jobs) == []
    with pytest.raises(NotFound):
        await desk.job("churn")
    assert (await desk.job(created.uid)).spec.alone
    listed = (await desk.front.ListTrainingJobs(pb.ListTrainingJobsRequest(), None)).trainings
    assert [(item.name, item.alone) for item in listed] == [("churn", True)]


async def test_names_are_unique_among_all_trainings_of_an_owner_whatever_their_case(desk: Desk) -> None:
    await desk.create("churn")
    with pytest.raises(AlreadyExists, match="training job"):
        await desk.create("Churn")
    await desk.world.create(spec())
    with pytest.raises(AlreadyExists, match="training job"):
        await desk.create(training_name("job", UID, 2))
    await desk.create("job", PROGRAM)  # tuning jobs have names of their own
    _caller.set(anybody("somebody else"))
    await desk.create("churn")
    assert (await desk.get("churn")).training.uid != ""


async def test_a_name_is_free_again_after_deletion_and_finds_the_new_one(desk: Desk) -> None:
    first = await desk.create()
    with pytest.raises(IllegalTransition, match="Stop it first"):
        await desk.delete()
    await desk.stop()
    await desk.delete()
    with pytest.raises(NotFound):
        await desk.get()
    second = await desk.create()
    assert (await desk.get("CHURN")).training.uid == second.uid != first.uid
    sweep = Sweep(desk.world.store, desk.world.changes, desk.world.sessions, desk.world.elsewhere)
    desk.world.store.clock += 1
    for _ in range(5):
        await sweep.sweep()
    assert await records.read_job(desk.world.store, first.uid) is None
    assert (await desk.get()).training.uid == second.uid


async def test_nothing_of_amts_hundred_hyperparameters_is_taken_for_tuning(desk: Desk) -> None:
    hundred = {f"h{number}": "1" for number in range(100)}
    await desk.create(definition=replace(PROGRAM, static_hyperparameters=hundred))
    with pytest.raises(InvalidSpec, match="more than 100"):
        await desk.create("more", replace(PROGRAM, static_hyperparameters=hundred | {"one-more": "1"}))


async def test_a_training_of_a_tuning_job_is_deleted_with_it_alone(desk: Desk) -> None:
    await desk.world.create(spec())
    await desk.world.answer_all()
    await desk.world.run_one()
    with pytest.raises(IllegalTransition, match="Delete its tuning job"):
        await desk.delete(training_name("job", UID, 1))


async def test_a_repeated_request_creates_once(desk: Desk) -> None:
    first = await desk.create(request_id="once")
    assert (await desk.create(request_id="once")).uid == first.uid
    with pytest.raises(InvalidSpec, match="another request"):
        await desk.create("other", request_id="once")


async def test_a_check_creates_nothing(desk: Desk) -> None:
    request = pb.CreateTrainingJobRequest(
        name="churn", definition=to_message(PROGRAM, spec_pb2.Definition), validate_only=True
    )
    assert not (await desk.front.CreateTrainingJob(request, None)).HasField("training")
    with pytest.raises(NotFound):
        await desk.get()


@pytest.mark.parametrize(
    ("name", "definition", "field"),
    [
        ("a" * 64, PROGRAM, "name"),
        ("", PROGRAM, "name"),
        ("churn", Definition(""), "definitions[0].image"),
        ("churn", Definition("file:///t", parameters=(Parameter("lr", Float(0, 1)),)), "definitions[0].parameters"),
        ("churn", Definition("file:///t", objective=Objective("acc")), "objective"),
        ("churn", Definition("file:///t", stopping=StoppingCondition(-1)), "definitions[0].stopping.max_runtime_s"),
    ],
)
async def test_what_cannot_run_by_itself_is_refused_by_its_field(
    desk: Desk, name: str, definition: Definition, field: str
) -> None:
    with pytest.raises(InvalidSpec) as refused:
        await desk.create(name, definition)
    assert refused.value.field == field


async def test_its_job_is_no_tuning_job_that_could_be_changed_or_learned_from(desk: Desk) -> None:
    created = await desk.create()
    amendments = Amendments(desk.world.store, desk.world.changes, desk.jobs)
    with pytest.raises(IllegalTransition, match="Create a tuning job"):
        await amendments.amend("owner", created.uid, Amendment(1, max_trainings=5))
    await desk.run()
    with pytest.raises(IllegalTransition, match="Create a tuning job"):
        await desk.front.ExtendTuningJob(pb.ExtendTuningJobRequest(job=created.uid), None)
    message = to_message(spec(), spec_pb2.TuningJobSpec)
    message.alone = True
    with pytest.raises(InvalidSpec, match="Create a training job"):
        await desk.front.CreateTuningJob(pb.CreateTuningJobRequest(spec=message), None)


async def test_it_counts_against_its_owners_quota_of_jobs(desk: Desk) -> None:
    await desk.world.room.set_quota(Quota("owner", max_jobs=1))
    await desk.create()
    with pytest.raises(QuotaExceeded):
        await desk.create("another")
    await desk.run()
    await desk.create("another")


async def test_the_world_is_told_of_the_training_and_of_no_tuning_job(desk: Desk) -> None:
    await desk.create()
    await desk.run()
    told = {type(fact).__name__: fact for fact in await desk.told()}
    assert set(told) == {"TrainingJobCreated", "TrainingJobGranted", "TrainingJobExited", "TrainingJobEnded"}
    ended = told["TrainingJobEnded"]
    assert (ended.training_name, ended.state, ended.HasField("objective_value")) == ("churn", "COMPLETED", False)
    await desk.delete()
    since = {type(fact).__name__ for fact in await desk.told()} - set(told)
    assert since == {"TuningJobDeleted"}, "what is kept under its uid may be dropped"


async def test_a_name_of_digits_is_a_name(desk: Desk) -> None:
    await desk.create("2024")
    assert (await desk.get("2024")).training.name == "2024"


async def test_a_doctor_knows_what_it_waits_for(desk):
    await desk.create()
    world = desk.world
    purging = Purging(world.store, desk.jobs)
    operations = OperationsServicer(desk.front, desk.jobs, world.room, world.doctor, Operations(world.changes), purging)
    findings = (await operations.Diagnose(pb_operations.DiagnoseRequest(job="churn"), None)).findings
    assert [finding.cause for finding in findings] == ["NO_TRAINER"]
    with pytest.raises(NotFound, match="tuning job called 'other'"):
        await operations.Diagnose(pb_operations.DiagnoseRequest(job="other"), None)
