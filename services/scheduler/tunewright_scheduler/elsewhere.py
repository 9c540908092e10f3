"""Trainings that another system runs: their start, their end by command or deadline, and what metrics is told of both.

Its system speaks to metrics by reports alone. That an attempt begins and ends, metrics hears from here: the messages
stand in the outbox, in the commit that makes them true, as a trainer would put them on training.output.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf.message import Message

from tunewright.core.claimed import runs_elsewhere
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.names import split_training_id
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright.core.values import replace
from tunewright.events.v1 import output_pb2
from tunewright.platform.codec import instant_to_timestamp, to_message
from tunewright.platform.store.naming import find_training
from tunewright.platform.store.port import Store
from tunewright.v1 import spec_pb2
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.controls import ControlRoom
from tunewright_scheduler.core import elsewhere, ending
from tunewright_scheduler.core.decide import ProcessEnded
from tunewright_scheduler.core.facts import TrainingJobExited
from tunewright_scheduler.core.training import Exit, Training, has_expired
from tunewright_scheduler.quotas import Quotas
from tunewright_scheduler.tuning_jobs import Beside

LOOK_AGAIN_S: Final = 2.0
"""How often one that may not start yet is looked at."""
STARTS_PAUSED: Final = "operators have paused starts"
OVER_QUOTA: Final = "its owner runs as many as the quota allows"


class Elsewhere:
    def __init__(self, store: Store, changes: Changes, room: ControlRoom) -> None:
        self._store, self._changes, self._room = store, changes, room
        self._quotas = Quotas(store, room)

    async def end(self, owner: str, command: Any, beside: Beside) -> str:
        """Note that an attempt has ended; return its job's uid.

        Raises NotFound, also for somebody else's; InvalidSpec; IllegalTransition: it is not run elsewhere, or is over.
        """
        uid, number = await self._found(owner, command.training)
        reports = _reports(command)

        async def step(change: Change) -> None:
            training = await change.training(number)
            attempt = command.attempt or training.attempt
            failed, reason = command.failed, command.reason
            exit_ = elsewhere.told_exit(
                training, attempt, failed=failed, reason=reason, reports=reports, now=change.now
            )
            await _end(change, training, attempt, exit_)
            change.writes.extend(beside(uid, change.now))

        await self._changes.make(uid, step, reading=[number])
        return uid

    async def _found(self, owner: str, training: str) -> tuple[str, int]:
        if not training:
            raise InvalidSpec("training", "is missing", "Give its name, or its job's uid, a slash and its number")
        stored = await find_training(self._store, owner, training)
        if stored is None:
            raise NotFound("training job", training)
        return split_training_id(stored.key)

    async def overdue(self, change: Change, training: Training) -> bool:
        """Start a training that waits to run elsewhere, or end one whose time is up; say whether it was such a one."""
        if not runs_elsewhere(training.pool):
            return False
        if training.state is TrainingState.READY and training.claimable and not has_expired(training, change.now):
            await self._start(change, training)
            return True
        if training.state is not TrainingState.RUNNING:
            return False
        moved = elsewhere.overdue(training, change.now)
        if isinstance(moved, Exit):
            await _end(change, training, training.attempt, moved)
        else:
            await change.put(moved)
        return True

    async def _start(self, change: Change, training: Training) -> None:
        if (why := await self._why_not(change, training)) is not None:
            await change.put(replace(training, reason=why, due_at=change.now + LOOK_AGAIN_S))
            return
        above = (await self._room.now()).attempts_above
        running = elsewhere.granted(training, change.spec, change.now, above=above)
        change.facts.append(elsewhere.granted_fact(running, change.spec, change.now))
        change.said.append(_started(running, change.spec, change.now))
        await change.put(running)

    async def _why_not(self, change: Change, training: Training) -> str | None:
        """Return why it may not start now; None: it may, and what that counts against is in the change."""
        if (await self._room.now()).starts is not None:
            return STARTS_PAUSED
        begun = sum(
            one.state is TrainingState.RUNNING and change.read[number].state is TrainingState.READY
            for number, one in change.trainings.items()
            if number in change.read
        )
        writes = await self._quotas.one_more_training(training.owner, begun)
        if writes is None:
            return OVER_QUOTA
        change.writes.extend(write for write in writes if write not in change.writes)
        return None


def say_again(change: Change, training: Training) -> None:
    """Tell metrics again that an attempt has begun, and ended if it has: a broker has lost it."""
    change.said.append(_started(training, change.spec, change.now))
    if training.exit is not None:
        change.said.append(_ended(training, training.exit))


async def _end(change: Change, training: Training, attempt: int, exit_: Exit) -> None:
    moved = ending.exited(training, attempt, exit_, change.now, change.spec.summary_due_s)
    if moved is training:
        return
    uid, number = training.uid, training.number
    change.facts.append(TrainingJobExited(uid, number, attempt, exit_.cause.value, exit_.exit_code, change.now))
    change.said.append(_ended(moved, exit_))
    await change.put(moved)
    await change.apply(ProcessEnded(number))


def _reports(command: Any) -> int:
    """Return how many reports are to be read before the end. Raises InvalidSpec."""
    if command.attempt < 0:
        raise InvalidSpec("attempt", "must be at least 1", "Leave it out for the current one")
    if not command.failed and not command.HasField("reports"):
        raise InvalidSpec("reports", "is missing", "Say how many MetricsReported you have sent of this attempt")
    if command.reports < 0:
        raise InvalidSpec("reports", "must not be negative", "Count what you have sent")
    return int(command.reports)


def _started(training: Training, spec: TuningJobSpec, now: float) -> Message:
    definition = spec.definition(training.definition_name)
    return output_pb2.TrainingStarted(
        uid=training.uid,
        number=training.number,
        attempt=training.attempt,
        training_name=training.name,
        owner=training.owner,
        metric_definitions=[to_message(item, spec_pb2.MetricDefinition) for item in definition.metric_definitions],
        objective=to_message(spec.objective_of(definition.name), spec_pb2.Objective),
        early_stopping=to_message(spec.early_stopping, spec_pb2.EarlyStoppingRule),
        rungs=training.rungs,
        instance_count=1,
        at=instant_to_timestamp(now),
        bracket=training.bracket,
        definition_name=definition.name,
    )


def _ended(training: Training, exit_: Exit) -> Message:
    return output_pb2.TrainingEnded(
        uid=training.uid,
        number=training.number,
        attempt=training.attempt,
        cause=f"END_CAUSE_{exit_.cause.value}",
        exit_code=exit_.exit_code,
        at=instant_to_timestamp(exit_.ended_at),
        reports=exit_.reports,
    )
