"""Right specifications and request bodies, for tests that then spoil one thing."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, Final

from tunewright.core.jobfile import Place
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import Definition, Direction, Limits, MetricDefinition, Objective, Parameter, TuningJobSpec

PLACE: Final = Place(folder="/home/me/digits", python="/usr/bin/python3", name="digits-1")

JOB_FILE: Final = {
    "script": "train.py",
    "maximize": "val_acc",
    "params": {"lr": "log(1e-4, 1e-1)", "batch": [32, 64, 128], "epochs": "10..50"},
    "trials": 20,
}

AMT_BODY: Final[dict[str, Any]] = {
    "HyperParameterTuningJobName": "demo-260101-0000",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 10, "MaxParallelTrainingJobs": 2},
        "TrainingJobEarlyStoppingType": "Off",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "val:loss"},
        "ParameterRanges": {
            "ContinuousParameterRanges": [
                {"Name": "lr", "MinValue": "0.0000100", "MaxValue": "0.1", "ScalingType": "Auto"}
            ],
            "CategoricalParameterRanges": [],
            "IntegerParameterRanges": [],
        },
    },
    "TrainingJobDefinition": {
        "StaticHyperParameters": {"epochs": "5"},
        "RoleArn": "arn:aws:iam::123456789012:role/r",
        "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
        "HyperParameterTuningResourceConfig": {
            "InstanceCount": 1,
            "InstanceType": "ml.m5.large",
            "VolumeSizeInGB": 30,
        },
        "AlgorithmSpecification": {
            "TrainingInputMode": "File",
            "TrainingImage": "img",
            "MetricDefinitions": [{"Name": "val:loss", "Regex": "val_loss=([0-9.eE+-]+)"}],
        },
    },
}
"""What the SageMaker SDK sends for a custom image."""

ABSENT: Final = object()


def amt_body(path: str = "", value: Any = None) -> dict[str, Any]:
    """Return the body with the member at a slash-separated path set, or removed if the value is ABSENT."""
    body = copy.deepcopy(AMT_BODY)
    if not path:
        return body
    *parents, last = path.split("/")
    place: Any = body
    for name in parents:
        place = place[int(name) if name.isdigit() else name]
    if value is ABSENT:
        del place[last]
    else:
        place[last] = value
    return body


def definition(**changes: Any) -> Definition:
    whole = Definition(
        image="file:///home/me/train.py",
        parameters=(
            Parameter("lr", Float(1e-4, 1e-1)),
            Parameter("epochs", Int(10, 50)),
            Parameter("optimizer", Choice(("sgd", "adam"))),
        ),
        metric_definitions=(MetricDefinition("acc", "acc=([0-9.]+)"),),
    )
    return replace(whole, **changes)


OF_DEFINITION: Final = set(Definition.__slots__) - {"name", "objective"}


def spec(**changes: Any) -> TuningJobSpec:
    """Return a right specification; changes that belong to its definition go there."""
    whole = TuningJobSpec(
        name="digits-1",
        definitions=(definition(**{name: changes.pop(name) for name in OF_DEFINITION & changes.keys()}),),
        objective=Objective("acc", Direction.MAXIMIZE),
        limits=Limits(max_parallel=2, max_trainings=20),
    )
    return replace(whole, **changes)
