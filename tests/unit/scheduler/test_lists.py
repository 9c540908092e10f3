"""Lists give every job and training once, in the order and of the kind asked for, at a bounded cost a page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.callers import anybody
from tests.unit.scheduler.world import UID, World, any_program, spec
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.names import training_id, training_name
from tunewright.core.spec import Limits
from tunewright.core.states import STATUSES, TrainingState
from tunewright.core.values import replace
from tunewright.platform.codec import instant_to_timestamp
from tunewright.platform.rpc.server import _caller
from tunewright.platform.store.port import Insert
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler.core.decide import StopRequested
from tunewright_scheduler.listing import MOST_READ
from tunewright_scheduler.records import training_document
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.tuning_jobs import TuningJobs

OTHER_UID = "fedcba9876543210"
STATUS_ORDER = pb.TRAINING_JOB_ORDER_STATUS
NAME_ORDER = pb.TRAINING_JOB_ORDER_NAME


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    there = World(tmp_path)
    yield there
    await there.store.close()


@pytest.fixture
def front(world: World) -> TuningServicer:
    _caller.set(anybody("owner"))
    jobs = TuningJobs(world.store, world.changes, any_program, world.room)
    return TuningServicer(world.store, world.changes, world.bells, jobs, world.doctor)


async def listed(front: TuningServicer, page_size: int = 100, **wanted: object) -> list[pb.TrainingJob]:
    """Walk through all pages."""
    request = pb.ListTrainingJobsRequest(page_size=page_size, **wanted)  # type: ignore[arg-type]
    found: list[pb.TrainingJob] = []
    while True:
        page = await front.ListTrainingJobs(request, None)  # type: ignore[arg-type]
        assert len(page.trainings) <= page_size
        found += page.trainings
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


async def jobs_listed(front: TuningServicer, page_size: int = 100, **wanted: object) -> list[str]:
    request = pb.ListTuningJobsRequest(page_size=page_size, **wanted)  # type: ignore[arg-type]
    found: list[str] = []
    while True:
        page = await front.ListTuningJobs(request, None)  # type: ignore[arg-type]
        found += [job.spec.name for job in page.jobs]
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


async def two_jobs(world: World) -> None:
    """One with a training of each kind: completed, failed, told to stop, running, waiting; another with two waiting."""
    await world.create(spec(limits=Limits(max_parallel=3, max_trainings=5)))
    await world.answer_all()
    world.store.clock += 1
    await world.run_one(0.7)
    await world.answer_all()
    world.store.clock += 1
    await world.run_one(None, code=2)
    await world.answer_all()
    epoch = await world.open("t")
    await world.claim("t", epoch, "both", slots=2)
    world.store.clock += 1
    await world.create(spec(name="another"), uid=OTHER_UID)
    await world.answer(world.asked.pop(), 2, uid=OTHER_UID)


async def tell_to_stop(front: TuningServicer, number: int) -> pb.TrainingJob:
    request = pb.StopTrainingJobRequest(training=training_id(UID, number))
    return (await front.StopTrainingJob(request, None)).training  # type: ignore[arg-type]


async def test_a_training_that_was_told_to_stop_is_stopping_until_it_has_ended(
    world: World, front: TuningServicer
) -> None:
    await two_jobs(world)
    assert (await tell_to_stop(front, 3)).status == "Stopping"
    assert [item.number for item in await listed(front, job="job", status_equals="Stopping")] == [3]
    claimed = await world.training(3)
    await world.exit(claimed)
    await world.summarize(claimed, 0.5)
    response = await front.GetTrainingJob(pb.GetTrainingJobRequest(training=claimed.name), None)  # type: ignore[arg-type]
    assert response.training.status == "Completed"


async def test_a_training_is_shown_with_the_specification_that_it_runs_under(
    world: World, front: TuningServicer
) -> None:
    await two_jobs(world)
    name = training_name("job", UID, 1)
    response = await front.GetTrainingJob(pb.GetTrainingJobRequest(training=name.upper()), None)  # type: ignore[arg-type]
    assert (response.training.name, response.training.job_name) == (name, "job")
    assert response.spec.objective.metric_name == "acc"
    assert response.training.modified_at.ToSeconds() == 1_700_000_001


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", [pb.TRAINING_JOB_ORDER_CREATED_AT, NAME_ORDER, STATUS_ORDER])
@pytest.mark.parametrize("job", ["", "job"])
async def test_small_pages_give_what_a_large_one_does_in_the_order_asked_for(
    world: World, front: TuningServicer, job: str, order: pb.TrainingJobOrder, descending: bool
) -> None:
    await two_jobs(world)
    await tell_to_stop(front, 4)
    whole = await listed(front, job=job, order=order, descending=descending)
    assert len(whole) == (5 if job else 7)
    keys = {
        pb.TRAINING_JOB_ORDER_CREATED_AT: lambda item: item.created_at.ToNanoseconds(),
        NAME_ORDER: lambda item: item.name.lower(),
        STATUS_ORDER: lambda item: (item.status, item.created_at.ToNanoseconds()),
    }
    asked_for = [keys[order](item) for item in whole]
    assert asked_for == sorted(asked_for, reverse=descending)
    for size in (1, 2, 3):
        assert await listed(front, size, job=job, order=order, descending=descending) == whole


async def test_filters_hold_together(world: World, front: TuningServicer) -> None:
    await two_jobs(world)
    began = 1_700_000_000
    numbers = [item.number for item in await listed(front, job="job", name_contains="JOB-00", status_equals="Failed")]
    assert numbers == [2]
    late = instant_to_timestamp(began + 2)
    assert {item.job_name for item in await listed(front, created_after=late)} == {"job", "another"}
    assert {item.job_name for item in await listed(front, created_after=instant_to_timestamp(began + 3))} == {"another"}
    before = await listed(front, modified_before=late)
    assert {item.number for item in before} == {1}
    assert await listed(front, modified_before=late, order=NAME_ORDER) == before
    assert await listed(front, name_contains="another", status_equals="Completed") == []
    assert len(await listed(front, order=NAME_ORDER, status_equals="InProgress", name_contains="another")) == 2


async def test_only_the_callers_own_trainings_are_listed_and_none_of_deleted_jobs(
    world: World, front: TuningServicer
) -> None:
    await two_jobs(world)
    await world.changes.send(OTHER_UID, StopRequested("enough"))
    await front.DeleteTuningJob(pb.DeleteTuningJobRequest(job="another"), None)  # type: ignore[arg-type]
    assert {item.uid for item in await listed(front)} == {UID}
    with pytest.raises(NotFound):
        await front.GetTrainingJob(pb.GetTrainingJobRequest(training=f"{OTHER_UID}/000001"), None)  # type: ignore[arg-type]
    _caller.set(anybody("somebody else"))
    assert await listed(front) == []


async def test_a_filter_that_no_index_serves_costs_a_bounded_part_of_the_list_a_page(
    world: World, front: TuningServicer
) -> None:
    await two_jobs(world)
    one = await world.training(1)
    many = [
        replace(one, number=number, name=f"job-{number}-x", created_at=one.created_at + number)
        for number in range(10, 2 * MOST_READ)
    ]
    now = world.store.clock
    await world.store.commit(
        [Insert("training_jobs", training_id(UID, item.number), training_document(item, now)) for item in many]
    )
    rare = pb.ListTrainingJobsRequest(name_contains=f"-{many[-1].number}-")
    page = await front.ListTrainingJobs(rare, None)  # type: ignore[arg-type]
    assert (list(page.trainings), bool(page.next_page_token)) == ([], True)
    assert [item.number for item in await listed(front, name_contains=rare.name_contains)] == [many[-1].number]


async def test_what_comes_between_two_pages_moves_nothing(world: World, front: TuningServicer) -> None:
    await two_jobs(world)
    request = pb.ListTrainingJobsRequest(page_size=4, descending=True)
    first = await front.ListTrainingJobs(request, None)  # type: ignore[arg-type]
    world.store.clock += 1
    await world.run_one(0.1)
    request.page_token = first.next_page_token
    second = await front.ListTrainingJobs(request, None)  # type: ignore[arg-type]
    assert len({item.id for item in (*first.trainings, *second.trainings)}) == 7


async def test_tuning_jobs_are_listed_by_status_and_by_name_with_every_filter(
    world: World, front: TuningServicer
) -> None:
    await two_jobs(world)
    await world.create(spec(name="middle"), uid="aaaaaaaaaaaaaaaa")
    await world.changes.send("aaaaaaaaaaaaaaaa", StopRequested("enough"))
    assert await jobs_listed(front, 1, order=pb.TUNING_JOB_ORDER_STATUS) == ["job", "another", "middle"]
    assert await jobs_listed(front, 1, order=pb.TUNING_JOB_ORDER_STATUS, descending=True) == [
        "middle",
        "another",
        "job",
    ]
    by_name = {"order": pb.TUNING_JOB_ORDER_NAME, "state_equals": "InProgress"}
    assert await jobs_listed(front, **by_name) == ["another", "job"]
    late = instant_to_timestamp(1_700_000_003)
    assert await jobs_listed(front, **by_name, created_after=late) == ["another"]
    assert await jobs_listed(front, modified_before=late) == ["job"]


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("status_equals", {"status_equals": "Waiting"}),
        ("order", {"order": pb.TRAINING_JOB_ORDER_OBJECTIVE_VALUE}),
        ("page_token", {"page_token": "7.x"}),
        ("page_token", {"page_token": "nonsense"}),
    ],
)
async def test_what_cannot_be_listed_is_refused_by_its_field(
    front: TuningServicer, field: str, wanted: dict[str, object]
) -> None:
    with pytest.raises(InvalidSpec) as refused:
        await listed(front, **wanted)
    assert refused.value.field == field


def test_every_status_of_a_training_is_one_that_can_be_asked_for() -> None:
    assert {state.shown for state in TrainingState} | {"Stopping"} == set(STATUSES)
