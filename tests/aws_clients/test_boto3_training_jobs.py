"""Training jobs by themselves, and the tags of everything, through boto3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.aws_clients.boto import PROGRAM, client, ended, server, training_job, tuning_job, until
from tests.e2e.served import Served


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


def wait(sagemaker: Any, name: str) -> None:
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


def test_a_training_by_itself_really_runs(sagemaker: Any, image: str) -> None:
    created = sagemaker.create_training_job(**training_job(image, "Alone", Tags=[{"Key": "team", "Value": "a"}]))
    assert re.fullmatch(r"arn:aws:sagemaker:[a-z0-9-]+:\d{12}:training-job/alone", created["TrainingJobArn"])
    first = sagemaker.describe_training_job(TrainingJobName="Alone")
    assert first["TrainingJobStatus"] in {"InProgress", "Completed"}
    wait(sagemaker, "Alone")
    done = sagemaker.describe_training_job(TrainingJobName="Alone")
    assert (done["TrainingJobStatus"], done["SecondaryStatus"]) == ("Completed", "Completed")
    assert done["HyperParameters"] == {"epochs": "5", "x": "0.25"}
    assert [(item["MetricName"], item["Value"]) for item in done["FinalMetricDataList"]] == [("loss", 0.25)]
    assert done["ModelArtifacts"]["S3ModelArtifacts"].endswith("/Alone/output/model.tar.gz")
    assert done["CreationTime"] <= done["TrainingStartTime"] <= done["TrainingEndTime"]
    assert done["SecondaryStatusTransitions"][-1]["Status"] == "Completed"
    assert "TuningJobArn" not in done
    assert sagemaker.list_hyper_parameter_tuning_jobs(NameContains="alone")["HyperParameterTuningJobSummaries"] == []
    with pytest.raises(sagemaker.exceptions.ResourceInUse):
        sagemaker.create_training_job(**training_job(image, "alone"))


def test_the_waiter_fails_with_a_failed_training(sagemaker: Any, image: str) -> None:
    sagemaker.create_training_job(**training_job(image, "fail-alone"))
    with pytest.raises(WaiterError, match="terminal failure state"):
        wait(sagemaker, "fail-alone")
    failed = sagemaker.describe_training_job(TrainingJobName="fail-alone")
    assert failed["TrainingJobStatus"] == "Failed"
    assert "exit code 3" in failed["FailureReason"].lower()


def test_the_waiter_fails_with_an_unknown_training(sagemaker: Any) -> None:
    with pytest.raises(WaiterError, match="service error code: ValidationException"):
        wait(sagemaker, "nowhere")


@pytest.mark.parametrize("operation", ["describe_training_job", "stop_training_job"])
def test_an_unknown_training_is_a_validation_exception(sagemaker: Any, operation: str) -> None:
    with pytest.raises(ClientError, match="Requested resource not found") as refused:
        getattr(sagemaker, operation)(TrainingJobName="nowhere")
    assert code_of(refused) == "ValidationException"


def test_a_training_is_stopped_once_and_deleted_when_it_has_ended(sagemaker: Any, image: str) -> None:
    sagemaker.create_training_job(**training_job(image, "slow-alone"))
    with pytest.raises(sagemaker.exceptions.ResourceInUse):
        sagemaker.delete_training_job(TrainingJobName="slow-alone")
    sagemaker.stop_training_job(TrainingJobName="slow-alone")
    assert sagemaker.describe_training_job(TrainingJobName="slow-alone")["TrainingJobStatus"] in {"Stopping", "Stopped"}
    wait(sagemaker, "slow-alone")
    assert sagemaker.describe_training_job(TrainingJobName="slow-alone")["TrainingJobStatus"] == "Stopped"
    with pytest.raises(ClientError, match="because the training job is in status Stopped") as refused:
        sagemaker.stop_training_job(TrainingJobName="slow-alone")
    assert code_of(refused) == "ValidationException"
    sagemaker.delete_training_job(TrainingJobName="slow-alone")
    with pytest.raises(ClientError, match="Requested resource not found"):
        sagemaker.describe_training_job(TrainingJobName="slow-alone")
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker.delete_training_job(TrainingJobName="slow-alone")
    sagemaker.create_training_job(**training_job(image, "slow-alone"))
    sagemaker.stop_training_job(TrainingJobName="slow-alone")


def test_one_training_of_a_tuning_job_is_stopped_and_its_job_goes_on(sagemaker: Any, image: str) -> None:
    sagemaker.create_hyper_parameter_tuning_job(**tuning_job(image, "slow-one"))

    def first() -> list[dict[str, Any]]:
        listed = sagemaker.list_training_jobs(NameContains="slow-one", StatusEquals="InProgress")
        return listed["TrainingJobSummaries"]

    name = until(first)[0]["TrainingJobName"]
    sagemaker.stop_training_job(TrainingJobName=name)
    job = ended(sagemaker, "slow-one")
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Stopped"] == 1
    with pytest.raises(ClientError) as refused:
        sagemaker.delete_training_job(TrainingJobName=name)
    assert code_of(refused) == "ResourceInUse"


def tags(*pairs: str) -> list[dict[str, str]]:
    return [dict(zip(("Key", "Value"), pair.split("="), strict=True)) for pair in pairs]


def test_tags_of_a_tuning_job_go_to_what_it_launches(sagemaker: Any, image: str) -> None:
    arn = sagemaker.create_hyper_parameter_tuning_job(**tuning_job(image, "Tagged", Tags=tags("team=a", "cost=7")))[
        "HyperParameterTuningJobArn"
    ]
    ended(sagemaker, "Tagged")
    (training,) = sagemaker.list_training_jobs(NameContains="tagged-")["TrainingJobSummaries"]
    assert sagemaker.list_tags(ResourceArn=training["TrainingJobArn"])["Tags"] == tags("cost=7", "team=a")
    assert sagemaker.add_tags(ResourceArn=arn, Tags=tags("team=b", "x="))["Tags"] == tags("cost=7", "team=b", "x=")
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["cost", "never-there"])
    assert sagemaker.list_tags(ResourceArn=arn, MaxResults=50)["Tags"] == tags("team=b", "x=")
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    assert [page["Tags"] for page in pages] == [tags("team=b", "x=")]
    assert sagemaker.list_tags(ResourceArn=training["TrainingJobArn"])["Tags"] == tags("cost=7", "team=a")
    sagemaker.add_tags(ResourceArn=training["TrainingJobArn"], Tags=tags("own=1"))
    assert sagemaker.list_tags(ResourceArn=training["TrainingJobArn"])["Tags"] == tags("cost=7", "own=1", "team=a")


def test_an_arn_of_another_region_and_account_names_the_same_resource(sagemaker: Any, image: str) -> None:
    sagemaker.create_training_job(**training_job(image, "Elsewhere", Tags=tags("team=a")))
    arn = "arn:aws-cn:sagemaker:cn-north-1:123456789012:training-job/elsewhere"
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == tags("team=a")


@pytest.mark.parametrize(
    "resource", ["training-job/nowhere", "hyper-parameter-tuning-job/nowhere", "model/anything", "training-job/"]
)
def test_tags_of_what_is_not_there(sagemaker: Any, resource: str) -> None:
    arn = f"arn:aws:sagemaker:eu-west-1:123456789012:{resource}"
    for call in (
        lambda: sagemaker.list_tags(ResourceArn=arn),
        lambda: sagemaker.add_tags(ResourceArn=arn, Tags=tags("a=1")),
        lambda: sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"]),
    ):
        with pytest.raises(ClientError) as refused:
            call()
        assert code_of(refused) == "ValidationException"


def test_more_than_fifty_tags_are_too_many(sagemaker: Any, image: str) -> None:
    arn = sagemaker.create_training_job(**training_job(image, "Many-Tags"))["TrainingJobArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=tags(*(f"k{number}=v" for number in range(50))))
    with pytest.raises(ClientError) as refused:
        sagemaker.add_tags(ResourceArn=arn, Tags=tags("one-more=v"))
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert len(sagemaker.list_tags(ResourceArn=arn)["Tags"]) == 50
