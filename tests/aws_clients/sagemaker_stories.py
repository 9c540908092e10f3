"""What people do with the SageMaker Python SDK's tuner, as a program: each story a function, all at once, told as JSON.

    python sagemaker_stories.py IMAGE BUCKET

The SDK takes seconds to import, and it looks every five seconds whether a job has ended: hence one process for all
stories, and a thread for each. A story returns what a test asserts on; one that fails tells its traceback.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

os.environ["SAGEMAKER_SUPPRESS_V2_WARNING"] = "1"

import boto3
from botocore.exceptions import ClientError
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.session import Session
from sagemaker.tuner import (
    CategoricalParameter,
    ContinuousParameter,
    HyperbandStrategyConfig,
    HyperparameterTuner,
    IntegerParameter,
    StrategyConfig,
    TuningJobCompletionCriteriaConfig,
)

IMAGE, BUCKET = sys.argv[1:3]
ROLE = "arn:aws:iam::000000000000:role/tuning"
METRICS = [{"Name": "score", "Regex": "score=([-0-9.e]+)"}]
X = {"x": ContinuousParameter(0.0, 1.0)}
INPUTS = {"numbers": TrainingInput(f"s3://{BUCKET}/numbers/", content_type="text/plain")}
Story = Callable[[Session], Any]


def session() -> Session:
    return Session(boto3.Session(), sagemaker_client=boto3.client("sagemaker"), default_bucket=BUCKET)


def estimator(asked: Session, **hyperparameters: object) -> Estimator:
    return Estimator(
        IMAGE,
        ROLE,
        1,
        "ml.m5.large",
        output_path=f"s3://{BUCKET}/models",
        max_run=60,
        hyperparameters=hyperparameters,
        tags=[{"Key": "team", "Value": "churn"}],
        sagemaker_session=asked,
    )


def tuner(asked: Session, static: dict[str, object] | None = None, **settings: Any) -> HyperparameterTuner:
    usual = {"strategy": "Random", "max_jobs": 3, "max_parallel_jobs": 2, "metric_definitions": METRICS}
    ranges = settings.pop("hyperparameter_ranges", X)
    return HyperparameterTuner(estimator(asked, **(static or {})), "score", ranges, **(usual | settings))


def told(job: HyperparameterTuner) -> dict[str, Any]:
    """Return how a job has ended, and its trainings as the SDK's table has them."""
    described = job.describe()
    return {"described": described, "trainings": json.loads(job.analytics().dataframe().to_json(orient="records"))}


def ended(job: HyperparameterTuner, name: str, inputs: Any = None) -> dict[str, Any]:
    job.fit(inputs, job_name=name)
    return told(job)


def refusal(call: Callable[[], object]) -> tuple[str, str]:
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return "", ""


def whole_life(asked: Session) -> Any:
    """Fit, wait, best training, its estimator; attach to the job, and fit again with what was attached."""
    ranges = X | {"epochs": IntegerParameter(2, 5), "kind": CategoricalParameter(["plain", "fancy"])}
    settings = {"strategy": "Bayesian", "max_jobs": 5, "random_seed": 3, "tags": [{"Key": "case", "Value": "life"}]}
    job = tuner(asked, hyperparameter_ranges=ranges, **settings)
    job.fit(INPUTS, job_name="life", wait=False)
    at_first = job.describe()
    job.wait()
    best = job.best_estimator()
    described = at_first["HyperParameterTuningJobArn"]
    attached = HyperparameterTuner.attach("life", sagemaker_session=asked)
    attached.max_jobs = 2
    again = ended(attached, "life-again", INPUTS)
    return told(job) | {
        "at_first": at_first,
        "best": job.best_training_job(),
        "model": best.model_data,
        "hyperparameters": best.hyperparameters(),
        "tags": asked.sagemaker_client.list_tags(ResourceArn=described)["Tags"],
        "tuning_ranges": job.analytics().tuning_ranges,
        "attached": {"max_parallel": attached.max_parallel_jobs, "seed": attached.random_seed},
        "again": again,
    }


def stopped(asked: Session) -> Any:
    job = tuner(asked, {"epochs": 500, "pause": 0.1})
    job.fit(job_name="stopped", wait=False)
    while job.describe()["TrainingJobStatusCounters"]["InProgress"] == 0:
        time.sleep(0.1)
    job.stop_tuning_job()
    at_once = job.describe()["HyperParameterTuningJobStatus"]
    job.wait()
    job.stop_tuning_job()
    return told(job) | {"at_once": at_once}


def warm_starts(asked: Session) -> Any:
    parent = tuner(asked)
    ended(parent, "parent")
    identical = parent.identical_dataset_and_algorithm_tuner()
    identical.metric_definitions = METRICS  # the SDK leaves them out
    transferred = parent.transfer_learning_tuner(estimator=estimator(asked))
    transferred.metric_definitions = METRICS
    transferred.fit(job_name="transferred", wait=False)
    first = ended(identical, "identical")
    transferred.wait()
    return {"identical": first, "transferred": told(transferred)}


def several_estimators(asked: Session) -> Any:
    job = HyperparameterTuner.create(
        {"plain": estimator(asked, kind="plain"), "fancy": estimator(asked, kind="fancy")},
        {"plain": "score", "fancy": "score"},
        {"plain": X, "fancy": {"x": ContinuousParameter(0.5, 1.0)}},
        metric_definitions_dict={"plain": METRICS, "fancy": METRICS},
        strategy="Random",
        max_jobs=4,
        max_parallel_jobs=2,
    )
    job.fit({"plain": INPUTS, "fancy": INPUTS}, job_name="several", include_cls_metadata={})
    attached = HyperparameterTuner.attach("several", sagemaker_session=asked)
    return told(job) | {
        "best": job.best_training_job(),
        "model": job.best_estimator().model_data,
        "attached": sorted(attached.estimator_dict),
    }


def grid(asked: Session) -> Any:
    ranges = {"x": CategoricalParameter(["0.1", "0.3"]), "kind": CategoricalParameter(["plain", "fancy"])}
    return ended(tuner(asked, hyperparameter_ranges=ranges, strategy="Grid", max_jobs=4), "grid")


def completion(asked: Session) -> Any:
    criteria = TuningJobCompletionCriteriaConfig(
        max_number_of_training_jobs_not_improving=3, complete_on_convergence=True, target_objective_metric_value=-100.0
    )
    job = tuner(asked, max_jobs=20, max_parallel_jobs=1, completion_criteria_config=criteria)
    once = ended(job, "completion")
    attached = HyperparameterTuner.attach("completion", sagemaker_session=asked)
    return once | {"attached": attached.completion_criteria_config.to_input_req()}


def early_stopping(asked: Session) -> Any:
    return ended(tuner(asked, {"pause": 0.02}, max_jobs=6, early_stopping_type="Auto"), "early")


def hyperband(asked: Session) -> Any:
    config = StrategyConfig(HyperbandStrategyConfig(max_resource=9, min_resource=1))
    return ended(tuner(asked, {"epochs": 9}, strategy="Hyperband", strategy_config=config, max_jobs=6), "hyperband")


def autotuned(asked: Session) -> Any:
    settings = {"hyperparameter_ranges": None, "autotune": True, "hyperparameters_to_keep_static": ["epochs"]}
    return ended(tuner(asked, {"x": 0.5, "epochs": 3}, **settings), "autotuned")


def alone(asked: Session) -> Any:
    """A training without a tuning job, and the same again from its name."""
    once = estimator(asked, x=0.3, epochs=2)
    once.metric_definitions = METRICS
    once.fit(INPUTS, job_name="alone", logs="None")
    attached = Estimator.attach("alone", sagemaker_session=asked)
    return {"described": once.latest_training_job.describe(), "model": attached.model_data}


def refused(asked: Session) -> Any:
    """The errors that programs match."""
    job = tuner(asked, max_jobs=1, max_parallel_jobs=1)
    job.fit(job_name="twice", wait=False)
    return {
        "twice": refusal(lambda: tuner(asked).fit(job_name="twice", wait=False)),
        "unknown": refusal(lambda: HyperparameterTuner.attach("unknown", sagemaker_session=asked)),
        "unknown_training": refusal(lambda: Estimator.attach("unknown", sagemaker_session=asked)),
        "no_metric": refusal(lambda: tuner(asked, metric_definitions=None).fit(job_name="no-metric", wait=False)),
    }


def failed(asked: Session) -> Any:
    """A job of which no training can succeed: the SDK raises, and what it raises says why."""
    job = tuner(asked, {"kind": "broken"}, max_jobs=6)
    try:
        job.fit(job_name="failed")
    except Exception as error:  # noqa: BLE001 - its type is a fact to assert on
        return told(job) | {"error": [type(error).__name__, str(error)]}
    return told(job)


STORIES: list[Story] = [
    *(whole_life, warm_starts, stopped, several_estimators, grid, completion, early_stopping, hyperband),
    *(autotuned, alone, refused, failed),
]


def tell(story: Story) -> tuple[str, Any]:
    try:
        return story.__name__, {"told": story(session())}
    except Exception:  # noqa: BLE001 - its test shows it
        return story.__name__, {"fault": traceback.format_exc()}


if __name__ == "__main__":
    with ThreadPoolExecutor(len(STORIES)) as threads:
        stories = dict(threads.map(tell, STORIES))
    sys.stdout.write("\n" + json.dumps(stories, default=str) + "\n")
