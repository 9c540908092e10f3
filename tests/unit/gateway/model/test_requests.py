"""What a request must be like: every kind of constraint of botocore's model, in AWS's words."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import botocore
import pytest
import regex
from botocore.serialize import create_serializer

from tests.answers import problems_of_response
from tests.unit.core.specs import AMT_BODY, amt_body
from tunewright_gateway.core.model.patterns import UNTIMED, matcher
from tunewright_gateway.core.model.requests import request_of
from tunewright_gateway.core.model.service import input_shape, service_model
from tunewright_gateway.core.refusals import Refusal

OPERATIONS = ("CreateHyperParameterTuningJob", "CreateTrainingJob", "AddTags", "ListTrainingJobs", "Search")
CREATE = "CreateHyperParameterTuningJob"
DESCRIBE = "DescribeHyperParameterTuningJob"
TRAIN = "CreateTrainingJob"
ARN = "arn:aws:sagemaker:local:000000000000:training-job/a"
TRAINING = {
    "TrainingJobName": "t-1",
    "RoleArn": "arn:aws:iam::000000000000:role/r",
    "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
}


def read(operation, tree):
    return request_of(operation, json.dumps(tree).encode())


def refusal(operation, body):
    with pytest.raises(Refusal) as caught:
        request_of(operation, body if isinstance(body, bytes) else json.dumps(body).encode())
    return caught.value


def detected(operation, tree):
    """Return the validation errors of a refusal, one by one."""
    refused = refusal(operation, tree)
    assert (refused.code, refused.status) == ("ValidationException", 400)
    count, _, errors = refused.text.partition(" detected: ")
    found = errors.split("; Value ")
    found = [found[0], *(f"Value {one}" for one in found[1:])]
    assert count == ("1 validation error" if len(found) == 1 else f"{len(found)} validation errors")
    return found


def test_what_the_sdk_sends_is_a_right_request_and_comes_back_as_it_is():
    assert read(CREATE, AMT_BODY) == AMT_BODY


def test_null_is_absent():
    body = amt_body("Tags") | {"WarmStartConfig": None}
    assert read(CREATE, body) == AMT_BODY
    assert "Value null at 'roleArn'" in detected(TRAIN, TRAINING | {"RoleArn": None})[0]


AT = "failed to satisfy constraint: Member must"
WRONG = [
    (DESCRIBE, {}, f"Value null at 'hyperParameterTuningJobName' {AT} not be null"),
    (
        CREATE,
        amt_body("HyperParameterTuningJobConfig/Strategy", "Nope"),
        (
            f"Value 'Nope' at 'hyperParameterTuningJobConfig.strategy' {AT} satisfy enum value set: "
            "[Bayesian, Random, Hyperband, Grid]"
        ),
    ),
    (
        "Search",
        {"Resource": "TrainingJob", "SortBy": "a" * 256},
        f"Value '{'a' * 256}' at 'sortBy' {AT} have length less than or equal to 255",
    ),
    (
        CREATE,
        amt_body("HyperParameterTuningJobConfig/ResourceLimits/MaxParallelTrainingJobs", 0),
        (
            "Value '0' at 'hyperParameterTuningJobConfig.resourceLimits.maxParallelTrainingJobs' "
            f"{AT} have value greater than or equal to 1"
        ),
    ),
    (
        "ListTrainingJobs",
        {"MaxResults": 101},
        f"Value '101' at 'maxResults' {AT} have value less than or equal to 100",
    ),
    (
        "ListTrainingJobs",
        {"NameContains": "a_b"},
        f"Value 'a_b' at 'nameContains' {AT} satisfy regular expression pattern: [a-zA-Z0-9\\-]+",
    ),
    (
        "AddTags",
        {"ResourceArn": ARN, "Tags": [{"Key": "a", "Value": "é 1"}, {"Key": "b"}]},
        f"Value null at 'tags.2.member.value' {AT} not be null",
    ),
    (
        "AddTags",
        {"ResourceArn": ARN, "Tags": [None]},
        f"Value null at 'tags.1.member' {AT} not be null",
    ),
    (
        "AddTags",
        {"ResourceArn": ARN, "Tags": [{"Key": str(number), "Value": ""} for number in range(51)]},
        f"Value '[…, …, …, …, …]' at 'tags' {AT} have length less than or equal to 50",
    ),
    (
        "DeleteTags",
        {"ResourceArn": ARN, "TagKeys": []},
        f"Value '[]' at 'tagKeys' {AT} have length greater than or equal to 1",
    ),
    (
        "DeleteTags",
        {"ResourceArn": ARN, "TagKeys": ["a", "b!"]},
        (
            f"Value '[a, b!]' at 'tagKeys' {AT} satisfy constraint: [Member must have length less than or equal to "
            "128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: "
            "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)]"
        ),
    ),
    (
        TRAIN,
        TRAINING | {"Environment": {"1a": "b"}},
        (
            "Value '{1a=b}' at 'environment' failed to satisfy constraint: Map keys must satisfy constraint: "
            "[Member must have length less than or equal to 512, Member must have length greater than or equal to 0, "
            "Member must satisfy regular expression pattern: [a-zA-Z_][a-zA-Z0-9_]*]"
        ),
    ),
    (
        TRAIN,
        TRAINING | {"HyperParameters": {"a": "two\nlines"}},
        (
            "Value '{a=two\nlines}' at 'hyperParameters' failed to satisfy constraint: Map value must satisfy "
            "constraint: [Member must have length less than or equal to 2500, Member must have length greater than or "
            "equal to 0, Member must satisfy regular expression pattern: .*]"
        ),
    ),
    (
        CREATE,
        amt_body("HyperParameterTuningJobConfig/Strateegy", "Random"),
        (
            f"Value 'Random' at 'hyperParameterTuningJobConfig.strateegy' {AT} be one that botocore "
            f"{botocore.__version__} knows, by whose model requests are read. Did you mean Strategy?"
        ),
    ),
]


@pytest.mark.parametrize(("operation", "tree", "text"), WRONG, ids=range(len(WRONG)))
def test_a_violated_constraint_is_told_as_aws_tells_it(operation, tree, text):
    assert detected(operation, tree) == [text]


def test_all_violations_are_told_at_once():
    assert len(detected(TRAIN, {"TrainingJobName": "", "Nonsense": 1})) == 5


def test_a_program_that_reads_aws_s_texts_finds_the_value_set():
    """A client's own words for an error: it matches on the path and on the set."""
    (error,) = detected(TRAIN, TRAINING | {"ResourceConfig": {"InstanceType": "ml.nothing"}})
    assert error.startswith(f"Value 'ml.nothing' at 'resourceConfig.instanceType' {AT} satisfy enum value set: [ml.")


@pytest.mark.parametrize(
    ("operation", "tree", "text"),
    [
        (
            CREATE,
            amt_body("TrainingJobDefinition", "text"),
            "STRING_VALUE can not be converted to a Structure at 'training",
        ),
        (CREATE, amt_body("Tags", {"a": "b"}), "Start of structure or map found where not expected at 'tags'"),
        (CREATE, amt_body("HyperParameterTuningJobName", []), "Start of list found where not expected at 'hyperP"),
        (DESCRIBE, {"HyperParameterTuningJobName": 5}, "NUMBER_VALUE can not be converted to a String"),
        ("ListTrainingJobs", {"MaxResults": "5"}, "STRING_VALUE can not be converted to an Integer at 'maxResults'"),
        ("ListTrainingJobs", {"MaxResults": 5.0}, "NUMBER_VALUE can not be converted to an Integer"),
        ("ListTrainingJobs", {"MaxResults": 2**31}, "NUMBER_VALUE can not be converted to an Integer"),
        ("ListTrainingJobs", {"MaxResults": True}, "TRUE_VALUE can not be converted to an Integer"),
        ("ListTrainingJobs", {"CreationTimeAfter": "yesterday"}, "STRING_VALUE can not be converted to a Timestamp"),
        ("ListTrainingJobs", {"CreationTimeAfter": 1e300}, "NUMBER_VALUE can not be converted to a Timestamp"),
        (TRAIN, TRAINING | {"EnableNetworkIsolation": "true"}, "STRING_VALUE can not be converted to a Boolean"),
        (TRAIN, TRAINING | {"HyperParameters": {"a": 1}}, "NUMBER_VALUE can not be converted to a String at 'hyper"),
        (TRAIN, TRAINING | {"HyperParameters": "a=1"}, "STRING_VALUE can not be converted to a Map"),
        (
            "DeleteTags",
            {"ResourceArn": ARN, "TagKeys": [1]},
            "NUMBER_VALUE can not be converted to a String at 'tagKeys",
        ),
        ("DeleteTags", {"ResourceArn": ARN, "TagKeys": "a"}, "STRING_VALUE can not be converted to a List at 'tagKeys"),
    ],
)
def test_a_wrong_type_is_none_of_the_constraints(operation, tree, text):
    refused = refusal(operation, tree)
    assert (refused.code, refused.status) == ("SerializationException", 400)
    assert refused.text.startswith(text)


@pytest.mark.parametrize("value", [0.5, 1, "NaN", "Infinity", "-Infinity"])
def test_a_float_may_be_a_text_where_json_has_no_number(value):
    path = "HyperParameterTuningJobConfig/TuningJobCompletionCriteria"
    body = amt_body(path, {"TargetObjectiveMetricValue": value})
    assert read(CREATE, body) == body
    assert refusal(CREATE, amt_body(path, {"TargetObjectiveMetricValue": "1"})).code == "SerializationException"


@pytest.mark.parametrize("time", [0, 1704067200.25, "2024-01-01T00:00:00Z", "2024-01-01T00:00:00+01:00"])
def test_times_are_seconds_or_iso_texts(time):
    assert read("ListTrainingJobs", {"CreationTimeAfter": time}) == {"CreationTimeAfter": time}


@pytest.mark.parametrize("folder", ["file:///data", "s3://bucket/data", "https://host/data"])
@pytest.mark.parametrize("instance", ["local", "local_gpu", "ml.m5.large"])
def test_what_is_taken_beyond_the_model(folder, instance):
    body = TRAINING | {"OutputDataConfig": {"S3OutputPath": folder}, "ResourceConfig": {"InstanceType": instance}}
    assert read(TRAIN, body) == body


@pytest.mark.parametrize("folder", ["file://data", "/data", "xfile:///data", "file:///a\nb"])
def test_the_extensions_open_no_other_door(folder):
    assert len(detected(TRAIN, TRAINING | {"OutputDataConfig": {"S3OutputPath": folder}})) == 1


HOSTILE = {
    "nothing": b"",
    "no JSON": b"{",
    "no object": b"[]",
    "text": b'"text"',
    "brackets": b"[" * 100_000,
    "objects": b'{"a":' * 100_000,
    "no UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"HyperParameterTuningJobName": "a"}'.encode("utf-16"),
    "half a character": b'{"HyperParameterTuningJobName": "\\uD800"}',
    "a name twice": b'{"HyperParameterTuningJobName": "a", "HyperParameterTuningJobName": "b"}',
    "NaN": b'{"MaxResults": NaN}',
    "Infinity": b'{"MaxResults": -Infinity}',
    "beyond a double": b'{"MaxResults": 1e400}',
    "beyond 64 bits": b'{"MaxResults": 9223372036854775808}',
    "a million digits": b'{"MaxResults": ' + b"9" * 1_000_000 + b"}",
    "trailing": b"{} {}",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_body_that_is_no_json_of_one_meaning_is_no_fault_of_ours(body):
    assert refusal("ListTrainingJobs", body).code == "SerializationException"


LARGE = {
    "list": (CREATE, {"Tags": [{}] * 200_000}),
    "unknown members": (CREATE, {f"a{number}": {} for number in range(200_000)}),
    "map": (TRAIN, {"HyperParameters": {f"a{number}": "\n" for number in range(200_000)}}),
    "name": (DESCRIBE, {"HyperParameterTuningJobName": "a-" * 2_000_000}),
    "unknown name": (DESCRIBE, {"a" * 4_000_000: 1}),
    "tags": ("AddTags", {"ResourceArn": ARN, "Tags": [{"Key": "k" * 80_000, "Value": "!" * 80_000}] * 25}),
    "path": (CREATE, {"TrainingJobDefinition": {"a" * 4_000_000: [[[1]]]}}),
}


@pytest.mark.parametrize(("operation", "tree"), LARGE.values(), ids=LARGE)
def test_the_answer_to_a_large_body_stays_small(operation, tree):
    assert len(refusal(operation, tree).text) < 100_000


def test_expressions_may_be_nested_as_deep_as_aws_allows_and_not_without_end():
    def expression(depth):
        tree = {}
        for _ in range(depth):
            tree = {"SubExpressions": [tree]}
        return {"Resource": "TrainingJob", "SearchExpression": tree}

    assert read("Search", expression(50)) == expression(50)
    assert "nested" in detected("Search", expression(100))[0]


def patterns(shape, seen):
    """Yield each pattern below a shape."""
    if shape.name in seen:
        return
    seen.add(shape.name)
    if "pattern" in shape.metadata:
        yield shape.metadata["pattern"]
    for below in (
        *getattr(shape, "members", {}).values(),
        *(getattr(shape, of, None) for of in ("member", "key", "value")),
    ):
        if below is not None:
            yield from patterns(below, seen)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_pattern_takes_long_on_what_is_matched_without_a_clock(operation):
    nasty = [
        "-",
        "a-",
        "a",
        "0",
        "a.",
        " ",
        "/",
        "é",
        "arn:aws:sagemaker:a:",
        "arn:aws:iam::000000000000:role/",
        "s3://",
    ]
    for pattern in patterns(input_shape(operation), set()):
        timed = regex.compile(pattern)
        for start in ("", *nasty):
            for piece in nasty:
                timed.fullmatch((start + piece * UNTIMED)[: UNTIMED - 1] + "!", timeout=0.05)  # raises TimeoutError


def test_a_pattern_that_would_take_forever_ends_at_its_time_limit():
    assert not matcher("(a|aa|a.)+b")("a" * 5000 + "c")


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        (".*", "a b", True),
        (".*", "a\r", False),
        (".+", "", False),
        (r"\d+K", "4K", True),
        (r"\d+K", "٤K", False),
        (r"[\p{L}\p{N}]*", "é٤", True),
        ("[a-z]+", "a\n", False),
    ],
)
def test_patterns_are_java_s_and_match_the_whole_value(pattern, value, fits):
    assert matcher(pattern)(value) is fits


def test_what_boto3_writes_is_what_is_taken():
    """botocore's own serializer, with each kind of member that it writes otherwise than it was given."""
    given = {"CreationTimeAfter": datetime(2024, 1, 1, tzinfo=UTC), "MaxResults": 5}
    operation = service_model().operation_model("ListTrainingJobs")
    body = create_serializer("json").serialize_to_request(given, operation)["body"]
    assert request_of("ListTrainingJobs", body) == {"CreationTimeAfter": 1704067200, "MaxResults": 5}


SUMMARY = {
    "TrainingJobName": "t",
    "TrainingJobArn": ARN,
    "CreationTime": 1704067200.25,
    "TrainingJobStatus": "Completed",
}


def test_a_right_answer_has_no_problems():
    assert problems_of_response("ListTrainingJobs", {"TrainingJobSummaries": [SUMMARY]}) == []
    assert problems_of_response("StopTrainingJob", {}) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"TrainingJobStatus": "Running"}, "enum value set"),
        ({"TrainingJobName": None}, "not be null"),
        ({"CreationTime": "soon"}, "Timestamp"),
        ({"Stranger": 1}, "'trainingJobSummaries.1.member.stranger'"),
        ({"TrainingJobArn": "arn"}, "regular expression"),
    ],
)
def test_a_wrong_answer_is_told_by_its_member(change, problem):
    (found,) = problems_of_response("ListTrainingJobs", {"TrainingJobSummaries": [SUMMARY | change]})
    assert problem in found
    assert problems_of_response("StopTrainingJob", change) != []
