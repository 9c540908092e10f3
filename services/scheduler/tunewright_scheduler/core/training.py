"""One training job: what is known of it, its wait for a trainer, and what is heard of it while it runs.

Every function returns a new value or raises. How it ends, and how an attempt of it ends, stands in ending.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tunewright.core.access import OWNER
from tunewright.core.claimed import OBJECTIVE_PARAMETER, claimed_job, runs_elsewhere
from tunewright.core.errors import IllegalTransition, NotFound
from tunewright.core.names import training_id
from tunewright.core.phases import Phase
from tunewright.core.space import Value, text_of
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import EndCause, ObjectiveState, TrainingState, move_training
from tunewright.core.stopping import StopEvidence
from tunewright.core.values import replace
from tunewright_scheduler.core.attempt import Attempt
from tunewright_scheduler.core.job import Provenance
from tunewright_scheduler.core.session import Speaker

JOB_PAUSED: Final = "its tuning job is paused"
CLAIM_REMINDER_S: Final = 60.0
"""How often a training that nobody claims is looked at again."""


@dataclass(frozen=True, slots=True)
class Exit:
    cause: EndCause
    exit_code: int | None
    reason: str
    started_at: float | None
    """None: nothing was begun."""
    ended_at: float
    artifact_uri: str = ""
    reports: int = 0
    """How many another system has told of, to be read before the end counts."""

    @property
    def unbegun(self) -> bool:
        """Whether its trainer has handed it back as it was, having no room for it."""
        return self.cause is EndCause.PREEMPTED and self.started_at is None


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
    """The last lease's fencing token: the leases granted so far, unless the store was restored meanwhile."""
    holder: str = ""
    host: str = ""
    """Of the trainer that was given the last attempt; empty: before this was kept."""
    lease_epoch: int = 0
    """Of the session under which the last lease was granted; 0: that was before this was kept."""
    lease_owner: str = ""
    """Whose credentials that session was opened with."""
    lease_key: str = ""
    """Digest of that session's key; empty: it had none."""
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
    attempts: tuple[Attempt, ...] = ()
    """Those whose lease was taken, oldest first; most trainings have none. The last one is told by the fields above."""
    traceparent: str = ""
    """Where it stands in the trace of its job: below what has proposed it."""

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
    somebody = f"trainer of pool {training.pool!r}" if claimed_job(training.pool) is None else "program"
    reason = f"no {somebody} has taken it for {waited_s} s"
    return replace(training, reason=reason, due_at=claim_due(training, now))


def claim_due(training: Training, now: float) -> float:
    """Return when a training that waits to be claimed is to be looked at: at once if nobody will claim it."""
    if runs_elsewhere(training.pool):
        return now
    due_at = now + CLAIM_REMINDER_S
    return due_at if training.expires_at is None else min(due_at, training.expires_at)


def has_expired(training: Training, now: float) -> bool:
    """Say whether a training that waits or runs has had its max_wait_s."""
    unended = training.state in {TrainingState.READY, TrainingState.RUNNING}
    return unended and training.expires_at is not None and training.expires_at <= now


def granted(training: Training, to: Speaker, claim_id: str, now: float, *, host: str = "", above: int = 0) -> Training:
    """Lease the training to a trainer, on this host, under the next attempt, whose number is `above` this one."""
    return replace(
        training,
        state=move_training(training.name, training.state, TrainingState.RUNNING),
        attempt=max(training.attempt, above) + 1,
        holder=to.trainer_id,
        host=host,
        lease_epoch=to.epoch,
        lease_owner=to.owner,
        lease_key=to.key,
        claim_id=claim_id,
        granted_at=now,
        due_at=training.expires_at,
        reason="",
        summary=None,  # one of the attempt before may have come after its loss
    )


def hyperparameters_of(training: Training, spec: TuningJobSpec) -> dict[str, str]:
    """Return what its program is given, as texts: what is fixed, what was overridden, what is tuned."""
    tuned = {name: text_of(value) for name, value in training.configuration.items()}
    if not spec.alone:
        tuned[OBJECTIVE_PARAMETER] = spec.objective_of(training.definition_name).metric_name
    return {**spec.definition(training.definition_name).static_hyperparameters, **training.overrides, **tuned}


def is_known_to(training: Training, by: Speaker) -> bool:
    """Say whether a trainer may know of a training: it is leased to its owner, or could be."""
    return by.owner in ({training.lease_owner} if training.lease_owner else {training.owner, OWNER})


def is_leased_to(training: Training, by: Speaker) -> bool:
    """Say whether the last lease is this speaker's, by owner and key; one of before these were kept is anybody's."""
    return is_known_to(training, by) and training.lease_key in ("", by.key)


def check_speaker(training: Training, attempt: int, by: Speaker) -> None:
    """Let nobody but the trainer that was given an attempt say how it went.

    That of an older epoch than the grant's cannot know of it. Newer ones may be told of, and need not be open any more:
    it is by the attempt that a report is late, not by the session, which may have lapsed or been opened anew meanwhile.

    Raises: IllegalTransition. NotFound: it is no business of this owner's.
    """
    if not is_known_to(training, by):
        raise NotFound("training job", training_id(training.uid, training.number))
    holder = training.holder or training.left_by
    trusted = not training.lease_owner or (by.epoch >= training.lease_epoch and is_leased_to(training, by))
    if attempt == training.attempt and not (by.trainer_id == holder and trusted):
        what = f"attempt {attempt} of {training.name}"
        state = f"leased to trainer {holder} at epoch {training.lease_epoch}"
        event = f"be ended by trainer {by.trainer_id} at epoch {by.epoch} with these credentials and this key"
        raise IllegalTransition(what, state, event, "Abandon it")


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
