"""Fold one message into a tuning job: the heart of the scheduler.

`decide` performs nothing. It returns the next job and, as data, what must be written with it in one commit and done
after it. Every step keeps: nothing is started beyond max_parallel slots or max_trainings (an amendment may lower them
below what is there already), a final state stays.

    message ──▶ fold ──▶ criteria met? ──▶ all ended? ──▶ run the best again? ──▶ ask for more? ──▶ next deadline
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, assert_never

from tunewright.core.names import training_name
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import JobState, move_job
from tunewright.core.values import replace
from tunewright_scheduler.core import (
    amendment,
    asking,
    completion,
    convergence,
    counting,
    parking,
    pause,
    queueing,
    reevaluation,
    surplus,
)
from tunewright_scheduler.core.asking import Answered, AskFailed, StillAsked
from tunewright_scheduler.core.effects import Decision, Effect, Observe, RetakeTurns, StopTrainings, Tell, tell_changed
from tunewright_scheduler.core.facts import TuningJobEnded
from tunewright_scheduler.core.job import Awaiting, Ending, TuningJob

WATCHDOG_S: Final = 600.0
"""A job without a nearer deadline is looked at again after this time."""


@dataclass(frozen=True, slots=True)
class ProcessEnded:
    """A training's process has ended; its summary is awaited."""

    number: int


@dataclass(frozen=True, slots=True)
class TrainingEnded:
    ending: Ending


@dataclass(frozen=True, slots=True)
class Spent:
    """An attempt has ended, and has cost this."""

    cost: float


@dataclass(frozen=True, slots=True)
class StopRequested:
    reason: str


@dataclass(frozen=True, slots=True)
class PauseRequested:
    """Its user wants nothing more to be started for now."""


@dataclass(frozen=True, slots=True)
class ResumeRequested:
    """Its user wants it to go on."""


@dataclass(frozen=True, slots=True)
class Revised:
    """Its specification has a new revision, which is the one given with this message."""

    other_space: bool = False
    """Ranges have been widened."""
    unclaimed: tuple[int, ...] = ()
    """Where fewer may run at once: trainings that are ready and not held back yet, in their order."""


@dataclass(frozen=True, slots=True)
class Park:
    """A fault of ours while handling this job: it is set aside with the reason, the others go on."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unpark:
    """An operator's word that a parked job may go on."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The scheduler has restarted: an ask that was under way is asked again."""


Order = StopRequested | PauseRequested | ResumeRequested | Revised
"""What the job's user wants of it."""

Ended = ProcessEnded | TrainingEnded | Spent
Message = Answered | AskFailed | StillAsked | Ended | Order | Park | Unpark | Tick | Resumed


def decide(job: TuningJob, spec: TuningJobSpec, message: Message, now: float) -> Decision:
    """Fold `message` into `job`. The same arguments give the same result; an ended job stays as it is."""
    if job.state.final:
        return Decision(job)
    return _fold(job, spec, message, now).then(lambda folded: advance(folded, spec, now))


def advance(job: TuningJob, spec: TuningJobSpec, now: float) -> Decision:
    """Do what the job's own state asks for, whatever the message was."""
    decision = _close_if_met(job, spec, now).then(lambda closing: _end_if_over(closing, now))
    if decision.job.held_back:
        decision = decision.then(lambda running: surplus.offered(running, spec))
    decision = decision.then(lambda running: reevaluation.start_repeats(running, spec))
    decision = decision.then(lambda running: asking.ask_if_wanted(running, spec, now))
    return decision.then(lambda last: Decision(replace(last, modified_at=now, due_at=_due_at(last, spec, now))))


def _fold(job: TuningJob, spec: TuningJobSpec, message: Message, now: float) -> Decision:
    match message:
        case Answered():
            return asking.answered(job, spec, message, now)
        case AskFailed():
            return asking.failed(job, spec, message.ask_number, message.why, now)
        case StillAsked(number):
            return asking.still_asked(job, number, now)
        case ProcessEnded(number):
            return Decision(_process_ended(job, number, now))
        case TrainingEnded(ending):
            return _training_ended(job, spec, ending, now)
        case Spent(cost):
            return Decision(replace(job, spent=job.spent + cost))
        case StopRequested() | PauseRequested() | ResumeRequested() | Revised():
            return _ordered(job, spec, message, now)
        case Park(reason):
            return parking.parked(job, reason, now)
        case Unpark():
            return parking.unparked(job, now)
        case Resumed():
            return asking.repeat(job, now)
        case Tick():
            return asking.repeat_if_due(job, now)
        case _:
            assert_never(message)


def _ordered(job: TuningJob, spec: TuningJobSpec, order: Order, now: float) -> Decision:
    match order:
        case StopRequested(reason):
            return _stop(job, reason, now)
        case PauseRequested():
            return pause.paused(job, spec, now)
        case ResumeRequested():
            return pause.resumed(job, now)
        case Revised(other_space, unclaimed):
            revised = amendment.revised(job, spec, now, other_space=other_space)
            return revised.then(lambda last: surplus.held_back(last, spec, unclaimed))


def _process_ended(job: TuningJob, number: int, now: float) -> TuningJob:
    if number not in job.slots:
        return job
    slots = tuple(slot for slot in job.slots if slot != number)
    return replace(job, slots=slots, awaiting=(*job.awaiting, Awaiting(number, now)))


def _training_ended(job: TuningJob, spec: TuningJobSpec, ending: Ending, now: float) -> Decision:
    if ending.number not in job.in_flight:
        return Decision(job)
    counted = replace(
        reevaluation.counted(counting.counted(job, spec, ending), spec, ending),
        slots=tuple(slot for slot in job.slots if slot != ending.number),
        awaiting=tuple(waiting for waiting in job.awaiting if waiting.number != ending.number),
        observations=job.observations + 1,
    )
    if ending.objective is not None and counted.state in completion.OPEN:
        counted = convergence.with_record(counted, spec, now)
    timed = queueing.corrected(counted, ending)
    retake: tuple[Effect, ...] = (RetakeTurns(timed.slots),) if timed.slots and timed.turn_s != job.turn_s else ()
    return Decision(timed, (Observe(job.observations, ending.number), *retake))


def _stop(job: TuningJob, reason: str, now: float) -> Decision:
    if job.state is JobState.STOPPING:
        return Decision(job)
    return _close(job, JobState.STOPPING, reason, now)


def _close_if_met(job: TuningJob, spec: TuningJobSpec, now: float) -> Decision:
    if job.state not in completion.OPEN:
        return Decision(job)
    verdict = completion.verdict(job, spec, now)
    if verdict is not None and verdict.of_search and reevaluation.comes_first(job, spec):
        return reevaluation.go_on(job, spec, verdict.reason)
    return _close(job, verdict.state, verdict.reason, now) if verdict is not None else Decision(job)


def _close(job: TuningJob, to: JobState, reason: str, now: float) -> Decision:
    """Start nothing more and stop what runs."""
    state = move_job(job.name, job.state, to)
    moved = replace(parking.forgotten(job), state=state, reason=reason, ask=None, ahead=())
    stop: tuple[Effect, ...] = (StopTrainings(job.slots, reason),) if job.slots else ()
    # Stopping may end the job, which is told after this.
    return Decision(moved, (tell_changed(moved, now, reason), *stop))


def _end_if_over(job: TuningJob, now: float) -> Decision:
    final = completion.FINAL_OF.get(job.state)
    if final is None or job.in_flight:
        return Decision(job)
    ended = replace(job, state=move_job(job.name, job.state, final), ended_at=now, due_at=None)
    best, value = "", None
    if job.best is not None:
        best, value = training_name(job.name, job.uid, job.best.number), job.best.value
    fact = TuningJobEnded(job.uid, job.name, final.shown, job.reason, best, value, job.started, now)
    return Decision(ended, (Tell(fact),))


def _due_at(job: TuningJob, spec: TuningJobSpec, now: float) -> float | None:
    if job.state.final:
        return None
    deadlines = [now + WATCHDOG_S]
    if job.ask is not None:
        deadlines.append(job.ask.retry_at)
    if job.state in completion.OPEN and spec.limits.max_runtime_s is not None:
        deadlines.append(job.created_at + spec.limits.max_runtime_s)
    deadlines.extend(asking.waits_until(job, spec, now))
    return min(deadlines)
