"""What runs is told while it runs, by one write for all of a trainer; when it has ended, it stays with the training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.callers import anybody
from tests.unit.scheduler.world import UID, World, any_program, spec
from tunewright.core.access import OWNER
from tunewright.core.states import EndCause, TrainingState
from tunewright.events.v1 import results_pb2
from tunewright.platform.codec import instant_to_timestamp
from tunewright.platform.rpc.server import speaking_for
from tunewright.v1 import tuning_service_pb2
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_scheduler.core.diagnosis import Finding
from tunewright_scheduler.core.phases import LONGEST_MESSAGE, MOST_TOLD
from tunewright_scheduler.core.session import TOLD_EVERY_S
from tunewright_scheduler.operations import Operations
from tunewright_scheduler.records import read_job
from tunewright_scheduler.results import Results
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.tuning_jobs import TuningJobs
from tunewright_scheduler.worker_servicer import WorkerServicer

T0 = 1_700_000_000.0


class Desk:
    """A trainer and a user at one scheduler."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.worker = WorkerServicer(world.sessions, world.heartbeats, world.claims, world.changes, world.needs)
        jobs = TuningJobs(world.store, world.changes, any_program, world.room)
        self.front = TuningServicer(world.store, world.changes, world.bells, jobs, world.doctor)
        self.epoch = 0
        self.grants: list[pb.Grant] = []

    async def begin(self, image: str = "") -> None:
        wanted = spec()
        if image:
            wanted = replace(wanted, definitions=tuple(replace(item, image=image) for item in wanted.definitions))
        await self.world.create(wanted)
        await self.world.answer_all()
        with speaking_for(anybody(OWNER)):
            self.epoch = (await self.worker.OpenSession(pb.OpenSessionRequest(trainer_id="t", slots=2), None)).epoch
            request = pb.ClaimRequest(trainer_id="t", epoch=self.epoch, request_id="r", slots=2)
            self.grants = list((await self.worker.Claim(request, None)).grants)

    async def heartbeat(
        self,
        *phases: pb.Phase,
        after_s: float = TOLD_EVERY_S,
        exited: bool = False,
        absence: pb.RunnerAbsence | None = None,
    ) -> int:
        """Tell of the first training; return by how much the session's version has grown."""
        self.world.store.clock += after_s
        before = await self.version()
        first, second = (grant.attempt for grant in self.grants)
        holding = [pb.Holding(attempt=first, phases=phases, exited=exited), pb.Holding(attempt=second)]
        request = pb.HeartbeatRequest(trainer_id="t", epoch=self.epoch, holding=holding, runner_absence=absence)
        with speaking_for(anybody(OWNER)):
            await self.worker.Heartbeat(request, None)
        return await self.version() - before

    async def never_matched(self) -> None:
        """Let metrics say that the first training has not printed the metric yet."""
        told = results_pb2.MetricNeverMatched(
            uid=UID, number=1, attempt=1, metric="acc", regex="acc=(.*)", lines_read=200
        )
        await Results(self.world.changes).take(told)

    async def findings(self) -> list[Finding]:
        """Return what doctor says of trainings that run."""
        found = await read_job(self.world.store, UID)
        assert found is not None
        _, findings = await self.world.doctor.of(found.value)
        return [finding for finding in findings if finding.training]

    async def version(self) -> int:
        stored = await self.world.store.get("sessions", "t")
        assert stored is not None
        return stored.version

    async def shown(self) -> list[tuple[str, str]]:
        with speaking_for(anybody("owner")):
            request = tuning_service_pb2.GetTrainingJobRequest(training=f"{UID}/000001")
            training = (await self.front.GetTrainingJob(request, None)).training
            listed = await self.front.ListTrainingJobs(tuning_service_pb2.ListTrainingJobsRequest(job=UID), None)
        (in_list,) = [one for one in listed.trainings if one.number == 1]
        assert list(in_list.transitions) == list(training.transitions)
        return [(item.status, item.message) for item in training.transitions]


@pytest.fixture
async def desk(tmp_path: Path):
    desk = Desk(World(tmp_path))
    await desk.begin()
    yield desk
    await desk.world.store.close()


def phase(status: str, message: str = "", at: float = T0) -> pb.Phase:
    return pb.Phase(status=status, message=message, started_at=instant_to_timestamp(at))


STARTING, DOWNLOADING = phase("Starting"), phase("Downloading", "train: 3 of 8 files")


async def test_phases_of_what_runs_are_shown(desk):
    assert await desk.shown() == []
    await desk.heartbeat(STARTING, DOWNLOADING)
    assert await desk.shown() == [("Starting", ""), ("Downloading", "train: 3 of 8 files")]


async def test_what_stays_the_same_is_not_written_again(desk):
    assert await desk.heartbeat(STARTING) == 1
    assert await desk.heartbeat(STARTING) == 0


async def test_a_training_that_cannot_be_started_yet_is_told_of_after_a_moment(desk):
    pending = phase("Pending", "Waiting to be started: no engine", desk.world.store.clock)

    async def causes() -> list[str]:
        found = await read_job(desk.world.store, UID)
        assert found is not None
        _, findings = await desk.world.doctor.of(found.value)
        return [finding.text for finding in findings if finding.cause == "START_WAITS"]

    await desk.heartbeat(STARTING, pending)
    assert await causes() == []
    await desk.heartbeat(STARTING, pending, after_s=9.0)
    (text,) = await causes()
    assert "on trainer t for 10 s to be started. Waiting to be started: no engine." in text
    await desk.heartbeat(STARTING, pending, phase("Training"))
    assert await causes() == []


async def test_an_engine_that_is_away_is_told_of_in_place_of_the_metric_that_nobody_can_read(tmp_path):
    desk = Desk(World(tmp_path))
    await desk.begin("team/image:1")
    training = phase("Training", "", desk.world.store.clock)
    await desk.never_matched()
    assert [finding.cause for finding in await desk.findings()] == ["METRIC_NEVER_MATCHED"]
    since = instant_to_timestamp(desk.world.store.clock + 1)
    away = pb.RunnerAbsence(since=since, why="the container engine at unix:///e.sock: connection refused")
    assert await desk.heartbeat(training, absence=away) == 1
    assert await desk.findings() == [], "one that is restarted is back in a moment"
    assert await desk.heartbeat(training, absence=away, after_s=9.0) == 0
    findings = await desk.findings()
    assert {finding.cause for finding in findings} == {"RUNNER_UNREACHABLE"}
    assert "on trainer t has not answered for 9 s: the container engine at unix:///e.sock" in findings[0].text
    assert "do not stop the job" in findings[0].remedy
    await desk.heartbeat(training)
    assert [finding.cause for finding in await desk.findings()] == ["METRIC_NEVER_MATCHED"]
    await desk.world.store.close()


async def test_a_stop_of_the_trainers_own_is_told_ahead_of_a_metric_that_never_came(desk):
    await desk.never_matched()
    stopping = phase("Stopping", "Stopping the training job", desk.world.store.clock)
    await desk.heartbeat(phase("Training"), stopping, after_s=20.0)
    first, second = await desk.findings()
    assert (first.cause, second.cause) == ("TRAINING_STOPPING", "METRIC_NEVER_MATCHED")
    assert "was told to stop 20 s ago (it has used up its runtime, or may print no more)" in first.text
    assert "it has 100 s until it is killed" in first.text


async def test_programs_of_the_trainers_host_need_no_engine(desk):
    await desk.never_matched()
    away = pb.RunnerAbsence(since=instant_to_timestamp(desk.world.store.clock), why="no engine")
    await desk.heartbeat(phase("Training"), absence=away, after_s=9.0)
    assert [finding.cause for finding in await desk.findings()] == ["METRIC_NEVER_MATCHED"]


async def test_phases_in_quick_succession_are_written_together(desk):
    assert await desk.heartbeat(STARTING) == 1
    assert await desk.heartbeat(STARTING, DOWNLOADING, after_s=0.1) == 0
    assert await desk.heartbeat(STARTING, DOWNLOADING, phase("Training")) == 1
    assert [status for status, _ in await desk.shown()] == ["Starting", "Downloading", "Training"]


async def test_a_trainer_that_tells_no_phases_costs_no_write(desk):
    assert await desk.heartbeat() == 0
    assert await desk.shown() == []


async def test_an_end_leaves_the_phases_with_the_training(desk):
    await desk.heartbeat(STARTING)
    phases = [STARTING, DOWNLOADING, phase("Training")]
    end = pb.ExitedRequest(
        trainer_id="t",
        epoch=desk.epoch,
        attempt=desk.grants[0].attempt,
        cause=f"END_CAUSE_{EndCause.EXITED}",
        exit_code=0,
        ended_at=instant_to_timestamp(T0 + 9),
        phases=phases,
    )
    for _ in range(2):  # told twice, it is told once
        with speaking_for(anybody(OWNER)):
            await desk.worker.Exited(end, None)
        assert [status for status, _ in await desk.shown()] == ["Starting", "Downloading", "Training"]


async def lost(desk: Desk) -> None:
    """The trainer is not heard any more, until its lease and grace have passed."""
    desk.world.store.clock += 100
    await desk.world.sessions.lose_expired()


async def forgotten(desk: Desk) -> None:
    """The trainer starts again and knows nothing of what it held."""
    with speaking_for(anybody(OWNER)):
        await desk.worker.OpenSession(pb.OpenSessionRequest(trainer_id="t", slots=2), None)


async def given_up(desk: Desk) -> None:
    """The trainer says itself that it has lost it."""
    end = {"cause": f"END_CAUSE_{EndCause.LOST}", "reason": "a fault", "phases": [STARTING, DOWNLOADING]}
    attempt = desk.grants[0].attempt
    with speaking_for(anybody(OWNER)):
        await desk.worker.Exited(pb.ExitedRequest(trainer_id="t", epoch=desk.epoch, attempt=attempt, **end), None)


async def taken(desk: Desk) -> None:
    """An operator takes it from its trainer."""
    await Operations(desk.world.changes).release(await desk.world.training(1), "moved")


@pytest.mark.parametrize("take", [lost, forgotten, given_up, taken])
async def test_what_a_lost_attempt_did_is_told_before_what_the_next_one_does(desk, take):
    await desk.heartbeat(STARTING, DOWNLOADING)
    await take(desk)
    *before, (status, why) = await desk.shown()
    assert before == [("Starting", ""), ("Downloading", "train: 3 of 8 files")]
    assert status == "Interrupted"
    assert "attempt 1 was" in why
    assert "trainer t" in why
    epoch = await desk.world.open("u")
    await desk.world.claim("u", epoch, "again")
    assert [status for status, _ in await desk.shown()] == ["Starting", "Downloading", "Interrupted"]


async def test_what_a_person_ends_is_told_with_what_it_did(desk):
    await desk.heartbeat(STARTING, DOWNLOADING)
    await Operations(desk.world.changes).settle(await desk.world.training(1), TrainingState.STOPPED, None, "enough")
    assert [status for status, _ in await desk.shown()] == ["Starting", "Downloading"]


async def test_a_trainer_that_comes_back_tells_what_it_told_before(desk):
    await desk.heartbeat(STARTING, DOWNLOADING)
    holding = [grant.attempt for grant in desk.grants]
    with speaking_for(anybody(OWNER)):
        await desk.worker.OpenSession(pb.OpenSessionRequest(trainer_id="t", slots=2, holding=holding), None)
    assert [status for status, _ in await desk.shown()] == ["Starting", "Downloading"]


async def test_what_is_told_is_bounded(desk):
    await desk.heartbeat(*(phase("Downloading", "x" * 10_000) for _ in range(100)))
    shown = await desk.shown()
    assert len(shown) == MOST_TOLD
    assert {len(message) for _, message in shown} == {LONGEST_MESSAGE}
