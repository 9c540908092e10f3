"""Lists and their pages through boto3, held against what the test itself makes of everything there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from tests.aws_clients.boto import PROGRAM, client, ended, server, training_job, tuning_job, until

JOB: Final = "HyperParameterTuningJobName"
JOBS: Final = 25
TRAININGS: Final = 25
SMALL: Final = [f"{'aB'[number % 2]}-job-{number:02}" for number in range(JOBS - 3)]
ALONE: Final = ("alone-1", "Alone-2", "fail-alone")
Row = dict[str, Any]
Key = Callable[[Row], Any]


@pytest.fixture(scope="module")
def sagemaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Serve 25 tuning jobs, one of them of 25 trainings, one failed and one stopped, and trainings by themselves."""
    with server(tmp_path_factory.mktemp("boto3"), slots=8) as served:
        image, made = served.program(PROGRAM), client(served)
        made.create_hyper_parameter_tuning_job(**tuning_job(image, "many", trainings=TRAININGS, parallel=8))
        made.create_hyper_parameter_tuning_job(**tuning_job(image, "fail-job"))
        made.create_hyper_parameter_tuning_job(**tuning_job(image, "slow-job"))
        for name in reversed(SMALL):
            made.create_hyper_parameter_tuning_job(**tuning_job(image, name))
        for name in ALONE:
            made.create_training_job(**training_job(image, name))
        made.stop_hyper_parameter_tuning_job(**{JOB: "slow-job"})
        for name in ["many", "fail-job", "slow-job", *SMALL]:
            ended(made, name)
        until(lambda: made.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"] == [])
        yield made


@pytest.fixture(scope="module")
def jobs(sagemaker: Any) -> list[Row]:
    rows = sagemaker.list_hyper_parameter_tuning_jobs(MaxResults=100)["HyperParameterTuningJobSummaries"]
    assert len(rows) == JOBS
    return rows


@pytest.fixture(scope="module")
def trainings(sagemaker: Any) -> list[Row]:
    rows = sagemaker.list_training_jobs(MaxResults=100)["TrainingJobSummaries"]
    assert len(rows) == TRAININGS + JOBS - 1 + len(ALONE)
    return rows


@pytest.fixture(scope="module")
def tuned(sagemaker: Any) -> list[Row]:
    rows = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(**{JOB: "many"}, MaxResults=100)
    assert len(rows["TrainingJobSummaries"]) == TRAININGS
    return rows["TrainingJobSummaries"]


def names(rows: list[Row], member: str) -> list[str]:
    return [row[member] for row in rows]


def ordered(rows: list[Row], key: Key, order: str | None) -> list[Row]:
    return sorted(rows, key=key, reverse=order == "Descending")


JOB_KEYS: Final[dict[str, Key]] = {
    "Name": lambda row: row[JOB].lower(),
    "Status": lambda row: (row["HyperParameterTuningJobStatus"], row["CreationTime"]),
    "CreationTime": lambda row: row["CreationTime"],
}
TRAINING_KEYS: Final[dict[str, Key]] = {
    "Name": lambda row: row["TrainingJobName"].lower(),
    "Status": lambda row: (row["TrainingJobStatus"], row["CreationTime"]),
    "CreationTime": lambda row: row["CreationTime"],
}
TUNED_KEYS: Final = TRAINING_KEYS | {
    "FinalObjectiveMetricValue": lambda row: row["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
}


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize(
    ("operation", "member", "given"),
    [
        ("list_hyper_parameter_tuning_jobs", "HyperParameterTuningJobSummaries", {}),
        ("list_training_jobs_for_hyper_parameter_tuning_job", "TrainingJobSummaries", {JOB: "many"}),
        ("list_training_jobs", "TrainingJobSummaries", {"NameContains": "many-"}),
    ],
)
def test_a_paginator_meets_everything_once_whatever_the_size_of_its_pages(
    sagemaker: Any, operation: str, member: str, given: Row, size: int
) -> None:
    whole = getattr(sagemaker, operation)(**given, MaxResults=100)[member]
    pages = [
        page[member]
        for page in sagemaker.get_paginator(operation).paginate(**given, PaginationConfig={"PageSize": size})
    ]
    assert [row for page in pages for row in page] == whole
    assert len(whole) == 25
    assert [len(page) for page in pages] == [size] * (25 // size) + ([25 % size] if 25 % size else [])


@pytest.mark.parametrize("order", [None, "Ascending", "Descending"])
@pytest.mark.parametrize("by", [None, *JOB_KEYS])
def test_orders_of_tuning_jobs(sagemaker: Any, jobs: list[Row], by: str | None, order: str | None) -> None:
    given = {name: value for name, value in (("SortBy", by), ("SortOrder", order)) if value}
    shown = sagemaker.list_hyper_parameter_tuning_jobs(**given, MaxResults=100)["HyperParameterTuningJobSummaries"]
    assert names(shown, JOB) == names(ordered(jobs, JOB_KEYS[by or "Name"], order), JOB)


@pytest.mark.parametrize("order", [None, "Ascending", "Descending"])
@pytest.mark.parametrize("by", [None, *TRAINING_KEYS])
def test_orders_of_trainings(sagemaker: Any, trainings: list[Row], by: str | None, order: str | None) -> None:
    """Without a word on order the newest come first."""
    given = {name: value for name, value in (("SortBy", by), ("SortOrder", order)) if value}
    shown = sagemaker.list_training_jobs(**given, MaxResults=100)["TrainingJobSummaries"]
    expected = ordered(trainings, TRAINING_KEYS[by or "CreationTime"], order if given else "Descending")
    key = TRAINING_KEYS[by or "CreationTime"]
    assert [key(row) for row in shown] == [key(row) for row in expected]  # the same instant orders either way
    assert sorted(names(shown, "TrainingJobName")) == sorted(names(expected, "TrainingJobName"))


@pytest.mark.parametrize("order", [None, "Ascending", "Descending"])
@pytest.mark.parametrize("by", [None, *TUNED_KEYS])
def test_orders_of_a_tuning_job_s_trainings(
    sagemaker: Any, tuned: list[Row], by: str | None, order: str | None
) -> None:
    given = {name: value for name, value in (("SortBy", by), ("SortOrder", order)) if value}
    shown = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(**{JOB: "many"}, **given, MaxResults=100)
    expected = ordered(tuned, TUNED_KEYS[by or "Name"], order if given else "Descending")
    key = TUNED_KEYS[by or "Name"]
    assert [key(row) for row in shown["TrainingJobSummaries"]] == [key(row) for row in expected]


def test_without_a_value_a_training_is_left_out_of_the_order_by_value(sagemaker: Any) -> None:
    shown = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        **{JOB: "fail-job"}, SortBy="FinalObjectiveMetricValue"
    )
    assert shown["TrainingJobSummaries"] == []


def test_ten_are_shown_where_nobody_says_how_many(sagemaker: Any, jobs: list[Row]) -> None:
    page = sagemaker.list_hyper_parameter_tuning_jobs()
    assert names(page["HyperParameterTuningJobSummaries"], JOB) == names(jobs[:10], JOB)
    assert "NextToken" in page


@pytest.mark.parametrize("status", ["Completed", "Failed", "Stopped", "InProgress", "Stopping", "Deleting"])
def test_filters_by_status(sagemaker: Any, jobs: list[Row], trainings: list[Row], status: str) -> None:
    shown = sagemaker.list_hyper_parameter_tuning_jobs(StatusEquals=status, MaxResults=100)
    of_status = [row for row in jobs if row["HyperParameterTuningJobStatus"] == status]
    assert names(shown["HyperParameterTuningJobSummaries"], JOB) == names(of_status, JOB)
    assert "NextToken" not in shown
    listed = sagemaker.list_training_jobs(StatusEquals=status, MaxResults=100)["TrainingJobSummaries"]
    expected = [row for row in trainings if row["TrainingJobStatus"] == status]
    assert sorted(names(listed, "TrainingJobName")) == sorted(names(expected, "TrainingJobName"))


@pytest.mark.parametrize("part", ["job-0", "JOB", "B-", "many", "nothing-like-it"])
def test_filters_by_name_in_any_case(sagemaker: Any, jobs: list[Row], trainings: list[Row], part: str) -> None:
    shown = sagemaker.list_hyper_parameter_tuning_jobs(NameContains=part, MaxResults=100)
    expected = [row for row in jobs if part.lower() in row[JOB].lower()]
    assert names(shown["HyperParameterTuningJobSummaries"], JOB) == names(expected, JOB)
    listed = sagemaker.list_training_jobs(NameContains=part, MaxResults=100)["TrainingJobSummaries"]
    assert len(listed) == len([row for row in trainings if part.lower() in row["TrainingJobName"].lower()])


@pytest.mark.parametrize("place", [0, 12, 24])
@pytest.mark.parametrize("member", ["CreationTime", "LastModifiedTime"])
def test_filters_by_time(sagemaker: Any, jobs: list[Row], trainings: list[Row], member: str, place: int) -> None:
    """A bound between two rows' times: whether it is itself included, AWS does not say."""
    for rows, operation, result in (
        (jobs, sagemaker.list_hyper_parameter_tuning_jobs, "HyperParameterTuningJobSummaries"),
        (trainings, sagemaker.list_training_jobs, "TrainingJobSummaries"),
    ):
        at: datetime = sorted(row[member] for row in rows)[place] + timedelta(microseconds=1500)
        later = operation(**{f"{member}After": at}, MaxResults=100)[result]
        earlier = operation(**{f"{member}Before": at}, MaxResults=100)[result]
        assert len(later) == len([row for row in rows if row[member] >= at])
        assert len(earlier) == len([row for row in rows if row[member] < at])
        assert operation(**{f"{member}After": at, f"{member}Before": at}, MaxResults=100)[result] == []


def test_what_no_training_here_has_finds_none(sagemaker: Any) -> None:
    assert sagemaker.list_training_jobs(WarmPoolStatusEquals="Available")["TrainingJobSummaries"] == []


def test_a_token_goes_on_only_with_its_own_filters(sagemaker: Any) -> None:
    token = sagemaker.list_hyper_parameter_tuning_jobs(NameContains="job", MaxResults=3)["NextToken"]
    follow = sagemaker.list_hyper_parameter_tuning_jobs(NameContains="job", MaxResults=5, NextToken=token)
    assert len(follow["HyperParameterTuningJobSummaries"]) == 5
    for operation, given in (
        (sagemaker.list_hyper_parameter_tuning_jobs, {"NameContains": "many"}),
        (sagemaker.list_hyper_parameter_tuning_jobs, {}),
        (sagemaker.list_training_jobs, {"NameContains": "job"}),
    ):
        with pytest.raises(ClientError, match="Invalid NextToken") as refused:
            operation(**given, NextToken=token)
        assert refused.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(ClientError, match="Invalid NextToken"):
        sagemaker.list_hyper_parameter_tuning_jobs(NameContains="job", NextToken=token[:-4] + "AAAA")
