"""What people do with the SageMaker SDK's framework estimators: tune a script of theirs.

    python sagemaker_script_mode.py IMAGE BUCKET FOLDER

FOLDER has the script. The SDK packs it and uploads it to the bucket; tells as JSON how the jobs have ended.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

os.environ["SAGEMAKER_SUPPRESS_V2_WARNING"] = "1"

import boto3
from sagemaker.estimator import Estimator
from sagemaker.session import Session
from sagemaker.sklearn import SKLearn
from sagemaker.tuner import CategoricalParameter, ContinuousParameter, HyperparameterTuner

IMAGE, BUCKET, FOLDER = sys.argv[1:4]


def fitted(estimator: Any) -> dict[str, Any]:
    asked = Session(boto3.Session(), sagemaker_client=boto3.client("sagemaker"), default_bucket=BUCKET)
    made = estimator(
        image_uri=IMAGE,
        entry_point="train.py",
        source_dir=FOLDER,
        role="arn:aws:iam::000000000000:role/tuning",
        instance_count=1,
        instance_type="ml.m5.large",
        output_path=f"s3://{BUCKET}/models",
        hyperparameters={"steps": 3, "name": "fancy"},
        sagemaker_session=asked,
    )
    ranges = {"rate": ContinuousParameter(0.05, 0.2), "kind": CategoricalParameter(["a b", "c"])}
    metrics = [{"Name": "loss", "Regex": "loss=([-0-9.e]+)"}]
    tuner = HyperparameterTuner(
        made, "loss", ranges, metrics, objective_type="Minimize", strategy="Random", max_jobs=1, max_parallel_jobs=1
    )
    tuner.fit(job_name=estimator.__name__.lower())
    (training,) = tuner.analytics().training_job_summaries()
    name = training["TrainingJobName"]
    return {
        "job": tuner.describe()["HyperParameterTuningJobStatus"],
        "training": json.loads(
            json.dumps(asked.sagemaker_client.describe_training_job(TrainingJobName=name), default=str)
        ),
    }


with ThreadPoolExecutor() as pool:
    told = list(pool.map(fitted, [SKLearn, Estimator]))
sys.stdout.write(json.dumps(dict(zip(["SKLearn", "Estimator"], told, strict=True)), default=str))
