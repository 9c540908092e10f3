"""Search through boto3, over trainings and tuning jobs that have really run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws_clients.boto import PROGRAM, client, ended, server, tuning_job

Row = dict[str, Any]


@pytest.fixture(scope="module")
def sagemaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with server(tmp_path_factory.mktemp("boto3"), slots=8) as served:
        image, made = served.program(PROGRAM), client(served)
        blue = [{"Key": "colour", "Value": "blue"}, {"Key": "cost.centre", "Value": "7"}]
        made.create_hyper_parameter_tuning_job(**tuning_job(image, "Blue", trainings=8, parallel=4, Tags=blue))
        made.create_hyper_parameter_tuning_job(**tuning_job(image, "Plain", trainings=4, parallel=4))
        made.create_hyper_parameter_tuning_job(**tuning_job(image, "fail-red"))
        for name in ("Blue", "Plain", "fail-red"):
            ended(made, name)
        yield made


@pytest.fixture(scope="module")
def trainings(sagemaker: Any) -> list[Row]:
    """Return all trainings, in the order of their creation, as they are described."""
    listed = sagemaker.list_training_jobs(SortBy="CreationTime", MaxResults=100)["TrainingJobSummaries"]
    return [sagemaker.describe_training_job(TrainingJobName=row["TrainingJobName"]) for row in listed]


def search(sagemaker: Any, *filters: tuple[str, ...], resource: str = "TrainingJob", **given: Any) -> Row:
    members = ("Name", "Operator", "Value")
    if filters:
        given["SearchExpression"] = {"Filters": [dict(zip(members, item, strict=False)) for item in filters]}
    return sagemaker.search(Resource=resource, **{"MaxResults": 100} | given)


def found(answer: Row) -> set[str]:
    return {row["TrainingJob"]["TrainingJobName"] for row in answer["Results"]}


def loss(training: Row) -> float:
    return float(training["FinalMetricDataList"][0]["Value"])


def test_everything_is_found_where_nothing_is_asked_for(sagemaker: Any, trainings: list[Row]) -> None:
    answer = search(sagemaker)
    assert found(answer) == {row["TrainingJobName"] for row in trainings}
    assert answer["TotalHits"] == {"Value": len(trainings), "Relation": "EqualTo"}
    modified = [row["TrainingJob"]["LastModifiedTime"] for row in answer["Results"]]
    assert modified == sorted(modified, reverse=True)


def test_a_record_is_what_describe_says_with_its_tags(sagemaker: Any, trainings: list[Row]) -> None:
    for row in search(sagemaker)["Results"]:
        record = row["TrainingJob"]
        (described,) = [one for one in trainings if one["TrainingJobName"] == record["TrainingJobName"]]
        tags = record.pop("Tags")
        assert {tag["Key"] for tag in tags} == (
            {"colour", "cost.centre"} if "Blue" in described["TrainingJobName"] else set()
        )
        assert record.items() <= described.items()
        assert {"HyperParameters", "FinalMetricDataList"} & described.keys() <= record.keys()


def test_by_metric_hyperparameter_tag_and_status(sagemaker: Any, trainings: list[Row]) -> None:
    done = [row for row in trainings if row["TrainingJobStatus"] == "Completed"]
    middle = sorted(done, key=loss)[len(done) // 2]
    x = middle["HyperParameters"]["x"]
    better = {row["TrainingJobName"] for row in done if loss(row) < loss(middle)}
    assert found(search(sagemaker, ("Metrics.loss", "LessThan", repr(loss(middle))))) == better
    at_most = {row["TrainingJobName"] for row in trainings if float(row["HyperParameters"]["x"]) <= float(x)}
    assert found(search(sagemaker, ("HyperParameters.x", "LessThanOrEqualTo", x))) == at_most
    blue = {row["TrainingJobName"] for row in trainings if row["TrainingJobName"].startswith("Blue-")}
    assert found(search(sagemaker, ("Tags.colour", "Equals", "blue"))) == blue
    assert (
        found(search(sagemaker, ("Tags.cost.centre", "Equals", "7"), ("TrainingJobStatus", "Equals", "Failed")))
        == set()
    )
    assert found(search(sagemaker, ("TrainingJobStatus", "In", "Failed,Stopped"))) == {
        row["TrainingJobName"] for row in trainings if row["TrainingJobStatus"] == "Failed"
    }
    assert found(search(sagemaker, ("FinalMetricDataList", "NotExists"))) == {
        row["TrainingJobName"] for row in trainings if "FinalMetricDataList" not in row
    }


def test_by_time(sagemaker: Any, trainings: list[Row]) -> None:
    at = (trainings[6]["CreationTime"] + timedelta(microseconds=500)).isoformat()
    later = {row["TrainingJobName"] for row in trainings[7:] if row["CreationTime"] > trainings[6]["CreationTime"]}
    assert found(search(sagemaker, ("CreationTime", "GreaterThan", at))) == later


def test_subexpressions_are_joined_as_they_say(sagemaker: Any, trainings: list[Row]) -> None:
    def having(part: str) -> Row:
        return {"Filters": [{"Name": "TrainingJobName", "Operator": "Contains", "Value": part}]}

    either = {"SubExpressions": [having("Plain"), having("-001-")], "Operator": "Or"}
    both = {"SubExpressions": [having("Plain"), having("-001-")]}
    names = {row["TrainingJobName"] for row in trainings}
    answer = search(sagemaker, SearchExpression=either)
    assert found(answer) == {name for name in names if "Plain" in name or "-001-" in name}
    assert found(search(sagemaker, SearchExpression=both)) == {
        name for name in names if "Plain" in name and "-001-" in name
    }


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("order", ["Ascending", "Descending"])
@pytest.mark.parametrize("by", ["Metrics.loss", "TrainingJobName", "HyperParameters.x"])
def test_pages_hold_everything_once_in_any_order(sagemaker: Any, by: str, order: str, size: int) -> None:
    pages = sagemaker.get_paginator("search").paginate(
        Resource="TrainingJob", SortBy=by, SortOrder=order, PaginationConfig={"PageSize": size}
    )
    rows = [row["TrainingJob"] for page in pages for row in page["Results"]]
    assert len({row["TrainingJobName"] for row in rows}) == len(rows) >= 13
    keys = {
        "Metrics.loss": lambda row: loss(row) if "FinalMetricDataList" in row else None,
        "TrainingJobName": lambda row: row["TrainingJobName"],
        "HyperParameters.x": lambda row: float(row["HyperParameters"]["x"]),
    }
    values = [keys[by](row) for row in rows]
    known = [value for value in values if value is not None]
    assert values == sorted(known, reverse=order == "Descending") + [None] * (len(values) - len(known))


def test_tuning_jobs_are_found_by_their_best(sagemaker: Any) -> None:
    value = "BestTrainingJob.FinalHyperParameterTuningJobObjectiveMetric.Value"
    answer = search(sagemaker, (value, "LessThan", "1"), resource="HyperParameterTuningJob", SortBy=value)
    rows = [row["HyperParameterTuningJob"] for row in answer["Results"]]
    assert {row["HyperParameterTuningJobName"] for row in rows} == {"Blue", "Plain"}
    best = [row["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for row in rows]
    assert best == sorted(best, reverse=True)
    failed = search(sagemaker, ("BestTrainingJob", "NotExists"), resource="HyperParameterTuningJob")
    assert [row["HyperParameterTuningJob"]["HyperParameterTuningJobName"] for row in failed["Results"]] == ["fail-red"]
    (blue,) = search(sagemaker, ("Tags.colour", "Exists"), resource="HyperParameterTuningJob")["Results"]
    described = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="Blue")
    record = blue["HyperParameterTuningJob"]
    assert record.pop("Tags") == [{"Key": "colour", "Value": "blue"}, {"Key": "cost.centre", "Value": "7"}]
    assert record == {name: value for name, value in described.items() if name != "ResponseMetadata"}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"Resource": "Endpoint"}, "not Endpoint"),
        ({"Resource": "TrainingJob", "SortBy": "Nonsense"}, "Nonsense"),
        ({"Resource": "TrainingJob", "NextToken": "AAAA"}, "Invalid NextToken"),
        ({"Resource": "TrainingJob", "SearchExpression": {}}, "at least one"),
    ],
)
def test_what_cannot_be_searched_for(sagemaker: Any, given: Row, text: str) -> None:
    with pytest.raises(ClientError, match=text) as refused:
        sagemaker.search(**given)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
