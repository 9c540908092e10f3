"""A job of trainings that have run elsewhere: how it is made of what is told of them. It never runs.

Each training is counted as if it had ended here just now, in the order given; so counters, best and record are those of
any other job. What criteria would have said of it is not asked: it is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tunewright.core.claimed import pool_of
from tunewright.core.finished import FinishedTraining
from tunewright.core.names import training_name
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import EndCause, JobState, ObjectiveState, TrainingState
from tunewright.core.values import replace
from tunewright_scheduler.core.counting import counted
from tunewright_scheduler.core.ending import MAX_REASON, ending
from tunewright_scheduler.core.facts import Fact, TuningJobCreated, TuningJobEnded
from tunewright_scheduler.core.job import Imported, Provenance, TuningJob
from tunewright_scheduler.core.training import Exit, Summary, Training

IMPORTED: Final = "imported"
"""Provenance of the trainings; its reason is what one was called where it ran."""
CAUSES: Final = {
    TrainingState.COMPLETED: EndCause.EXITED,
    TrainingState.FAILED: EndCause.EXITED,
    TrainingState.STOPPED: EndCause.STOPPED,
}


@dataclass(frozen=True, slots=True)
class Span:
    """From the first start to the last end that are known."""

    started_at: float
    ended_at: float


def span(given: Sequence[FinishedTraining], now: float) -> Span:
    """Return from when to when the trainings ran, as far as that is known; else now."""
    known = [instant for one in given for instant in (one.started_at, one.ended_at) if instant is not None]
    return Span(min(known, default=now), max(known, default=now))


def begun(uid: str, owner: str, spec: TuningJobSpec, imported: Imported, over: Span, now: float) -> TuningJob:
    """Return the job before any of its trainings is counted: it is over, and has run elsewhere."""
    return TuningJob(
        uid,
        spec.name,
        owner,
        created_at=over.started_at,
        modified_at=now,
        seed=spec.random_seed if spec.random_seed is not None else int(uid, 16) >> 32,
        state=JobState.COMPLETED,
        reason=f"imported from {imported.origin}" if imported.origin else "imported",
        ended_at=over.ended_at,
        imported=imported,
    )


def taken_in(job: TuningJob, spec: TuningJobSpec, given: FinishedTraining) -> tuple[TuningJob, Training]:
    """Return the job with one more training, and that training."""
    training = _training(job, spec, given)
    with_it = replace(
        counted(job, spec, ending(training)),
        started=job.started + 1,
        observations=job.observations + 1,
        ran_s=job.ran_s + training.ran_s,
    )
    return with_it, training


def _training(job: TuningJob, spec: TuningJobSpec, given: FinishedTraining) -> Training:
    definition, number = spec.definition(given.definition_name), job.started + 1
    ended_at = given.ended_at if given.ended_at is not None else job.ended_at or job.modified_at
    began = given.started_at if given.started_at is not None else ended_at
    value = given.objective_value
    metric = spec.objective_of(definition.name).metric_name
    return Training(
        uid=job.uid,
        number=number,
        name=training_name(job.name, job.uid, number),
        owner=job.owner,
        configuration=given.configuration,
        spec_revision=job.spec_revision,
        created_at=began,
        pool=pool_of(definition, job.uid),
        claim_order=None,
        provenance=Provenance(IMPORTED, reason=given.name),
        definition_name=definition.name,
        state=given.state,
        objective_state=ObjectiveState.FAILED if value is None else ObjectiveState.SUCCEEDED,
        objective_value=value,
        reason=given.reason[:MAX_REASON],
        exit=Exit(CAUSES[given.state], None, "", given.started_at, ended_at),
        summary=Summary(value, steps=given.steps, last_values={} if value is None else {metric: value}),
        ended_at=ended_at,
        ran_s=ended_at - began,
        tags=spec.tags,
    )


def facts(job: TuningJob, now: float) -> list[Fact]:
    """Return what the world is told: of the job. Its trainings have neither begun nor ended here."""
    best, value = "", None
    if job.best is not None:
        best, value = training_name(job.name, job.uid, job.best.number), job.best.value
    return [
        TuningJobCreated(job.uid, job.name, job.owner, job.spec_revision, now),
        TuningJobEnded(job.uid, job.name, job.state.shown, job.reason, best, value, job.started, now),
    ]
