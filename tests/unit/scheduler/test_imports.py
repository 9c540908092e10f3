"""Jobs that have run elsewhere: whole or not at all, counted like any other, and never run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.callers import anybody
from tests.unit.scheduler.world import World, any_program, spec
from tunewright.core.check_import import checked_import
from tunewright.core.errors import AlreadyExists, CallerError, InvalidSpec, NotFound, Unavailable
from tunewright.core.finished import FinishedTraining
from tunewright.core.spec import EnqueuedConfiguration, Limits, WarmStart, WarmStartType
from tunewright.core.states import JobState, ObjectiveState, TrainingState
from tunewright.platform.codec import to_message
from tunewright.platform.rpc.server import speaking_for
from tunewright.platform.store.port import Query
from tunewright.v1 import spec_pb2, suggestion_service_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import records
from tunewright_scheduler.history import Histories
from tunewright_scheduler.imports import UNFINISHED_S, Imports
from tunewright_scheduler.parents import parent_messages
from tunewright_scheduler.resources import job_message, training_message
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.sweep import Sweep
from tunewright_scheduler.tuning_jobs import TuningJobs

COMPLETED, FAILED, STOPPED = TrainingState.COMPLETED, TrainingState.FAILED, TrainingState.STOPPED
BEGAN = 1_600_000_000.0


def finished(number: int, state: TrainingState = COMPLETED, value: float | None = None, **fields) -> FinishedTraining:
    configuration = {"lr": 0.001 * number, "epochs": 1 + number % 5, "batch": "32"}
    return FinishedTraining(state, configuration, value, **{"name": f"trial {number}"} | fields)


SOME = (
    finished(1, value=0.5, steps=3, started_at=BEGAN, ended_at=BEGAN + 60),
    finished(2, FAILED, reason="it ran out of memory", started_at=BEGAN + 5, ended_at=BEGAN + 9),
    finished(3, STOPPED, 0.7, started_at=BEGAN + 60, ended_at=BEGAN + 90),
    finished(4),
)


def asked(trainings=SOME, wanted=None, origin="study s") -> pb.ImportTuningJobRequest:
    message = to_message(wanted or spec(), spec_pb2.TuningJobSpec)
    told = [to_message(one, pb.FinishedTraining) for one in trainings]
    return pb.ImportTuningJobRequest(spec=message, trainings=told, origin=origin)


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


@pytest.fixture
def taking(world: World) -> Imports:
    return Imports(world.store, world.changes, page=1)


@pytest.fixture
def jobs(world: World) -> TuningJobs:
    return TuningJobs(world.store, world.changes, any_program, world.room)


async def test_what_has_run_elsewhere_is_counted_like_any_other(world, taking, jobs):
    uid = await taking.take("owner", asked())
    job = (await jobs.find("owner", "job")).value
    message = job_message(job, 1, await world.changes.specification(uid, 1))
    assert (job.state, message.reason, message.imported_from) == (
        JobState.COMPLETED,
        "imported from study s",
        "study s",
    )
    counts, objectives = message.trainings, message.objectives
    assert (counts.completed, counts.non_retryable_error, counts.stopped, counts.in_progress) == (2, 1, 1, 0)
    assert (objectives.succeeded, objectives.failed) == (2, 2)
    assert (job.best.number, job.best.value, job.not_improving) == (3, 0.7, 0)
    assert (job.created_at, job.ended_at, job.due_at) == (BEGAN, BEGAN + 90, None)
    trainings = await world.trainings(uid)
    assert [one.state for one in trainings] == [COMPLETED, FAILED, STOPPED, COMPLETED]
    assert [one.objective_state for one in trainings[1:3]] == [ObjectiveState.FAILED, ObjectiveState.SUCCEEDED]
    told = training_message(trainings[0])
    assert (told.name.startswith("job-001-"), told.steps, told.ran_s) == (True, 3, 60.0)
    assert (told.provenance.source, told.provenance.reason) == ("imported", "trial 1")
    assert (told.started_at.seconds, told.ended_at.seconds) == (BEGAN, BEGAN + 60)
    assert dict(told.final_metrics) == {"acc": 0.5}
    assert trainings[1].reason == "it ran out of memory"


async def test_nothing_of_it_runs_or_falls_due(world, taking):
    uid = await taking.take("owner", asked())
    for index, equals in (("claimable", {"pool": "default", "state": "READY"}), ("due", {})):
        assert (await world.store.find(Query("training_jobs", index, equals))).items == []
    assert (await world.store.find(Query("tuning_jobs", "by_due", {"deleted": False}))).items == []
    assert world.asked == []
    page = await world.store.find(Query("outbox", "unsent"))
    told = [record for item in page.items for record in records.outbox_records(item.document)]
    assert [record.headers["ce_type"].decode().rpartition(".")[2] for record in told] == [
        "TuningJobCreated",
        "TuningJobEnded",
    ]
    assert {record.key for record in told} == {uid}


async def test_the_same_again_is_the_same_job_and_something_else_is_refused(taking, jobs):
    uid = await taking.take("owner", asked())
    assert await taking.take("owner", asked(origin="the same study, called otherwise")) == uid
    for other in (asked(SOME[:3]), asked([*SOME[:3], finished(4, value=0.1)]), asked(wanted=spec(random_seed=4))):
        with pytest.raises(AlreadyExists, match="it holds something else; import under another name"):
            await taking.take("owner", other)
    assert await taking.take("somebody else", asked()) != uid
    await jobs.delete("owner", "job")
    assert await taking.take("owner", asked(SOME[:1])) != uid


async def test_a_job_that_has_run_here_is_not_taken_for_an_import(world, taking):
    await world.create(spec())
    with pytest.raises(AlreadyExists):
        await taking.take("owner", asked())


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("commits", range(6))
async def test_cut_off_anywhere_it_is_there_whole_or_cleared_away(world, taking, jobs, commits, before):
    """Four trainings are four pages: with the job before and its name after, six commits."""
    world.store.commits_to_failure, world.store.fails_before = commits, before
    with pytest.raises(Unavailable):
        await taking.take("owner", asked())
    whole = commits == 5 and not before
    if whole:
        assert (await jobs.find("owner", "job")).value.observations == 4
    else:
        with pytest.raises(NotFound):
            await jobs.find("owner", "job")
    uid = await taking.take("owner", asked())
    world.store.clock += UNFINISHED_S + 1
    sweep = Sweep(world.store, world.changes, world.sessions, world.elsewhere)
    for _ in range(6):
        await sweep.sweep()
    page = await world.store.find(Query("training_jobs", "by_creation", {"owner": "owner"}, limit=1000))
    assert {item.document["uid"] for item in page.items} == {uid}
    assert len(page.items) == 4
    page = await world.store.find(Query("tuning_jobs", "by_creation", {"owner": "owner", "hidden": (True, False)}))
    assert [item.key for item in page.items] == [uid]


async def test_nothing_of_an_unfinished_import_is_listed(world, taking, jobs):
    world.store.commits_to_failure = 3
    with pytest.raises(Unavailable):
        await taking.take("owner", asked())
    page = await world.store.find(Query("training_jobs", "by_creation", {"owner": "owner"}))
    assert len(page.items) == 3
    servicer = TuningServicer(world.store, world.changes, world.bells, jobs, world.doctor)
    with speaking_for(anybody("owner")):
        assert list((await servicer.ListTrainingJobs(pb.ListTrainingJobsRequest(), None)).trainings) == []
        assert list((await servicer.ListTuningJobs(pb.ListTuningJobsRequest(), None)).jobs) == []
        with pytest.raises(NotFound):
            await servicer.training(page.items[0].key)


async def test_an_import_that_is_being_cleared_away_does_not_come_to_its_end(world, taking, jobs, monkeypatch):
    """It was stopped for ten minutes before its last commit: a sweep is faster than it by one page."""
    publish = world.changes.publish

    async def late(*arguments):
        world.store.clock += UNFINISHED_S + 1
        await Sweep(world.store, world.changes, world.sessions, world.elsewhere).sweep()
        await publish(*arguments)

    monkeypatch.setattr(world.changes, "publish", late)
    with pytest.raises(Unavailable, match="took too long, and was cleared away"):
        await taking.take("owner", asked())
    with pytest.raises(NotFound):
        await jobs.find("owner", "job")


async def test_a_sweep_that_is_late_clears_nothing_of_an_import_that_has_ended(world, taking, monkeypatch):
    """A sweep has found it due, and is slower than its last commit."""
    publish = world.changes.publish
    found = {}

    async def overtaken(*arguments):
        job = arguments[0]
        found["clearing"] = Sweep(world.store, world.changes, world.sessions, world.elsewhere)._cleared(
            await world.store.get("tuning_jobs", job.uid)
        )
        await publish(*arguments)

    monkeypatch.setattr(world.changes, "publish", overtaken)
    uid = await taking.take("owner", asked())
    with pytest.raises(Exception, match="changed by another writer"):
        await found["clearing"]()
    assert len(await world.trainings(uid)) == 4


@pytest.mark.parametrize("kind", WarmStartType)
async def test_a_child_learns_from_it(world, taking, jobs, kind):
    await taking.take("owner", asked())
    warm = WarmStart(("job",), kind)
    child = await records.read_job(
        world.store, await jobs.create("owner", spec(name="child", warm_start=warm, limits=Limits(1, 3)))
    )
    assert child is not None
    (parent,) = child.value.parents
    assert (parent.observations, parent.best.value) == (4, 0.7)
    (told,) = await parent_messages(Histories(world.store), world.changes.spec, child.value.parents)
    outcomes = [suggestion_service_pb2.Outcome.Name(value) for value in told.observations.outcomes]
    assert [name.removeprefix("OUTCOME_") for name in outcomes] == ["COMPLETED", "FAILED", "STOPPED", "INFEASIBLE"]
    assert list(told.observations.columns[0].floats) == [0.001, 0.002, 0.003, 0.004]
    assert list(told.observations.costs) == [60.0, 4.0, 30.0, 0.0]


HOSTILE = [
    (lambda: asked([finished(1), replace(finished(2), configuration={"lr": 7.0, "epochs": 1, "batch": "32"})]),
     "trainings[1].configuration.lr: 7.0 is outside"),
    (lambda: asked([replace(finished(1), configuration={"lr": 0.01, "epochs": 1, "batch": "48"})]),
     "trainings[0].configuration.batch: '48' is outside"),
    (lambda: asked([replace(finished(1), configuration={"lr": 0.01, "epochs": 1.5, "batch": "32"})]),
     "trainings[0].configuration.epochs: 1.5 is outside"),
    (lambda: asked([replace(finished(1), configuration={"lr": float("nan"), "epochs": 1, "batch": "32"})]),
     "trainings[0].configuration.lr: nan is outside"),
    (lambda: asked([replace(finished(1), configuration={"lr": 0.01, "epochs": 1})]),
     "trainings[0].configuration.batch: is missing"),
    (lambda: asked([replace(finished(1), configuration={**finished(1).configuration, "depth": 3})]),
     "trainings[0].configuration.depth: is not a parameter of this space. Known: lr, epochs, batch"),
    (lambda: asked([finished(1, value=float("nan"))]), "trainings[0].objective_value: is nan, not a finite number"),
    (lambda: asked([finished(1, value=float("-inf"))]), "trainings[0].objective_value: is -inf"),
    (lambda: asked([finished(1, FAILED, 0.5)]), "trainings[0].objective_value: a failed training has no objective"),
    (lambda: asked([finished(1, TrainingState.RUNNING)]), "trainings[0].state: is RUNNING, and only what has ended"),
    (lambda: asked([finished(1), finished(1)]), "trainings[1].name: 'trial 1' is named twice"),
    (lambda: asked([finished(1, definition_name="net")]), "trainings[0].definition_name: 'net' is no definition"),
    (lambda: asked([finished(1, started_at=9.0, ended_at=8.0)]), "trainings[0].ended_at: is before its start"),
    (lambda: asked([finished(1, steps=-1)]), "trainings[0].steps: is -1"),
    (lambda: asked([]), "trainings: must be from 1 to 10000, are 0"),
    (lambda: asked(origin="x" * 1025), "origin: has 1025 characters"),
    (lambda: asked(wanted=spec(warm_start=WarmStart(("a",), WarmStartType.TRANSFER_LEARNING))), "spec.warm_start: "),
    (lambda: asked(wanted=spec(enqueued=(EnqueuedConfiguration(finished(1).configuration),))), "spec.enqueued: "),
    (lambda: asked(wanted=spec(name="my job")), "name: 'my job' is not a letter"),
]  # fmt: skip


@pytest.mark.parametrize(("hostile", "said"), HOSTILE, ids=[said.partition(":")[0] for _, said in HOSTILE])
async def test_what_is_wrong_is_refused_whole_with_its_place(world, taking, hostile, said):
    with pytest.raises(InvalidSpec) as caught:
        await taking.take("owner", hostile())
    assert said in str(caught.value)
    assert isinstance(caught.value, CallerError)
    page = await world.store.find(Query("tuning_jobs", "by_creation", {"owner": "owner", "hidden": (True, False)}))
    assert page.items == []


def test_a_whole_number_in_a_range_of_real_ones_is_a_real_one():
    wide = spec(definitions=(replace(spec().definitions[0], parameters=spec().definitions[0].parameters[:1]),))
    one = FinishedTraining(COMPLETED, {"lr": 0.1})
    _, (typed,) = checked_import(wide, [one], "")
    assert isinstance(typed.configuration["lr"], float)
