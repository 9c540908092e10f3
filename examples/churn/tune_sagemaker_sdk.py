"""Tune the churn network with the SageMaker Python SDK, version 2: nothing of Tunewright's is imported.

boto3 below it finds service, keys and region by the variables that `tunewright credentials` prints; see README.md.
Needs: pip install 'sagemaker>=2.230,<3'
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import boto3
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.session import Session
from sagemaker.tuner import CategoricalParameter, ContinuousParameter, HyperparameterTuner, IntegerParameter

IMAGE: Final = (Path(__file__).resolve().parent / "train.py").as_uri()
"""What is run: here a script of this machine in place of a container image."""

METRIC: Final = "validation:accuracy"
DEFAULTS: Final = {"learning_rate": 0.001, "batch_size": 64, "epochs": 10}
RANGES: Final = {
    "learning_rate": ContinuousParameter(0.0001, 0.1, scaling_type="Logarithmic"),
    "batch_size": CategoricalParameter([32, 64, 128]),
    "epochs": IntegerParameter(10, 50),
}


def session(bucket: str) -> Session:
    """Return a session that asks no other service of AWS: with the client and the bucket named, none is needed."""
    return Session(boto3.Session(), sagemaker_client=boto3.client("sagemaker"), default_bucket=bucket)


def estimator(bucket: str) -> Estimator:
    return Estimator(
        image_uri=IMAGE,
        role="arn:aws:iam::000000000000:role/tuning",
        instance_count=1,
        instance_type="ml.m5.large",
        output_path=f"s3://{bucket}/models",
        base_job_name="churn-defaults",
        max_run=600,
        hyperparameters=DEFAULTS,
        metric_definitions=[{"Name": METRIC, "Regex": r"validation:accuracy=([0-9.]+)"}],
        sagemaker_session=session(bucket),
    )


def baseline(bucket: str, inputs: dict[str, TrainingInput]) -> float:
    """Train once with the defaults; return the validation accuracy."""
    alone = estimator(bucket)
    alone.fit(inputs, logs="None")
    metrics = alone.latest_training_job.describe()["FinalMetricDataList"]
    return float(metrics[0]["Value"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bucket", default="churn", help="has the folders train and validation; gets models")
    parser.add_argument("--trainings", type=int, default=20)
    parser.add_argument("--parallel", type=int, default=2)
    given = parser.parse_args()
    inputs = {
        name: TrainingInput(f"s3://{given.bucket}/{name}/", content_type="text/csv") for name in ("train", "validation")
    }
    default_accuracy = baseline(given.bucket, inputs)
    tuner = HyperparameterTuner(
        estimator=estimator(given.bucket),
        objective_metric_name=METRIC,
        objective_type="Maximize",
        hyperparameter_ranges=RANGES,
        metric_definitions=[{"Name": METRIC, "Regex": r"validation:accuracy=([0-9.]+)"}],
        strategy="Bayesian",
        max_jobs=given.trainings,
        max_parallel_jobs=given.parallel,
        base_tuning_job_name="churn",
        random_seed=1,
    )
    tuner.fit(inputs)
    trials = tuner.analytics().dataframe().sort_values("FinalObjectiveValue", ascending=False)
    print(trials[["FinalObjectiveValue", "TrainingJobName", *RANGES]].head().to_string(index=False))
    best = trials.iloc[0]
    print(f"\nDefaults: {default_accuracy:.4f}  {DEFAULTS}")
    print(f"Best:     {best['FinalObjectiveValue']:.4f}  { {name: best[name].item() for name in RANGES} }")
    print(f"Model:    {tuner.best_estimator().model_data}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
