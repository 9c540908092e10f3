"""DescribeHyperParameterTuningJob."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from tunewright.core.amt import to_amt, told
from tunewright.core.arns import Account
from tunewright.core.spec import TuningJobSpec
from tunewright.platform.codec import from_message, instant_to_timestamp
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_gateway.describing.definition import definition_told
from tunewright_gateway.describing.numbers import float32
from tunewright_gateway.describing.statuses import failure, job_status, objective_counters, training_counters
from tunewright_gateway.describing.summaries import tuned_training_summary
from tunewright_gateway.describing.times import epoch, seconds_between

Tree = dict[str, Any]

CONFIG: Final = "HyperParameterTuningJobConfig"
ONE, SEVERAL = "TrainingJobDefinition", "TrainingJobDefinitions"
CRITERIA: Final = "TuningJobCompletionCriteria"
TARGET: Final = "TargetObjectiveMetricValue"
RANGES: Final = ("ContinuousParameterRanges", "IntegerParameterRanges", "CategoricalParameterRanges")
KEPT_REQUESTS: Final = 128


def described(job: pb.TuningJob, account: Account, now: float) -> Tree:
    """Return the response's members; what lies below is shared between responses and not to be changed."""
    status = job_status(job)
    details: Tree = {"NumberOfTrainingJobsObjectiveNotImproving": job.not_improving}
    if job.HasField("converged_at"):
        details["ConvergenceDetectedTime"] = epoch(job.converged_at)
    tree = request_told(job.spec) | {
        "HyperParameterTuningJobArn": account.tuning_job(job.spec.name),
        "HyperParameterTuningJobStatus": status,
        "CreationTime": epoch(job.created_at),
        "LastModifiedTime": epoch(job.modified_at),
        "TrainingJobStatusCounters": training_counters(job),
        "ObjectiveStatusCounters": objective_counters(job),
        "TuningJobCompletionDetails": details,
        "ConsumedResources": {"RuntimeInSeconds": runtime_s(job, now)},
    }
    if job.HasField("ended_at"):
        tree["HyperParameterTuningEndTime"] = epoch(job.ended_at)
    if job.HasField("best"):
        tree["BestTrainingJob"] = tuned_training_summary(job.best, job.spec, account)
    if job.HasField("overall_best"):
        overall = tuned_training_summary(job.overall_best, job.spec, account)
        tree["OverallBestTrainingJob"] = overall | {"TuningJobName": job.overall_best.job_name}
    return tree | failure(status, job.reason)


def runtime_s(job: pb.TuningJob, now: float) -> int:
    """Return the whole seconds that a job has run: all of its description that time alone changes."""
    until = job.ended_at if job.HasField("ended_at") else instant_to_timestamp(now)
    return seconds_between(job.created_at, until)


def request_told(spec: spec_pb2.TuningJobSpec) -> Tree:
    """Return what Describe tells of the request."""
    return dict(_request_told(spec.SerializeToString(deterministic=True)))


@lru_cache(KEPT_REQUESTS)
def _request_told(message: bytes) -> Tree:
    """Return it for a specification as bytes: clients ask for the same jobs again and again while these run."""
    spec = from_message(spec_pb2.TuningJobSpec.FromString(message), TuningJobSpec)
    written, tree = to_amt(spec), told(spec)
    metrics = [spec.objective_of(definition.name).metric_name for definition in spec.definitions]
    if ONE in tree:
        tree[ONE] = definition_told(tree[ONE], written[ONE], metrics[0])
    else:
        tree[SEVERAL] = [
            definition_told(asked, plain, metric)
            for asked, plain, metric in zip(tree[SEVERAL], written[SEVERAL], metrics, strict=True)
        ]
    tree[CONFIG] = _config(tree[CONFIG], written[CONFIG], autotune=spec.autotune)
    tree.pop("Tags", None)
    return tree


def _config(asked: Tree, written: Tree, *, autotune: bool) -> Tree:
    config = {"TrainingJobEarlyStoppingType": written["TrainingJobEarlyStoppingType"]} | asked
    if CRITERIA in config:
        config[CRITERIA] = _criteria(config[CRITERIA])
    if autotune:  # which kinds of ranges it has chosen, nobody could say before
        config["ParameterRanges"] = {**{kind: [] for kind in RANGES}, **config.get("ParameterRanges", {})}
    return config


def _criteria(criteria: Tree) -> Tree:
    """Leave out what is empty, which SDKs trip over, and tell the target as the 32-bit float that it is."""
    told = {name: value for name, value in criteria.items() if value != {}}
    return told | ({TARGET: float32(told[TARGET])} if TARGET in told else {})
