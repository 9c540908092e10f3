"""Tuning jobs through boto3, from creation to deletion."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws_clients.boto import PROGRAM, client, ended, server, training_job, tuning_job, until
from tests.aws_clients.cutting import cutting_replies
from tests.e2e.served import Served

JOB = "HyperParameterTuningJobName"
STATUS = "HyperParameterTuningJobStatus"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with server(tmp_path_factory.mktemp("boto3")) as served:
        yield served


@pytest.fixture(scope="module")
def image(served: Served) -> str:
    return served.program(PROGRAM)


@pytest.fixture(scope="module")
def sagemaker(served: Served) -> Any:
    return client(served)


def single(number: float) -> float:
    return struct.unpack("f", struct.pack("f", number))[0]


def test_a_job_from_its_first_moment_to_its_end(sagemaker: Any, image: str) -> None:
    request = tuning_job(image, "Whole-Life", trainings=6)
    arn = sagemaker.create_hyper_parameter_tuning_job(**request)["HyperParameterTuningJobArn"]
    assert re.fullmatch(r"arn:aws:sagemaker:[a-z0-9-]+:\d{12}:hyper-parameter-tuning-job/whole-life", arn)
    seen = [sagemaker.describe_hyper_parameter_tuning_job(**{JOB: "Whole-Life"})]
    while seen[-1][STATUS] == "InProgress":
        seen.append(sagemaker.describe_hyper_parameter_tuning_job(**{JOB: "whole-life"}))
    statuses = [job[STATUS] for job in seen]
    assert statuses == ["InProgress"] * (len(seen) - 1) + ["Completed"]
    for job in seen:
        trainings, objectives = job["TrainingJobStatusCounters"], job["ObjectiveStatusCounters"]
        assert set(trainings) == {"Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped"}
        assert set(objectives) == {"Succeeded", "Pending", "Failed"}
        assert sum(trainings.values()) <= 6
        assert ("BestTrainingJob" in job) == (objectives["Succeeded"] > 0)
        assert ("HyperParameterTuningEndTime" in job) == (job[STATUS] == "Completed")
    done = seen[-1]
    assert done["HyperParameterTuningJobArn"] == arn
    assert done["TrainingJobStatusCounters"]["Completed"] == done["ObjectiveStatusCounters"]["Succeeded"] == 6
    assert isinstance(done["CreationTime"], datetime)
    assert done["CreationTime"] <= done["HyperParameterTuningEndTime"]
    assert done["TrainingJobDefinition"]["StaticHyperParameters"]["_tuning_objective_metric"] == "loss"


def test_its_trainings_are_described_as_the_best_of_them_is(sagemaker: Any, image: str) -> None:
    sagemaker.create_hyper_parameter_tuning_job(**tuning_job(image, "Trainings", trainings=5))
    best = ended(sagemaker, "Trainings")["BestTrainingJob"]
    listed = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(**{JOB: "Trainings"})["TrainingJobSummaries"]
    assert [item["TrainingJobName"][10:13] for item in listed] == ["005", "004", "003", "002", "001"]
    values = {}
    for item in listed:
        name = item["TrainingJobName"]
        assert re.fullmatch(r"Trainings-\d{3}-[0-9a-f]{8}", name)
        assert item["TrainingJobArn"].endswith(f":training-job/{name.lower()}")
        x = item["TunedHyperParameters"]["x"]
        values[name] = item["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        assert values[name] == single(float(x))
        training = sagemaker.describe_training_job(TrainingJobName=name)
        assert training["HyperParameters"] == {"x": x, "epochs": "5", "_tuning_objective_metric": "loss"}
        assert training["TuningJobArn"].endswith(":hyper-parameter-tuning-job/trainings")
        assert training["FinalMetricDataList"][0]["MetricName"] == "loss"
        assert training["FinalMetricDataList"][0]["Value"] == values[name]
        assert training["TrainingJobStatus"] == "Completed"
        assert training["OutputDataConfig"]["KmsKeyId"] == ""
    assert best["TrainingJobName"] == min(values, key=values.__getitem__)
    assert best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == min(values.values())


def test_a_job_is_stopped_once(sagemaker: Any, image: str) -> None:
    sagemaker.create_hyper_parameter_tuning_job(**tuning_job(image, "slow-stopped"))
    sagemaker.stop_hyper_parameter_tuning_job(**{JOB: "slow-stopped"})
    assert sagemaker.describe_hyper_parameter_tuning_job(**{JOB: "slow-stopped"})[STATUS] in {"Stopping", "Stopped"}
    assert ended(sagemaker, "slow-stopped")[STATUS] == "Stopped"
    with pytest.raises(ClientError, match="already") as refused:
        sagemaker.stop_hyper_parameter_tuning_job(**{JOB: "slow-stopped"})
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_job_whose_trainings_all_fail_says_so(sagemaker: Any, image: str) -> None:
    sagemaker.create_hyper_parameter_tuning_job(**tuning_job(image, "failing", trainings=9))
    job = ended(sagemaker, "failing")
    assert job[STATUS] == "Failed"
    assert job["FailureReason"].startswith("No training job succeeded after 5 attempts.")
    assert job["TrainingJobStatusCounters"]["NonRetryableError"] >= 5
    assert "BestTrainingJob" not in job
    failed = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        **{JOB: "failing"}, StatusEquals="Failed", SortBy="CreationTime"
    )["TrainingJobSummaries"]
    assert len(failed) == job["TrainingJobStatusCounters"]["NonRetryableError"]
    assert {(item["ObjectiveStatus"], "exit code 3" in item["FailureReason"].lower()) for item in failed} == {
        ("Failed", True)
    }


def test_only_an_ended_job_is_deleted_and_its_name_is_free_again(sagemaker: Any, image: str) -> None:
    sagemaker.create_hyper_parameter_tuning_job(**tuning_job(image, "slow-deleted"))
    with pytest.raises(ClientError, match="not in a terminal state") as refused:
        sagemaker.delete_hyper_parameter_tuning_job(**{JOB: "slow-deleted"})
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    sagemaker.stop_hyper_parameter_tuning_job(**{JOB: "slow-deleted"})
    ended(sagemaker, "slow-deleted")
    sagemaker.delete_hyper_parameter_tuning_job(**{JOB: "slow-deleted"})
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker.describe_hyper_parameter_tuning_job(**{JOB: "slow-deleted"})
    sagemaker.create_hyper_parameter_tuning_job(**tuning_job(image, "slow-deleted"))
    sagemaker.stop_hyper_parameter_tuning_job(**{JOB: "slow-deleted"})


@pytest.mark.parametrize(
    "operation",
    [
        "describe_hyper_parameter_tuning_job",
        "stop_hyper_parameter_tuning_job",
        "delete_hyper_parameter_tuning_job",
        "list_training_jobs_for_hyper_parameter_tuning_job",
    ],
)
def test_an_unknown_job(sagemaker: Any, operation: str) -> None:
    text = "Amazon SageMaker can't find a tuning job called nowhere. Type another name."
    with pytest.raises(sagemaker.exceptions.ResourceNotFound, match=re.escape(text)):
        getattr(sagemaker, operation)(**{JOB: "nowhere"})


def test_a_name_is_taken_whatever_its_case(sagemaker: Any, image: str) -> None:
    sagemaker.create_hyper_parameter_tuning_job(**tuning_job(image, "Taken"))
    text = "A hyperparameter tuning job with the name, TAKEN, already exists. Choose a different name."
    with pytest.raises(sagemaker.exceptions.ResourceInUse, match=re.escape(text)):
        sagemaker.create_hyper_parameter_tuning_job(**tuning_job(image, "TAKEN"))


def test_an_operation_that_is_not_served(sagemaker: Any) -> None:
    with pytest.raises(ClientError) as refused:
        sagemaker.list_models()
    assert refused.value.response["Error"]["Code"] == "UnknownOperationException"


@pytest.mark.parametrize("case", ["an image that is none", "another strategy", "an unknown parent"])
def test_a_refused_job_leaves_nothing_behind(sagemaker: Any, image: str, case: str) -> None:
    request = tuning_job(image, "refused")
    parent = {"ParentHyperParameterTuningJobs": [{JOB: "nowhere"}], "WarmStartType": "TransferLearning"}
    match case:
        case "an image that is none":
            request["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"] = "file:///nowhere"
        case "another strategy":
            request["HyperParameterTuningJobConfig"]["Strategy"] = "Guess"
        case _:
            request["WarmStartConfig"] = parent
    with pytest.raises(ClientError) as refused:
        sagemaker.create_hyper_parameter_tuning_job(**request)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker.describe_hyper_parameter_tuning_job(**{JOB: "refused"})


@pytest.mark.parametrize("silently", [False, True], ids=["the connection is cut", "nothing comes"])
@pytest.mark.parametrize("alone", [False, True], ids=["tuning job", "training job"])
def test_a_create_whose_reply_is_lost_is_answered_when_it_comes_again(
    served: Served, image: str, alone: bool, silently: bool
) -> None:
    """Within the second the retry has the first one's signature; where a client has waited for longer, another one."""
    name = f"retried-{alone:d}{silently:d}"
    operation = "create_training_job" if alone else "create_hyper_parameter_tuning_job"
    request = (training_job if alone else tuning_job)(image, name)
    with (
        cutting_replies(served, silently=silently) as (address, tries),
        closing(client(served, address, read_timeout=1)) as calling,
    ):
        created = getattr(calling, operation)(**request)
        assert created["TrainingJobArn" if alone else "HyperParameterTuningJobArn"].endswith(f"/{name}")
        assert created["ResponseMetadata"]["RetryAttempts"] == tries() - 1 == 1
    plain = client(served)
    with pytest.raises(plain.exceptions.ResourceInUse):
        getattr(plain, operation)(**request)


def test_twenty_clients_at_once(served: Served, image: str) -> None:
    clients = [client(served) for _ in range(20)]

    def create(number: int) -> str:
        one = clients[number]
        one.create_hyper_parameter_tuning_job(**tuning_job(image, f"crowd-{number}"))
        try:
            one.create_hyper_parameter_tuning_job(**tuning_job(image, "crowd-contested"))
        except one.exceptions.ResourceInUse:
            return "beaten"
        return "first"

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(create, range(20)))
        jobs = list(pool.map(lambda number: ended(clients[number], f"crowd-{number}"), range(20)))
    assert sorted(outcomes) == ["beaten"] * 19 + ["first"]
    assert {(job[STATUS], job["ObjectiveStatusCounters"]["Succeeded"]) for job in jobs} == {("Completed", 1)}
    assert until(lambda: ended(clients[0], "crowd-contested"))[STATUS] == "Completed"
