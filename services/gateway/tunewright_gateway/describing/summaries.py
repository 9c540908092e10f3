"""Jobs as lists and as Describe's best trainings tell them."""

from __future__ import annotations

from typing import Any

from tunewright.core.arns import Account
from tunewright.core.space import text_of
from tunewright.platform.codec import value_from_message
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_gateway.describing.numbers import float32
from tunewright_gateway.describing.statuses import (
    FINAL,
    OBJECTIVE_STATUS,
    failure,
    job_status,
    objective_counters,
    secondary_status,
    training_counters,
)
from tunewright_gateway.describing.times import epoch

Tree = dict[str, Any]


def tuning_job_summary(job: pb.TuningJob, account: Account) -> Tree:
    """Return an item of ListHyperParameterTuningJobs."""
    limits = job.spec.limits
    resources = {"MaxParallelTrainingJobs": limits.max_parallel or 1}
    if limits.HasField("max_trainings"):
        resources["MaxNumberOfTrainingJobs"] = limits.max_trainings
    if limits.HasField("max_runtime_s"):
        resources["MaxRuntimeInSeconds"] = limits.max_runtime_s
    strategy = job.spec.strategy or spec_pb2.STRATEGY_BAYESIAN
    tree = {
        "HyperParameterTuningJobName": job.spec.name,
        "HyperParameterTuningJobArn": account.tuning_job(job.spec.name),
        "HyperParameterTuningJobStatus": job_status(job),
        "Strategy": spec_pb2.Strategy.Name(strategy).removeprefix("STRATEGY_").capitalize(),
        "CreationTime": epoch(job.created_at),
        "LastModifiedTime": epoch(job.modified_at),
        "TrainingJobStatusCounters": training_counters(job),
        "ObjectiveStatusCounters": objective_counters(job),
        "ResourceLimits": resources,
    }
    return tree | ({"HyperParameterTuningEndTime": epoch(job.ended_at)} if job.HasField("ended_at") else {})


def tuned_training_summary(training: pb.TrainingJob, spec: spec_pb2.TuningJobSpec, account: Account) -> Tree:
    """Return an item of ListTrainingJobsForHyperParameterTuningJob; `spec` is its tuning job's."""
    status = training.status
    tree = {
        "TrainingJobName": training.name,
        "TrainingJobArn": account.training_job(training.name),
        "CreationTime": epoch(training.created_at),
        "TrainingJobStatus": status,
        "TunedHyperParameters": tuned(training),
    }
    if spec.listed_definitions:
        tree["TrainingJobDefinitionName"] = training.definition_name
    if training.HasField("started_at"):
        tree["TrainingStartTime"] = epoch(training.started_at)
    if status in FINAL and training.HasField("ended_at"):
        tree["TrainingEndTime"] = epoch(training.ended_at)
    if training.objective_state:
        tree["ObjectiveStatus"] = OBJECTIVE_STATUS[training.objective_state]
    return tree | failure(status, training.reason) | _objective(training, spec)


def training_summary(training: pb.TrainingJob, account: Account) -> Tree:
    """Return an item of ListTrainingJobs."""
    status = training.status
    tree = {
        "TrainingJobName": training.name,
        "TrainingJobArn": account.training_job(training.name),
        "CreationTime": epoch(training.created_at),
        "LastModifiedTime": last_change(training),
        "TrainingJobStatus": status,
        "SecondaryStatus": secondary_status(training),
    }
    if status in FINAL and training.HasField("ended_at"):
        tree["TrainingEndTime"] = epoch(training.ended_at)
    return tree


def tuned(training: pb.TrainingJob) -> dict[str, str]:
    """Return what was chosen for a training, as texts: static hyperparameters are not among them."""
    configuration = training.configuration
    return {name: text_of(value_from_message(configuration[name])) for name in sorted(configuration)}


def last_change(training: pb.TrainingJob) -> float:
    return epoch(training.modified_at if training.HasField("modified_at") else training.created_at)


def objective_of(spec: spec_pb2.TuningJobSpec, definition_name: str) -> spec_pb2.Objective:
    """Return what is optimised in the definition of that name."""
    for definition in spec.definitions:
        if definition.name == definition_name and definition.HasField("objective"):
            return definition.objective
    return spec.objective


def _objective(training: pb.TrainingJob, spec: spec_pb2.TuningJobSpec) -> Tree:
    value = float32(training.objective_value) if training.HasField("objective_value") else None
    if value is None:
        return {}
    objective = objective_of(spec, training.definition_name)
    tree: Tree = {"MetricName": objective.metric_name, "Value": value}
    if spec.listed_definitions:  # their directions may differ
        tree["Type"] = spec_pb2.Direction.Name(objective.direction).removeprefix("DIRECTION_").capitalize()
    return {"FinalHyperParameterTuningJobObjectiveMetric": tree}
