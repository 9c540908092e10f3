"""Trainings that another system runs, which hears and speaks by the bus alone (docs/events.md).

Nobody claims them: each is granted, to nobody of ours, as soon as it may start. No heartbeat tells whether it is still
run, so its time does: after max_runtime_s it is told to stop, and some time after that it has ended, heard or unheard.
"""

from __future__ import annotations

from typing import Final

from tunewright.core.claimed import runs_elsewhere
from tunewright.core.errors import IllegalTransition
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import EndCause, TrainingState
from tunewright.core.values import replace
from tunewright_scheduler.core import training as trainings
from tunewright_scheduler.core.ending import MAX_WAIT_EXCEEDED, stopped
from tunewright_scheduler.core.facts import TrainingJobGranted, TrainingJobStopRequested
from tunewright_scheduler.core.session import Speaker
from tunewright_scheduler.core.training import Exit, Training, has_expired, hyperparameters_of

HOLDER: Final = "elsewhere"
"""Who holds such a training, by our record; no trainer may be called so."""
STOP_GRACE_S: Final = 120.0
"""From telling that it is to stop to its end, whatever is heard."""
MAX_RUNTIME: Final = "MaxRuntimeExceeded"
UNHEARD: Final = "no EndTraining came after it was told to stop"
FAILED: Final = "failed, and did not say why"


def granted(training: Training, spec: TuningJobSpec, now: float, *, above: int) -> Training:
    """Let another system run it, for the time that is left of its allowance; its attempt's number is `above` this."""
    left_s = max(1.0, spec.definition(training.definition_name).stopping.max_runtime_s - training.ran_s)
    due_at = now + left_s if training.expires_at is None else min(now + left_s, training.expires_at)
    to = Speaker(HOLDER, 0, training.owner)
    return replace(trainings.granted(training, to, "", now, above=above), due_at=due_at)


def granted_fact(training: Training, spec: TuningJobSpec, now: float) -> TrainingJobGranted:
    return TrainingJobGranted(
        training.uid,
        training.number,
        training.attempt,
        HOLDER,
        now,
        training.name,
        training.definition_name,
        hyperparameters_of(training, spec),
        spec.objective_of(training.definition_name).metric_name,
        training.due_at,
    )


def told_to_stop(before: Training, after: Training, now: float) -> tuple[Training, TrainingJobStopRequested | None]:
    """Return `after` with a deadline, and what is told, if it runs elsewhere and is to stop since this change."""
    if not (runs_elsewhere(after.pool) and after.state is TrainingState.RUNNING):
        return after, None
    if not after.stop_reason or before.stop_reason:
        return after, None
    due_at = now + STOP_GRACE_S
    fact = TrainingJobStopRequested(after.uid, after.number, after.attempt, after.name, after.stop_reason, due_at, now)
    return replace(after, due_at=due_at), fact


def told_exit(training: Training, attempt: int, *, failed: bool, reason: str, reports: int, now: float) -> Exit:
    """Return the end of an attempt as its system has told it. Raises IllegalTransition: it is not its to tell."""
    if not runs_elsewhere(training.pool):
        raise IllegalTransition(
            f"training job {training.name}", "run by a trainer or a claiming program", "be ended by a command"
        )
    if training.attempt == 0:
        raise IllegalTransition(f"training job {training.name}", "not granted yet", "be ended")
    if attempt > training.attempt:
        raise IllegalTransition(f"attempt {attempt} of {training.name}", "still to come", "be ended")
    if training.stop_reason:
        cause, code = EndCause.STOPPED, None
    elif failed:
        cause, code, reason = EndCause.EXITED, 1, reason or FAILED
    else:
        cause, code = EndCause.EXITED, 0
    return Exit(cause, code, reason, training.granted_at, now, reports=reports)


def overdue(training: Training, now: float) -> Training | Exit:
    """Return what its deadline means for one that runs: it is to stop, or its end, for it was told to already."""
    if not training.stop_reason:
        return stopped(training, MAX_WAIT_EXCEEDED if has_expired(training, now) else MAX_RUNTIME, now)
    overran = training.stop_reason == MAX_RUNTIME
    cause = EndCause.MAX_RUNTIME_EXCEEDED if overran else EndCause.STOPPED
    reason = f"{training.stop_reason}; {UNHEARD}"
    return Exit(cause, None, reason, training.granted_at, now)
