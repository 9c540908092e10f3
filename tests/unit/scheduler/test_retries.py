"""RetryStrategy: what was not the algorithm's fault runs again, as often as is allowed, and counts as what it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.scheduler.world import UID, World, spec, with_limits
from tunewright.core.access import OWNER
from tunewright.core.states import EndCause, TrainingState
from tunewright.platform.store.port import Query
from tunewright_scheduler import records
from tunewright_scheduler.core.decide import StopRequested
from tunewright_scheduler.core.ending import MAX_LOSSES
from tunewright_scheduler.core.session import Speaker
from tunewright_scheduler.core.training import Exit, Training
from tunewright_scheduler.resources import training_message
from tunewright_scheduler.worker_servicer import _grant


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


def retrying(max_retries: int, max_runtime_s: int = 86_400):
    definition = spec().definitions[0]
    stopping = replace(definition.stopping, max_runtime_s=max_runtime_s)
    return with_limits(
        spec(definitions=(replace(definition, max_retries=max_retries, stopping=stopping),)), max_parallel=1
    )


async def begin(world: World, max_retries: int, **fields) -> None:
    await world.create(retrying(max_retries, **fields))
    await world.answer_all()


async def attempt(world: World, cause: EndCause, code: int | None = None, ran_s: float = 10.0) -> Training:
    """Claim the first training and let its attempt end."""
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, f"r{epoch}")
    assert claimed.number == 1
    world.store.clock += ran_s
    now = world.store.clock
    await world.sessions.exited(
        Speaker("t", epoch, OWNER),
        (records.training_key(claimed), claimed.attempt),
        Exit(cause, code, "", now - ran_s, now),
    )
    return claimed


@pytest.mark.parametrize("cause", [EndCause.PREEMPTED, EndCause.START_FAILED, EndCause.OUTPUT_LOST])
async def test_what_was_not_the_algorithms_fault_runs_again_and_then_is_a_retryable_error(world, cause):
    await begin(world, 2)
    for retries in (1, 2):
        await attempt(world, cause)
        training = await world.training(1)
        assert (training.state, training.retries, training.losses) == (TrainingState.READY, retries, 0)
        assert (await world.job()).slots == (1,)
    claimed = await attempt(world, cause)
    await world.summarize(claimed, None)
    job, training = await world.job(), await world.training(1)
    assert (training.state, training.retries, training.attempt) == (TrainingState.FAILED, 2, 3)
    assert (job.trainings.retryable_error, job.trainings.non_retryable_error) == (1, 0)
    assert training_message(training).retries == 2


ALGORITHMS = [
    (EndCause.EXITED, 1),
    (EndCause.OUT_OF_MEMORY, 137),
    (EndCause.SPOOL_FULL, 143),
    (EndCause.INPUT_UNUSABLE, None),
]


@pytest.mark.parametrize(("cause", "code"), ALGORITHMS)
async def test_what_was_the_algorithms_fault_does_not_run_again(world, cause, code):
    await begin(world, 30)
    claimed = await attempt(world, cause, code)
    await world.summarize(claimed, 0.5)
    job, training = await world.job(), await world.training(1)
    assert (training.state, training.retries, training.attempt) == (TrainingState.FAILED, 0, 1)
    assert (job.trainings.retryable_error, job.trainings.non_retryable_error) == (0, 1)


async def test_without_retries_what_could_not_start_has_failed(world):
    await begin(world, 0)
    claimed = await attempt(world, EndCause.START_FAILED)
    await world.summarize(claimed, None)
    assert (await world.training(1)).state is TrainingState.FAILED
    assert (await world.job()).trainings.retryable_error == 1


async def test_without_retries_a_preempted_training_runs_as_often_as_a_lost_one(world):
    await begin(world, 0)
    for _ in range(MAX_LOSSES - 1):
        await attempt(world, EndCause.PREEMPTED)
        assert (await world.training(1)).state is TrainingState.READY
    await attempt(world, EndCause.PREEMPTED)
    assert (await world.training(1)).state is TrainingState.EXITED


@pytest.mark.parametrize("spot", [False, True], ids=["on demand", "spot"])
async def test_what_its_trainer_had_no_room_for_waits_on_and_that_is_no_retry(world, spot):
    plan = retrying(0)
    await world.create(replace(plan, definitions=(replace(plan.definitions[0], spot=spot),)))
    await world.answer_all()
    for _ in range(MAX_LOSSES + 1):
        epoch = await world.open("t")
        (claimed,) = await world.claim("t", epoch, f"r{epoch}")
        world.store.clock += 1
        by = Speaker("t", epoch, OWNER)
        no_room = Exit(EndCause.PREEMPTED, None, "no room on this trainer", None, world.store.clock)
        for _ in range(2):  # told twice
            await world.sessions.exited(by, (records.training_key(claimed), claimed.attempt), no_room)
    training = await world.training(1)
    assert (training.state, training.losses, training_message(training).retries) == (TrainingState.READY, 0, 0)
    assert (training.ran_s, training.phases) == (0.0, ())
    assert "no room on this trainer" in training.reason


async def test_what_was_to_be_stopped_and_had_no_room_is_stopped(world):
    await begin(world, 0)
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    await world.changes.send(UID, StopRequested("enough"))
    by = Speaker("t", epoch, OWNER)
    no_room = Exit(EndCause.PREEMPTED, None, "no room", None, world.store.clock)
    await world.sessions.exited(by, (records.training_key(claimed), claimed.attempt), no_room)
    assert (await world.training(1)).state is TrainingState.STOPPED


async def test_losses_and_retries_are_counted_apart(world):
    await begin(world, 1)
    await attempt(world, EndCause.LOST)
    await attempt(world, EndCause.PREEMPTED)
    await attempt(world, EndCause.LOST)
    training = await world.training(1)
    assert (training.state, training.losses, training.retries) == (TrainingState.READY, 2, 1)


async def test_an_end_that_is_told_twice_is_one_retry(world):
    await begin(world, 5)
    claimed = await attempt(world, EndCause.PREEMPTED)
    await world.exit(claimed, cause=EndCause.PREEMPTED)
    assert (await world.training(1)).retries == 1
    facts = await world.store.find(Query("outbox", "unsent", limit=100))
    told = [record for item in facts.items for record in item.document["records"]]
    assert sum(dict(record["headers"])["ce_type"].endswith(b"TrainingJobExited") for record in told) == 1


async def test_all_attempts_share_one_allowance_of_time(world):
    await begin(world, 3, max_runtime_s=100)
    await attempt(world, EndCause.PREEMPTED, ran_s=30.0)
    await attempt(world, EndCause.PREEMPTED, ran_s=25.0)
    grant = _grant(await world.training(1), retrying(3, max_runtime_s=100))
    assert grant.max_runtime_s == 45


async def test_what_is_to_be_stopped_does_not_run_again(world):
    await begin(world, 5)
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    await world.changes.send(UID, StopRequested("enough"))
    await world.exit(claimed, cause=EndCause.PREEMPTED)
    await world.summarize(claimed, 0.5)
    training = await world.training(1)
    assert (training.state, training.retries, training.reason) == (TrainingState.STOPPED, 0, "enough")
