"""How an attempt ends, and with it its training, unless that waits for another: lost, taken, retried, stopped, over.

Two facts end a training, each by its own road, in either order: that its process ended (`exited`, from the trainer) and
what it said (`summarized`, from metrics). A fact of an older attempt than the current one changes nothing. Every
function returns a new value or raises.
"""

from __future__ import annotations

import math
from typing import Final

from tunewright.core.errors import IllegalTransition
from tunewright.core.phases import INTERRUPTED, Phase
from tunewright.core.states import NOT_THE_ALGORITHMS, EndCause, ObjectiveState, TrainingState, move_training
from tunewright.core.stopping import StopEvidence
from tunewright.core.values import replace
from tunewright_scheduler.core import attempts
from tunewright_scheduler.core.attempt import Attempt
from tunewright_scheduler.core.attempt import kept as kept_attempts
from tunewright_scheduler.core.job import Ending
from tunewright_scheduler.core.phases import kept, told
from tunewright_scheduler.core.training import Exit, Summary, Training, claim_due, has_expired

MAX_LOSSES: Final = 3
MAX_REASON: Final = 1024
MAX_WAIT_EXCEEDED: Final = "MaxWaitTimeExceeded"
"""Why a training was stopped that has waited and run for longer than its max_wait_s."""
AWAITED_AGAIN_S: Final = 30.0
"""How often a training whose summary is overdue is looked at again, while metrics cannot have read its output."""


def exited(
    training: Training, attempt: int, exit_: Exit, now: float, summary_due_s: float, phases: tuple[Phase, ...] = ()
) -> Training:
    """Note that the process of `attempt` has ended, which was in these phases. The same fact again changes nothing.

    Raises: IllegalTransition: the attempt's lease is void.
    """
    if attempt == training.attempt and (training.exit is not None or training.state.final):
        return training
    if attempt != training.attempt or training.state is not TrainingState.RUNNING:
        raise IllegalTransition(f"attempt {attempt} of {training.name}", "void", "end", "Abandon it")
    started_at = exit_.started_at if exit_.started_at is not None else exit_.ended_at  # else it never ran
    moved = replace(
        _charged(training, exit_.ended_at - started_at),
        state=move_training(training.name, training.state, TrainingState.EXITED),
        exit=exit_,
        phases=kept(training.phases, phases),
        due_at=now + summary_due_s,
    )
    return _ended(moved, now) if moved.summary is not None else moved


def summarized(training: Training, attempt: int, summary: Summary, now: float) -> Training:
    """Note what `attempt` has said. It counts unless a later attempt was granted or the training has ended."""
    if attempt != training.attempt or training.state.final or training.summary is not None:
        return training
    moved = replace(training, summary=summary)
    return _ended(moved, now) if moved.state is TrainingState.EXITED else moved


def still_awaited(training: Training, now: float) -> Training:
    """Wait on for a summary: metrics cannot have read the output yet."""
    reason = "its summary waits for metrics, which has not been heard to read the output"
    return replace(training, reason=reason, due_at=now + AWAITED_AGAIN_S)


def output_lost(training: Training, now: float) -> Training:
    """End a training whose summary did not come by its deadline."""
    return _ended(replace(training, summary=Summary(None, fault="output lost: no summary by the deadline")), now)


def lost(
    training: Training,
    now: float,
    phases: tuple[Phase, ...] = (),
    why: str = "",
    leased_until: float | None = None,
) -> Training:
    """Take the lease of a trainer that is gone: ready for another attempt, or failed at the third loss.

    `phases` are those that the trainer had told of until then, `why` is what it had to say of it, if anything. What it
    has run is counted until its lease had run out: that may be long ago, if nobody was there to take it.
    """
    losses = training.losses + 1
    said = f": {why}" if why else ""
    end = attempts.taken_back(training, EndCause.LOST, f"lost with its trainer{said}", now)
    held_s = _held_s(training, now if leased_until is None else min(now, leased_until))
    taken = replace(_taken(training, end, held_s, phases), losses=losses)
    if losses >= MAX_LOSSES:
        return _final(taken, TrainingState.FAILED, f"lost {losses} times; last held by {training.holder}", now)
    return _interrupted(taken, f"attempt {training.attempt} was lost with trainer {training.holder}{said}", now)


def released(training: Training, why: str, now: float, phases: tuple[Phase, ...] = ()) -> Training:
    """Take the lease of a running training by an operator's order: as a loss, but it does not count as one."""
    said = f": {why}" if why else ""
    reason = f"attempt {training.attempt} was taken from trainer {training.holder} by an operator{said}"
    end = attempts.taken_back(training, None, f"taken by an operator{said}", now)
    return _interrupted(_taken(training, end, _held_s(training, now), phases), reason, now)


def handed_back(training: Training, exit_: Exit, now: float) -> Training:
    """Take back the lease of a trainer that had no room for it: nothing was begun, and so nothing is counted."""
    return _again(_taken(training, attempts.with_exit(training, exit_), 0.0), _end_of(training, exit_), now)


def retried(
    training: Training, exit_: Exit, now: float, phases: tuple[Phase, ...] = (), *, spot: bool = False
) -> Training:
    """Take note that an attempt has ended through no fault of the algorithm; what it has run is used up."""
    ran_s = exit_.ended_at - exit_.started_at if exit_.started_at is not None else 0.0
    preempted = spot and exit_.cause is EndCause.PREEMPTED
    taken = replace(
        _taken(training, attempts.with_exit(training, exit_), ran_s, phases),
        retries=training.retries + (not preempted),
        preemptions=training.preemptions + preempted,
    )
    return _interrupted(taken, _end_of(training, exit_), now)


def runs_again(training: Training, cause: EndCause, max_retries: int, *, spot: bool = False) -> bool:
    """Say whether a running training whose attempt ended so is given another; a lost one has a rule of its own.

    A spot training is preempted as often as it happens, within its max_wait_s and its max_runtime_s.
    """
    if training.stop_reason or cause not in NOT_THE_ALGORITHMS:
        return False
    if spot and cause is EndCause.PREEMPTED:
        return True
    allowed = max_retries or (MAX_LOSSES - 1 if cause is EndCause.PREEMPTED else 0)
    return training.retries < allowed


def stopped(training: Training, reason: str, now: float) -> Training:
    """Ask for the training's end: at once if nobody holds it, else by its trainer.

    Ended or ending ones stay as they are.
    """
    match training.state:
        case TrainingState.READY:
            return _final(training, TrainingState.STOPPED, reason, now)
        case TrainingState.RUNNING if not training.stop_reason:
            return replace(training, stop_reason=reason, stop_asked_at=now, due_at=None)
        case _:
            return training


def stopped_early(training: Training, attempt: int, evidence: StopEvidence, now: float) -> Training:
    """Ask for the training's end as a rule advises. It counts while that attempt runs and nothing else has ended it."""
    if attempt != training.attempt or training.state is not TrainingState.RUNNING or training.stop_reason:
        return training
    return replace(stopped(training, evidence.text, now), stopped_early=evidence)


def settled(
    training: Training,
    state: TrainingState,
    value: float | None,
    why: str,
    now: float,
    phases: tuple[Phase, ...] = (),
) -> Training:
    """End a training with what a person knows of it. Without a value, what metrics has read counts.

    Settled the same way again, it stays as it is. Raises IllegalTransition: it has ended otherwise.
    """
    reason = f"settled by hand: {why}" if why else "settled by hand"
    if training.state.final:
        if (training.state, training.reason) == (state, reason[:MAX_REASON]):
            return training
        raise IllegalTransition(f"training job {training.name}", f"already {training.state.value}", "be settled")
    said = training.summary or Summary(None, fault=reason)
    summary = said if value is None else replace(said, objective=value, objective_error=None, fault="")
    ran = _charged(training, _held_s(training, now)) if training.state is TrainingState.RUNNING else training
    return _final(replace(ran, summary=summary, phases=kept(ran.phases, phases)), state, reason, now)


def ending(training: Training) -> Ending:
    """Return how an ended training counts."""
    blameless = training.exit is not None and training.exit.cause in NOT_THE_ALGORITHMS
    retryable = training.state is TrainingState.FAILED and (training.losses >= MAX_LOSSES or blameless)
    return Ending(
        number=training.number,
        state=training.state,
        retryable=retryable,
        objective=training.objective_value,
        reason=training.reason,
        ran_s=training.ran_s,
        expected_s=training.expected_s,
        repeats=training.repeats,
    )


def _charged(training: Training, seconds: float) -> Training:
    """Count what an attempt has taken: lost, stopped and failed ones cost money too."""
    ran_s = max(0.0, seconds)
    return replace(training, ran_s=training.ran_s + ran_s, cost=training.cost + ran_s * training.price)


def _held_s(training: Training, now: float) -> float:
    return now - training.granted_at if training.granted_at is not None else 0.0


def _end_of(training: Training, exit_: Exit) -> str:
    why = exit_.reason or exit_.cause.value.lower().replace("_", " ")
    return f"attempt {training.attempt} on trainer {training.holder}: {why}"


def _taken(training: Training, end: Attempt, ran_s: float, phases: tuple[Phase, ...] = ()) -> Training:
    """Return the training without its lease, which ended so. What it has run counts as used up, and is paid."""
    return replace(
        _charged(training, ran_s),
        holder="",
        left_by=training.holder,
        claim_id="",
        granted_at=None,
        summary=None,
        resend=None,
        silent=(),
        phases=kept(training.phases, phases),
        attempts=kept_attempts(training.attempts, end),
    )


def _interrupted(taken: Training, why: str, now: float) -> Training:
    """Let a training that was in the middle of something be claimed again."""
    again = _again(taken, why, now)
    if again.state.final:
        return again
    return replace(again, phases=kept(again.phases, told([Phase(INTERRUPTED, now, why)])))


def _again(taken: Training, why: str, now: float) -> Training:
    """Let a training whose lease was taken be claimed again; one that was to be stopped has ended."""
    if taken.stop_reason:
        return _final(taken, TrainingState.STOPPED, taken.stop_reason, now)
    if has_expired(taken, now):
        return _final(taken, TrainingState.STOPPED, MAX_WAIT_EXCEEDED, now)
    return replace(
        taken,
        state=move_training(taken.name, taken.state, TrainingState.READY),
        reason=f"{why[:MAX_REASON]}; waits for another",
        ready_at=now,
        due_at=claim_due(taken, now),
    )


def _ended(training: Training, now: float) -> Training:
    """Judge a training whose end and output are both known."""
    exit_, summary = training.exit, training.summary
    if exit_ is None or summary is None:
        raise IllegalTransition(f"training job {training.name}", training.state.value, "end without its two facts")
    match exit_.cause:
        case EndCause.EXITED if exit_.exit_code == 0:
            return _final(training, TrainingState.COMPLETED, summary.fault, now)
        case EndCause.STOPPED:
            return _final(training, TrainingState.STOPPED, training.stop_reason or exit_.reason or "stopped", now)
        case EndCause.MAX_RUNTIME_EXCEEDED:
            return _final(training, TrainingState.STOPPED, exit_.reason or "MaxRuntimeExceeded", now)
        case cause if cause in NOT_THE_ALGORITHMS and training.stop_reason:
            return _final(training, TrainingState.STOPPED, training.stop_reason, now)
        case _:
            return _final(training, TrainingState.FAILED, _failure(exit_, summary), now)


def _failure(exit_: Exit, summary: Summary) -> str:
    reason = exit_.reason or f"{exit_.cause.value.lower()} with exit code {exit_.exit_code}"
    tail = "\n".join(summary.tail[-5:])
    return f"{reason}\n{tail}" if tail and tail not in reason else reason


def _final(training: Training, state: TrainingState, reason: str, now: float) -> Training:
    value = training.summary.objective if training.summary is not None and not training.alone else None
    usable = value is not None and math.isfinite(value) and state is not TrainingState.FAILED
    objective_state = ObjectiveState.SUCCEEDED if usable else ObjectiveState.FAILED
    return replace(
        training,
        state=move_training(training.name, training.state, state),
        objective_state=None if training.alone else objective_state,
        objective_value=value if usable else None,
        reason=reason[:MAX_REASON],
        stopped_early=training.stopped_early if reason == training.stop_reason else None,
        max_wait_exceeded=state is TrainingState.STOPPED and reason == MAX_WAIT_EXCEEDED,
        ended_at=training.exit.ended_at if training.exit is not None else now,
        due_at=None,
        stop_reason="",
        stop_asked_at=None,
        resend=None,
        silent=(),
    )
