"""SearchExpression against an evaluator that is written the other way round: interpreted, on flattened trees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright_gateway.core.expression import compiled
from tunewright_gateway.core.properties import kind_of, searchable, shape_of
from tunewright_gateway.core.refusals import Refusal

JOB = {
    "TrainingJobName": "job-001-aaaaaaaa",
    "TrainingJobStatus": "Completed",
    "CreationTime": 1_700_000_000.25,
    "EnableNetworkIsolation": False,
    "TrainingTimeInSeconds": 12,
    "HyperParameters": {"lr": "0.05", "epochs": "10", "units.first": "3.7", "optimizer": "adam", "rate": "1e-3"},
    "InputDataConfig": [
        {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3Uri": "s3://bucket/cats/train"}}},
        {"ChannelName": "test", "DataSource": {"S3DataSource": {"S3Uri": "s3://bucket/dogs/test"}}},
    ],
    "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": []},
    "FinalMetricDataList": [
        {"MetricName": "val:acc", "Value": 0.8999999761581421, "Timestamp": 1_700_000_100.0},
        {"MetricName": "loss", "Value": 2.5, "Timestamp": 1_700_000_100.0},
    ],
    "Tags": [{"Key": "team", "Value": "vision"}, {"Key": "cost.centre", "Value": "7"}],
}


def found(expression: dict[str, Any], job: dict[str, Any] = JOB) -> bool:
    return compiled(expression, lambda path: kind_of(shape_of("TrainingJob"), path))(searchable(job))


def a(name: str, operator: str | None = None, value: str | None = None) -> dict[str, str]:
    given = {"Name": name, "Operator": operator, "Value": value}
    return {member: text for member, text in given.items() if text is not None}


@pytest.mark.parametrize(
    ("item", "holds"),
    [
        (a("TrainingJobName", None, "job-001-aaaaaaaa"), True),
        (a("TrainingJobName", None, "job-001"), False),
        (a("TrainingJobName", "Contains", "001"), True),
        (a("TrainingJobStatus", "In", "Failed, Completed"), True),
        (a("TrainingJobStatus", "In", "Failed,Stopped"), False),
        (a("TrainingJobStatus", "NotEquals", "Failed"), True),
        (a("FailureReason"), False),
        (a("FailureReason", "NotExists"), True),
        (a("FailureReason", "NotEquals", "x"), True),
        (a("FailureReason", "Contains", "x"), False),
        (a("CreationTime", "GreaterThan", "2023-11-14T22:13:20"), True),
        (a("CreationTime", "GreaterThan", "2023-11-14T22:13:21Z"), False),
        (a("CreationTime", "LessThanOrEqualTo", "2023-11-15T00:13:21+02:00"), True),
        (a("TrainingTimeInSeconds", "Equals", "12"), True),
        (a("TrainingTimeInSeconds", "LessThan", "11.5"), False),
        (a("EnableNetworkIsolation", "Equals", "false"), True),
        (a("HyperParameters.lr", "LessThan", "0.5"), True),
        (a("HyperParameters.rate", "Equals", "0.001"), True),
        (a("HyperParameters.units.first", "Equals", "3"), True),
        (a("HyperParameters.units.first", "GreaterThan", "3"), False),
        (a("HyperParameters.units.first", "GreaterThan", "3.0"), True),
        (a("HyperParameters.optimizer", "Equals", "adam"), True),
        (a("HyperParameters.optimizer", "GreaterThan", "0.1"), False),
        (a("HyperParameters.dropout", "LessThan", "1"), False),
        (a("Metrics.val:acc", "Equals", "0.9"), True),
        (a("Metrics.val:acc", "GreaterThan", "0.9"), False),
        (a("Metrics.loss", "LessThan", "1e300"), True),
        (a("Metrics.missing", "Exists"), False),
        (a("Tags.team", "Equals", "vision"), True),
        (a("Tags.cost.centre", "Equals", "7"), True),
        (a("Tags.owner", "NotExists"), True),
        (a("InputDataConfig.ChannelName", "Equals", "test"), True),
        (a("InputDataConfig.ChannelName", "NotEquals", "test"), False),
        (a("InputDataConfig.DataSource.S3DataSource.S3Uri", "Contains", "cats"), True),
        (a("InputDataConfig.DataSource", "Exists"), True),
        (a("VpcConfig.SecurityGroupIds", "Equals", "sg-1"), True),
        (a("VpcConfig.Subnets", "Exists"), True),
        (a("VpcConfig.Subnets", "Equals", "x"), False),
    ],
)
def test_a_filter(item: dict[str, str], holds: bool) -> None:
    assert found({"Filters": [item]}) is holds


def test_filters_nested_in_a_list_hold_for_one_item_of_it() -> None:
    uri = "InputDataConfig.DataSource.S3DataSource.S3Uri"

    def channel(name: str, part: str) -> dict[str, Any]:
        filters = [a("InputDataConfig.ChannelName", "Equals", name), a(uri, "Contains", part)]
        return {"NestedFilters": [{"NestedPropertyName": "InputDataConfig", "Filters": filters}]}

    assert found(channel("train", "cats"))
    assert not found(channel("train", "dogs"))
    assert found({"Filters": channel("train", "dogs")["NestedFilters"][0]["Filters"]})


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ({}, "at least one"),
        ({"SubExpressions": [{}]}, "at least one"),
        ({"Filters": [a("Nonsense", "Exists")]}, "Unknown property to search by: Nonsense"),
        ({"Filters": [a("InputDataConfig.Nonsense", "Exists")]}, "Unknown property"),
        ({"Filters": [a("TrainingJobName.x", "Exists")]}, "Unknown property"),
        ({"Filters": [a("TrainingJobName", "GreaterThan", "a")]}, "not supported for the text property"),
        ({"Filters": [a("InputDataConfig", "Equals", "a")]}, "not supported for the composite property"),
        ({"Filters": [a("TrainingTimeInSeconds", "Contains", "1")]}, "not supported for the numeric property"),
        ({"Filters": [a("TrainingTimeInSeconds", "Equals", "twelve")]}, "must be a number"),
        ({"Filters": [a("TrainingTimeInSeconds", "Equals", "nan")]}, "must be a number"),
        ({"Filters": [a("CreationTime", "GreaterThan", "yesterday")]}, "Invalid timestamp"),
        ({"Filters": [a("EnableNetworkIsolation", "Equals", "1")]}, "must be true or false"),
        ({"Filters": [a("TrainingJobName", "Equals")]}, "needs a value"),
        ({"Filters": [a("TrainingJobName", "Exists", "x")]}, "takes no value"),
        ({"NestedFilters": [{"NestedPropertyName": "InputDataConfig", "Filters": [a("RoleArn")]}]}, "cannot be on"),
        ({"NestedFilters": [{"NestedPropertyName": "RoleArn", "Filters": [a("RoleArn")]}]}, "of its own"),
        ({"SubExpressions": [{"Filters": [a("RoleArn")] * 17}] * 3}, "at most 50 conditions"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_searched(expression: dict[str, Any], text: str) -> None:
    with pytest.raises(Refusal, match=re.escape(text)) as refused:
        found(expression)
    assert refused.value.code == "ValidationException"


def test_no_depth_of_nesting_overflows() -> None:
    deep: dict[str, Any] = {"Filters": [a("RoleArn")]}
    for _ in range(100_000):
        deep = {"SubExpressions": [deep]}
    with pytest.raises(Refusal, match="at most 50"):
        found(deep)


TEXTS = st.sampled_from(["a", "b", "ab", "1", "2.5", "-3", ""])
JOBS = st.fixed_dictionaries(
    {},
    optional={
        "TrainingJobName": TEXTS,
        "TrainingTimeInSeconds": st.integers(0, 3),
        "CreationTime": st.sampled_from([0.0, 1.5, 86_400.0]),
        "EnableNetworkIsolation": st.booleans(),
        "HyperParameters": st.dictionaries(st.sampled_from(["x", "y.z"]), TEXTS),
        "Tags": st.lists(
            st.fixed_dictionaries({"Key": st.sampled_from("kl"), "Value": TEXTS}), unique_by=lambda t: t["Key"]
        ),
        "InputDataConfig": st.lists(
            st.fixed_dictionaries({}, optional={"ChannelName": TEXTS, "ContentType": TEXTS}), max_size=3
        ),
    },
)
ORDERS = ["GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo"]
EQUALS = ["Equals", "NotEquals"]


def filters(names: list[str], operators: list[str], values: list[str]) -> st.SearchStrategy[dict[str, str]]:
    made = st.builds(a, st.sampled_from(names), st.sampled_from(operators), st.sampled_from(values))
    return made | st.builds(a, st.sampled_from(names), st.sampled_from([None, "Exists", "NotExists"]))


CHANNELS = ["InputDataConfig.ChannelName", "InputDataConfig.ContentType"]
ON_CHANNELS = filters(CHANNELS, [*EQUALS, "Contains", "In"], ["a", "b", "a,b"])
FILTERS = st.one_of(
    filters(["TrainingJobName", "Tags.k", "Tags.m"], [*EQUALS, "Contains", "In"], ["a", "b", "1,2.5", "ab"]),
    filters(["TrainingTimeInSeconds"], [*EQUALS, *ORDERS], ["0", "1.0", "2", "-1"]),
    filters(["CreationTime"], [*EQUALS, *ORDERS], ["1970-01-01T00:00:00", "1970-01-01T00:00:01", "1970-01-02"]),
    filters(["EnableNetworkIsolation"], EQUALS, ["true", "False"]),
    filters(["HyperParameters.x", "HyperParameters.y.z"], [*EQUALS, *ORDERS, "Contains", "In"], ["a", "2", "2.5"]),
    ON_CHANNELS,
)
NESTED = st.builds(
    lambda inside: {"NestedPropertyName": "InputDataConfig", "Filters": inside},
    st.lists(ON_CHANNELS, min_size=1, max_size=2),
)
EXPRESSIONS = st.recursive(
    st.fixed_dictionaries({"Filters": st.lists(FILTERS, min_size=1, max_size=3)}),
    lambda inner: st.fixed_dictionaries(
        {"SubExpressions": st.lists(inner, min_size=1, max_size=2)},
        optional={
            "Filters": st.lists(FILTERS, max_size=2),
            "NestedFilters": st.lists(NESTED, max_size=2),
            "Operator": st.sampled_from(["And", "Or"]),
        },
    ),
    max_leaves=4,
)


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Flatten a record: a line for each value, as `A.B` in whatever item of a list."""
    if path == "Tags":
        yield from ((f"Tags.{tag['Key']}", tag["Value"]) for tag in tree)
    elif isinstance(tree, dict):
        for name, value in tree.items():
            yield from leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(tree, list):
        for item in tree:
            yield from leaves(item, path)
    else:
        yield path, tree


def judged(expression: dict[str, Any], job: Any) -> bool:
    """Interpret an expression on flattened lines."""
    lines = list(leaves(job))
    said = [line_holds(item, lines) for item in expression.get("Filters", [])]
    for nested in expression.get("NestedFilters", []):
        channels = [list(leaves({"InputDataConfig": channel})) for channel in job.get("InputDataConfig", [])]
        said.append(any(all(line_holds(item, one) for item in nested["Filters"]) for one in channels))
    said += [judged(inner, job) for inner in expression.get("SubExpressions", [])]
    return any(said) if expression.get("Operator") == "Or" else all(said)


def line_holds(item: dict[str, str], lines: list[tuple[str, Any]]) -> bool:
    values = [value for path, value in lines if path == item["Name"]]
    wanted = item.get("Value", "")
    match item.get("Operator", "Equals" if "Value" in item else "Exists"):
        case "Exists":
            return len(values) > 0
        case "NotExists":
            return len(values) == 0
        case "Contains":
            return any(value.find(wanted) >= 0 for value in values)
        case "In":
            return not set(values).isdisjoint(wanted.split(","))
        case "NotEquals":
            return all(sign(value, wanted) != 0 for value in values)
        case "Equals":
            return any(sign(value, wanted) == 0 for value in values)
        case operator:
            allowed = {"GreaterThan": {1}, "LessThan": {-1}, "GreaterThanOrEqualTo": {0, 1}}
            signs = {sign(value, wanted, ordered=True) for value in values}
            return not signs.isdisjoint(allowed.get(operator, {-1, 0}))


def sign(value: Any, wanted: str, *, ordered: bool = False) -> int | None:
    """Return how a value compares with a filter's text: -1, 0, 1, or None where it does not."""
    number = r"-?\d+(\.\d+)?"
    if isinstance(value, bool):
        return 0 if str(value) == wanted.capitalize() else None
    if isinstance(value, float):
        at = datetime.fromisoformat(wanted).replace(tzinfo=UTC).timestamp()
        return (value > at) - (value < at)
    if isinstance(value, str) and not (re.fullmatch(number, value) and re.fullmatch(number, wanted)):
        return 0 if value == wanted and not ordered else None
    left = float(value)
    if isinstance(value, str) and "." not in wanted:
        left = float(int(left))
    return (left > float(wanted)) - (left < float(wanted))


@given(EXPRESSIONS, JOBS)
def test_an_expression_finds_what_another_evaluator_finds(expression: dict[str, Any], job: dict[str, Any]) -> None:
    assert found(expression, job) is judged(expression, job)
