"""CreateTrainingJob's body as one training to run by itself."""

from __future__ import annotations

import copy

import pytest

from tunewright.core.amt import TrainingRequest, from_training, members_of_training, to_training, told_training
from tunewright.core.errors import InvalidSpec
from tunewright.core.members import renamed
from tunewright.core.spec import Definition, MetricDefinition, Resources, StoppingCondition

BODY = {
    "TrainingJobName": "Train-1",
    "HyperParameters": {"epochs": "5"},
    "AlgorithmSpecification": {
        "TrainingImage": "img",
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "acc", "Regex": "acc=(.*)"}],
        "ContainerEntrypoint": ["python", "-u"],
        "ContainerArguments": ["train.py"],
    },
    "RoleArn": "arn:aws:iam::123456789012:role/r",
    "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    "Environment": {"A": "b"},
    "RetryStrategy": {"MaximumRetryAttempts": 2},
    "Tags": [{"Key": "team", "Value": "vision"}],
}
DEFINITION = Definition(
    image="img",
    static_hyperparameters={"epochs": "5"},
    metric_definitions=(MetricDefinition("acc", "acc=(.*)"),),
    entrypoint=("python", "-u"),
    arguments=("train.py",),
    environment={"A": "b"},
    role_arn="arn:aws:iam::123456789012:role/r",
    output_uri="s3://b/out",
    resources=Resources("ml.m5.large", 1, 30),
    stopping=StoppingCondition(60),
    max_retries=2,
)
REQUEST = TrainingRequest("Train-1", DEFINITION, {"team": "vision"})


def with_members(**members):
    return copy.deepcopy(BODY) | members


def test_a_body_is_read_and_written_without_loss():
    assert from_training(BODY) == REQUEST
    assert to_training(REQUEST) == BODY


def test_members_that_mean_nothing_here_are_kept():
    body = with_members(
        ExperimentConfig={"ExperimentName": "e"},
        DebugHookConfig={"S3OutputPath": "s3://b/debug", "CollectionConfigurations": []},
        ProfilerConfig={"DisableProfiler": True},
        VpcConfig={"SecurityGroupIds": ["sg"], "Subnets": ["s"]},
        EnableManagedSpotTraining=False,
    )
    read = from_training(body)
    assert (read.name, read.definition) == (REQUEST.name, REQUEST.definition)
    assert told_training(read) == body


def test_spot_training_is_read_and_written_without_loss():
    body = with_members(
        EnableManagedSpotTraining=True,
        StoppingCondition={"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 90},
        CheckpointConfig={"S3Uri": "s3://b/c", "LocalPath": "/opt/ml/checkpoints"},
        ResourceConfig={"InstanceType": "ml.g5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30},
    )
    read = from_training(body)
    assert read.definition.spot
    assert read.definition.stopping == StoppingCondition(60, 90)
    assert (read.definition.checkpoint_uri, read.definition.checkpoint_path) == ("s3://b/c", "/opt/ml/checkpoints")
    assert (to_training(read), read.amt_patch) == (body, "")


def test_little_is_enough_to_be_read():
    little = {name: BODY[name] for name in ("TrainingJobName", "RoleArn", "OutputDataConfig")}
    read = from_training(little)
    assert read.definition.stopping == StoppingCondition()
    assert told_training(read) == little


WRONG = [
    ({"TrainingJobName": None}, "TrainingJobName", "missing"),
    ({"HyperParameters": {"epochs": 5}}, "HyperParameters.epochs", "must be a text"),
    ({"StaticHyperParameters": {}}, "StaticHyperParameters", "not known"),
    ({"HyperParameterTuningResourceConfig": {"InstanceCount": 1}}, "HyperParameterTuningResourceConfig", "not known"),
    ({"Nonsense": 1}, "Nonsense", "not known"),
    ({"Tags": [{"Key": "a", "Value": "1"}] * 2}, "Tags[1].Key", "given twice"),
    ({"ResourceConfig": {"InstanceGroups": [{"InstanceCount": 1}]}}, "ResourceConfig.InstanceGroups", "of one type"),
    ({"AlgorithmSpecification": {"ContainerEntrypoint": [1]}}, "AlgorithmSpecification.ContainerEntrypoint[0]", "text"),
]


@pytest.mark.parametrize(("members", "field", "why"), WRONG)
def test_what_is_wrong_is_named_as_its_writer_knows_it(members, field, why):
    with pytest.raises(InvalidSpec) as caught:
        from_training(with_members(**members))
    assert caught.value.field == field
    assert why in caught.value.why


RENAMED = [
    ("name", "TrainingJobName"),
    ("definitions[0].static_hyperparameters.epochs", "HyperParameters.epochs"),
    ("definitions[0].arguments[1]", "AlgorithmSpecification.ContainerArguments[1]"),
    ("definitions[0].metric_definitions[0].regex", "AlgorithmSpecification.MetricDefinitions[0].Regex"),
    ("definitions[0].image", "AlgorithmSpecification.TrainingImage"),
    ("definitions[0].stopping.max_runtime_s", "StoppingCondition.MaxRuntimeInSeconds"),
]


@pytest.mark.parametrize(("field", "member"), RENAMED)
def test_what_is_found_wrong_later_has_a_name_of_amts_too(field, member):
    assert renamed(field, members_of_training(DEFINITION)) == member
