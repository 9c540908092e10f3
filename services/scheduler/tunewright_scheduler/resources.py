"""Tuning and training jobs as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Final, TypeVar

from tunewright.core.claimed import claimed_job, runs_elsewhere
from tunewright.core.names import job_name_of, training_id
from tunewright.core.phases import Phase
from tunewright.core.states import TrainingState
from tunewright.platform.codec import instant_to_timestamp, to_message, write_value
from tunewright.v1 import tuning_service_pb2
from tunewright_scheduler.core import cost, reevaluation
from tunewright_scheduler.core.attempts import attempts_of
from tunewright_scheduler.core.diagnosis import Finding
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.training import JOB_PAUSED, Training
from tunewright_scheduler.records import Specification

T = TypeVar("T")
Waits = tuple[str, Sequence[Finding]]
"""What a job waits for, in a sentence, and why."""
NO_FINDINGS: Final[Waits] = ("", ())


def job_message(
    job: TuningJob,
    revision: int,
    specification: Specification,
    best: Training | None = None,
    recommended: Training | None = None,
    waits: Waits = NO_FINDINGS,
) -> tuning_service_pb2.TuningJob:
    pb, spec = tuning_service_pb2, specification.value
    message = pb.TuningJob(
        uid=job.uid,
        spec=specification.message,
        spec_revision=job.spec_revision,
        owner=job.owner,
        state=f"JOB_STATE_{job.state.name}",
        reason=job.reason or reevaluation.under_way(job),
        created_at=instant_to_timestamp(job.created_at),
        modified_at=instant_to_timestamp(job.modified_at),
        trainings=pb.TrainingCounters(
            completed=job.trainings.completed,
            in_progress=len(job.in_flight),
            retryable_error=job.trainings.retryable_error,
            non_retryable_error=job.trainings.non_retryable_error,
            stopped=job.trainings.stopped,
        ),
        objectives=pb.ObjectiveCounters(
            succeeded=job.objectives.succeeded,
            pending=0 if job.alone else len(job.in_flight),
            failed=job.objectives.failed,
        ),
        not_improving=job.not_improving,
        revision=revision,
        waiting_for=waits[0],
        findings=[finding_message(finding) for finding in waits[1]],
        cost=pb.Cost(
            spent=job.spent,
            forecast=cost.forecast(job, spec) if spec.prices_per_second else None,
            max_instance_seconds=cost.max_instance_seconds(spec),
        ),
        evaluated=[
            pb.Evaluation(number=item.number, count=item.count, mean=item.mean, deviation=item.deviation)
            for item in job.evaluated
        ],
        parents=[pb.ParentJob(uid=parent.uid, name=parent.name) for parent in job.parents],
        extends=job.extends,
        imported_from="" if job.imported is None else job.imported.origin,
    )
    if job.tags is not None:
        message.spec.ClearField("tags")
        message.spec.tags.update(job.tags)
    if job.ended_at is not None:
        message.ended_at.CopyFrom(instant_to_timestamp(job.ended_at))
    if job.due_at is not None:
        message.due_at.CopyFrom(instant_to_timestamp(job.due_at))
    if job.converged_at is not None:
        message.converged_at.CopyFrom(instant_to_timestamp(job.converged_at))
    if job.outlook is not None:
        message.outlook.CopyFrom(to_message(job.outlook, pb.Outlook))
    if best is not None:
        message.best.CopyFrom(training_message(best))
    if recommended is not None:
        message.recommended.CopyFrom(training_message(recommended))
    return message


def finding_message(finding: Finding) -> tuning_service_pb2.Finding:
    return to_message(finding, tuning_service_pb2.Finding)


def training_message(training: Training, now_in: Sequence[Phase] = ()) -> tuning_service_pb2.TrainingJob:
    """Return a training as the API shows it; `now_in` are the phases of the attempt that runs, as far as told."""
    pb = tuning_service_pb2
    exit_, summary = training.exit, training.summary
    message = pb.TrainingJob(
        id=training_id(training.uid, training.number),
        name=training.name,
        uid=training.uid,
        number=training.number,
        definition_name=training.definition_name,
        state=f"TRAINING_STATE_{training.state.name}",
        objective_state=f"OBJECTIVE_STATE_{training.objective_state.name}" if training.objective_state else None,
        objective_value=training.objective_value,
        reason=training.reason,
        attempt=training.attempt,
        holder=training.holder,
        created_at=instant_to_timestamp(training.created_at),
        provenance=to_message(training.provenance, pb.Provenance),
        losses=training.losses,
        retries=training.retries + training.preemptions,
        bracket=training.bracket,
        rungs=training.rungs,
        spec_revision=str(training.spec_revision),
        waiting_for=_training_waits_for(training),
        cost=training.cost,
        repeats=training.repeats,
        job_name="" if training.alone else job_name_of(training.name),
        status=training.shown,
        alone=training.alone,
        transitions=[to_message(phase, pb.Transition) for phase in (*training.phases, *now_in)],
        max_wait_exceeded=training.max_wait_exceeded,
        ran_s=training.ran_s,
        attempts=[to_message(attempt, pb.TrainingAttempt) for attempt in attempts_of(training)],
    )
    for name, value in training.configuration.items():
        write_value(message.configuration[name], value)
    _fill(message.tags, training.tags)
    _fill(message.overrides, training.overrides)
    if exit_ is not None:
        end = pb.TrainingJob(
            end_cause=f"END_CAUSE_{exit_.cause.name}", exit_code=exit_.exit_code, artifact_uri=exit_.artifact_uri
        )
        message.MergeFrom(end)
    started_at = exit_.started_at if exit_ is not None else training.granted_at
    times = {
        "started_at": started_at,
        "ended_at": training.ended_at,
        "due_at": training.due_at,
        "modified_at": training.modified_at or training.ended_at or training.created_at,
    }
    for field, instant in times.items():
        if instant is not None:
            getattr(message, field).CopyFrom(instant_to_timestamp(instant))
    if training.stopped_early is not None and training.state.final:
        message.stopped_early.CopyFrom(to_message(training.stopped_early, pb.StopEvidence))
    if summary is not None:
        message.steps = summary.steps
        _fill(message.final_metrics, summary.last_values)
        message.faults.extend(to_message(fault, pb.ReadingFault) for fault in summary.faults)
        if summary.objective_error is not None:
            message.objective_error = summary.objective_error
    return message


def _fill(there: MutableMapping[str, T], items: Mapping[str, T]) -> None:
    """Fill a message's map. Its own `update` takes three times as long, also for nothing: lists have many of these."""
    for name, item in items.items():
        there[name] = item


def training_response(
    training: Training, now_in: Sequence[Phase], specification: Specification
) -> tuning_service_pb2.GetTrainingJobResponse:
    message = training_message(training, now_in)
    return tuning_service_pb2.GetTrainingJobResponse(training=message, spec=specification.message)


def _training_waits_for(training: Training) -> str:
    match training.state:
        case TrainingState.READY if training.claim_order is None and training.reason == JOB_PAUSED:
            return "its tuning job to be resumed"
        case TrainingState.READY if training.claim_order is None:
            return "others of its tuning job to end, for it may run fewer at once by now"
        case TrainingState.READY if claimed_job(training.pool) is not None:
            return "a program to claim it"
        case TrainingState.READY if runs_elsewhere(training.pool):
            return "leave to start"
        case TrainingState.READY:
            return f"a free slot in pool {training.pool!r}"
        case TrainingState.RUNNING if runs_elsewhere(training.pool):
            return "another system to end it"
        case TrainingState.RUNNING:
            return f"its process, held by trainer {training.holder}"
        case TrainingState.EXITED:
            return "metrics' summary of its output"
        case _:
            return ""
