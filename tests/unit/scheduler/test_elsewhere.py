"""Trainings that another system runs: started unasked, ended by its word or by their deadline, never silently stuck."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.scheduler.world import UID, World, running, spec, with_limits
from tunewright.core.access import OWNER
from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound, TunewrightError
from tunewright.core.spec import StoppingCondition, TuningJobSpec
from tunewright.core.states import JobState, TrainingState
from tunewright.core.stopping import StopEvidence
from tunewright.events.v1 import commands_pb2, results_pb2
from tunewright.platform.bus.messages import read
from tunewright.platform.store.port import Query
from tunewright.platform.store.restored import COUNTED_FROM, restore_done
from tunewright.v1 import worker_service_pb2
from tunewright_scheduler import records
from tunewright_scheduler.change import Change
from tunewright_scheduler.core.controls import Quota
from tunewright_scheduler.core.decide import Park, PauseRequested, ResumeRequested, StopRequested
from tunewright_scheduler.core.elsewhere import STOP_GRACE_S
from tunewright_scheduler.core.ending import stopped_early
from tunewright_scheduler.operations import Operations
from tunewright_scheduler.results import Results
from tunewright_scheduler.serve import check_here, check_without_commands
from tunewright_scheduler.sweep import Sweep
from tunewright_scheduler.tuning_jobs import nothing
from tunewright_scheduler.worker_servicer import WorkerServicer

RUNTIME_S = 600.0


def elsewhere(**fields: Any) -> TuningJobSpec:
    wanted = spec(**fields)
    (definition,) = wanted.definitions
    there = replace(
        definition,
        image="elsewhere://",
        static_hyperparameters={"seed": "7"},
        stopping=StoppingCondition(max_runtime_s=int(RUNTIME_S)),
    )
    return replace(wanted, definitions=(there,))


class There(World):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sweeping = Sweep(self.store, self.changes, self.sessions, self.elsewhere)

    async def sweep(self, after_s: float = 0.1) -> None:
        self.store.clock += after_s
        await self.sweeping.sweep()

    async def begin(self, wanted: TuningJobSpec | None = None) -> None:
        await self.create(wanted or elsewhere())
        await self.answer_all()
        await self.sweep()

    async def end(self, training: str = f"{UID}/1", owner: str = "owner", **fields: Any) -> str:
        fields = {"reports": 1} | fields
        command = commands_pb2.EndTraining(command_id="c", training=training, **fields)
        return await self.elsewhere.end(owner, command, nothing)

    async def told(self, kind: str) -> list[Any]:
        """Return what stands in the outbox of a kind of message."""
        page = await self.store.find(Query("outbox", "unsent", limit=1000))
        messages = [read(record) for item in page.items for record in records.outbox_records(item.document)]
        return [message for message in messages if message.DESCRIPTOR.name == kind]


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[There]:
    world = There(tmp_path)
    yield world
    await world.store.close()


async def test_it_starts_unasked_and_is_told_with_all_that_is_needed_to_run_it(there: There) -> None:
    await there.begin()
    assert {one.state for one in await there.trainings()} == {TrainingState.RUNNING}
    first, second = await there.told("TrainingJobGranted")
    assert (first.number, second.number, first.attempt, first.holder) == (1, 2, 1, "elsewhere")
    assert first.hyperparameters["seed"] == "7"
    assert first.hyperparameters["lr"] == "0.01"
    assert first.objective_metric == "acc"
    assert first.due_at.ToSeconds() == int(there.store.clock + RUNTIME_S)
    assert [start.number for start in await there.told("TrainingStarted")] == [1, 2]
    await there.sweep()
    assert len(await there.told("TrainingJobGranted")) == 2


async def test_its_end_waits_for_what_it_reported_and_the_job_goes_on(there: There) -> None:
    await there.begin()
    await there.end(reports=3)
    assert (await there.training(1)).state is TrainingState.EXITED
    (ended,) = await there.told("TrainingEnded")
    assert (ended.reports, ended.exit_code, list(ended.line_counts)) == (3, 0, [])
    await there.summarize(await there.training(1), 0.5)
    training = await there.training(1)
    assert (training.state, training.objective_value) == (TrainingState.COMPLETED, 0.5)
    await there.answer_all()
    await there.sweep()
    assert [one.number for one in await there.told("TrainingJobGranted")] == [1, 2, 3]


async def test_the_same_end_again_changes_nothing_and_the_first_one_stands(there: There) -> None:
    await there.begin()
    await there.end(failed=True, reason="no room")
    before = await there.training(1)
    assert await there.end() == UID
    assert await there.training(1) == before
    assert len(await there.told("TrainingEnded")) == 1
    await there.summarize(before, 0.5)
    assert "no room" in (await there.training(1)).reason


REFUSED: list[tuple[dict[str, Any], type[TunewrightError], str]] = [
    ({"owner": "mallory"}, NotFound, "training job"),
    ({"training": f"{UID}/9"}, NotFound, "training job"),
    ({"training": "nobody"}, NotFound, "training job"),
    ({"training": ""}, InvalidSpec, "training"),
    ({"reports": None}, InvalidSpec, "reports"),
    ({"reports": -1}, InvalidSpec, "reports"),
    ({"attempt": -1}, InvalidSpec, "attempt"),
    ({"attempt": 2}, IllegalTransition, "still to come"),
]


@pytest.mark.parametrize(("asked", "error", "says"), REFUSED, ids=[str(row[0]) for row in REFUSED])
async def test_what_is_not_its_to_end_is_refused(there: There, asked: Any, error: type[Exception], says: str) -> None:
    await there.begin()
    with pytest.raises(error, match=says):
        await there.end(**asked)
    assert (await there.training(1)).state is TrainingState.RUNNING


async def test_what_a_trainer_runs_is_not_ended_by_command(there: There) -> None:
    await there.begin(spec())
    (claimed,) = await there.claim("t", await there.open("t"), "r")
    with pytest.raises(IllegalTransition, match="run by a trainer"):
        await there.end(records.training_key(claimed))


async def test_early_stopping_is_told_and_what_was_reported_counts(there: There) -> None:
    await there.begin()
    evidence = StopEvidence(rule="median", step=2, value=0.1, text="worse than the median")

    async def advised(change: Change) -> None:
        await change.put(stopped_early(await change.training(1), 1, evidence, change.now))

    await there.changes.make(UID, advised)
    (stop,) = await there.told("TrainingJobStopRequested")
    assert (stop.number, stop.attempt, stop.reason) == (1, 1, "worse than the median")
    assert stop.due_at.ToSeconds() == int(there.store.clock + STOP_GRACE_S)
    await there.end()
    await there.summarize(await there.training(1), 0.1)
    training = await there.training(1)
    assert (training.state, training.objective_value) == (TrainingState.STOPPED, 0.1)


async def test_one_that_is_heard_of_no_more_is_told_to_stop_then_ended(there: There) -> None:
    await there.begin()
    await there.sweep(RUNTIME_S + 1)
    assert {stop.reason for stop in await there.told("TrainingJobStopRequested")} == {"MaxRuntimeExceeded"}
    await there.sweep(STOP_GRACE_S / 2)
    assert (await there.training(1)).state is TrainingState.RUNNING
    await there.sweep(STOP_GRACE_S)
    assert (await there.training(1)).state is TrainingState.EXITED
    await there.summarize(await there.training(1), 0.5)
    training = await there.training(1)
    assert (training.state, training.objective_value) == (TrainingState.STOPPED, 0.5)
    assert "no EndTraining came" in training.reason


async def test_a_job_that_is_stopped_waits_for_it_no_longer_than_its_grace(there: There) -> None:
    await there.begin()
    await there.changes.send(UID, StopRequested("by its user"))
    assert len(await there.told("TrainingJobStopRequested")) == 2
    await there.sweep(STOP_GRACE_S + 1)
    for number in (1, 2):
        await there.summarize(await there.training(number), None)
    assert (await there.job()).state is JobState.STOPPED


async def test_a_longest_wait_ends_it_too(there: There) -> None:
    wanted = elsewhere()
    (definition,) = wanted.definitions
    short = replace(definition.stopping, max_wait_s=int(RUNTIME_S) + 60)
    await there.begin(replace(wanted, definitions=(replace(definition, stopping=short),)))
    await there.sweep(RUNTIME_S + 61)
    await there.sweep(STOP_GRACE_S + 1)
    assert (await there.training(1)).state is TrainingState.EXITED


async def test_pauses_and_quotas_hold_for_it(there: There) -> None:
    await there.room.set_quota(Quota("owner", None, 1))
    await there.begin()
    first, second = await there.trainings()
    assert (first.state, second.state) == (TrainingState.RUNNING, TrainingState.READY)
    assert "quota" in second.reason
    await there.room.pause_starts("we move")
    await there.end()
    await there.sweep(3)
    assert running(await there.trainings()) == []
    assert "paused starts" in (await there.training(2)).reason
    await there.room.resume_starts()
    await there.sweep(3)
    assert len(running(await there.trainings())) == 1


async def test_a_paused_job_starts_none_until_it_is_resumed(there: There) -> None:
    await there.create(elsewhere())
    await there.answer_all()
    await there.changes.send(UID, PauseRequested())
    await there.sweep()
    assert await there.told("TrainingJobGranted") == []
    await there.changes.send(UID, ResumeRequested())
    await there.sweep()
    assert {one.state for one in await there.trainings()} == {TrainingState.RUNNING}


async def test_fewer_at_once_are_fewer(there: There) -> None:
    await there.begin(with_limits(elsewhere(), max_parallel=1))
    assert len(await there.told("TrainingJobGranted")) == 1


@pytest.mark.parametrize("owner", [OWNER, "owner"])
@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"trainer_id": "elsewhere"}, "stands for other systems"),
        ({"pool": f"elsewhere/{UID}"}, "run by another system"),
    ],
)
async def test_no_trainer_may_take_its_name_or_its_pool(
    there: There, monkeypatch: pytest.MonkeyPatch, owner: str, asked: dict[str, str], says: str
) -> None:
    monkeypatch.setattr("tunewright_scheduler.worker_servicer.caller", lambda: owner)
    servicer = WorkerServicer(there.sessions, there.heartbeats, there.claims, there.changes, there.needs)
    request = worker_service_pb2.OpenSessionRequest(**({"trainer_id": "t", "slots": 1} | asked))
    with pytest.raises(InvalidSpec, match=says):
        await servicer.OpenSession(request, None)


async def test_after_a_restore_its_attempts_are_above_all_that_were_given_out(there: There) -> None:
    there.store.clock += COUNTED_FROM + 1000 - await there.store.now()
    await restore_done(there.store)
    await there.begin()
    assert {one.attempt for one in await there.trainings()} == {1001}
    assert {told.attempt for told in await there.told("TrainingJobGranted")} == {1001}


async def test_metrics_that_lost_the_start_is_told_it_again(there: There) -> None:
    await there.begin()
    lost = results_pb2.ResendRequested(uid=UID, number=1, attempt=1, instance=0, from_line=-1)
    await Results(there.changes).take(lost)
    starts = await there.told("TrainingStarted")
    assert [start.number for start in starts] == [1, 2, 1]


async def test_metrics_that_lost_the_end_is_told_it_again_with_what_is_to_be_read_before_it(there: There) -> None:
    await there.begin()
    await there.end(reports=5)
    lost = results_pb2.ResendRequested(uid=UID, number=1, attempt=1, instance=0, from_line=-1)
    await Results(there.changes).take(lost)
    assert [end.reports for end in await there.told("TrainingEnded")] == [5, 5]


async def test_unparked_over_its_summary_a_job_has_metrics_told_again(there: There) -> None:
    await there.begin()
    await there.changes.send(UID, Park("reading a result failed"))
    await there.end(reports=3)
    await Operations(there.changes).unpark(UID)
    assert [end.reports for end in await there.told("TrainingEnded")] == [3, 3]
    assert (await there.training(1)).resend is None
    await there.summarize(await there.training(1), 0.5)
    assert (await there.training(1)).state is TrainingState.COMPLETED


async def test_the_doctor_misses_no_trainer_where_there_is_to_be_none(there: There) -> None:
    await there.room.set_quota(Quota("owner", None, 1))
    await there.create(elsewhere())
    await there.answer_all()

    async def causes() -> set[str]:
        return {finding.cause for finding in (await there.doctor.of(await there.job()))[1]}

    assert causes_of_trainers(await causes()) == set()
    await there.sweep()
    assert "QUOTA_REACHED" in await causes()
    assert causes_of_trainers(await causes()) == set()


def causes_of_trainers(causes: set[str]) -> set[str]:
    return causes & {"NO_TRAINER", "NO_CLAIMER", "NOT_CLAIMED", "LEASE_UNHEARD"}


async def test_an_installation_that_takes_no_commands_refuses_it() -> None:
    (definition,) = elsewhere().definitions
    await check_here("definitions[0]", definition)
    with pytest.raises(InvalidSpec, match="TUNEWRIGHT_COMMANDS=on"):
        await check_without_commands("definitions[0]", definition)
