"""What GetTuningJob tells who asks often, and that nothing kept in memory makes it tell of yesterday."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.callers import anybody
from tests.unit.scheduler.world import UID, World, any_program, spec
from tunewright.core.errors import NotFound
from tunewright.core.names import training_name
from tunewright.core.values import replace
from tunewright.platform.rpc.server import _caller
from tunewright.platform.store.port import Replace
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import records
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core.job import ParentJob
from tunewright_scheduler.etags import RELEASE
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.tuning_jobs import TuningJobs

BRIEFLY = pb.GetTuningJobRequest(job="job", without_findings=True)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    _caller.set(anybody("owner"))
    world = World(tmp_path)
    await world.create(spec(tags={"team": "churn"}))
    await world.answer_all()
    yield world
    await world.store.close()


def replica(world: World) -> Any:
    """Return a front desk with a memory of its own."""
    changes = Changes(world.store, Bells())
    jobs = TuningJobs(world.store, changes, any_program, world.room)
    return TuningServicer(world.store, changes, world.bells, jobs, world.doctor)


async def test_who_does_without_findings_is_told_all_else(world: World) -> None:
    await world.run_one(0.5)
    world.store.clock += 1000  # nobody has come for the next ones
    whole = (await replica(world).GetTuningJob(pb.GetTuningJobRequest(job="job"), None)).job
    brief = (await replica(world).GetTuningJob(BRIEFLY, None)).job
    assert whole.waiting_for
    assert whole.findings
    assert brief.best.objective_value == 0.5
    whole.ClearField("waiting_for")
    whole.ClearField("findings")
    assert brief == whole


async def test_a_job_that_another_replica_stops_or_tags_is_told_so_at_once(world: World) -> None:
    one, other = replica(world), replica(world)
    assert (await one.GetTuningJob(BRIEFLY, None)).job.state == pb.JOB_STATE_RUNNING
    await other.ChangeTags(pb.ChangeTagsRequest(job="job", set={"stage": "test"}), None)
    await other.StopTuningJob(pb.StopTuningJobRequest(job="job"), None)
    told = (await one.GetTuningJob(BRIEFLY, None)).job
    assert told.state in {pb.JOB_STATE_STOPPING, pb.JOB_STATE_STOPPED}
    assert dict(told.spec.tags) == {"team": "churn", "stage": "test"}


async def test_an_answer_that_is_changed_by_who_got_it_changes_no_other(world: World) -> None:
    desk = replica(world)
    first = (await desk.GetTuningJob(BRIEFLY, None)).job
    first.spec.name = "mine"
    first.spec.definitions[0].image = "mine"
    assert (await desk.GetTuningJob(BRIEFLY, None)).job.spec.name == "job"
    assert (await desk.GetTuningJob(BRIEFLY, None)).job.spec.definitions[0].image != "mine"


class Keeper:
    """One who keeps the last answer, and asks only whether it still holds."""

    def __init__(self, world: World) -> None:
        self.front, self.kept = replica(world), pb.GetTuningJobResponse()
        self.spared = 0
        """Answers that brought nothing new."""

    async def read(self) -> pb.TuningJob:
        request = pb.GetTuningJobRequest(job="job", without_findings=True, if_none_match=self.kept.etag)
        answer = await self.front.GetTuningJob(request, None)
        if answer.HasField("job"):
            self.kept = answer
        else:
            self.spared += 1
            assert answer.etag == self.kept.etag != ""
        return self.kept.job


async def test_a_kept_answer_holds_as_long_as_a_new_one_would_be_the_same(world: World) -> None:
    other = replica(world)
    best = training_name("job", UID, 1)

    async def extended() -> None:
        change = pb.AmendTuningJobRequest(job="job", expected_revision=1, max_trainings=9)
        await other.AmendTuningJob(change, None)

    steps = [
        lambda: world.run_one(0.5),
        lambda: world.run_one(0.4),
        lambda: other.ChangeTags(pb.ChangeTagsRequest(training=best, set={"mine": "yes"}), None),
        lambda: other.ChangeTags(pb.ChangeTagsRequest(job="job", set={"stage": "test"}), None),
        extended,
        lambda: world.run_one(0.9),
        lambda: other.StopTuningJob(pb.StopTuningJobRequest(job="job"), None),
    ]
    keeper, told = Keeper(world), []
    for step in steps:
        await step()
        told.append(await keeper.read())
        assert told[-1] == (await other.GetTuningJob(BRIEFLY, None)).job
        assert await keeper.read() is told[-1], "nothing has happened since"
    assert keeper.spared == len(steps)
    assert [job.best.objective_value for job in told] == [0.5] * 5 + [0.9] * 2
    assert told[2].best.tags == {"team": "churn", "mine": "yes"}


async def test_what_was_kept_of_a_deleted_job_does_not_hold_for_another_of_its_name(world: World) -> None:
    keeper, other = Keeper(world), replica(world)
    await other.StopTuningJob(pb.StopTuningJobRequest(job="job"), None)
    assert (await keeper.read()).uid == UID
    await other.DeleteTuningJob(pb.DeleteTuningJobRequest(job="job"), None)
    with pytest.raises(NotFound):
        await keeper.read()
    await world.create(spec(), uid="fedcba9876543210")
    assert (await keeper.read()).uid == "fedcba9876543210"


async def test_to_a_stranger_an_etag_says_nothing(world: World) -> None:
    keeper = Keeper(world)
    await keeper.read()
    _caller.set(anybody("stranger"))
    with pytest.raises(NotFound):
        await keeper.read()


@pytest.mark.parametrize("etag", ["", "/x", "/1", "/1/", "/1/x:1", "/1/1:0/2:0/3:0"])
@pytest.mark.parametrize("release", ["", "0.0.0/", f"{RELEASE}/"])
async def test_an_etag_that_was_not_given_out_does_not_hold(world: World, etag: str, release: str) -> None:
    etag = release + UID + etag
    request = pb.GetTuningJobRequest(job="job", without_findings=True, if_none_match=etag)
    answer = await replica(world).GetTuningJob(request, None)
    assert answer.job.uid == UID
    assert answer.etag not in {"", etag}


async def test_what_may_change_by_itself_has_no_etag(world: World) -> None:
    """Findings come and go with time, and of a child the best of its parents is told."""
    kept = (await replica(world).GetTuningJob(BRIEFLY, None)).etag
    whole = await replica(world).GetTuningJob(pb.GetTuningJobRequest(job="job", if_none_match=kept), None)
    assert whole.etag == ""
    assert whole.job.uid == UID
    known = await records.read_job(world.store, UID)
    assert known is not None
    child = replace(known.value, parents=(ParentJob("0" * 16, "parent", 1, 0, None),))
    await world.store.commit([Replace("tuning_jobs", UID, records.job_document(child), known.version)])
    assert (await replica(world).GetTuningJob(BRIEFLY, None)).etag == ""
