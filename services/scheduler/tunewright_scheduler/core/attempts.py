"""The attempts of a training: those that were followed by a wait for another, and the last one.

The last one is not kept twice: it is what the training's own fields tell of its lease and its exit.
"""

from __future__ import annotations

from tunewright.core.states import EndCause, TrainingState
from tunewright.core.values import replace
from tunewright_scheduler.core.attempt import MOST_KEPT, Attempt
from tunewright_scheduler.core.training import Exit, Training


def attempts_of(training: Training) -> tuple[Attempt, ...]:
    """Return them oldest first; of very many the last ones."""
    if not training.holder:  # none was granted, or the last lease was taken
        return training.attempts
    return (*training.attempts, _last(training))[-MOST_KEPT:]


def with_exit(training: Training, exit_: Exit) -> Attempt:
    """Return the attempt that runs, ended as its trainer has said."""
    return replace(
        _granted(training),
        started_at=exit_.started_at,
        ended_at=exit_.ended_at,
        end_cause=exit_.cause,
        exit_code=exit_.exit_code,
        reason=exit_.reason,
    )


def taken_back(training: Training, cause: EndCause | None, why: str, now: float) -> Attempt:
    """Return the attempt that runs, ended without its trainer."""
    return replace(_granted(training), ended_at=now, end_cause=cause, reason=why)


def _last(training: Training) -> Attempt:
    if training.exit is not None:
        attempt = with_exit(training, training.exit)
        return replace(attempt, reason=_why_stopped(training) or attempt.reason)
    if training.state.final:  # settled by hand
        return taken_back(training, None, training.reason, training.ended_at or training.created_at)
    return _granted(training)


def _why_stopped(training: Training) -> str:
    """Return why it was told to stop, which its trainer does not know; empty: it was not."""
    return training.reason if training.state is TrainingState.STOPPED else training.stop_reason


def _granted(training: Training) -> Attempt:
    return Attempt(training.attempt, training.holder, training.host, training.granted_at)
