"""Why a tuning job waits, and what to do: from a Situation, plain data that the shell has gathered for one job.

Each rule looks at one kind of trouble and names what it finds by its cause (tunewright.core.causes). A job that simply
runs has no findings. What is normal for a few seconds is told only after them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tunewright.core.absence import RunnerAbsence
from tunewright.core.causes import CAUSES, RANK
from tunewright.core.check_running import PROGRAM
from tunewright.core.claimed import runs_elsewhere
from tunewright.core.names import training_id
from tunewright.core.phases import PENDING, STOPPING, Phase
from tunewright.core.ranges_text import default_regex
from tunewright.core.spec import Strategy
from tunewright.core.states import CLOSING_JOB_STATES, JobState, TrainingState
from tunewright_scheduler.core.asking import MODELLED, fallback_allowed, searches
from tunewright_scheduler.core.collectors import Collectors
from tunewright_scheduler.core.completion import FAILURES_ALLOWED
from tunewright_scheduler.core.controls import Controls
from tunewright_scheduler.core.cost import affordable
from tunewright_scheduler.core.ending import MAX_LOSSES
from tunewright_scheduler.core.pools import names
from tunewright_scheduler.core.session import Session
from tunewright_scheduler.core.situation import Situation
from tunewright_scheduler.core.training import Resend, Training, Unmatched

BROKER_AFTER_S: Final = 10.0
"""An event waits a quarter of a second for others, and five for a second try."""
SUGGESTER_SLOW_AFTER_S: Final = 15.0
SUMMARY_AFTER_S: Final = 15.0
"""Metrics reads what a training has printed within a second or two of its end."""
RESEND_AFTER_S: Final = 5.0
RESEND_UNTIL_S: Final = 30.0
"""Metrics asks every ten seconds while it misses output of a training that goes on talking; then it has come."""
START_AFTER_S: Final = 3.0
"""An engine that is there takes less; the first answer of one that starts, too."""
RUNNER_AFTER_S: Final = 5.0
"""An engine that is restarted is back by then."""
STOPPING_AFTER_S: Final = 5.0
OVERRUN: Final = "it has used up its runtime, or may print no more"
"""Why a trainer stops a training by itself."""
CLAIM_AFTER_S: Final = 10.0
"""A trainer with a free slot asks for work at once."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Why something waits, and what to do about it. Times are Unix seconds."""

    cause: str
    text: str
    remedy: str
    job: str = ""
    training: str = ""
    since: float | None = None
    until: float | None = None


def diagnose(situation: Situation) -> list[Finding]:
    """Return why the job waits, what matters most first; [] if it has ended or waits for nothing unusual."""
    if situation.job.state.final:
        return []
    found = [finding for rule in RULES for finding in rule(situation)]
    return sorted(found, key=lambda finding: RANK[finding.cause])


def in_short(situation: Situation, findings: Sequence[Finding]) -> str:
    """Say in a sentence what the job waits for; empty once it has ended."""
    job = situation.job
    if job.state.final:
        return ""
    if findings:
        return findings[0].text
    if job.slots:
        return f"{counted(len(job.slots))} under way"
    if job.awaiting:
        return f"the summaries of {counted(len(job.awaiting))} that have ended"
    return f"the suggester's answer to ask {job.ask.number}" if job.ask is not None else "the next sweep"


def found(
    cause: str, *, training: str = "", since: float | None = None, until: float | None = None, **told: Any
) -> Finding:
    """Put a finding into the words of its cause."""
    words = {"training": training, **told}
    text, remedy = CAUSES[cause].text.format(**words), CAUSES[cause].remedy.format(**words)
    return Finding(cause, text, remedy, str(told.get("job", "")), training, since, until)


def installation(
    untold_since: float | None, collectors: Collectors, controls: Controls, now: float
) -> Iterator[Finding]:
    """Yield what keeps every job from going on."""
    if controls.starts is not None:
        yield found("STARTS_PAUSED", why=controls.starts.reason or "no reason given", since=controls.starts.since)
    if untold_since is not None and now - untold_since > BROKER_AFTER_S:
        yield found("BROKER_UNREACHABLE", seconds=round(now - untold_since), since=untold_since)
    if not collectors.heard(now):
        last = collectors.last_heard
        heard = "" if last is None else f" since {round(now - last)} s ago"
        yield found("COLLECTOR_UNREACHABLE", heard=heard, since=last)


# -- The rules ---------------------------------------------------------------------------------------------------------


def _installation(at: Situation) -> Iterator[Finding]:
    """What is wrong with the installation is told of a job only if it bears on it."""
    for finding in installation(at.untold_since, at.collectors, at.controls, at.now):
        starts, speaks = at.job.state is JobState.RUNNING or at.ready, at.running or at.exited
        if starts if finding.cause == "STARTS_PAUSED" else speaks:
            yield finding


def _parked(at: Situation) -> Iterator[Finding]:
    if at.job.state is JobState.BLOCKED:
        yield found("JOB_PARKED", job=at.job.name, why=at.job.reason, since=at.job.blocked_at)
    if at.job.state is JobState.PAUSED:
        yield found("JOB_PAUSED", job=at.job.name)


def _failing(at: Situation) -> Iterator[Finding]:
    job = at.job
    failed = job.trainings.retryable_error + job.trainings.non_retryable_error
    succeeded = job.trainings.completed or job.objectives.succeeded
    if job.state is JobState.RUNNING and not succeeded and failed == FAILURES_ALLOWED - 1:
        first = job.first_failure.partition("\n")[0]
        yield found("NEAR_FAILURE", job=job.name, failed=failed, allowed=FAILURES_ALLOWED, why=first)


def _spent(at: Situation) -> Iterator[Finding]:
    job, limit = at.job, at.spec.limits.max_cost
    if limit is None or not job.in_flight or job.state in CLOSING_JOB_STATES:
        return
    if job.spent >= limit or affordable(job, at.spec) == 0:
        yield found(
            "COST_REACHED",
            job=job.name,
            spent=f"{job.spent:g}",
            limit=f"{limit:g}",
            trainings=counted(len(job.in_flight)),
        )


def _closing(at: Situation) -> Iterator[Finding]:
    job = at.job
    if job.state in CLOSING_JOB_STATES and job.in_flight:
        told: dict[str, Any] = {
            "state": job.state.value.lower(),
            "why": job.reason,
            "trainings": counted(len(job.in_flight)),
        }
        named = names([training.name for training in at.trainings], len(job.in_flight))
        yield found("JOB_CLOSING", job=job.name, names=named, **told)


def _suggester(at: Situation) -> Iterator[Finding]:
    job, ask, since = at.job, at.job.ask, at.job.unanswered_at
    if since is None:
        opened = ask.opened_at if ask is not None else None
        if ask is not None and opened is not None and at.now - opened > SUGGESTER_SLOW_AFTER_S:
            seconds = round(at.now - opened)
            yield found("SUGGESTER_SLOW", job=job.name, number=ask.number, seconds=seconds, since=opened)
        return
    next_s = None if ask is None else max(0, round(ask.retry_at - at.now))
    told: dict[str, Any] = {
        "job": job.name,
        "seconds": round(at.now - since),
        "why": job.unanswered_why,
        "next": next_s,
    }
    until = ask.retry_at if ask is not None else None
    if ask is None or ask.failures == 0:
        if searches(job, at.spec):  # else nobody has asked again, nor will
            yield found("SUGGESTER_UNREACHABLE", since=since, **told)
    elif at.spec.strategy is Strategy.GRID:
        yield found("GRID_WAITS", since=since, until=until, **told)
    elif at.spec.strategy in MODELLED and not fallback_allowed(job, at.spec):
        yield found("FALLBACKS_USED_UP", since=since, until=until, count=job.fallbacks, **told)


def _unclaimed(at: Situation) -> Iterator[Finding]:
    """Why trainings wait for a trainer: the first reason in each pool that explains it."""
    quota = at.controls.quota(at.job.owner)
    limit = quota.max_parallel
    for pool, demand in [(one, demand) for one in at.pools for demand in at.demands(one.name)]:
        waiting = [item for item in at.ready if item.pool == pool.name and at.demand(item) == demand]
        told: dict[str, Any] = {"trainings": counted(len(waiting)), "pool": pool.name, "job": at.job.name}
        since = min(training.created_at for training in waiting)
        cause, more = pool.why(at.job, demand, at.now, at.terms.lease_s, at.controls)
        elsewhere = runs_elsewhere(pool.name)
        if limit is not None and at.owner_runs >= limit and (elsewhere or cause not in NOBODY_THERE):
            owner = at.job.owner
            yield found("QUOTA_REACHED", since=since, owner=owner, limit=limit, running=at.owner_runs, **told)
        elif elsewhere:
            continue  # they start by themselves, unless operators have paused that
        elif cause == "NOT_CLAIMED" and (
            at.controls.starts is not None or at.now - pool.since(waiting) < CLAIM_AFTER_S
        ):
            continue  # a trainer is about to take it, or may not
        else:
            parallel, seconds = at.spec.limits.max_parallel, round(at.now - pool.since(waiting))
            yield found(cause, since=since, parallel=parallel, seconds=seconds, **told, **more)


NOBODY_THERE: Final = frozenset(
    {"NO_TRAINER", "NO_CLAIMER", "TRAINERS_CORDONED", "TRAINERS_DRAINING", "TRAINERS_SILENT", "TOO_LARGE"}
)


def _lost(at: Situation) -> Iterator[Finding]:
    for training in at.ready:
        if training.losses:
            yield found(
                "TRAINING_LOST", job=at.job.name, training=training.name, losses=training.losses, most=MAX_LOSSES
            )


def _running(at: Situation) -> Iterator[Finding]:
    for training in at.running:
        if runs_elsewhere(training.pool):
            continue  # who runs it is heard at its end
        session = at.holder(training)
        unheard_s = at.terms.lease_s if session is None else session.unheard_s(at.now, at.terms.lease_s)
        if session is None or session.silent(at.now, at.terms.lease_s):
            yield _unheard(at, training, session, unheard_s)
        elif (pending := _pending(training, session)) is not None and at.now - pending.started_at > START_AFTER_S:
            yield found(
                "START_WAITS",
                job=at.job.name,
                training=training.name,
                since=pending.started_at,
                trainer=training.holder,
                seconds=round(at.now - pending.started_at),
                why=pending.message,
            )
        elif (absence := _absence(at, training)) is not None:
            yield from _runner_away(at, training, absence)
        elif (told := _stop(training, session)) is not None and at.now - told[0] > STOPPING_AFTER_S:
            since, why = told
            until = since + at.terms.stop_grace_s
            yield found(
                "TRAINING_STOPPING",
                job=at.job.name,
                training=training.name,
                since=since,
                until=until,
                seconds=round(at.now - since),
                left=max(0, round(until - at.now)),
                why=why,
            )


def _stop(training: Training, session: Session) -> tuple[float, str] | None:
    """Return when a training was told to stop, and why: by us, or by its trainer, which asks nobody."""
    if training.stop_asked_at is not None:
        return training.stop_asked_at, training.stop_reason
    phase = _phase(training, session)
    return (phase.started_at, OVERRUN) if phase is not None and phase.status == STOPPING else None


def _absence(at: Situation, training: Training) -> RunnerAbsence | None:
    """Return the absence of what runs a training. A program of its trainer's host needs nothing else."""
    session = at.holder(training)
    if session is None or at.spec.definition(training.definition_name).image.startswith(PROGRAM):
        return None
    return session.runner_absence


def _runner_away(at: Situation, training: Training, absence: RunnerAbsence) -> Iterator[Finding]:
    if at.now - absence.since > RUNNER_AFTER_S:
        yield found(
            "RUNNER_UNREACHABLE",
            job=at.job.name,
            training=training.name,
            since=absence.since,
            trainer=training.holder,
            seconds=round(at.now - absence.since),
            why=absence.why,
        )


def _pending(training: Training, session: Session) -> Phase | None:
    """Return the phase of a training that its trainer cannot start yet."""
    phase = _phase(training, session)
    return phase if phase is not None and phase.status == PENDING else None


def _phase(training: Training, session: Session) -> Phase | None:
    """Return what a training does now, as far as it was told."""
    phases = session.phases_of(training_id(training.uid, training.number), training.attempt)
    return phases[-1] if phases else None


def _unheard(at: Situation, training: Training, session: Session | None, unheard_s: float) -> Finding:
    until = at.now if session is None else session.expires_at + at.terms.lease_grace_s
    return found(
        "LEASE_UNHEARD",
        job=at.job.name,
        training=training.name,
        since=at.now - unheard_s,
        until=until,
        trainer=training.holder,
        seconds=round(unheard_s),
        left=max(0, round(until - at.now)),
    )


def _sought(silent: Unmatched) -> str:
    """Say what is looked for; the regex that stands for a mere name is nobody's own."""
    if silent.regex == default_regex(silent.metric):
        return f"{silent.metric}=NUMBER"
    return silent.regex or "none, so a JSON line or a report is to name it"


def _output(at: Situation) -> Iterator[Finding]:
    for training in (*at.running, *at.exited):
        unread = training.state is TrainingState.RUNNING and _absence(at, training) is not None
        for silent in () if unread else training.silent:  # what it prints now is not seen: that tells nothing
            yield found(
                "METRIC_NEVER_MATCHED",
                job=at.job.name,
                training=training.name,
                since=silent.since,
                metric=silent.metric,
                lines=silent.lines,
                regex=_sought(silent),
                nearest=f". {silent.nearest}" if silent.nearest else "",
            )
        resend = training.resend
        if resend is not None and _awaited(training, resend, at.now):
            yield found(
                "RESEND_AWAITED",
                job=at.job.name,
                training=training.name,
                since=resend.asked_at,
                line=max(0, resend.from_line),
                seconds=round(at.now - resend.asked_at),
                trainer=training.holder,
            )


def _awaited(training: Training, resend: Resend, now: float) -> bool:
    missing = training.state is TrainingState.EXITED or now - resend.last_asked_at < RESEND_UNTIL_S
    return missing and now - resend.asked_at > RESEND_AFTER_S


def _summaries(at: Situation) -> Iterator[Finding]:
    """An ended training waits for its summary; if no collector is heard, that is told once, for all."""
    read_through = at.collectors.read_through(at.now)
    if read_through is None:
        return
    exited_at = {waiting.number: waiting.exited_at for waiting in at.job.awaiting}
    for training in at.exited:
        since = exited_at.get(training.number, at.now)
        if at.now - since <= SUMMARY_AFTER_S:
            continue
        due = training.due_at if training.due_at is not None else at.now
        cause = "COLLECTOR_BEHIND" if read_through < since else "SUMMARY_OVERDUE"
        yield found(
            cause,
            job=at.job.name,
            training=training.name,
            since=since,
            until=due if cause == "SUMMARY_OVERDUE" else None,
            seconds=round(at.now - since),
            behind=round(at.now - read_through),
            left=max(0, round(due - at.now)),
        )


Rule = Callable[[Situation], Iterator[Finding]]
RULES: Final[tuple[Rule, ...]] = (
    _installation,
    _parked,
    _failing,
    _spent,
    _closing,
    _suggester,
    _unclaimed,
    _lost,
    _running,
    _output,
    _summaries,
)


def counted(count: int) -> str:
    """Write a number of trainings."""
    return f"{count} training{'s' if count != 1 else ''}"
