"""Tune the churn network with plain boto3, as one would on SageMaker: nothing of Tunewright's is imported.

boto3 finds service, keys and region by the variables that `tunewright credentials` prints; see README.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any, Final

import boto3

IMAGE: Final = (Path(__file__).resolve().parent / "train.py").as_uri()
"""What is run: here a script of this machine in place of a container image."""

ROLE: Final = "arn:aws:iam::000000000000:role/tuning"
METRIC: Final = "validation:accuracy"
DEFAULTS: Final = {"learning_rate": "0.001", "batch_size": "64", "epochs": "10"}
RANGES: Final = {
    "ContinuousParameterRanges": [
        {"Name": "learning_rate", "MinValue": "0.0001", "MaxValue": "0.1", "ScalingType": "Logarithmic"}
    ],
    "CategoricalParameterRanges": [{"Name": "batch_size", "Values": ["32", "64", "128"]}],
    "IntegerParameterRanges": [{"Name": "epochs", "MinValue": "10", "MaxValue": "50"}],
}


def what_to_run(bucket: str) -> dict[str, Any]:
    """Return the members that a training alone and the trainings of a tuning job have in common."""
    return {
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": METRIC, "Regex": r"validation:accuracy=([0-9.]+)"}],
        },
        "InputDataConfig": [channel(name, f"s3://{bucket}/{name}/") for name in ("train", "validation")],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "RoleArn": ROLE,
    }


def channel(name: str, uri: str) -> dict[str, Any]:
    return {
        "ChannelName": name,
        "ContentType": "text/csv",
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
    }


def baseline(sagemaker: Any, name: str, bucket: str) -> float:
    """Train once with the defaults; return the validation accuracy."""
    sagemaker.create_training_job(TrainingJobName=name, HyperParameters=DEFAULTS, **what_to_run(bucket))
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 600})
    (metric,) = sagemaker.describe_training_job(TrainingJobName=name)["FinalMetricDataList"]
    return float(metric["Value"])


def tune(sagemaker: Any, name: str, bucket: str, trainings: int, parallel: int) -> dict[str, Any]:
    """Run a tuning job to its end; return how it is described then."""
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig={
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": METRIC},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": trainings, "MaxParallelTrainingJobs": parallel},
            "ParameterRanges": RANGES,
            "RandomSeed": 1,
        },
        TrainingJobDefinition=what_to_run(bucket),
    )
    while True:
        job: dict[str, Any] = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        counters = job["TrainingJobStatusCounters"]
        print(f"\r{counters['Completed']} of {trainings} trainings completed", end="", flush=True)
        if job["HyperParameterTuningJobStatus"] not in {"InProgress", "Stopping"}:
            print()
            return job
        time.sleep(1)


def report(sagemaker: Any, job: dict[str, Any], default_accuracy: float) -> None:
    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName=job["HyperParameterTuningJobName"],
        SortBy="FinalObjectiveMetricValue",
        SortOrder="Descending",
        PaginationConfig={"MaxItems": 5},
    )
    print("\naccuracy  training")
    for training in pages.search("TrainingJobSummaries[]"):
        value = training["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        print(f"{value:.4f}    {training['TrainingJobName']}  {training['TunedHyperParameters']}")
    best = job["BestTrainingJob"]
    described = sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])
    print(f"\nDefaults: {default_accuracy:.4f}  {DEFAULTS}")
    accuracy = best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    print(f"Best:     {accuracy:.4f}  {best['TunedHyperParameters']}")
    print(f"Model:    {described['ModelArtifacts']['S3ModelArtifacts']}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bucket", default="churn", help="has the folders train and validation; gets models")
    parser.add_argument("--trainings", type=int, default=20)
    parser.add_argument("--parallel", type=int, default=2)
    given = parser.parse_args()
    sagemaker = boto3.client("sagemaker")
    name = f"churn-{time.strftime('%y%m%d-%H%M%S')}"
    default_accuracy = baseline(sagemaker, f"{name}-defaults", given.bucket)
    job = tune(sagemaker, name, given.bucket, given.trainings, given.parallel)
    if "BestTrainingJob" not in job:
        sys.exit(f"{job['HyperParameterTuningJobStatus']}: {job.get('FailureReason', 'no training had a result')}")
    report(sagemaker, job, default_accuracy)
    return 0


if __name__ == "__main__":
    sys.exit(main())
