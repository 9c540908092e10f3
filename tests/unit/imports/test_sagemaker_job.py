"""What AWS tells of a tuning job, as a job that has ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.core.specs import amt_body
from tunewright.core.check_import import checked_import
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int
from tunewright.core.states import TrainingState
from tunewright.imports.sagemaker_job import found_in, value_of

BEGAN = datetime(2024, 5, 1, tzinfo=UTC)


def described(**changes):
    body = amt_body("TrainingJobDefinition/OutputDataConfig", {"S3OutputPath": "s3://bucket/out"})
    return body | {"HyperParameterTuningJobStatus": "InProgress", "CreationTime": BEGAN} | changes


def texts(index: int) -> dict[str, str]:
    """Return hyperparameters as AWS tells them."""
    space = found_in(described(), [], "").spec.definitions[0].space
    return {name: _text(range_, index) for name, range_ in space.items()}


def _text(range_, index):
    match range_:
        case Choice(values):
            return values[index % len(values)]
        case Int():
            return str(range_.low + index)
        case _:
            return repr(range_.low)


def summary(index: int, status: str = "Completed", **fields):
    return {
        "TrainingJobName": f"job-{index:03}",
        "TrainingJobStatus": status,
        "TunedHyperParameters": texts(index),
        "CreationTime": BEGAN,
        "TrainingStartTime": BEGAN + timedelta(minutes=index),
        "TrainingEndTime": BEGAN + timedelta(minutes=index + 5),
    } | fields


def final(value: float):
    return {"FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "m", "Value": value}}


def test_trainings_that_have_ended_are_carried_and_the_others_counted():
    told = [
        summary(0, **final(0.5)),
        summary(1, "Stopped", **final(0.25)),
        summary(2, "Failed", FailureReason="AlgorithmError: exit 3"),
        summary(3, "InProgress"),
        summary(4),
    ]
    found = found_in(described(), told, "AWS", "before")
    assert found.spec.name == "before"
    assert [one.state for one in found.trainings] == [
        TrainingState.COMPLETED,
        TrainingState.STOPPED,
        TrainingState.FAILED,
        TrainingState.COMPLETED,
    ]
    assert [one.objective_value for one in found.trainings] == [0.5, 0.25, None, None]
    assert found.trainings[2].reason == "AlgorithmError: exit 3"
    assert found.trainings[1].ended_at - found.trainings[1].started_at == 300
    assert found.notes == ("1 left out: they have not ended",)
    checked_import(found.spec, found.trainings, found.origin)


def test_what_is_refused_of_a_job_that_runs_is_left_out_of_one_that_is_over():
    body = described(WarmStartConfig={"WarmStartType": "TransferLearning"}, Autotune={"Mode": "Enabled"})
    definition = body["TrainingJobDefinition"]
    definition["AlgorithmSpecification"]["TrainingInputMode"] = "Pipe"
    system = {"FileSystemId": "fs-1", "FileSystemType": "EFS", "FileSystemAccessMode": "ro", "DirectoryPath": "/x"}
    definition["InputDataConfig"] = [{"ChannelName": "disk", "DataSource": {"FileSystemDataSource": system}}]
    found = found_in(body, [summary(0, **final(1.0))], "AWS")
    assert found.notes == (
        "left out of the job: TrainingJobDefinition.AlgorithmSpecification.TrainingInputMode",
        "left out of the job: TrainingJobDefinition.InputDataConfig[0].DataSource.FileSystemDataSource",
        "left out of the job: WarmStartConfig; import its parents, too, and name them with it",
    )
    spec, _ = checked_import(found.spec, found.trainings, found.origin)
    assert (spec.warm_start, spec.autotune, spec.definitions[0].channels) == (None, False, ())


def test_an_algorithm_without_an_image_is_refused_by_its_name():
    body = described()
    body["TrainingJobDefinition"]["AlgorithmSpecification"]["AlgorithmName"] = "xgboost"
    with pytest.raises(InvalidSpec, match="AlgorithmName: AWS's own and its Marketplace's algorithms are not here"):
        found_in(body, [], "AWS")


def test_texts_become_values_of_their_range():
    assert value_of(Float(0, 1), "0.25") == 0.25
    assert value_of(Int(0, 9), "7") == 7
    assert value_of(Choice(("sgd", "adam")), '"sgd"') == "sgd"
    assert value_of(Choice(('"sgd"',)), '"sgd"') == '"sgd"'
    assert value_of(Float(0, 1), "much") == "much"
