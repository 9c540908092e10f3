"""A job that runs is given more, or less, and keeps all that it has done."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.callers import anybody
from tests.unit.scheduler.world import UID, World, any_program, spec, with_limits
from tunewright.core.draws import configuration_at
from tunewright.core.errors import IllegalTransition, InvalidSpec, Unavailable
from tunewright.core.space import Choice, Float, Int, Range, ScalingType
from tunewright.core.spec import EnqueuedConfiguration, Limits, Parameter, Reevaluation, Strategy, TuningJobSpec
from tunewright.core.states import JobState, TrainingState
from tunewright.platform.codec import to_message
from tunewright.platform.rpc.server import _caller
from tunewright.platform.store.port import Query
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import records
from tunewright_scheduler.change import Change
from tunewright_scheduler.core.amendment import Amendment, amended
from tunewright_scheduler.core.asking import Answered
from tunewright_scheduler.core.decide import Revised, StopRequested, decide
from tunewright_scheduler.core.job import Outlook, Provenance, Suggestion, TuningJob
from tunewright_scheduler.resources import training_message
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.sweep import Sweep
from tunewright_scheduler.tuning_jobs import TOLD_WITHIN_S, TuningJobs

MINE = {"lr": 0.05, "epochs": 1, "batch": "64"}


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


@pytest.fixture
def front(world: World) -> TuningServicer:
    _caller.set(anybody("owner"))
    jobs = TuningJobs(world.store, world.changes, any_program, world.room)
    return TuningServicer(world.store, world.changes, world.bells, jobs, world.doctor)


async def amend(front: TuningServicer, revision: int = 1, **fields: object) -> pb.TuningJob:
    request = pb.AmendTuningJobRequest(job="job", expected_revision=revision, **fields)  # type: ignore[arg-type]
    return (await front.AmendTuningJob(request, None)).job  # type: ignore[arg-type]


def wider(name: str, range_: Range) -> Amendment:
    return Amendment(1, parameters=(Parameter(name, range_),))


def a_job(**fields: object) -> TuningJob:
    return TuningJob(UID, "job", "owner", 0.0, 0.0, 7, **fields)  # type: ignore[arg-type]


def grid(**fields: object) -> TuningJobSpec:
    definition = replace(spec().definitions[0], parameters=(Parameter("batch", Choice(("32", "64", "128"))),))
    limits = Limits(max_parallel=2, max_trainings=3)
    return spec(**({"definitions": (definition,), "strategy": Strategy.GRID, "limits": limits} | fields))


# -- What a revision may be


@pytest.mark.parametrize(
    ("name", "range_", "expected"),
    [
        ("lr", Float(1e-5, 1.0), Float(1e-5, 1.0, ScalingType.LOGARITHMIC)),
        ("lr", Float(1e-5, 1.0, ScalingType.LINEAR), Float(1e-5, 1.0, ScalingType.LINEAR)),
        ("lr", Int(0, 1, ScalingType.LINEAR), Float(0.0, 1.0, ScalingType.LINEAR)),
        ("epochs", Int(1, 9), Int(1, 9)),
        ("batch", Choice(("32", "64", "128")), Choice(("32", "64", "128"))),
    ],
)
def test_a_range_grows_and_keeps_its_scale_unless_another_is_given(name: str, range_: Range, expected: Range) -> None:
    before = _scaled()
    assert amended(a_job(), before, wider(name, range_)).definitions[0].space[name] == expected


@pytest.mark.parametrize(
    ("name", "range_", "why"),
    [
        ("lr", Float(1e-3, 1.0), "leaves out part of log"),
        ("lr", Float(1e-5, 1e-2), "leaves out part"),
        ("lr", Float(0.0, 1.0), "above 0"),
        ("lr", Choice(("0.1",)), "same kind"),
        ("epochs", Float(1.0, 9.0), "same kind"),
        ("batch", Choice(("64", "32", "128")), "does not begin with 32,64"),
        ("batch", Choice(("32",)), "does not begin with"),
    ],
)
def test_a_range_that_leaves_anything_out_is_refused(name: str, range_: Range, why: str) -> None:
    with pytest.raises(InvalidSpec, match=why) as refused:
        amended(a_job(), _scaled(), wider(name, range_))
    assert refused.value.field == "parameters[0].range"


def test_what_is_not_tuned_cannot_be_amended_and_nothing_is_no_amendment() -> None:
    with pytest.raises(InvalidSpec, match="Known: lr, epochs, batch") as unknown:
        amended(a_job(), spec(), wider("momentum", Float(0.0, 1.0)))
    assert unknown.value.field == "parameters[0]"
    with pytest.raises(InvalidSpec, match="changes nothing"):
        amended(a_job(), spec(), Amendment(1))
    with pytest.raises(InvalidSpec, match="is missing") as refused:
        amended(a_job(), spec(), Amendment(max_trainings=9))
    assert refused.value.field == "expected_revision"


@pytest.mark.parametrize(
    ("amendment", "field"),
    [
        (Amendment(1, max_trainings=10_001), "max_trainings"),
        (Amendment(1, max_parallel=101), "max_parallel"),
        (Amendment(1, max_runtime_s=0), "max_runtime_s"),
        (Amendment(1, enqueue=(EnqueuedConfiguration({"lr": 0.05}),)), "enqueue[0].configuration.epochs"),
        (Amendment(1, enqueue=(EnqueuedConfiguration(MINE | {"lr": 5.0}),)), "enqueue[0].configuration.lr"),
        (Amendment(1, enqueue=(EnqueuedConfiguration(MINE),) * 7), "enqueue"),
        (Amendment(1, enqueue=(EnqueuedConfiguration(MINE, "other"),)), "enqueue[0].definition_name"),
        (Amendment(1, max_trainings=9, definition_name="other"), "definition_name"),
    ],
)
def test_a_revision_is_checked_as_a_new_job_is(amendment: Amendment, field: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        amended(a_job(), spec(), amendment)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "amendment", [Amendment(1, max_trainings=5), wider("batch", Choice(("32", "64", "128", "256")))]
)
def test_a_grid_stays_what_it_is(amendment: Amendment) -> None:
    with pytest.raises(InvalidSpec, match="each of its configurations once"):
        amended(a_job(), grid(), amendment)


@pytest.mark.parametrize(
    "amendment",
    [Amendment(1, max_trainings=9), Amendment(1, enqueue=(EnqueuedConfiguration(MINE),)), wider("epochs", Int(1, 9))],
)
def test_a_job_that_runs_its_best_again_tries_nothing_more(amendment: Amendment) -> None:
    wanted = spec(reevaluation=Reevaluation(top=1, repeats=2))
    over = a_job(search_over="all 4 trainings have ended", started=4)
    with pytest.raises(IllegalTransition, match="past its search"):
        amended(over, wanted, amendment)
    assert amended(over, wanted, Amendment(1, max_parallel=3)).limits.max_parallel == 3


def test_what_is_held_back_to_run_the_best_again_is_not_left_for_more() -> None:
    wanted = spec(reevaluation=Reevaluation(top=1, repeats=2))
    four, five = (Amendment(1, enqueue=(EnqueuedConfiguration(MINE),) * count) for count in (4, 5))
    assert len(amended(a_job(), wanted, four).enqueued) == 4
    with pytest.raises(InvalidSpec, match="5 configurations wait, and 4 trainings are left"):
        amended(a_job(), wanted, five)


def test_a_job_without_prices_is_given_no_limit_of_the_cost_and_told_when_prices_are_given() -> None:
    with pytest.raises(InvalidSpec, match="Prices are given when a job is created") as refused:
        amended(a_job(), spec(), Amendment(1, max_cost=3.0))
    assert refused.value.field == "max_cost"


def test_an_ended_job_is_to_be_extended_now() -> None:
    with pytest.raises(IllegalTransition, match=r"Extend it$"):
        amended(a_job(state=JobState.COMPLETED), spec(), Amendment(1, max_trainings=9))


@pytest.mark.parametrize("state", [JobState.COMPLETING, JobState.STOPPING, JobState.FAILING, JobState.COMPLETED])
def test_a_job_that_is_closing_or_has_ended_is_not_amended(state: JobState) -> None:
    with pytest.raises(IllegalTransition, match="Extend it"):
        amended(a_job(state=state), spec(), Amendment(1, max_trainings=9))


@pytest.mark.parametrize("state", [JobState.COMPLETING, JobState.STOPPING, JobState.FAILING])
def test_a_job_that_was_parked_while_closing_is_not_amended_either(state: JobState) -> None:
    with pytest.raises(IllegalTransition, match="closing"):
        amended(a_job(state=JobState.BLOCKED, blocked_in=state), spec(), Amendment(1, max_trainings=9))


def test_a_definition_is_amended_by_its_name_and_the_others_stay() -> None:
    two = _two_definitions()
    revision = amended(a_job(), two, replace(wider("lr", Float(1e-5, 1.0)), definition_name="b"))
    assert [item.space["lr"] for item in revision.definitions] == [Float(1e-4, 1e-1), Float(1e-5, 1.0)]
    with pytest.raises(InvalidSpec, match="Choose from a, b"):
        amended(a_job(), two, replace(wider("lr", Float(1e-5, 1.0)), definition_name="c"))


# -- What becomes of the job


async def test_more_parallelism_takes_effect_in_the_same_commit(world: World, front: TuningServicer) -> None:
    await world.create(with_limits(spec(), max_trainings=20))
    await world.answer_all()
    job = await amend(front, max_parallel=4)
    assert (job.spec.limits.max_parallel, job.spec_revision) == (4, 2)
    assert (await world.job()).slots == (1, 2, 3, 4)
    assert [item.spec_revision for item in await world.trainings()] == [1, 1, 2, 2]


async def test_less_parallelism_stops_nothing_and_starts_nothing_until_below(
    world: World, front: TuningServicer
) -> None:
    await world.create(with_limits(spec(), max_parallel=3, max_trainings=20))
    await world.answer_all()
    await amend(front, max_parallel=1)
    assert (await world.job()).slots == (1, 2, 3)
    for slots in ((2, 3), (3,), (4,), (5,)):
        await world.run_one()
        assert (await world.job()).slots == slots


async def test_what_nobody_runs_yet_waits_until_fewer_run_than_may(world: World, front: TuningServicer) -> None:
    await world.create(with_limits(spec(), max_parallel=5, max_trainings=5))
    await world.answer_all()
    epoch = await world.open("t")
    (first, second) = await world.claim("t", epoch, "a", 2)
    await amend(front, max_parallel=2)
    assert await world.claim("t", epoch, "b", 8) == []
    waiting = training_message(await world.training(5)).waiting_for
    assert waiting == "others of its tuning job to end, for it may run fewer at once by now"
    await amend(front, revision=2, max_parallel=1)
    await world.exit(first)
    assert await world.claim("t", epoch, "c", 8) == []
    await world.exit(second)
    (third,) = await world.claim("t", epoch, "d", 8)
    await amend(front, revision=3, max_parallel=3)
    assert [training.number for training in await world.claim("t", epoch, "e", 8)] == [4, 5]
    assert (third.number, (await world.job()).held_back) == (3, ())


async def test_a_pause_takes_nothing_from_who_waits_for_fewer_to_run(world: World, front: TuningServicer) -> None:
    await world.create(with_limits(spec(), max_parallel=3, max_trainings=3))
    await world.answer_all()
    await front.PauseTuningJob(pb.PauseTuningJobRequest(job="job"), None)  # type: ignore[arg-type]
    await amend(front, max_parallel=1)
    await front.ResumeTuningJob(pb.ResumeTuningJobRequest(job="job"), None)  # type: ignore[arg-type]
    epoch = await world.open("t")
    for number in (1, 2, 3):
        (claimed,) = await world.claim("t", epoch, f"r{number}", 8)
        assert claimed.number == number
        await world.exit(claimed)


async def test_fewer_trainings_than_were_started_end_the_job_with_those_that_run(
    world: World, front: TuningServicer
) -> None:
    await world.create(spec())
    await world.answer_all()
    await world.run_one()
    await amend(front, max_trainings=1)
    assert (await world.job()).state is JobState.RUNNING
    await world.run_one()
    await world.run_one()
    job = await world.job()
    assert (job.state, job.started, job.trainings.completed) == (JobState.COMPLETED, 3, 3)


async def test_a_model_that_may_start_nothing_more_is_not_waited_for(world: World, front: TuningServicer) -> None:
    await world.create(with_limits(spec(strategy=Strategy.BAYESIAN), max_parallel=1))
    await world.answer_all()
    await world.run_one()
    assert world.asked == [1], "an ask is open"
    await amend(front, max_trainings=1)
    assert (await world.job()).state is JobState.COMPLETED


async def test_more_trainings_go_on_until_the_new_limit(world: World, front: TuningServicer) -> None:
    await world.create(with_limits(spec(), max_trainings=2))
    await world.answer_all()
    await world.run_one()
    await amend(front, max_trainings=4)
    while not (await world.job()).state.final:
        await world.answer_all()
        await world.run_one()
    assert (await world.job()).started == 4


async def test_a_shorter_runtime_that_has_passed_ends_the_job(world: World, front: TuningServicer) -> None:
    await world.create(spec())
    await world.answer_all()
    world.store.clock += 60
    await amend(front, max_runtime_s=30)
    assert (await world.job()).state is JobState.COMPLETED


async def test_wider_ranges_are_asked_for_at_once_and_the_old_proposals_are_dropped(
    world: World, front: TuningServicer
) -> None:
    await world.create(with_limits(spec(), max_trainings=30))
    await world.answer_all()
    before = await world.job()
    await amend(front, parameters=[_message("batch", Choice(("32", "64", "128")))])
    job = await world.job()
    assert (len(before.ahead), job.ahead, world.asked) == (8, (), [1])
    ask = await records.read_ask(world.store, UID, 1)
    assert ask is not None
    assert (ask.spec_revision, ask.started) == (2, 2)
    await world.changes.send(UID, Answered(1, (Suggestion(MINE | {"batch": "128"}, Provenance("random")),)))
    await world.run_one()
    assert (await world.training(3)).configuration["batch"] == "128"


async def test_an_exhausted_space_that_is_widened_goes_on(world: World, front: TuningServicer) -> None:
    await world.create(spec())
    await world.answer(world.asked.pop(), 2, exhausted=True)
    await world.run_one()
    await amend(front, parameters=[_message("epochs", Int(1, 9))])
    assert (await world.job()).exhausted is False
    assert world.asked == [1]


async def test_a_higher_priority_moves_what_waits(world: World, front: TuningServicer) -> None:
    await world.create(with_limits(spec(), max_parallel=1))
    await world.answer_all()
    await world.create(with_limits(spec(name="other", priority=1), max_parallel=1), "f" * 16)
    configuration = Suggestion(MINE, Provenance("random"))
    await world.changes.send("f" * 16, Answered(0, (configuration,)))
    await amend(front, priority=2)
    epoch = await world.open("t")
    claimed = await world.claim("t", epoch, "r", slots=2)
    assert [item.name.split("-")[0] for item in claimed] == ["job", "other"]


async def test_enqueued_ones_run_next_also_while_an_ask_is_open(world: World, front: TuningServicer) -> None:
    await world.create(spec(strategy=Strategy.BAYESIAN))
    job = await _enqueue(front, MINE)
    assert job.spec_revision == 2
    first = await world.training(1)
    assert (first.configuration, first.provenance.source, first.spec_revision) == (MINE, "enqueued", 2)
    await world.answer_all()
    assert (await world.job()).slots == (1, 2)


async def test_enqueued_ones_count_and_take_no_draw_away(world: World, front: TuningServicer) -> None:
    await world.create(with_limits(spec(), max_parallel=1, max_trainings=12))
    await world.answer_all()
    await _enqueue(front, MINE)
    while not (await world.job()).state.final:
        await world.answer_all()
        await world.run_one()
    trainings = await world.trainings()
    assert [item.provenance.source for item in trainings] == ["random", "enqueued", *["random"] * 10]
    asks = [await records.read_ask(world.store, UID, number) for number in range((await world.job()).asks)]
    drawn = [draw for ask in asks if ask is not None for draw in range(ask.started, ask.started + ask.count)]
    assert drawn == list(range(11))


async def test_a_grid_runs_what_is_enqueued_beside_all_its_points(world: World, front: TuningServicer) -> None:
    wanted = grid()
    await world.create(wanted)
    await _enqueue(front, {"batch": "64"})
    space = wanted.definitions[0].space
    while not (await world.job()).state.final:
        while world.asked:
            ask = await records.read_ask(world.store, UID, world.asked.pop())
            assert ask is not None
            points = [configuration_at(space, place) for place in range(ask.started, ask.started + ask.count)]
            await world.changes.send(
                UID, Answered(ask.number, tuple(Suggestion(point, Provenance("grid")) for point in points))
            )
        await world.run_one()
    tried = sorted(str(item.configuration["batch"]) for item in await world.trainings())
    assert tried == ["128", "32", "64", "64"]


async def test_an_exhausted_job_runs_what_was_enqueued_before_it_ends(world: World, front: TuningServicer) -> None:
    await world.create(with_limits(spec(), max_parallel=1, max_trainings=9))
    await world.answer(world.asked.pop(), 1, exhausted=True)
    await _enqueue(front, MINE)
    await world.run_one()
    assert (await world.job()).slots == (2,)
    await world.run_one()
    assert (await world.job()).state is JobState.COMPLETED


def test_what_is_left_to_gain_is_judged_anew() -> None:
    job = a_job(unpromising=1, outlook=Outlook(0.01, 0.1), slots=(1,), started=1)
    more = decide(job, spec(), Revised(), 1.0).job
    wider_now = decide(job, spec(), Revised(other_space=True), 1.0).job
    assert (more.unpromising, more.outlook, wider_now.unpromising, wider_now.outlook) == (0, job.outlook, 0, None)


# -- Revisions and requests


async def test_another_revision_is_refused_and_the_current_one_named(world: World, front: TuningServicer) -> None:
    await world.create(spec())
    await amend(front, max_trainings=9)
    with pytest.raises(IllegalTransition, match="is at revision 2 of its specification: cannot be amended"):
        await amend(front, max_trainings=8)
    assert (await world.job()).spec_revision == 2


async def test_the_same_values_make_no_revision(world: World, front: TuningServicer) -> None:
    await world.create(spec())
    assert (await amend(front, max_trainings=6)).spec_revision == 1


async def test_of_two_at_one_revision_one_is_refused(world: World, front: TuningServicer) -> None:
    await world.create(spec())
    both = await asyncio.gather(amend(front, max_trainings=8), amend(front, max_trainings=9), return_exceptions=True)
    assert sum(isinstance(item, IllegalTransition) for item in both) == 1
    assert (await world.job()).spec_revision == 2


async def test_a_request_that_comes_twice_at_once_is_one(world: World, front: TuningServicer) -> None:
    await world.create(spec())
    both = await asyncio.gather(*(amend(front, max_trainings=8, request_id="r") for _ in range(2)))
    assert [job.spec_revision for job in both] == [2, 2]
    with pytest.raises(InvalidSpec, match="was used for another request"):
        await amend(front, max_trainings=9, request_id="r")


@pytest.mark.parametrize("applied", [True, False])
async def test_a_request_whose_answer_was_lost_is_answered_as_it_would_have_been(
    world: World, front: TuningServicer, applied: bool
) -> None:
    await world.create(spec())
    world.store.commits_to_failure, world.store.fails_before = 0, not applied
    with suppress(Unavailable):
        await amend(front, max_trainings=8, request_id="r")
    job = await amend(front, max_trainings=8, request_id="r")
    assert (job.spec_revision, job.spec.limits.max_trainings) == (2, 8)


async def test_an_amendment_that_fails_leaves_no_trace_in_what_shares_its_commit(
    world: World, front: TuningServicer
) -> None:
    await world.create(spec())

    async def fails(change: Change) -> None:
        change.spec = with_limits(change.spec, max_parallel=50)
        raise InvalidSpec("test", "as the test wants it")

    failing = world.changes.make(UID, fails)
    _, job = await asyncio.gather(failing, amend(front, max_trainings=8), return_exceptions=True)
    assert isinstance(job, pb.TuningJob)
    assert (job.spec.limits.max_trainings, job.spec.limits.max_parallel) == (8, 2)


async def test_a_deleted_job_leaves_no_revision_behind(world: World, front: TuningServicer) -> None:
    await world.create(spec())
    for revision in range(1, 4):
        await amend(front, revision, max_trainings=6 + revision)
    await world.changes.send(UID, StopRequested("enough"))
    await front.DeleteTuningJob(pb.DeleteTuningJobRequest(job="job"), None)  # type: ignore[arg-type]
    world.store.clock += TOLD_WITHIN_S + 1
    for _ in range(6):
        await Sweep(world.store, world.changes, world.sessions, world.elsewhere).sweep()
    assert await world.store.get("tuning_jobs", UID) is None
    assert [await records.read_spec(world.store, UID, number) for number in range(1, 6)] == [None] * 5


# -- Retrying what failed


async def test_what_failed_runs_again_as_so_many_more_trainings(world: World, front: TuningServicer) -> None:
    await world.create(with_limits(spec(), max_parallel=1, max_trainings=4))
    await world.answer_all()
    await world.run_one()
    failed = await world.run_one(None, code=3)
    job = await _retry(front)
    assert (job.uid, job.spec.limits.max_trainings, job.spec_revision) == (UID, 5, 2)
    with pytest.raises(IllegalTransition, match="without failed trainings left"):
        await _retry(front)
    while not (await world.job()).state.final:
        await world.answer_all()
        await world.run_one()
    again = [item for item in await world.trainings() if item.provenance.source == "enqueued"]
    assert [(item.configuration, item.state) for item in again] == [(failed.configuration, TrainingState.COMPLETED)]
    assert (await world.job()).started == 5


async def test_what_fails_again_may_be_retried_again(world: World, front: TuningServicer) -> None:
    await world.create(with_limits(spec(), max_parallel=1, max_trainings=9))
    await world.answer_all()
    await world.run_one(None, code=3)
    assert (await _retry(front)).spec.limits.max_trainings == 10
    await world.run_one()
    await world.run_one(None, code=3)
    assert (await _retry(front)).spec.limits.max_trainings == 11


async def test_a_retry_repeated_under_its_id_enqueues_once(world: World, front: TuningServicer) -> None:
    await world.create(with_limits(spec(), max_parallel=1, max_trainings=9))
    await world.answer_all()
    await world.run_one(None, code=3)
    world.store.commits_to_failure = 0
    with suppress(Unavailable):
        await _retry(front, "r")
    for _ in range(2):
        assert (await _retry(front, "r")).spec.limits.max_trainings == 10


async def test_facts_tell_of_every_revision(world: World, front: TuningServicer) -> None:
    await world.create(spec())
    await amend(front, max_trainings=8)
    page = await world.store.find(Query("outbox", "unsent"))
    kinds = [record["headers"]["ce_type"] for item in page.items for record in item.document["records"]]
    assert sum(b"TuningJobChanged" in kind for kind in kinds) == 1


async def _enqueue(front: TuningServicer, *configurations: dict[str, object]) -> pb.TuningJob:
    items = [to_message(EnqueuedConfiguration(item), spec_pb2.EnqueuedConfiguration) for item in configurations]  # type: ignore[arg-type]
    return await amend(front, enqueue=items)


async def _retry(front: TuningServicer, request_id: str = "") -> pb.TuningJob:
    request = pb.RetryTuningJobRequest(job="job", request_id=request_id)
    return (await front.RetryTuningJob(request, None)).job  # type: ignore[arg-type]


def _message(name: str, range_: Range) -> object:
    return to_message(Parameter(name, range_), spec_pb2.Parameter)


def _scaled() -> TuningJobSpec:
    definition = spec().definitions[0]
    scaled = Parameter("lr", Float(1e-4, 1e-1, ScalingType.LOGARITHMIC))
    return spec(definitions=(replace(definition, parameters=(scaled, *definition.parameters[1:])),))


def _two_definitions() -> TuningJobSpec:
    definition = spec().definitions[0]
    return spec(definitions=(replace(definition, name="a"), replace(definition, name="b")))
