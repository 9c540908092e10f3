"""Whatever keeps a job waiting is named within 30 seconds, with what to do; a job that runs has nothing to say.

The scheduler's own parts on a real store with the test's clock. Each test brings one trouble about.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.scheduler.world import UID, World, spec, with_limits
from tunewright.core.causes import CAUSES, table
from tunewright.core.instances import GIB
from tunewright.core.ranges_text import default_regex
from tunewright.core.spec import Resources, Strategy, TuningJobSpec
from tunewright.core.states import EndCause
from tunewright.events.v1 import results_pb2
from tunewright.platform.store.port import Query, Remove, Replace
from tunewright_scheduler.core.asking import AskFailed
from tunewright_scheduler.core.controls import Quota
from tunewright_scheduler.core.decide import Park, PauseRequested, StopRequested
from tunewright_scheduler.core.diagnosis import Finding
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.records import job_document, read_job
from tunewright_scheduler.results import Results

OTHER = "fedcba9876543210"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    there = World(tmp_path)
    await there.collector_reads()
    yield there
    await there.store.close()


async def begin(world: World, wanted: TuningJobSpec | None = None) -> None:
    """Create the job; its first trainings are there to be claimed, and its events are published."""
    await world.create(wanted or spec())
    await world.answer_all()
    await publish(world)


async def other_job(world: World, *, priority: int = 0) -> None:
    await world.create(spec(name="other", priority=priority), OTHER)
    await world.answer(world.asked.pop(), 2, uid=OTHER)
    world.asked.clear()


async def publish(world: World) -> None:
    page = await world.store.find(Query("outbox", "unsent", limit=1000))
    await world.store.commit([Remove("outbox", item.key) for item in page.items])


async def session(world: World, trainer: str, slots: int, **fields: object) -> int:
    epoch = await world.open(trainer, slots)
    stored = await world.store.get("sessions", trainer)
    assert stored is not None
    await world.store.commit([Replace("sessions", trainer, stored.document | fields, stored.version)])
    return epoch


async def wait(world: World, seconds: float, *trainers: str, behind_s: float = 0.0) -> None:
    """Let time pass in which the trainers and the collector are heard, and the relay publishes."""
    world.store.clock += seconds
    await publish(world)
    await world.collector_reads(behind_s)
    for trainer in trainers:
        stored = await world.store.get("sessions", trainer)
        assert stored is not None
        heard = stored.document | {"expires_at": world.store.clock + world.sessions.terms.lease_s}
        await world.store.commit([Replace("sessions", trainer, heard, stored.version)])


async def said(world: World, uid: str = UID) -> tuple[str, list[Finding]]:
    found = await read_job(world.store, uid)
    assert found is not None
    return await world.doctor.of(found.value)


async def first(world: World, cause: str) -> Finding:
    """Return the first finding, which must be of this cause."""
    text, findings = await said(world)
    assert [finding.cause for finding in findings][:1] == [cause]
    assert findings[0].text == text
    assert findings[0].remedy
    return findings[0]


async def named(world: World, cause: str) -> Finding:
    _, findings = await said(world)
    (finding,) = [finding for finding in findings if finding.cause == cause]
    return finding


async def start(world: World, trainer: str = "t", slots: int = 2) -> list[Training]:
    epoch = await world.open(trainer, slots)
    return await world.claim(trainer, epoch, f"{trainer}{epoch}", slots)


# -- What is as it should be ------------------------------------------------------------------------------------------


async def test_a_job_that_runs_says_so_and_has_no_findings(world: World) -> None:
    await begin(world)
    await start(world)
    await wait(world, 25, "t")
    assert await said(world) == ("2 trainings under way", [])


async def test_an_ended_job_waits_for_nothing(world: World) -> None:
    await begin(world)
    await world.changes.send(UID, StopRequested("enough"))
    assert await said(world) == ("", [])


# -- The installation -------------------------------------------------------------------------------------------------


async def test_paused_starts_are_named_with_their_reason(world: World) -> None:
    await begin(world)
    await session(world, "t", 2)
    await world.room.pause_starts("new disks")
    finding = await first(world, "STARTS_PAUSED")
    assert "new disks" in finding.text
    assert "resume-starts" in finding.remedy
    assert finding.since == world.store.clock


async def test_a_broker_that_takes_nothing_is_named(world: World) -> None:
    await begin(world)
    await start(world)
    world.store.clock += 20
    await world.collector_reads()
    finding = await first(world, "BROKER_UNREACHABLE")
    assert "20 s" in finding.text


async def test_collectors_that_fall_silent_are_named(world: World) -> None:
    await begin(world)
    await start(world)
    world.store.clock += 25
    await publish(world)
    assert "since 25 s ago" in (await named(world, "COLLECTOR_UNREACHABLE")).text


# -- The job ----------------------------------------------------------------------------------------------------------


async def test_a_parked_job_is_named_with_its_fault(world: World) -> None:
    await begin(world)
    await start(world)
    await world.changes.send(UID, Park("reading a result failed: division by zero"))
    finding = await first(world, "JOB_PARKED")
    assert "division by zero" in finding.text
    assert "admin unpark job" in finding.remedy


async def test_a_paused_job_is_named(world: World) -> None:
    await begin(world)
    await world.changes.send(UID, PauseRequested())
    assert "tunewright resume job" in (await first(world, "JOB_PAUSED")).remedy


async def test_a_job_that_the_next_failure_ends_is_named_with_the_first_one(world: World) -> None:
    await begin(world, with_limits(spec(), max_parallel=1))
    for _ in range(4):
        await world.run_one(None, code=3)
        await world.answer_all()
    await wait(world, 1, "t")
    finding = await named(world, "NEAR_FAILURE")
    assert finding.text.startswith("4 trainings of job have failed")
    assert "exit code 3" in finding.text


async def test_a_job_that_has_spent_its_cost_is_named(world: World) -> None:
    await begin(world, with_limits(spec(), max_cost=5.0))
    await start(world)
    found = await read_job(world.store, UID)
    assert found is not None
    spent = job_document(replace(found.value, spent=5.5))
    await world.store.commit([Replace("tuning_jobs", UID, spent, found.version)])
    assert "spent 5.5 of at most 5" in (await first(world, "COST_REACHED")).text


async def test_a_job_that_stops_says_what_it_waits_for(world: World) -> None:
    await begin(world)
    claimed = await start(world)
    await world.changes.send(UID, StopRequested("stopped by its user"))
    await wait(world, 20, "t")
    text, findings = await said(world)
    assert text == findings[0].text
    assert all(training.name in text for training in claimed)
    stopping = [finding for finding in findings if finding.cause == "TRAINING_STOPPING"]
    assert [finding.training for finding in stopping] == [training.name for training in claimed]
    assert "100 s until it is killed" in stopping[0].text
    assert stopping[0].until == world.store.clock + 100


# -- The suggester ----------------------------------------------------------------------------------------------------


async def test_a_grid_that_cannot_go_on_without_the_suggester_is_named(world: World) -> None:
    await world.create(spec(strategy=Strategy.GRID))
    await world.changes.send(UID, AskFailed(0, "connection refused"))
    await wait(world, 1)
    finding = await first(world, "GRID_WAITS")
    assert "connection refused" in finding.text
    assert finding.since == world.store.clock - 1
    assert finding.until is not None
    assert finding.until > world.store.clock


async def test_fallbacks_are_named_while_they_last_and_when_they_are_used_up(world: World) -> None:
    await begin(world, with_limits(spec(strategy=Strategy.BAYESIAN), max_trainings=30, max_parallel=4))
    epoch = await world.open("t", 4)
    for claimed in await world.claim("t", epoch, "r", 4):
        await world.exit(claimed)
        await world.summarize(claimed, 0.5)
    await world.changes.send(UID, AskFailed(world.asked.pop(), "connection refused"))
    await world.claim("t", epoch, "s", 4)
    await wait(world, 1, "t")
    await named(world, "SUGGESTER_UNREACHABLE")
    while world.asked:
        await world.changes.send(UID, AskFailed(world.asked.pop(), "connection refused"))
    await world.claim("t", epoch, "u", 4)
    finding = await first(world, "FALLBACKS_USED_UP")
    assert "3 random configurations have stood in" in finding.text
    assert finding.since == world.store.clock - 1


async def test_an_answer_makes_the_suggester_s_absence_forgotten(world: World) -> None:
    await world.create(spec(strategy=Strategy.GRID))
    await world.changes.send(UID, AskFailed(0, "connection refused"))
    await world.answer(0, 2)
    assert (await world.job()).unanswered_at is None


async def test_an_absence_is_not_told_of_once_nothing_more_will_be_asked(world: World) -> None:
    await world.create(with_limits(spec(), max_trainings=2))
    await world.changes.send(UID, AskFailed(world.asked.pop(), "connection refused"))
    epoch = await world.open("t", 2)
    assert len(await world.claim("t", epoch, "r", 2)) == 2
    await wait(world, 20, "t")
    assert (await said(world))[1] == []


async def test_a_suggester_that_thinks_for_long_is_named(world: World) -> None:
    await world.create(spec(strategy=Strategy.GRID))
    await wait(world, 20)
    assert "for 20 s" in (await first(world, "SUGGESTER_SLOW")).text


# -- Trainings that nobody runs yet -----------------------------------------------------------------------------------


async def test_a_pool_without_a_trainer_is_named(world: World) -> None:
    await begin(world)
    assert "2 trainings of job must wait: pool 'default' has no trainer." in (await first(world, "NO_TRAINER")).text


async def test_a_pool_whose_trainers_are_all_cordoned_is_named(world: World) -> None:
    await begin(world)
    await session(world, "t", 2)
    await world.room.cordon("t", "bad memory")
    assert "uncordon" in (await first(world, "TRAINERS_CORDONED")).remedy


async def test_a_pool_whose_trainers_all_drain_is_named(world: World) -> None:
    await begin(world)
    await session(world, "t", 2, draining=True)
    assert ": t." in (await first(world, "TRAINERS_DRAINING")).text


async def test_a_pool_whose_trainers_are_not_heard_is_named(world: World) -> None:
    await begin(world)
    await session(world, "t", 2)
    await wait(world, 25)
    await first(world, "TRAINERS_SILENT")


async def test_other_jobs_that_take_all_slots_are_named(world: World) -> None:
    await other_job(world)
    await start(world)
    await begin(world)
    finding = await first(world, "TRAINERS_BUSY")
    assert finding.text.endswith("all slots of pool 'default' (2) are taken by other.")


async def test_jobs_that_come_first_are_named(world: World) -> None:
    await begin(world, with_limits(spec(), max_parallel=3))
    await start(world)
    await other_job(world, priority=5)
    await wait(world, 5, "t")
    assert "trainings of other come first" in (await first(world, "OTHER_JOBS_FIRST")).text


async def test_a_job_that_fills_the_pool_by_itself_is_told_so(world: World) -> None:
    await begin(world)
    await start(world, slots=1)
    assert "may run 2 at once" in (await first(world, "POOL_TOO_SMALL")).text


async def test_a_training_that_no_trainer_can_hold_is_named_with_the_largest_there_is(world: World) -> None:
    definition = replace(spec().definitions[0], resources=Resources("ml.p4d.24xlarge"))
    await begin(world, spec(definitions=(definition,)))
    await session(world, "small", 2, capacity={"cpus": 2, "memory_bytes": 8 * GIB})
    await session(world, "large", 2, capacity={"cpus": 8, "memory_bytes": 64 * GIB, "gpus": 2})
    finding = await first(world, "TOO_LARGE")
    assert "ml.p4d.24xlarge (96 CPUs, 1152 GiB, 8 GPUs)" in finding.text
    assert "the largest has 8 CPUs, 64 GiB, 2 GPUs" in finding.text


async def test_a_training_that_waits_for_gpus_says_how_many_are_free(world: World) -> None:
    definition = replace(spec().definitions[0], resources=Resources("local_gpu", instance_count=2))
    await begin(world, spec(definitions=(definition,)))
    capacity = {"cpus": 8, "memory_bytes": 64 * GIB, "gpus": 3}
    epoch = await session(world, "t", 8, capacity=capacity)
    assert len(await world.claim("t", epoch, "r", 8)) == 1
    await wait(world, 20, "t")
    finding = await first(world, "ROOM_AWAITED")
    assert "2 × local_gpu (1 GPU each) is more than" in finding.text
    assert "8 CPUs, 64 GiB, 1 GPU" in finding.text


async def test_a_trainer_that_does_not_ask_for_work_is_named(world: World) -> None:
    await begin(world)
    await session(world, "idle", 2)
    assert await said(world) == ("2 trainings under way", [])
    await wait(world, 15, "idle")
    assert "idle of pool 'default' has free slots" in (await first(world, "NOT_CLAIMED")).text


async def test_a_quota_that_is_reached_is_named(world: World) -> None:
    await begin(world)
    await world.room.set_quota(Quota("owner", max_parallel=1))
    await start(world)
    finding = await first(world, "QUOTA_REACHED")
    assert "owner may run 1 at a time, and runs 1" in finding.text
    assert "admin quota owner" in finding.remedy


async def test_a_training_that_was_lost_and_waits_is_named(world: World) -> None:
    await begin(world)
    (claimed, _) = await start(world)
    await world.exit(claimed, cause=EndCause.LOST)
    finding = await named(world, "TRAINING_LOST")
    assert finding.training == claimed.name
    assert "(1 of 3 times)" in finding.text


# -- Trainings that run, and those that have ended --------------------------------------------------------------------


async def test_a_lease_whose_trainer_is_not_heard_is_named_with_its_end(world: World) -> None:
    await begin(world)
    claimed = await start(world)
    expires_at = world.store.clock + world.sessions.terms.lease_s
    await wait(world, 25)
    finding = await first(world, "LEASE_UNHEARD")
    assert finding.text.startswith(f"{claimed[0].name} is held by trainer t, which has not been heard for 25 s")
    assert finding.until == expires_at + world.sessions.terms.lease_grace_s


@pytest.mark.parametrize(("regex", "shown"), [("acc=(.*)", "acc=(.*)"), (default_regex("acc"), "acc=NUMBER")])
async def test_a_metric_that_is_never_matched_is_named_with_its_regex(world: World, regex: str, shown: str) -> None:
    await begin(world)
    claimed, _ = await start(world)
    told = results_pb2.MetricNeverMatched(
        uid=UID, number=claimed.number, attempt=1, metric="acc", regex=regex, lines_read=200
    )
    await Results(world.changes).take(told)
    finding = await first(world, "METRIC_NEVER_MATCHED")
    assert "'acc' has matched none of 200 lines" in finding.text
    assert finding.text.endswith(f"its regex: {shown}")


async def test_output_that_is_missing_and_asked_for_is_named_with_its_line(world: World) -> None:
    await begin(world)
    claimed, _ = await start(world)
    gap = results_pb2.ResendRequested(uid=UID, number=claimed.number, attempt=1, instance=0, from_line=17)
    for _ in range(2):
        await Results(world.changes).take(gap)
        await wait(world, 10, "t")
    finding = await first(world, "RESEND_AWAITED")
    assert "from line 17 on" in finding.text
    assert "20 s ago" in finding.text
    for _ in range(3):
        await wait(world, 10, "t")
    assert (await said(world))[1] == []  # it is not asked for any more, so it has come


async def test_a_collector_that_is_behind_is_named(world: World) -> None:
    await begin(world)
    claimed, _ = await start(world)
    await world.exit(claimed)
    await wait(world, 20, "t", behind_s=100)
    assert "read up to 100 s ago" in (await named(world, "COLLECTOR_BEHIND")).text


async def test_a_summary_that_does_not_come_although_metrics_reads_is_named_with_its_deadline(world: World) -> None:
    await begin(world)
    claimed, _ = await start(world)
    await world.exit(claimed)
    await wait(world, 20, "t")
    finding = await named(world, "SUMMARY_OVERDUE")
    assert "in 580 s it ends without an objective" in finding.text
    assert finding.until == (await world.training(claimed.number)).due_at


async def test_a_summary_is_awaited_for_a_moment_without_a_word(world: World) -> None:
    await begin(world, with_limits(spec(), max_trainings=2))
    for claimed in await start(world):
        await world.exit(claimed)
    await wait(world, 2, "t")
    assert await said(world) == ("the summaries of 2 trainings that have ended", [])


# -- All of them together ---------------------------------------------------------------------------------------------


async def test_of_an_installation_everything_is_named_once_what_matters_most_first(world: World) -> None:
    await begin(world)
    await other_job(world)
    await session(world, "t", 2)
    await world.room.cordon("t", "bad memory")
    await world.room.pause_starts("new disks")
    causes = [finding.cause for finding in await world.doctor.of_all("owner")]
    assert causes == ["STARTS_PAUSED", "TRAINERS_CORDONED", "TRAINERS_CORDONED", "TRAINER_CORDONED"]
    assert [finding.cause for finding in await world.doctor.of_all("somebody")] == ["STARTS_PAUSED", "TRAINER_CORDONED"]


async def test_a_silent_trainer_is_named_with_what_it_holds(world: World) -> None:
    await begin(world)
    await start(world)
    await wait(world, 25)
    (finding,) = [item for item in await world.doctor.of_all("somebody") if item.cause == "TRAINER_SILENT"]
    assert "it holds 2 trainings" in finding.text


def test_the_page_of_causes_is_fresh() -> None:
    page = (Path(__file__).parents[3] / "docs/doctor.md").read_text()
    assert table() in page, "put in what `python -m tunewright.core.causes` prints"


def test_there_are_twenty_causes_and_more_each_with_a_remedy() -> None:
    assert len(CAUSES) >= 20
    assert all(cause.text and cause.remedy for cause in CAUSES.values())
