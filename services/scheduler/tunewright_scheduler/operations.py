"""What a person may decide in place of the system: about one training, or one parked job. Each may be done twice."""

from __future__ import annotations

import math
from typing import Final

from tunewright.core.claimed import runs_elsewhere
from tunewright.core.errors import IllegalTransition, InvalidSpec
from tunewright.core.states import JobState, TrainingState
from tunewright.core.values import replace
from tunewright_scheduler.bells import pool_bell, trainer_bell
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core.decide import Unpark
from tunewright_scheduler.core.ending import released, settled
from tunewright_scheduler.core.facts import TrainingJobLost
from tunewright_scheduler.core.training import Resend, Training
from tunewright_scheduler.elsewhere import say_again
from tunewright_scheduler.records import phases_of

FROM_THE_START: Final = -1
"""A resend from here on begins with what was said at a training's start."""


class Operations:
    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    async def release(self, training: Training, reason: str) -> None:
        """Take a running training from its trainer, which is told to abandon it; no loss is counted.

        One that waits to be claimed is left as it is. Raises IllegalTransition: its process has ended.
        """

        async def step(change: Change) -> None:
            now_there = await change.training(training.number)
            if now_there.state is TrainingState.READY:
                return
            if now_there.state is not TrainingState.RUNNING:
                what, state = f"training job {training.name}", now_there.state.value
                raise IllegalTransition(what, state, "be released", "Its process has ended; settle it if it waits")
            fact = TrainingJobLost(training.uid, training.number, now_there.attempt, now_there.holder, change.now)
            change.facts.append(fact)
            change.bells |= {pool_bell(now_there.pool), trainer_bell(now_there)}
            phases = await phases_of(change.store, now_there)
            await change.put(released(now_there, reason, change.now, phases))

        await self._changes.make(training.uid, step, reading=[training.number])

    async def settle(self, training: Training, state: TrainingState, value: float | None, reason: str) -> None:
        """End a training by hand; a trainer that runs it is told to stop it and forget it.

        Raises InvalidSpec, IllegalTransition: it has ended otherwise.
        """
        if not state.final:
            raise InvalidSpec("state", f"{state.value} is no end", "Give COMPLETED, STOPPED or FAILED")
        if value is not None and not math.isfinite(value):
            raise InvalidSpec("objective_value", f"is {value}", "Give a finite number, or none")
        if value is not None and state is TrainingState.FAILED:
            remedy = "Leave it out, or settle the training as COMPLETED or STOPPED"
            raise InvalidSpec("objective_value", "does not count in a training that has failed", remedy)

        async def step(change: Change) -> None:
            now_there = await change.training(training.number)
            if now_there.holder:
                change.bells.add(trainer_bell(now_there))
            phases = await phases_of(change.store, now_there)
            await change.put(settled(now_there, state, value, reason, change.now, phases))

        await self._changes.make(training.uid, step, reading=[training.number])

    async def unpark(self, uid: str) -> None:
        """Let a parked job go on where it was; an answer or a summary that it was parked over comes again.

        One that is not parked is left as it is. Raises IllegalTransition: it has ended.
        """

        async def step(change: Change) -> None:
            job = change.job
            if job.state.final:
                raise IllegalTransition(f"tuning job {job.name}", f"already {job.state.shown}", "be unparked")
            if job.state is not JobState.BLOCKED:
                return
            await change.read_at_once([waiting.number for waiting in job.awaiting])
            for waiting in job.awaiting:
                training = await change.training(waiting.number)
                if training.state is TrainingState.EXITED and runs_elsewhere(training.pool):
                    say_again(change, training)
                elif training.state is TrainingState.EXITED:
                    again = Resend(0, FROM_THE_START, change.now)
                    await change.put(replace(training, resend=again))
                    change.bells.add(trainer_bell(training))
            await change.apply(Unpark())

        await self._changes.make(uid, step)
