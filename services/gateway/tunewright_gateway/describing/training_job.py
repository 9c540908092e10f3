"""DescribeTrainingJob: of a training of a tuning job, and of one by itself."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from tunewright.core.amt import TrainingRequest, to_amt, to_training, told, told_training
from tunewright.core.amt.definitions import HYPERPARAMETERS, STATIC
from tunewright.core.arns import Account
from tunewright.core.spec import TuningJobSpec
from tunewright.platform.codec import from_message
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_gateway.describing.definition import ALIAS, TUNING_METRIC, definition_told, filled
from tunewright_gateway.describing.numbers import float32
from tunewright_gateway.describing.statuses import FINAL, failure, secondary_status
from tunewright_gateway.describing.summaries import last_change, tuned
from tunewright_gateway.describing.times import epoch, seconds_between
from tunewright_gateway.describing.transitions import transitions

Tree = dict[str, Any]

KEPT_DEFINITIONS: Final = 128
OF_TUNING: Final = ("DefinitionName", "TuningObjective", "HyperParameterRanges", "HyperParameterTuningResourceConfig")
"""Members of a definition that a training does not have."""
UNTOLD: Final = ("Tags", "SessionChainingConfig")
"""Members of CreateTrainingJob that DescribeTrainingJob does not have."""


def described(training: pb.TrainingJob, spec: spec_pb2.TuningJobSpec, account: Account) -> Tree:
    """Return the response's members; what lies below is shared between responses and not to be changed.

    `spec` is what it runs under: its tuning job's, or its own.
    """
    status = training.status
    tree = dict(_definition(spec.SerializeToString(deterministic=True), training.definition_name))
    tree |= {
        "TrainingJobName": training.name,
        "TrainingJobArn": account.training_job(training.name),
        "ModelArtifacts": {"S3ModelArtifacts": training.artifact_uri or _place(tree, training.name)},
        "TrainingJobStatus": status,
        "SecondaryStatus": secondary_status(training),
        "SecondaryStatusTransitions": transitions(training),
        "CreationTime": epoch(training.created_at),
        "LastModifiedTime": last_change(training),
        "ProfilingStatus": "Disabled",
        HYPERPARAMETERS: {**tree.get(HYPERPARAMETERS, {}), **training.overrides, **tuned(training)},
    }
    if not spec.alone:
        tree["TuningJobArn"] = account.tuning_job(training.job_name)
    if training.HasField("started_at"):
        tree["TrainingStartTime"] = epoch(training.started_at)
    metrics = _final_metrics(training, tree[HYPERPARAMETERS].get(TUNING_METRIC, ""))
    spot = bool(tree.get("EnableManagedSpotTraining"))
    return tree | _end(training, status, spot=spot) | metrics | failure(status, training.reason)


def _place(tree: Tree, name: str) -> str:
    """Return where a model will be: the member is required, also before there is one."""
    folder = tree["OutputDataConfig"].get("S3OutputPath", "").rstrip("/")
    return f"{folder}/{name}/output/model.tar.gz" if folder else ""


def _end(training: pb.TrainingJob, status: str, *, spot: bool) -> Tree:
    """Return when it has ended and how long it took. Of a spot training each attempt is billed, and no wait between."""
    if status not in FINAL or not training.HasField("ended_at"):
        return {}
    tree: Tree = {"TrainingEndTime": epoch(training.ended_at)}
    if training.HasField("started_at"):
        seconds = max(1, seconds_between(training.started_at, training.ended_at))
        billed = max(1, round(training.ran_s)) if spot else seconds
        tree |= {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": billed}
    return tree


def _final_metrics(training: pb.TrainingJob, objective: str) -> Tree:
    """Return the last value of each metric that is a number, the objective's also under its second name."""
    found = sorted(training.final_metrics.items())
    found += [(ALIAS, value) for name, value in found if name == objective]
    at = epoch(training.ended_at) if training.HasField("ended_at") else last_change(training)
    values = [(name, float32(value)) for name, value in found]
    listed = [{"MetricName": name, "Value": value, "Timestamp": at} for name, value in values if value is not None]
    return {"FinalMetricDataList": listed} if listed else {}


@lru_cache(KEPT_DEFINITIONS)
def _definition(message: bytes, name: str) -> Tree:
    """Return what was asked for of a training, by its specification as bytes and its definition's name."""
    spec = from_message(spec_pb2.TuningJobSpec.FromString(message), TuningJobSpec)
    tree = _alone(spec) if spec.alone else _of_tuning_job(spec, name)
    return tree | {"OutputDataConfig": {"KmsKeyId": ""} | tree["OutputDataConfig"]}


def _alone(spec: TuningJobSpec) -> Tree:
    request = TrainingRequest(spec.name, spec.definitions[0], spec.tags, spec.amt_patch)
    tree = filled(told_training(request), to_training(request))
    return {member: value for member, value in tree.items() if member not in UNTOLD}


def _of_tuning_job(spec: TuningJobSpec, name: str) -> Tree:
    metric = spec.objective_of(name).metric_name
    asked, written = told(spec), to_amt(spec)
    if spec.listed_definitions:
        place = [definition.name for definition in spec.definitions].index(name)
        asked, written = (body["TrainingJobDefinitions"][place] for body in (asked, written))
    else:
        asked, written = (body["TrainingJobDefinition"] for body in (asked, written))
    tree = definition_told(asked, written, metric)
    tree[HYPERPARAMETERS] = tree.pop(STATIC)
    return {member: value for member, value in tree.items() if member not in OF_TUNING}
