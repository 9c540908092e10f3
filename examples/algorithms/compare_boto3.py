"""Compare three algorithms in one tuning job, with plain boto3: nothing of Tunewright's is imported.

Each is a training job definition with hyperparameters of its own; all share the budget. The program needs scikit-learn.

    tunewright local                                     in a terminal of its own
    eval "$(tunewright credentials)"                     in another
    python examples/algorithms/compare_boto3.py
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import boto3

IMAGE: Final = (Path(__file__).resolve().parent / "train.py").as_uri()
LEARNING_RATE: Final = {
    "Name": "learning_rate",
    "MinValue": "0.001",
    "MaxValue": "0.3",
    "ScalingType": "Logarithmic",
}
RANGES: Final[dict[str, dict[str, Any]]] = {
    "logistic": {
        "ContinuousParameterRanges": [
            {"Name": "c", "MinValue": "0.001", "MaxValue": "100", "ScalingType": "Logarithmic"},
        ],
    },
    "boosting": {
        "ContinuousParameterRanges": [LEARNING_RATE],
        "IntegerParameterRanges": [
            {"Name": "trees", "MinValue": "20", "MaxValue": "200"},
            {"Name": "depth", "MinValue": "1", "MaxValue": "5"},
        ],
    },
    "network": {
        "ContinuousParameterRanges": [
            LEARNING_RATE,
            {"Name": "decay", "MinValue": "0.00001", "MaxValue": "10", "ScalingType": "Logarithmic"},
        ],
        "CategoricalParameterRanges": [{"Name": "activation", "Values": ["relu", "tanh"]}],
    },
}
"""What is tuned, by definition."""


def definition(algorithm: str, bucket: str) -> dict[str, Any]:
    return {
        "DefinitionName": algorithm,
        "TuningObjective": {"Type": "Minimize", "MetricName": "log_loss"},
        "HyperParameterRanges": RANGES[algorithm],
        "StaticHyperParameters": {"algorithm": algorithm},
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "log_loss", "Regex": r"log_loss=([0-9.]+)"}],
        },
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "RoleArn": "arn:aws:iam::000000000000:role/tuning",
        "Environment": {"OMP_NUM_THREADS": "1"},
    }


def compared(sagemaker: Any, name: str, bucket: str, trainings: int, parallel: int) -> dict[str, Any]:
    """Run the job to its end; return how it is described then."""
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig={
            "Strategy": "Bayesian",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": trainings, "MaxParallelTrainingJobs": parallel},
            "RandomSeed": 1,
        },
        TrainingJobDefinitions=[definition(algorithm, bucket) for algorithm in RANGES],
    )
    while True:
        job: dict[str, Any] = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        counters = job["TrainingJobStatusCounters"]
        print(f"\r{counters['Completed']} of {trainings} trainings completed", end="", flush=True)
        if job["HyperParameterTuningJobStatus"] not in {"InProgress", "Stopping"}:
            print()
            return job
        time.sleep(1)


def report(job: dict[str, Any], trainings: Iterable[dict[str, Any]]) -> None:
    """Print the best of each definition, and of all. `trainings` come best first, those without a value left out."""
    by_algorithm: dict[str, list[dict[str, Any]]] = {}
    for training in trainings:
        by_algorithm.setdefault(training["TrainingJobDefinitionName"], []).append(training)
    print("\nalgorithm  trainings  log_loss  best hyperparameters")
    for algorithm, (best, *others) in by_algorithm.items():
        value = best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        print(f"{algorithm:9}  {1 + len(others):9}  {value:8.5f}  {best['TunedHyperParameters']}")
    winner = job["BestTrainingJob"]
    print(f"\nBest: {winner['TrainingJobDefinitionName']}, {winner['TunedHyperParameters']}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bucket", default="algorithms", help="gets the models")
    parser.add_argument("--trainings", type=int, default=24)
    parser.add_argument("--parallel", type=int, default=2)
    given = parser.parse_args()
    sagemaker = boto3.client("sagemaker")
    name = f"algorithms-{time.strftime('%y%m%d-%H%M%S')}"
    job = compared(sagemaker, name, given.bucket, given.trainings, given.parallel)
    if "BestTrainingJob" not in job:
        sys.exit(f"{job['HyperParameterTuningJobStatus']}: {job.get('FailureReason', 'no training had a result')}")
    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName=name, SortBy="FinalObjectiveMetricValue", SortOrder="Ascending"
    )
    report(job, pages.search("TrainingJobSummaries[]"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
