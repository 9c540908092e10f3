"""Tags may be changed at any time, of ended jobs too, and nothing else is disturbed by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.callers import anybody
from tests.unit.scheduler.world import UID, World, any_program, spec
from tunewright.core.errors import InvalidSpec, NotFound, QuotaExceeded
from tunewright.core.names import training_name
from tunewright.platform.rpc.server import _caller
from tunewright.platform.store.port import Query
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import records
from tunewright_scheduler.core.decide import StopRequested
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.tuning_jobs import TuningJobs


class Desk:
    def __init__(self, world: World) -> None:
        self.world = world
        jobs = TuningJobs(world.store, world.changes, any_program, world.room)
        self.front: Any = TuningServicer(world.store, world.changes, world.bells, jobs, world.doctor)

    async def tag(self, **request: Any) -> dict[str, str]:
        return dict((await self.front.ChangeTags(pb.ChangeTagsRequest(**request), None)).tags)

    async def job_tags(self, job: str = "job") -> dict[str, str]:
        return dict((await self.front.GetTuningJob(pb.GetTuningJobRequest(job=job), None)).job.spec.tags)

    async def training_tags(self, number: int) -> dict[str, str]:
        request = pb.GetTrainingJobRequest(training=training_name("job", UID, number))
        return dict((await self.front.GetTrainingJob(request, None)).training.tags)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    _caller.set(anybody("owner"))
    world = World(tmp_path)
    await world.create(spec(tags={"team": "churn"}))
    await world.answer_all()
    yield Desk(world)
    await world.store.close()


async def test_tags_are_set_and_removed_in_one_step(desk: Desk) -> None:
    assert await desk.tag(job="job", set={"stage": "test"}) == {"team": "churn", "stage": "test"}
    assert await desk.tag(job="JOB", set={"stage": ""}, remove=["team", "unknown"]) == {"stage": ""}
    assert await desk.job_tags() == {"stage": ""}


async def test_trainings_have_the_tags_that_their_job_had_when_they_were_created(desk: Desk) -> None:
    await desk.tag(job="job", set={"stage": "test"})
    await desk.world.run_one()
    assert await desk.training_tags(1) == {"team": "churn"}
    assert await desk.training_tags(3) == {"team": "churn", "stage": "test"}


async def test_a_trainings_own_tags_are_kept_whatever_happens_to_it(desk: Desk) -> None:
    name = training_name("job", UID, 1)
    assert await desk.tag(training=name, set={"mine": "yes"}, remove=["team"]) == {"mine": "yes"}
    await desk.world.run_one()
    assert await desk.training_tags(1) == {"mine": "yes"}
    assert await desk.tag(training=name, remove=["mine"]) == {}
    assert await desk.job_tags() == {"team": "churn"}


async def test_ended_jobs_are_tagged_too_and_their_children_take_it_over(desk: Desk) -> None:
    await desk.world.changes.send(UID, StopRequested("enough"))
    await desk.tag(job="job", set={"kept": "yes"})
    assert await desk.job_tags() == {"team": "churn", "kept": "yes"}
    assert (await desk.world.job()).ended_at is not None
    child = (await desk.front.ExtendTuningJob(pb.ExtendTuningJobRequest(job="job"), None)).job
    assert child.spec.tags == {"team": "churn", "kept": "yes"}


async def test_a_tag_neither_refuses_an_amendment_under_way_nor_changes_what_is_asked(desk: Desk) -> None:
    seen = (await desk.world.job()).spec_revision
    asks = await desk.world.store.find(Query("asks", "by_job", {"uid": UID}))
    await desk.tag(job="job", set={"stage": "test"})
    request = pb.AmendTuningJobRequest(job="job", expected_revision=seen, max_trainings=9)
    amended = (await desk.front.AmendTuningJob(request, None)).job
    assert (amended.spec_revision, amended.spec.limits.max_trainings) == (seen + 1, 9)
    assert amended.spec.tags == {"team": "churn", "stage": "test"}
    assert (await desk.world.store.find(Query("asks", "by_job", {"uid": UID}))).items == asks.items
    stored = (await records.read_spec(desk.world.store, UID, seen)).value
    assert stored is not None
    assert stored.tags == {"team": "churn"}, "what was asked for stays as it was"


@pytest.mark.parametrize(
    ("given", "removed", "field"),
    [
        ({"": "x"}, [], "set"),
        ({"k" * 129: "x"}, [], "set"),
        ({"k": "v" * 257}, [], "set.k"),
        ({"k": ""}, ["k"], "remove"),
    ],
)
async def test_malformed_tags_are_refused_and_nothing_changes(
    desk: Desk, given: dict[str, str], removed: list[str], field: str
) -> None:
    with pytest.raises(InvalidSpec) as refused:
        await desk.tag(job="job", set=given, remove=removed)
    assert refused.value.field == field
    assert await desk.job_tags() == {"team": "churn"}


async def test_a_resource_has_fifty_tags_at_most(desk: Desk) -> None:
    await desk.tag(job="job", set={f"k{number}": "" for number in range(49)})
    with pytest.raises(QuotaExceeded):
        await desk.tag(job="job", set={"one more": ""})
    await desk.tag(job="job", set={"one more": ""}, remove=["k0"])
    assert len(await desk.job_tags()) == 50


async def test_only_ones_own_are_tagged(desk: Desk) -> None:
    _caller.set(anybody("somebody else"))
    for resource in ({"job": "job"}, {"job": UID}, {"training": training_name("job", UID, 1)}):
        with pytest.raises(NotFound):
            await desk.tag(**resource, set={"k": "v"})
    with pytest.raises(InvalidSpec, match="Name a tuning job"):
        await desk.tag(set={"k": "v"})
