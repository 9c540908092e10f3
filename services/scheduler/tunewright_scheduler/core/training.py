"""One training job: claimed, run, lost, claimed again, ended. Every function returns a new value or raises.

Two facts end a training, each by its own road, in either order: that its process ended (`exited`, from the trainer) and
what it said (`summarized`, from metrics). A fact of an older attempt than the current one changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tunewright.core.errors import IllegalTransition
from tunewright.core.space import Value
from tunewright.core.states import NOT_THE_ALGORITHMS, EndCause, ObjectiveState, TrainingState, move_training
from tunewright.core.stopping import StopEvidence
from tunewright.core.values import replace
from tunewright_scheduler.core.job import Ending, Provenance
from tunewright_scheduler.core.phases import INTERRUPTED, Phase, kept, told
from tunewright_scheduler.core.session import Speaker

MAX_LOSSES: Final = 3
MAX_REASON: Final = 1024
JOB_PAUSED: Final = "its tuning job is paused"
CLAIM_REMINDER_S: Final = 60.0
"""How often a training that nobody claims is looked at again."""
MAX_WAIT_EXCEEDED: Final = "MaxWaitTimeExceeded"
"""Why a training was stopped that has waited and run for longer than its max_wait_s."""
AWAITED_AGAIN_S: Final = 30.0
"""How often a training whose summary is overdue is looked at again, while metrics cannot have read its output."""


@dataclass(frozen=True, slots=True)
class Exit:
    cause: EndCause
    exit_code: int | None
    reason: str
    started_at: float | None
    ended_at: float
    artifact_uri: str = ""


@dataclass(frozen=True, slots=True)
class ReadingFault:
    """What metrics read under a metric's name and is no number, by kind, or that it read nothing. Fields as in v1."""

    kind: str
    metric: str = ""
    count: int = 0
    example: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What metrics read: the objective, or why there is none."""

    objective: float | None
    fault: str = ""
    steps: int = 0
    last_values: Mapping[str, float] = field(default_factory=dict)
    objective_error: float | None = None
    """Standard error of the objective, where the training reported several values."""
    curve: tuple[float, ...] = ()
    curve_steps: tuple[int, ...] = ()
    tail: tuple[str, ...] = ()
    faults: tuple[ReadingFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Resend:
    """Metrics misses output from this line on; handed to the trainer with its next heartbeat."""

    instance: int
    from_line: int
    asked_at: float
    again_at: float | None = None
    """When it was last asked for again: metrics does so while it misses them and hears more."""

    @property
    def last_asked_at(self) -> float:
        return self.asked_at if self.again_at is None else self.again_at


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Metrics has read so many lines, and has found a metric in none of them."""

    metric: str
    regex: str
    lines: int
    since: float
    nearest: str = ""
    """What was printed that looks like it, in a sentence."""

    @property
    def text(self) -> str:
        sought = repr(self.regex) if self.regex else "it has no regex"
        return f"metric {self.metric!r} has matched none of {self.lines} lines: {sought}"


@dataclass(frozen=True)  # without slots: tunewright.core.values says why
class Training:
    uid: str
    number: int
    name: str
    owner: str
    configuration: Mapping[str, Value]
    spec_revision: int
    created_at: float
    pool: str
    claim_order: float | None
    """Smaller is claimed first; None: it cannot be claimed, for its job is paused or may run fewer at once."""
    provenance: Provenance
    definition_name: str = ""
    bracket: int = 0
    rungs: tuple[int, ...] = ()
    state: TrainingState = TrainingState.READY
    objective_state: ObjectiveState | None = ObjectiveState.PENDING
    """None: it has no objective."""
    objective_value: float | None = None
    reason: str = ""
    attempt: int = 0
    """Leases granted so far; the last one's fencing token."""
    holder: str = ""
    lease_epoch: int = 0
    """Of the session under which the last lease was granted; 0: that was before this was kept."""
    lease_owner: str = ""
    """Whose credentials that session was opened with."""
    claim_id: str = ""
    losses: int = 0
    retries: int = 0
    """Attempts made again after an end that was neither a loss nor the algorithm's fault."""
    preemptions: int = 0
    """Attempts made again because a host was taken back, of a training that is there for that: spot."""
    ran_s: float = 0.0
    """Seconds that ended attempts have run: so much of the training's allowance is used."""
    price: float = 0.0
    """Of a second of all its instances; 0: it costs nothing."""
    cost: float = 0.0
    """Of ended attempts."""
    expected_s: float = 0.0
    """Seconds that it was expected to run when it got its turn."""
    repeats: int | None = None
    """Number of the training whose configuration it repeats."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Static hyperparameters that differ from the definition's."""
    stop_reason: str = ""
    """Not empty: the trainer is told to stop it, …"""
    stop_asked_at: float | None = None
    """… since then."""
    stopped_early: StopEvidence | None = None
    """Why a rule wants it stopped, and once it has ended, why one did stop it."""
    resend: Resend | None = None
    silent: tuple[Unmatched, ...] = ()
    """Metrics that have been warned of and have not come since; the first is told as the reason."""
    granted_at: float | None = None
    ready_at: float | None = None
    """When its last lease was taken; None: it has had none that was taken."""
    exit: Exit | None = None
    summary: Summary | None = None
    ended_at: float | None = None
    due_at: float | None = None
    withheld_order: float | None = None
    """Its order of claims while it is withheld."""
    modified_at: float | None = None
    """When its record was last written; None: before this was kept."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Those that its tuning job had when it was created, and what was changed since."""
    alone: bool = False
    """It was asked for by itself: nothing is tuned, so it has no objective."""
    expires_at: float | None = None
    """When it is stopped, whether it waits or runs; None: it may wait for ever."""
    max_wait_exceeded: bool = False
    """It was stopped for that."""
    left_by: str = ""
    """The trainer that held it last and has not seen it through."""
    phases: tuple[Phase, ...] = ()
    """Of ended attempts, oldest first."""

    @property
    def shown(self) -> str:
        """AMT's TrainingJobStatus."""
        return "Stopping" if self.stop_reason and not self.state.final else self.state.shown

    @property
    def claimable(self) -> bool:
        return self.state is TrainingState.READY and self.claim_order is not None

    @property
    def waits_since(self) -> float:
        """Since when it is there to be claimed."""
        return self.created_at if self.ready_at is None else self.ready_at


def granted(training: Training, to: Speaker, claim_id: str, now: float) -> Training:
    """Lease the training to a trainer under the next attempt."""
    return replace(
        training,
        state=move_training(training.name, training.state, TrainingState.RUNNING),
        attempt=training.attempt + 1,
        holder=to.trainer_id,
        lease_epoch=to.epoch,
        lease_owner=to.owner,
        claim_id=claim_id,
        granted_at=now,
        due_at=training.expires_at,
        reason="",
        summary=None,  # one of the attempt before may have come after its loss
    )


def check_speaker(training: Training, attempt: int, by: Speaker) -> None:
    """Let nobody but the trainer that was given an attempt say how it went.

    That of an older epoch than the grant's cannot know of it. Newer ones may be told of, and need not be open any more:
    it is by the attempt that a report is late, not by the session, which may have lapsed or been opened anew meanwhile.

    Raises: IllegalTransition.
    """
    given = Speaker(training.holder or training.left_by, training.lease_epoch, training.lease_owner)
    trusted = not given.owner or (by.owner == given.owner and by.epoch >= given.epoch)
    if attempt == training.attempt and not (by.trainer_id == given.trainer_id and trusted):
        what = f"attempt {attempt} of {training.name}"
        state = f"leased to trainer {given.trainer_id} at epoch {given.epoch}"
        event = f"be ended by trainer {by.trainer_id} at epoch {by.epoch} with these credentials"
        raise IllegalTransition(what, state, event, "Abandon it")


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


def lost(training: Training, now: float) -> Training:
    """Take the lease of a trainer that is gone: ready for another attempt, or failed at the third loss."""
    losses = training.losses + 1
    taken = replace(_taken(training, _held_s(training, now)), losses=losses)
    if losses >= MAX_LOSSES:
        return _final(taken, TrainingState.FAILED, f"lost {losses} times; last held by {training.holder}", now)
    return _again(taken, f"attempt {training.attempt} was lost with trainer {training.holder}", now)


def released(training: Training, why: str, now: float) -> Training:
    """Take the lease of a running training by an operator's order: as a loss, but it does not count as one."""
    said = f": {why}" if why else ""
    reason = f"attempt {training.attempt} was taken from trainer {training.holder} by an operator{said}"
    return _again(_taken(training, _held_s(training, now)), reason, now)


def settled(training: Training, state: TrainingState, value: float | None, why: str, now: float) -> Training:
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
    return _final(replace(ran, summary=summary), state, reason, now)


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


def retried(
    training: Training, exit_: Exit, now: float, phases: tuple[Phase, ...] = (), *, spot: bool = False
) -> Training:
    """Take note that an attempt has ended through no fault of the algorithm; what it has run is used up."""
    ran_s = exit_.ended_at - exit_.started_at if exit_.started_at is not None else 0.0
    why = exit_.reason or exit_.cause.value.lower().replace("_", " ")
    preempted = spot and exit_.cause is EndCause.PREEMPTED
    taken = replace(
        _taken(training, ran_s),
        retries=training.retries + (not preempted),
        preemptions=training.preemptions + preempted,
        phases=kept(training.phases, phases),
    )
    return _again(taken, f"attempt {training.attempt} on trainer {training.holder}: {why}", now)


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


def is_unclaimed(training: Training) -> bool:
    """Say whether it waits for its first claim."""
    return training.state is TrainingState.READY and training.attempt == 0


def with_turn(training: Training, order: float, expected_s: float) -> Training:
    """Give a training another place in the order of claims; one that is withheld stays so."""
    if training.claim_order is None:
        return replace(training, withheld_order=order, expected_s=expected_s)
    return replace(training, claim_order=order, expected_s=expected_s)


def withheld(training: Training, reason: str) -> Training:
    """Let a training that nobody has claimed not be claimed until it is offered again; others stay as they are."""
    if training.state is not TrainingState.READY or training.claim_order is None:
        return training
    return replace(
        training,
        claim_order=None,
        withheld_order=training.claim_order,
        reason=reason,
        due_at=training.expires_at,
    )


def offered(training: Training, now: float) -> Training:
    """Let a training that was withheld be claimed, at its old place; others stay as they are."""
    if training.state is not TrainingState.READY or training.withheld_order is None:
        return training
    return replace(
        training,
        claim_order=training.withheld_order,
        withheld_order=None,
        ready_at=now,
        reason="",
        due_at=claim_due(training, now),
    )


def unclaimed(training: Training, now: float) -> Training:
    """Say how long a training has waited for a trainer, and when it is looked at again. Why, the doctor knows."""
    waited_s = round(now - training.waits_since)
    reason = f"no trainer of pool {training.pool!r} has taken it for {waited_s} s"
    return replace(training, reason=reason, due_at=claim_due(training, now))


def claim_due(training: Training, now: float) -> float:
    """Return when a training that waits to be claimed is to be looked at."""
    due_at = now + CLAIM_REMINDER_S
    return due_at if training.expires_at is None else min(due_at, training.expires_at)


def has_expired(training: Training, now: float) -> bool:
    """Say whether a training that waits or runs has had its max_wait_s."""
    unended = training.state in {TrainingState.READY, TrainingState.RUNNING}
    return unended and training.expires_at is not None and training.expires_at <= now


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


def warned(training: Training, unmatched: Unmatched) -> Training:
    """Note that a metric has not come for a while; told again, it changes nothing."""
    if any(item.metric == unmatched.metric for item in training.silent):
        return training
    return _with_silent(training, (*training.silent, unmatched))


def heard(training: Training, metric: str) -> Training:
    """Take back that a metric has not come."""
    return _with_silent(training, tuple(item for item in training.silent if item.metric != metric))


def _with_silent(training: Training, silent: tuple[Unmatched, ...]) -> Training:
    """Return the training with these; its reason follows them, unless it is about something else."""
    reason = training.reason
    if not reason or reason in {item.text for item in training.silent}:
        reason = silent[0].text if silent else ""
    return replace(training, silent=silent, reason=reason)


def _held_s(training: Training, now: float) -> float:
    return now - training.granted_at if training.granted_at is not None else 0.0


def _taken(training: Training, ran_s: float) -> Training:
    """Return the training without its lease; what it has run counts against its allowance, and is paid."""
    return replace(
        _charged(training, ran_s),
        holder="",
        left_by=training.holder,
        claim_id="",
        granted_at=None,
        summary=None,
        resend=None,
        silent=(),
    )


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
        phases=kept(taken.phases, told([Phase(INTERRUPTED, now, why)])),
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
