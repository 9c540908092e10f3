"""Every attempt of a training is told: who ran it, when, and how it ended. The record of very many stays bounded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.scheduler.world import UID, World, spec
from tunewright.core.access import OWNER
from tunewright.core.states import EndCause, TrainingState
from tunewright.platform.documents import from_document, to_document
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler.change import Change
from tunewright_scheduler.core.attempt import MOST_KEPT
from tunewright_scheduler.core.attempts import attempts_of
from tunewright_scheduler.core.ending import stopped
from tunewright_scheduler.core.session import Speaker
from tunewright_scheduler.core.training import Exit, Training
from tunewright_scheduler.operations import Operations
from tunewright_scheduler.resources import training_message


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    there = World(tmp_path)
    await there.create(spec())
    await there.answer_all()
    yield there
    await there.store.close()


async def claimed(world: World, trainer: str = "t") -> Training:
    epoch = await world.open(trainer)
    while True:
        (training,) = await world.claim(trainer, epoch, f"r{world.store.clock}{epoch}")
        if training.number == 1:
            return training


def shown(training: Training) -> list[pb.TrainingAttempt]:
    return list(training_message(training).attempts)


async def test_one_that_nobody_has_claimed_has_none(world: World) -> None:
    assert shown(await world.training(1)) == []


async def test_one_that_runs_has_been_granted_and_has_not_ended(world: World) -> None:
    (attempt,) = shown(await claimed(world))
    assert (attempt.number, attempt.trainer_id, attempt.host) == (1, "t", "host")
    assert attempt.granted_at.ToSeconds() == world.store.clock
    assert not attempt.HasField("ended_at")
    assert not attempt.HasField("end_cause")


async def test_one_that_has_ended_says_when_it_ran_and_how_that_went(world: World) -> None:
    training = await claimed(world)
    world.store.clock += 10
    await world.exit(training, code=3, seconds=8)
    await world.summarize(training, None)
    (attempt,) = shown(await world.training(1))
    assert attempt.started_at.ToSeconds() == world.store.clock - 8
    assert attempt.ended_at.ToSeconds() == world.store.clock
    assert (attempt.end_cause, attempt.exit_code, attempt.reason) == (pb.END_CAUSE_EXITED, 3, "exit code 3")


async def test_a_lost_one_stays_beside_the_next_which_ran_elsewhere(world: World) -> None:
    first = await claimed(world)
    world.store.clock += 5
    await world.sessions.lose(first)
    assert [item.number for item in shown(await world.training(1))] == [1]
    second = await claimed(world, "u")
    await world.exit(second)
    await world.summarize(second, 0.5)
    lost, done = shown(await world.training(1))
    assert (lost.number, lost.trainer_id, lost.end_cause) == (1, "t", pb.END_CAUSE_LOST)
    assert lost.ended_at.ToSeconds() == world.store.clock
    assert (done.number, done.trainer_id, done.end_cause, done.exit_code) == (2, "u", pb.END_CAUSE_EXITED, 0)


async def test_the_last_of_three_losses_is_told_once(world: World) -> None:
    for _ in range(3):
        await world.sessions.lose(await claimed(world))
    training = await world.training(1)
    assert training.state is TrainingState.FAILED
    assert [(item.number, item.end_cause) for item in shown(training)] == [
        (number, pb.END_CAUSE_LOST) for number in (1, 2, 3)
    ]


async def test_one_that_was_handed_back_had_not_begun(world: World) -> None:
    training = await claimed(world)
    now = world.store.clock
    by = Speaker("t", training.lease_epoch, OWNER)
    await world.sessions.exited(by, (f"{UID}/000001", 1), Exit(EndCause.PREEMPTED, None, "no room", None, now))
    (attempt,) = shown(await world.training(1))
    assert (attempt.end_cause, attempt.reason) == (pb.END_CAUSE_PREEMPTED, "no room")
    assert not attempt.HasField("started_at")


async def test_what_a_person_has_ended_names_no_cause_but_the_reason(world: World) -> None:
    operations = Operations(world.changes)
    await operations.release(await claimed(world), "host is on fire")
    await operations.settle(await claimed(world), TrainingState.FAILED, None, "hopeless")
    attempts = shown(await world.training(1))
    assert [item.reason for item in attempts] == [
        "taken by an operator: host is on fire", "settled by hand: hopeless"
    ]  # fmt: skip
    assert not any(item.HasField("end_cause") for item in attempts)
    assert all(item.HasField("ended_at") for item in attempts)


async def test_a_stop_says_its_reason(world: World) -> None:
    training = await claimed(world)

    async def stop(change: Change) -> None:
        await change.put(stopped(await change.training(1), "stopped by its user", change.now))

    await world.changes.make(UID, stop)
    await world.exit(training, 143, EndCause.STOPPED)
    await world.summarize(training, 0.5)
    (attempt,) = shown(await world.training(1))
    assert (attempt.end_cause, attempt.reason) == (pb.END_CAUSE_STOPPED, "stopped by its user")


async def test_of_very_many_the_last_ones_are_kept(world: World) -> None:
    training = await world.training(1)
    for _ in range(MOST_KEPT + 3):
        training = await claimed(world)
        now = world.store.clock
        by = Speaker("t", training.lease_epoch, OWNER)
        unbegun = Exit(EndCause.PREEMPTED, None, "", None, now)
        await world.sessions.exited(by, (f"{UID}/000001", training.attempt), unbegun)
    training = await claimed(world)
    numbers = [item.number for item in shown(training)]
    assert numbers == list(range(5, MOST_KEPT + 5))
    assert training.attempt == numbers[-1]


async def test_a_record_from_before_attempts_were_kept_tells_the_last_one(world: World) -> None:
    document = to_document(await claimed(world))
    del document["attempts"], document["host"]
    (attempt,) = attempts_of(from_document(document, Training))
    assert (attempt.number, attempt.trainer_id, attempt.host) == (1, "t", "")
