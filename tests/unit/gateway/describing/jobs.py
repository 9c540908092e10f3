"""Jobs as the scheduler tells them, and AMT's golden example of one."""

from __future__ import annotations

import json
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from tests.answers import problems_of_response
from tunewright.core.amt import TrainingRequest, from_amt, from_training
from tunewright.core.arns import Account
from tunewright.core.spec import Objective, TuningJobSpec
from tunewright.platform.codec import instant_to_timestamp, to_message, value_to_message
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb

ACCOUNT: Final = Account("us-east-1", "123456789012")
T0: Final = 1767225600.123
NOW: Final = 1767225730.5

CREATE: Final[dict[str, Any]] = json.loads("""
{"HyperParameterTuningJobName":"demo-260101-0000",
 "HyperParameterTuningJobConfig":{"Strategy":"Bayesian",
  "ResourceLimits":{"MaxNumberOfTrainingJobs":10,"MaxParallelTrainingJobs":2},
  "TrainingJobEarlyStoppingType":"Off",
  "HyperParameterTuningJobObjective":{"Type":"Minimize","MetricName":"val:loss"},
  "ParameterRanges":{"ContinuousParameterRanges":[{"Name":"lr","MinValue":"1e-05","MaxValue":"0.1","ScalingType":"Auto"}],
   "CategoricalParameterRanges":[],"IntegerParameterRanges":[]}},
 "TrainingJobDefinition":{"StaticHyperParameters":{"epochs":"5"},"RoleArn":"arn:aws:iam::123456789012:role/r",
  "OutputDataConfig":{"S3OutputPath":"s3://b/out"},"StoppingCondition":{"MaxRuntimeInSeconds":86400},
  "HyperParameterTuningResourceConfig":{"InstanceCount":1,"InstanceType":"ml.m5.large","VolumeSizeInGB":30},
  "AlgorithmSpecification":{"TrainingInputMode":"File","TrainingImage":"img",
   "MetricDefinitions":[{"Name":"val:loss","Regex":"val_loss=([0-9.eE+-]+)"}]}}}
""")
"""What the SageMaker SDK sends."""

ARN: Final = "arn:aws:sagemaker:us-east-1:123456789012"
DESCRIBED: Final[dict[str, Any]] = json.loads("""
{"HyperParameterTuningJobName":"demo-260101-0000","HyperParameterTuningJobArn":"ARN:hyper-parameter-tuning-job/demo-260101-0000",
 "HyperParameterTuningJobConfig":{},
 "TrainingJobDefinition":{"StaticHyperParameters":{"epochs":"5","_tuning_objective_metric":"val:loss"},
  "AlgorithmSpecification":{"TrainingImage":"img","TrainingInputMode":"File","MetricDefinitions":[
   {"Name":"val:loss","Regex":"val_loss=([0-9.eE+-]+)"},{"Name":"ObjectiveMetric","Regex":"val_loss=([0-9.eE+-]+)"}]},
  "RoleArn":"arn:aws:iam::123456789012:role/r","OutputDataConfig":{"S3OutputPath":"s3://b/out"},
  "ResourceConfig":{"InstanceType":"ml.m5.large","InstanceCount":1,"VolumeSizeInGB":30},
  "StoppingCondition":{"MaxRuntimeInSeconds":86400},"EnableNetworkIsolation":false,
  "EnableInterContainerTrafficEncryption":false,"EnableManagedSpotTraining":false},
 "HyperParameterTuningJobStatus":"InProgress","CreationTime":1767225600.123,"LastModifiedTime":1767225730.5,
 "TrainingJobStatusCounters":{"Completed":1,"InProgress":2,"RetryableError":0,"NonRetryableError":0,"Stopped":0},
 "ObjectiveStatusCounters":{"Succeeded":1,"Pending":2,"Failed":0},
 "BestTrainingJob":{"TrainingJobName":"demo-260101-0000-001-0f0444b1","TrainingJobArn":"ARN:training-job/demo-260101-0000-001-0f0444b1",
  "CreationTime":1767225601.0,"TrainingStartTime":1767225640.0,"TrainingEndTime":1767225700.0,"TrainingJobStatus":"Completed",
  "TunedHyperParameters":{"lr":"0.0015456755116503003"},
  "FinalHyperParameterTuningJobObjectiveMetric":{"MetricName":"val:loss","Value":0.10000000149011612},"ObjectiveStatus":"Succeeded"},
 "TuningJobCompletionDetails":{"NumberOfTrainingJobsObjectiveNotImproving":0},"ConsumedResources":{"RuntimeInSeconds":130}}
""".replace("ARN", ARN)) | {"HyperParameterTuningJobConfig": CREATE["HyperParameterTuningJobConfig"]}  # fmt: skip
"""What AWS tells of that job while it runs."""


def at(instant: float) -> Timestamp:
    return instant_to_timestamp(instant)


def specification(body: dict[str, Any] = CREATE) -> spec_pb2.TuningJobSpec:
    return to_message(from_amt(body), spec_pb2.TuningJobSpec)


def training(**changes: Any) -> pb.TrainingJob:
    """Return a training of the job that has completed; changes may be None, for absent."""
    members: dict[str, Any] = {
        "name": "demo-260101-0000-001-0f0444b1",
        "job_name": "demo-260101-0000",
        "number": 1,
        "configuration": {"lr": value_to_message(0.0015456755116503003)},
        "state": pb.TRAINING_STATE_COMPLETED,
        "objective_state": pb.OBJECTIVE_STATE_SUCCEEDED,
        "objective_value": 0.1,
        "created_at": at(1767225601.0),
        "started_at": at(1767225640.0),
        "ended_at": at(1767225700.0),
        "modified_at": at(1767225700.0),
        "end_cause": pb.END_CAUSE_EXITED,
        "status": "Completed",
        "artifact_uri": "s3://b/out/demo-260101-0000-001-0f0444b1/output/model.tar.gz",
        "final_metrics": {"val:loss": 0.1, "train:loss": 0.06942},
    }
    return pb.TrainingJob(**{name: item for name, item in (members | changes).items() if item is not None})


def running(**changes: Any) -> pb.TrainingJob:
    absent = dict.fromkeys(("objective_value", "ended_at", "end_cause", "final_metrics", "artifact_uri"))
    state = {"state": pb.TRAINING_STATE_RUNNING, "objective_state": pb.OBJECTIVE_STATE_PENDING, "status": "InProgress"}
    return training(**(absent | state | changes))


def job(body: dict[str, Any] = CREATE, **changes: Any) -> pb.TuningJob:
    """Return the job of the golden example: it runs, one of its trainings has completed."""
    members: dict[str, Any] = {
        "uid": "u1",
        "spec": specification(body),
        "spec_revision": 1,
        "state": pb.JOB_STATE_RUNNING,
        "reason": "2 trainings run",
        "created_at": at(T0),
        "modified_at": at(NOW),
        "trainings": pb.TrainingCounters(completed=1, in_progress=2),
        "objectives": pb.ObjectiveCounters(succeeded=1, pending=2),
        "best": training(),
    }
    return pb.TuningJob(**{name: item for name, item in (members | changes).items() if item is not None})


def alone(body: dict[str, Any]) -> spec_pb2.TuningJobSpec:
    """Return the specification that a training by itself runs under."""
    request: TrainingRequest = from_training(body)
    spec = TuningJobSpec(
        name=request.name,
        definitions=(request.definition,),
        objective=Objective(""),
        tags=request.tags,
        alone=True,
        amt_patch=request.amt_patch,
    )
    return to_message(spec, spec_pb2.TuningJobSpec)


def check_response(operation: str, tree: dict[str, Any]) -> None:
    """Fail unless botocore's model has such a response, and JSON such a text."""
    assert problems_of_response(operation, tree) == []
    json.dumps(tree, allow_nan=False)
