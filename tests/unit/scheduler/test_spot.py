"""Spot trainings: taken back with their host as often as it happens, until they have waited and run too long."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.scheduler.world import UID, World, spec, with_limits
from tunewright.core.access import OWNER
from tunewright.core.phases import Phase
from tunewright.core.spec import StoppingCondition
from tunewright.core.states import EndCause, TrainingState
from tunewright_scheduler.bells import trainers_bell
from tunewright_scheduler.core.decide import PauseRequested
from tunewright_scheduler.core.ending import MAX_WAIT_EXCEEDED
from tunewright_scheduler.core.phases import MOST_KEPT
from tunewright_scheduler.core.session import Speaker
from tunewright_scheduler.core.training import Exit, Training
from tunewright_scheduler.resources import training_message
from tunewright_scheduler.sweep import Sweep

WAIT_S = 1000


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


async def begin(world: World, *, spot: bool = True, max_wait_s: int | None = WAIT_S, **fields) -> None:
    definition = replace(
        spec().definitions[0], spot=spot, stopping=StoppingCondition(100, max_wait_s=max_wait_s), **fields
    )
    await world.create(with_limits(spec(definitions=(definition,)), max_parallel=1))
    await world.answer_all()


async def claim(world: World) -> Training:
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, f"r{epoch}")
    world.store.clock += 1
    return claimed


async def sweep(world: World) -> None:
    await Sweep(world.store, world.changes, world.sessions, world.elsewhere).sweep()


async def test_a_spot_training_is_preempted_as_often_as_it_happens(world):
    await begin(world, max_wait_s=None, max_retries=1)
    for _ in range(8):
        await world.exit(await claim(world), cause=EndCause.PREEMPTED, seconds=2.0)
    training = await world.training(1)
    assert (training.state, training.attempt, training.ran_s) == (TrainingState.READY, 8, 16.0)
    assert (training.preemptions, training.retries) == (8, 0)
    assert training_message(training).retries == 8


async def test_what_is_no_preemption_counts_against_the_retries_of_a_spot_training_too(world):
    await begin(world, max_retries=1)
    await world.exit(await claim(world), cause=EndCause.PREEMPTED)
    await world.exit(await claim(world), cause=EndCause.START_FAILED)
    assert (await world.training(1)).state is TrainingState.READY
    claimed = await claim(world)
    await world.exit(claimed, cause=EndCause.START_FAILED)
    await world.summarize(claimed, None)
    assert (await world.training(1)).state is TrainingState.FAILED


async def test_one_that_waits_too_long_is_stopped(world):
    await begin(world)
    world.store.clock += WAIT_S - 1
    await sweep(world)
    assert (await world.training(1)).state is TrainingState.READY
    world.store.clock += 2
    await sweep(world)
    training = await world.training(1)
    assert (training.state, training.reason) == (TrainingState.STOPPED, MAX_WAIT_EXCEEDED)
    assert training.max_wait_exceeded
    assert training_message(training).max_wait_exceeded


async def test_one_that_runs_too_long_after_waiting_is_told_to_stop_once(world):
    await begin(world)
    world.store.clock += WAIT_S - 50
    claimed = await claim(world)
    world.store.clock += 50
    with world.bells.listen(trainers_bell("t")) as bell:
        bell.clear()
        await sweep(world)
        assert bell.is_set()
    training = await world.training(1)
    assert (training.state, training.stop_reason, training.due_at) == (
        TrainingState.RUNNING, MAX_WAIT_EXCEEDED, None
    )  # fmt: skip
    await world.exit(claimed, 143, cause=EndCause.STOPPED)
    await world.summarize(claimed, 0.5)
    training = await world.training(1)
    assert (training.state, training.max_wait_exceeded) == (TrainingState.STOPPED, True)
    assert training.objective_value == 0.5


async def test_one_that_ends_by_itself_meanwhile_has_completed(world):
    await begin(world)
    world.store.clock += WAIT_S - 50
    claimed = await claim(world)
    world.store.clock += 50
    await sweep(world)
    await world.exit(claimed)
    await world.summarize(claimed, 0.5)
    training = await world.training(1)
    assert (training.state, training.max_wait_exceeded) == (TrainingState.COMPLETED, False)


async def test_one_that_is_preempted_too_late_does_not_wait_again(world):
    await begin(world)
    claimed = await claim(world)
    world.store.clock += WAIT_S
    await world.exit(claimed, cause=EndCause.PREEMPTED)
    training = await world.training(1)
    assert (training.state, training.max_wait_exceeded) == (TrainingState.STOPPED, True)


async def test_the_wait_of_a_paused_job_ends_too(world):
    await begin(world)
    await world.changes.send(UID, PauseRequested())
    world.store.clock += WAIT_S + 1
    await sweep(world)
    assert (await world.training(1)).max_wait_exceeded


async def test_phases_of_all_attempts_are_kept_with_what_interrupted_them(world):
    await begin(world)
    claimed = await claim(world)
    now = world.store.clock
    first = (Phase("Starting", now), Phase("Training", now + 1, "on 2 GPUs"))
    key = (f"{UID}/000001", 1)
    exit_ = Exit(EndCause.PREEMPTED, None, "", now, now)
    await world.sessions.exited(Speaker("t", claimed.lease_epoch, OWNER), key, exit_, first)
    training = await world.training(1)
    assert [phase.status for phase in training.phases] == ["Starting", "Training", "Interrupted"]
    assert "preempted" in training.phases[-1].message
    message = training_message(training, [Phase("Downloading", now + 5)])
    assert [item.status for item in message.transitions][-2:] == ["Interrupted", "Downloading"]


async def test_very_many_attempts_leave_a_bounded_record(world):
    await begin(world, max_wait_s=None)
    for _ in range(MOST_KEPT):
        claimed = await claim(world)
        exit_ = Exit(EndCause.PREEMPTED, None, "", world.store.clock, world.store.clock)
        phases = (Phase("Starting", world.store.clock), Phase("Training", world.store.clock))
        by = Speaker("t", claimed.lease_epoch, OWNER)
        await world.sessions.exited(by, (f"{UID}/000001", claimed.attempt), exit_, phases)
    assert len((await world.training(1)).phases) == MOST_KEPT
