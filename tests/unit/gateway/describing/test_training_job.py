"""DescribeTrainingJob as AWS's clients know it."""

from __future__ import annotations

import copy
import math
from itertools import pairwise

import pytest

from tests.unit.gateway.describing.jobs import (
    ACCOUNT,
    ARN,
    CREATE,
    alone,
    at,
    check_response,
    running,
    specification,
    training,
)
from tests.unit.gateway.describing.test_tuning_job import listed
from tunewright.platform.codec import value_to_message
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_gateway.core.model.service import input_shape, output_shape
from tunewright_gateway.describing.training_job import UNTOLD, described

ALONE = {
    "TrainingJobName": "Train-1",
    "HyperParameters": {"epochs": "5"},
    "AlgorithmSpecification": {
        "TrainingImage": "img",
        "TrainingInputMode": "File",
        "ContainerEntrypoint": ["python"],
        "ContainerArguments": ["train.py"],
    },
    "RoleArn": "arn:aws:iam::123456789012:role/r",
    "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    "ExperimentConfig": {"ExperimentName": "e"},
    "SessionChainingConfig": {"EnableSessionTagChaining": True},
    "Tags": [{"Key": "a", "Value": "b"}],
}


def told(message, spec=None):
    tree = described(message, spec or specification(), ACCOUNT)
    check_response("DescribeTrainingJob", tree)
    return tree


def test_a_repeat_is_told_with_the_seed_that_it_was_given():
    assert told(training(overrides={"epochs": "7"}))["HyperParameters"]["epochs"] == "7"


def test_a_completed_training_of_a_tuning_job():
    tree = told(training())
    times = {"StartTime", "EndTime"}
    phases = tree.pop("SecondaryStatusTransitions")
    assert [(item["Status"], times <= item.keys()) for item in phases] == [
        ("Starting", True), ("Training", True), ("Completed", True)
    ]  # fmt: skip
    definition = CREATE["TrainingJobDefinition"]
    regex = definition["AlgorithmSpecification"]["MetricDefinitions"][0]["Regex"]
    assert tree == {
        "TrainingJobName": "demo-260101-0000-001-0f0444b1",
        "TrainingJobArn": f"{ARN}:training-job/demo-260101-0000-001-0f0444b1",
        "TuningJobArn": f"{ARN}:hyper-parameter-tuning-job/demo-260101-0000",
        "ModelArtifacts": {"S3ModelArtifacts": "s3://b/out/demo-260101-0000-001-0f0444b1/output/model.tar.gz"},
        "TrainingJobStatus": "Completed",
        "SecondaryStatus": "Completed",
        "HyperParameters": {"epochs": "5", "lr": "0.0015456755116503003", "_tuning_objective_metric": "val:loss"},
        "AlgorithmSpecification": definition["AlgorithmSpecification"]
        | {"MetricDefinitions": [{"Name": "val:loss", "Regex": regex}, {"Name": "ObjectiveMetric", "Regex": regex}]},
        "RoleArn": definition["RoleArn"],
        "OutputDataConfig": {"S3OutputPath": "s3://b/out", "KmsKeyId": ""},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
        "CreationTime": 1767225601.0,
        "TrainingStartTime": 1767225640.0,
        "TrainingEndTime": 1767225700.0,
        "LastModifiedTime": 1767225700.0,
        "TrainingTimeInSeconds": 60,
        "BillableTimeInSeconds": 60,
        "ProfilingStatus": "Disabled",
        "FinalMetricDataList": [
            {"MetricName": "train:loss", "Value": 0.06942000240087509, "Timestamp": 1767225700.0},
            {"MetricName": "val:loss", "Value": 0.10000000149011612, "Timestamp": 1767225700.0},
            {"MetricName": "ObjectiveMetric", "Value": 0.10000000149011612, "Timestamp": 1767225700.0},
        ],
    }


STATUSES = [
    ({"state": "TRAINING_STATE_READY", "started_at": None}, "InProgress", "Starting"),
    ({"state": "TRAINING_STATE_RUNNING"}, "InProgress", "Training"),
    ({"state": "TRAINING_STATE_EXITED"}, "InProgress", "Uploading"),
    ({"state": "TRAINING_STATE_RUNNING", "status": "Stopping"}, "Stopping", "Stopping"),
    ({"state": "TRAINING_STATE_STOPPED", "status": "Stopped"}, "Stopped", "Stopped"),
    (
        {"state": "TRAINING_STATE_STOPPED", "status": "Stopped", "end_cause": pb.END_CAUSE_MAX_RUNTIME_EXCEEDED},
        "Stopped",
        "MaxRuntimeExceeded",
    ),
    ({"state": "TRAINING_STATE_FAILED", "status": "Failed"}, "Failed", "Failed"),
    ({"state": "TRAINING_STATE_COMPLETED", "status": "Completed"}, "Completed", "Completed"),
]


@pytest.mark.parametrize(("changes", "status", "secondary"), STATUSES)
def test_statuses_and_the_phase_that_goes_with_them(changes, status, secondary):
    ended = {"ended_at": at(1767225700.0)} if status in {"Completed", "Failed", "Stopped"} else {}
    tree = told(running(**changes, **ended))
    assert (tree["TrainingJobStatus"], tree["SecondaryStatus"]) == (status, secondary)
    phases = tree["SecondaryStatusTransitions"]
    assert phases[-1]["Status"] == secondary
    assert all("EndTime" in phase and phase["EndTime"] >= phase["StartTime"] for phase in phases[:-1])
    assert all(before["EndTime"] <= after["StartTime"] for before, after in pairwise(phases))
    assert all(phase["StatusMessage"] for phase in phases)


def test_one_that_runs_has_no_end_and_says_where_its_model_will_be():
    tree = told(running())
    ends = {"TrainingEndTime", "TrainingTimeInSeconds", "BillableTimeInSeconds", "FinalMetricDataList", "FailureReason"}
    assert not ends & tree.keys()
    assert "EndTime" not in tree["SecondaryStatusTransitions"][-1]
    assert tree["ModelArtifacts"] == told(training())["ModelArtifacts"]


def test_without_an_output_path_nobody_knows_where_a_model_will_be():
    spec = specification()
    spec.definitions[0].output_uri = ""
    assert described(running(), spec, ACCOUNT)["ModelArtifacts"] == {"S3ModelArtifacts": ""}


def test_one_that_was_lost_starts_again():
    phases = told(running(state="TRAINING_STATE_READY"))["SecondaryStatusTransitions"]
    assert [phase["Status"] for phase in phases] == ["Starting", "Training", "Starting"]


def test_one_stopped_before_it_began_took_no_time():
    tree = told(training(state="TRAINING_STATE_STOPPED", status="Stopped", started_at=None, final_metrics=None))
    assert [phase["Status"] for phase in tree["SecondaryStatusTransitions"]] == ["Starting", "Stopped"]
    assert "TrainingTimeInSeconds" not in tree
    assert "TrainingStartTime" not in tree


def test_a_training_of_milliseconds_took_a_second():
    assert told(training(ended_at=at(1767225640.01)))["TrainingTimeInSeconds"] == 1


def test_a_failed_one_says_why():
    failed = training(state="TRAINING_STATE_FAILED", status="Failed", reason="AlgorithmError: exit code 1")
    assert told(failed)["FailureReason"] == "AlgorithmError: exit code 1"


def test_values_that_are_no_numbers_are_left_out_and_too_large_ones_cut():
    last = {"nan": math.nan, "inf": math.inf, "huge": -1e300, "tiny": 1e-60}
    values = {item["MetricName"]: item["Value"] for item in told(training(final_metrics=last))["FinalMetricDataList"]}
    assert values == {"inf": 3.4028234663852886e38, "huge": -3.4028234663852886e38, "tiny": 0.0}


def test_hyperparameters_are_texts():
    values = {"n": 19, "x": 1.3494417573713629e-08, "c": '"adam"'}
    configuration = {name: value_to_message(value) for name, value in values.items()}
    assert told(training(configuration=configuration))["HyperParameters"] == {
        "epochs": "5", "_tuning_objective_metric": "val:loss",
        "n": "19", "x": "1.3494417573713629e-08", "c": '"adam"',
    }  # fmt: skip


def test_it_has_what_is_kept_of_its_definition():
    body = copy.deepcopy(CREATE)
    vpc = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    body["TrainingJobDefinition"] |= {"VpcConfig": vpc, "DefinitionName": "mine"}
    tree = told(training(), specification(body))
    assert tree["VpcConfig"] == vpc
    assert "DefinitionName" not in tree


def test_of_several_definitions_it_has_its_own():
    tree = told(training(definition_name="two", final_metrics={"acc": 1.0}), specification(listed()))
    assert tree["HyperParameters"]["_tuning_objective_metric"] == "acc"
    assert [item["MetricName"] for item in tree["FinalMetricDataList"]] == ["acc", "ObjectiveMetric"]


def test_one_by_itself_is_told_as_it_was_asked_for():
    own = training(name="Train-1", job_name="Train-1", configuration={}, alone=True, final_metrics={"acc": 1.0})
    tree = told(own, alone(ALONE))
    asked = {name: item for name, item in ALONE.items() if name not in (*UNTOLD, "OutputDataConfig")}
    assert {name: tree[name] for name in asked} == asked
    assert tree["OutputDataConfig"] == {"S3OutputPath": "s3://b/out", "KmsKeyId": ""}
    assert tree["TrainingJobArn"] == f"{ARN}:training-job/train-1"
    assert not {"TuningJobArn", *UNTOLD} & tree.keys()
    assert [item["MetricName"] for item in tree["FinalMetricDataList"]] == ["acc"]


def test_one_by_itself_that_says_little_has_what_clients_index():
    little = {name: ALONE[name] for name in ("TrainingJobName", "RoleArn", "OutputDataConfig")}
    little["AlgorithmSpecification"] = {"TrainingImage": "img", "TrainingInputMode": "File"}
    tree = told(running(name="Train-1", configuration={}), alone(little))
    assert tree["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    assert tree["ResourceConfig"] == {"InstanceType": "local", "InstanceCount": 1, "VolumeSizeInGB": 1}
    assert tree["HyperParameters"] == {}
    assert "MetricDefinitions" not in tree["AlgorithmSpecification"]


def test_of_what_may_be_asked_for_by_itself_all_is_told_but_what_aws_does_not_tell():
    told_of = output_shape("DescribeTrainingJob").members
    assert set(UNTOLD) == input_shape("CreateTrainingJob").members.keys() - told_of.keys()


# -- What trainers tell -----------------------------------------------------------------------------------------------


def transition(status: str, instant: float, message: str = "") -> pb.Transition:
    return pb.Transition(status=status, started_at=at(instant), message=message)


FIRST = (transition("Starting", 1767225610.0), transition("Downloading", 1767225612.0, "train: 3 of 8 files"))


def phases_of(tree):
    return [(item["Status"], item["StartTime"], item.get("EndTime")) for item in tree["SecondaryStatusTransitions"]]


def test_what_a_training_does_now_is_told_as_its_trainer_says():
    tree = told(running(transitions=FIRST))
    assert tree["SecondaryStatus"] == "Downloading"
    assert phases_of(tree) == [
        ("Starting", 1767225601.0, 1767225612.0),
        ("Downloading", 1767225612.0, None),
    ]
    messages = [item["StatusMessage"] for item in tree["SecondaryStatusTransitions"]]
    assert messages == ["Preparing the instances for training", "train: 3 of 8 files"]


def test_a_training_that_was_interrupted_waits_and_goes_on():
    stopped = (*FIRST, transition("Training", 1767225620.0), transition("Interrupted", 1767225650.0, "preempted"))
    waiting = told(running(transitions=stopped, state=pb.TRAINING_STATE_READY, started_at=None))
    assert waiting["SecondaryStatus"] == "Interrupted"
    assert phases_of(waiting)[-2:] == [
        ("Training", 1767225620.0, 1767225650.0),
        ("Interrupted", 1767225650.0, None),
    ]
    granted = told(running(transitions=stopped))
    assert granted["SecondaryStatus"] == "Starting"
    assert [name for name, *_ in phases_of(granted)][-2:] == ["Interrupted", "Starting"]
    again = told(running(transitions=(*stopped, transition("Training", 1767225680.0))))
    assert again["SecondaryStatus"] == "Training"


def test_the_end_stands_behind_what_the_trainer_has_told():
    done = (*FIRST, transition("Training", 1767225620.0), transition("Uploading", 1767225699.0))
    assert [name for name, *_ in phases_of(told(training(transitions=done)))] == [
        "Starting", "Downloading", "Training", "Uploading", "Completed"
    ]  # fmt: skip


def test_a_spot_training_that_has_waited_too_long_says_so():
    tree = told(training(status="Stopped", state=pb.TRAINING_STATE_STOPPED, max_wait_exceeded=True, end_cause=None))
    assert tree["SecondaryStatus"] == "MaxWaitTimeExceeded"
    assert tree["SecondaryStatusTransitions"][-1]["Status"] == "MaxWaitTimeExceeded"
    assert "MaxWaitTimeInSeconds" in tree["SecondaryStatusTransitions"][-1]["StatusMessage"]


def test_phases_of_clocks_that_differ_never_go_backwards():
    odd = (transition("Training", 1767225700.5), transition("Uploading", 1767225590.0))
    starts = [start for _, start, _ in phases_of(told(training(transitions=odd)))]
    assert starts == sorted(starts)


def test_what_no_trainer_may_say_is_not_told():
    tree = told(running(transitions=(transition("Nonsense", 1767225610.0),)))
    assert tree["SecondaryStatus"] == "Training"
    assert [name for name, *_ in phases_of(tree)] == ["Starting", "Training"]


def test_a_spot_training_is_billed_for_what_its_attempts_have_run():
    body = copy.deepcopy(CREATE)
    body["TrainingJobDefinition"]["EnableManagedSpotTraining"] = True
    tree = told(training(ran_s=90.4), specification(body))
    assert (tree["TrainingTimeInSeconds"], tree["BillableTimeInSeconds"]) == (60, 90)
    assert tree["EnableManagedSpotTraining"] is True
