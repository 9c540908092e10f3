"""boto3, unmodified, at the door of an embedded server; what it is answered is held against botocore's own model."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config

from tests.answers import problems_of_response
from tests.e2e.served import Served
from tunewright.platform.credentials import load

OUTPUT: Final = "s3://bucket/output"
ROLE: Final = "arn:aws:iam::123456789012:role/tuner"
READ_X: Final = 'x=$(sed -E \'s/.*"x": *"([^"]*)".*/\\1/\' "$SAGEMAKER_BASE_DIR/input/config/hyperparameters.json")'
PROGRAM: Final = f"""
{READ_X}
case "$TRAINING_JOB_NAME" in fail*) exit 3;; slow*) exec sleep 1000;; esac
echo "loss=$x"
"""
"""A training's loss is the hyperparameter x; by its name it fails, or never ends."""


@contextmanager
def server(folder: Path, slots: int = 4) -> Iterator[Served]:
    served = Served(folder, slots)
    served.start()
    try:
        yield served
    finally:
        served.end()


def client(served: Served, address: str = "", **config: Any) -> Any:
    """Return a client of the server, or of what stands before it at another address."""
    found = load(served.data_dir / "credentials")
    made = session(found.aws_access_key_id, found.aws_secret_access_key).client(
        "sagemaker", endpoint_url=f"http://{address or found.tunewright_http}", config=Config(**config)
    )
    made.meta.events.register("before-parse.sagemaker", _hold_against_the_model)
    return made


@cache
def session(key: str, secret: str) -> Any:
    """Return a session, which has read botocore's model for all its clients."""
    return boto3.session.Session(key, secret, region_name="local")


def _hold_against_the_model(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    if response_dict["status_code"] == 200:
        problems = problems_of_response(operation_model.name, json.loads(response_dict["body"]))
        assert problems == [], (operation_model.name, problems)


def tuning_job(image: str, name: str, trainings: int = 1, parallel: int = 2, **changes: Any) -> dict[str, Any]:
    """Return a request for a job that minimises its own hyperparameter."""
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": trainings, "MaxParallelTrainingJobs": parallel},
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0.1", "MaxValue": "0.9"}]},
            "RandomSeed": 7,
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"epochs": "5"},
            "AlgorithmSpecification": {
                "TrainingImage": image,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.e-]+)"}],
            },
            "RoleArn": ROLE,
            "OutputDataConfig": {"S3OutputPath": OUTPUT},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        },
    } | changes


def training_job(image: str, name: str, **changes: Any) -> dict[str, Any]:
    definition = tuning_job(image, name)["TrainingJobDefinition"]
    definition["HyperParameters"] = definition.pop("StaticHyperParameters") | {"x": "0.25"}
    return {"TrainingJobName": name} | definition | changes


def until(look: Callable[[], Any], *, within_s: float = 30.0) -> Any:
    """Return what a look gives once it gives something; AWS's API has nothing to wait on."""
    deadline = time.monotonic() + within_s
    while not (seen := look()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)
    return seen


def ended(sagemaker: Any, name: str) -> dict[str, Any]:
    """Wait for the end of a tuning job; return its description."""

    def look() -> dict[str, Any] | None:
        job: dict[str, Any] = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        return job if job["HyperParameterTuningJobStatus"] in {"Completed", "Failed", "Stopped"} else None

    found: dict[str, Any] = until(look)
    return found
