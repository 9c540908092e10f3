"""States and counters of ours in AMT's words."""

from __future__ import annotations

from typing import Any, Final

from tunewright.core.phases import DOWNLOADING, INTERRUPTED, STARTING, STOPPING, TRAINING, UPLOADING
from tunewright.core.states import JobState
from tunewright.v1 import tuning_service_pb2 as pb

Tree = dict[str, Any]

JOB_STATUS: Final = {pb.JobState.Value(f"JOB_STATE_{state.name}"): state.shown for state in JobState}
OBJECTIVE_STATUS: Final = {
    pb.OBJECTIVE_STATE_PENDING: "Pending",
    pb.OBJECTIVE_STATE_SUCCEEDED: "Succeeded",
    pb.OBJECTIVE_STATE_FAILED: "Failed",
}
WORKING: Final = frozenset(
    {
        STARTING,
        "Pending",
        "LaunchingMLInstances",
        "PreparingTrainingStack",
        "DownloadingTrainingImage",
        DOWNLOADING,
        TRAINING,
        UPLOADING,
        STOPPING,
        "Restarting",
        INTERRUPTED,
    }
)
"""AMT's SecondaryStatus of a training that goes on: what a trainer may tell."""
FINAL: Final = frozenset({"Completed", "Failed", "Stopped"})
LONGEST_REASON: Final = 1024
"""Characters of AMT's FailureReason."""


def job_status(job: pb.TuningJob) -> str:
    """Return AMT's HyperParameterTuningJobStatus."""
    return JOB_STATUS[job.state]


def secondary_status(training: pb.TrainingJob) -> str:
    """Return AMT's SecondaryStatus: of one in progress what it does, of an ended one how it ended."""
    status = training.status
    if status == "Stopped" and training.max_wait_exceeded:
        return "MaxWaitTimeExceeded"
    if status == "Stopped" and training.end_cause == pb.END_CAUSE_MAX_RUNTIME_EXCEEDED:
        return "MaxRuntimeExceeded"
    if status != "InProgress":
        return status
    told = [phase.status for phase in training.transitions if phase.status in WORKING]
    match training.state:
        case pb.TRAINING_STATE_EXITED:
            return UPLOADING
        case pb.TRAINING_STATE_RUNNING if not told:
            return TRAINING  # what a training does for longest, if its trainer does not tell
        case pb.TRAINING_STATE_RUNNING:
            return STARTING if told[-1] == INTERRUPTED else told[-1]
        case _:
            return INTERRUPTED if INTERRUPTED in told[-1:] else STARTING


def failure(status: str, reason: str) -> Tree:
    """Return the member FailureReason of what has failed, nothing of what has not."""
    return {"FailureReason": reason[:LONGEST_REASON]} if status == "Failed" else {}


def training_counters(job: pb.TuningJob) -> Tree:
    """Return AMT's TrainingJobStatusCounters; all five are always told."""
    counted = job.trainings
    return {
        "Completed": counted.completed,
        "InProgress": counted.in_progress,
        "RetryableError": counted.retryable_error,
        "NonRetryableError": counted.non_retryable_error,
        "Stopped": counted.stopped,
    }


def objective_counters(job: pb.TuningJob) -> Tree:
    """Return AMT's ObjectiveStatusCounters; all three are always told."""
    counted = job.objectives
    return {"Succeeded": counted.succeeded, "Pending": counted.pending, "Failed": counted.failed}
