"""An ended job goes on in a child: the same specification, what its ancestors saw, and nothing tried twice by order."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from tests.callers import anybody
from tests.unit.scheduler.world import UID, World, any_program, spec, with_limits
from tunewright.core.check import check_new
from tunewright.core.errors import AlreadyExists, IllegalTransition, InvalidSpec, NotFound, Unavailable
from tunewright.core.spec import (
    Completion,
    Definition,
    EnqueuedConfiguration,
    Limits,
    Reevaluation,
    Strategy,
    TuningJobSpec,
    WarmStart,
    WarmStartType,
)
from tunewright.core.states import JobState
from tunewright.platform.rpc.server import _caller
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import records
from tunewright_scheduler.core.decide import StopRequested
from tunewright_scheduler.core.extension import ancestors, child_names, extended, retried_apart
from tunewright_scheduler.core.job import ParentJob, TuningJob
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.tuning_jobs import TuningJobs

MINE = EnqueuedConfiguration({"lr": 0.05, "epochs": 1, "batch": "64"})
OTHER = EnqueuedConfiguration({"lr": 0.06, "epochs": 2, "batch": "32"})
TEXTS = EnqueuedConfiguration({"batch": "64"})
IDENTICAL = WarmStartType.IDENTICAL_DATA_AND_ALGORITHM


def of_choices(definition: Definition) -> Definition:
    return replace(definition, parameters=tuple(item for item in definition.parameters if item.name == "batch"))


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


def a_job(name: str = "job", **fields: object) -> TuningJob:
    return TuningJob(UID, name, "owner", 0.0, 0.0, 7, **({"state": JobState.COMPLETED} | fields))  # type: ignore[arg-type]


def test_a_child_knows_its_ancestors_nearest_first_and_five_at_most() -> None:
    child = extended(spec(), a_job(), "child", 20, ["a", "b", "c", "d", "e"])
    assert (child.name, child.limits.max_trainings, child.limits.max_parallel) == ("child", 20, 2)
    assert child.warm_start == WarmStart((UID, "a", "b", "c", "d"), IDENTICAL)
    assert extended(spec(), a_job(), "child", None, []).limits.max_trainings == 6


def test_parents_of_other_data_are_left_out() -> None:
    parents = (ParentJob("a", "a", 1, 3, None), ParentJob("b", "b", 1, 3, None))
    for type_, expected in ((IDENTICAL, ("a", "b")), (WarmStartType.TRANSFER_LEARNING, ())):
        wanted = spec(warm_start=WarmStart(("a", "b"), type_))
        assert ancestors(wanted, a_job(parents=parents)) == expected


def test_a_child_tries_nothing_first_that_was_tried_and_draws_by_another_seed() -> None:
    first = spec(random_seed=4, enqueued=(MINE, OTHER))
    parameters = tuple(replace(item, hint=1) for item in first.definitions[0].parameters)
    first = replace(first, definitions=(replace(first.definitions[0], parameters=parameters),))
    child = extended(first, a_job(enqueued=1), "child", None, [])
    assert (child.random_seed, child.enqueued) == (5, (OTHER,))
    assert [parameter.hint for parameter in child.definitions[0].parameters] == [None] * 3
    assert extended(spec(), a_job(), "child", None, []).random_seed is None


def test_a_child_that_retries_runs_what_failed_and_nothing_else() -> None:
    until = Completion(target=0.9, max_not_improving=3, on_convergence=True)
    first = spec(enqueued=(OTHER,), reevaluation=Reevaluation(top=1, repeats=2), completion=until)
    child = retried_apart(first, a_job(), "child", [MINE, MINE], [])
    assert (child.enqueued, child.limits.max_trainings, child.reevaluation) == ((MINE, MINE), 2, None)
    assert child.completion == Completion(target=0.9)


@pytest.mark.parametrize("strategy", [Strategy.GRID, Strategy.HYPERBAND])
def test_what_cannot_be_warm_started_is_not_extended(strategy: Strategy) -> None:
    with pytest.raises(InvalidSpec, match="Create a job, with wider ranges"):
        extended(spec(strategy=strategy), a_job(), "child", None, [])


def test_a_job_of_several_definitions_is_not_extended_and_is_told_so_in_its_own_terms() -> None:
    with pytest.raises(InvalidSpec, match="has 2 definitions") as refused:
        extended(_of_two_definitions(), a_job(), "child", None, [])
    assert refused.value.field == "job"


def _of_two_definitions() -> TuningJobSpec:
    definition = spec().definitions[0]
    return spec(definitions=(replace(definition, name="a"), replace(definition, name="b")))


@pytest.mark.parametrize(
    ("given", "failed"),
    [
        (_of_two_definitions(), replace(MINE, definition_name="b")),
        (spec(strategy=Strategy.GRID, limits=Limits(2), definitions=(of_choices(spec().definitions[0]),)), TEXTS),
    ],
    ids=["several", "grid"],
)
def test_what_cannot_be_extended_can_be_retried(given: TuningJobSpec, failed: EnqueuedConfiguration) -> None:
    child = check_new(retried_apart(check_new(given), a_job(), "child", [failed], []))
    assert (child.enqueued, child.limits.max_trainings, child.warm_start) == ((failed,), 1, None)


def test_the_largest_seed_is_followed_by_the_smallest() -> None:
    child = extended(spec(random_seed=2**63 - 1), a_job(), "child", None, [])
    assert check_new(child).random_seed == 0


@pytest.mark.parametrize(
    ("job", "names"),
    [
        (a_job(), ["job-2", "job-3"]),
        (a_job("job-2"), ["job-2-2", "job-2-3"]),
        (a_job("job-2", extends="a"), ["job-3", "job-4"]),
        (a_job("x" * 32), ["x" * 30 + "-2", "x" * 30 + "-3"]),
        (a_job("x" * 29 + "-yz"), ["x" * 29 + "-2", "x" * 29 + "-3"]),
    ],
)
def test_a_child_is_named_after_its_parent_within_32_characters(job: TuningJob, names: list[str]) -> None:
    assert list(islice(child_names(job), 2)) == names


async def test_a_job_that_runs_is_amended_and_not_extended(world: World, front: TuningServicer) -> None:
    await world.create(spec())
    with pytest.raises(IllegalTransition, match="Amend it"):
        await _extend(front)
    with pytest.raises(NotFound):
        await _extend(front, job="nowhere")


async def test_an_ended_job_goes_on_in_a_child_that_says_whose_it_is(world: World, front: TuningServicer) -> None:
    await _ended(world, spec(), [0.5, 0.7])
    child = await _extend(front)
    assert (child.spec.name, child.extends, child.spec.limits.max_trainings) == ("job-2", UID, 6)
    assert [parent.uid for parent in child.parents] == [UID]
    await world.changes.send(child.uid, StopRequested("enough"))
    grandchild = await _extend(front, job="job-2", max_trainings=3)
    assert (grandchild.spec.name, grandchild.spec.limits.max_trainings) == ("job-3", 3)
    assert [parent.uid for parent in grandchild.parents] == [child.uid, UID]


async def test_a_name_that_is_taken_is_passed_over_and_a_given_one_refused(world: World, front: TuningServicer) -> None:
    await world.create(spec(name="job-2"), "f" * 16)
    await _ended(world, spec(), [0.5])
    assert (await _extend(front)).spec.name == "job-3"
    with pytest.raises(AlreadyExists):
        await _extend(front, name="job-2")
    assert (await _extend(front, name="mine")).spec.name == "mine"


async def test_an_amended_job_is_extended_as_it_was_in_the_end(world: World, front: TuningServicer) -> None:
    await world.create(spec())
    await world.answer_all()
    await front.AmendTuningJob(pb.AmendTuningJobRequest(job="job", expected_revision=1, max_trainings=9), None)  # type: ignore[arg-type]
    await world.changes.send(UID, StopRequested("enough"))
    assert (await _extend(front)).spec.limits.max_trainings == 9


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("verb", ["extend", "retry"])
async def test_a_request_repeated_after_a_lost_answer_gives_the_same_child(
    world: World, front: TuningServicer, verb: str, applied: bool
) -> None:
    await _ended(world, spec(), [0.5, None])
    ask = _extend if verb == "extend" else _retry
    world.store.commits_to_failure, world.store.fails_before = 0, not applied
    with suppress(Unavailable):
        await ask(front, request_id="r")
    first, again = await asyncio.gather(*(ask(front, request_id="r") for _ in range(2)))
    assert first.uid == again.uid
    with pytest.raises(NotFound):
        await front.GetTuningJob(pb.GetTuningJobRequest(job="job-3"), None)  # type: ignore[arg-type]


async def test_what_failed_in_an_ended_job_runs_again_in_a_child(world: World, front: TuningServicer) -> None:
    await _ended(world, spec(), [0.5, None])
    child = await _retry(front)
    (failed,) = await records.read_failures(world.store, UID, 0, 2)
    assert (child.spec.name, child.extends, child.spec.limits.max_trainings) == ("job-2", UID, 1)
    (training,) = await world.trainings(child.uid)
    assert (training.configuration, training.provenance.source) == (failed.configuration, "enqueued")


async def test_nothing_is_retried_where_nothing_failed(world: World, front: TuningServicer) -> None:
    await _ended(world, spec(), [0.5])
    with pytest.raises(IllegalTransition, match="without failed trainings"):
        await _retry(front)


async def test_a_grid_that_has_ended_is_not_extended(world: World, front: TuningServicer) -> None:
    await world.create(spec(strategy=Strategy.GRID))
    await world.changes.send(UID, StopRequested("enough"))
    with pytest.raises(InvalidSpec, match="nothing is left to go on with"):
        await _extend(front)


async def _ended(world: World, wanted: TuningJobSpec, values: list[float | None]) -> None:
    """Run a job of these trainings, those of None failing, then stop it."""
    await world.create(with_limits(wanted, max_parallel=1))
    await world.answer_all()
    for value in values:
        await world.run_one(value, 0 if value is not None else 3)
    await world.changes.send(UID, StopRequested("enough"))


async def _extend(front: TuningServicer, job: str = "job", **fields: object) -> pb.TuningJob:
    request = pb.ExtendTuningJobRequest(job=job, **fields)  # type: ignore[arg-type]
    return (await front.ExtendTuningJob(request, None)).job  # type: ignore[arg-type]


async def _retry(front: TuningServicer, **fields: object) -> pb.TuningJob:
    request = pb.RetryTuningJobRequest(job="job", **fields)  # type: ignore[arg-type]
    return (await front.RetryTuningJob(request, None)).job  # type: ignore[arg-type]
