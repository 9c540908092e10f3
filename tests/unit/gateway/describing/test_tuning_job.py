"""DescribeHyperParameterTuningJob as AWS's clients know it."""

from __future__ import annotations

import copy

import pytest

from tests.unit.gateway.describing.jobs import (
    ACCOUNT,
    ARN,
    CREATE,
    DESCRIBED,
    NOW,
    T0,
    at,
    check_response,
    job,
    specification,
    training,
)
from tunewright.core.amt import from_amt
from tunewright.core.autotune import with_choices
from tunewright.platform.codec import to_message
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_gateway.describing.tuning_job import described

CONFIG = "HyperParameterTuningJobConfig"


def told(message):
    tree = described(message, ACCOUNT, NOW)
    check_response("DescribeHyperParameterTuningJob", tree)
    return tree


def body(**definition):
    changed = copy.deepcopy(CREATE)
    changed["TrainingJobDefinition"] |= definition
    return changed


def definition_told(**members):
    return told(job(body(**members)))["TrainingJobDefinition"]


def listed():
    changed = copy.deepcopy(CREATE)
    config, definition = changed[CONFIG], changed.pop("TrainingJobDefinition")
    definition |= {
        "TuningObjective": config.pop("HyperParameterTuningJobObjective"),
        "HyperParameterRanges": config.pop("ParameterRanges"),
    }
    other = definition | {"TuningObjective": {"Type": "Maximize", "MetricName": "acc"}}
    other["AlgorithmSpecification"] = definition["AlgorithmSpecification"] | {
        "MetricDefinitions": [{"Name": "acc", "Regex": "acc=(.*)"}]
    }
    return changed | {
        "TrainingJobDefinitions": [definition | {"DefinitionName": "one"}, other | {"DefinitionName": "two"}]
    }


def test_the_golden_example():
    assert told(job()) == DESCRIBED


def test_it_is_told_the_same_each_time():
    first = told(job())
    first["Tags"] = []
    assert told(job()) == DESCRIBED


def test_a_job_just_created_has_all_counters_at_zero_and_no_best():
    new = told(job(best=None, modified_at=at(T0), trainings=None, objectives=None))
    assert set(new["TrainingJobStatusCounters"].values()) == set(new["ObjectiveStatusCounters"].values()) == {0}
    assert len(new["TrainingJobStatusCounters"]) == 5
    assert len(new["ObjectiveStatusCounters"]) == 3
    assert new["LastModifiedTime"] == new["CreationTime"]
    absent = {"BestTrainingJob", "OverallBestTrainingJob", "HyperParameterTuningEndTime", "FailureReason"}
    assert not absent & new.keys()
    assert "TrainingJobDefinitions" not in new


STATES = [
    ("RUNNING", "InProgress"),
    ("PAUSED", "InProgress"),
    ("COMPLETING", "InProgress"),
    ("FAILING", "InProgress"),
    ("BLOCKED", "InProgress"),
    ("STOPPING", "Stopping"),
    ("COMPLETED", "Completed"),
    ("STOPPED", "Stopped"),
    ("FAILED", "Failed"),
]


@pytest.mark.parametrize(("state", "status"), STATES)
def test_states_are_told_as_amts(state, status):
    tree = told(job(state=f"JOB_STATE_{state}", reason="because"))
    assert tree["HyperParameterTuningJobStatus"] == status
    assert tree.get("FailureReason") == ("because" if status == "Failed" else None)


def test_an_ended_job_has_an_end_and_runs_no_longer():
    tree = told(job(state="JOB_STATE_COMPLETED", ended_at=at(T0 + 60.9), converged_at=at(T0 + 30)))
    assert tree["HyperParameterTuningEndTime"] == pytest.approx(T0 + 60.9, abs=0.0011)
    assert tree["ConsumedResources"] == {"RuntimeInSeconds": 60}
    assert tree["TuningJobCompletionDetails"]["ConvergenceDetectedTime"] == pytest.approx(T0 + 30, abs=0.0011)


def test_a_clock_behind_the_schedulers_gives_no_negative_runtime():
    assert described(job(), ACCOUNT, T0 - 100)["ConsumedResources"] == {"RuntimeInSeconds": 0}


def test_a_failure_reason_is_cut_at_what_amt_holds():
    assert len(told(job(state="JOB_STATE_FAILED", reason="x" * 5000))["FailureReason"]) == 1024


def test_several_definitions_are_told_as_a_list_each_with_its_own_objective():
    tree = told(job(listed(), best=training(definition_name="two", final_metrics={"acc": 0.1})))
    assert "TrainingJobDefinition" not in tree
    one, two = tree["TrainingJobDefinitions"]
    assert one["StaticHyperParameters"]["_tuning_objective_metric"] == "val:loss"
    assert two["StaticHyperParameters"]["_tuning_objective_metric"] == "acc"
    assert two["AlgorithmSpecification"]["MetricDefinitions"][-1] == {"Name": "ObjectiveMetric", "Regex": "acc=(.*)"}
    assert two["TuningObjective"] == {"Type": "Maximize", "MetricName": "acc"}
    assert two["HyperParameterRanges"]["IntegerParameterRanges"] == []
    assert tree["BestTrainingJob"]["TrainingJobDefinitionName"] == "two"
    best = tree["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
    assert best == {"MetricName": "acc", "Type": "Maximize", "Value": pytest.approx(0.1)}


def test_the_best_of_the_parents_says_whose_it_is_and_the_jobs_own_does_not():
    warm = CREATE | {
        "WarmStartConfig": {
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "Parent"}],
            "WarmStartType": "IdenticalDataAndAlgorithm",
        }
    }
    tree = told(job(warm, overall_best=training(name="Parent-003-abcdef01", job_name="Parent")))
    assert tree["WarmStartConfig"] == warm["WarmStartConfig"]
    assert "TuningJobName" not in tree["BestTrainingJob"]
    assert tree["OverallBestTrainingJob"]["TuningJobName"] == "Parent"
    assert tree["OverallBestTrainingJob"]["TrainingJobArn"] == f"{ARN}:training-job/parent-003-abcdef01"


def test_members_that_mean_nothing_here_are_told_again():
    vpc = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    tree = definition_told(VpcConfig=vpc, EnableInterContainerTrafficEncryption=True, Environment={"A": "b"})
    assert (tree["VpcConfig"], tree["Environment"]) == (vpc, {"A": "b"})
    assert tree["EnableInterContainerTrafficEncryption"] is True


def test_members_that_the_service_does_not_tell_are_left_out():
    tree = definition_told(
        OutputDataConfig={"S3OutputPath": "s3://b/out", "CompressionType": "GZIP", "KmsKeyId": "k"},
        StoppingCondition={"MaxRuntimeInSeconds": 60, "MaxPendingTimeInSeconds": 7200},
    )
    assert tree["OutputDataConfig"] == {"S3OutputPath": "s3://b/out", "KmsKeyId": "k"}
    assert tree["StoppingCondition"] == {"MaxRuntimeInSeconds": 60}


def test_a_channel_is_told_with_its_defaults():
    s3 = {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}
    (channel,) = definition_told(InputDataConfig=[{"ChannelName": "train", "DataSource": {"S3DataSource": s3}}])[
        "InputDataConfig"
    ]
    assert channel == {
        "ChannelName": "train",
        "DataSource": {"S3DataSource": s3 | {"S3DataDistributionType": "FullyReplicated"}},
        "CompressionType": "None",
        "RecordWrapperType": "None",
    }


SIZE = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}
RESOURCES = [
    ({"HyperParameterTuningResourceConfig": SIZE | {"VolumeKmsKeyId": "k"}}, SIZE | {"VolumeKmsKeyId": "k"}),
    ({"HyperParameterTuningResourceConfig": {"InstanceConfigs": [SIZE]}}, SIZE),
    ({"HyperParameterTuningResourceConfig": {"InstanceType": "ml.m5.large"}}, SIZE | {"VolumeSizeInGB": 1}),
    ({"ResourceConfig": SIZE | {"KeepAlivePeriodInSeconds": 60}}, SIZE | {"KeepAlivePeriodInSeconds": 60}),
    ({}, {"InstanceType": "local", "InstanceCount": 1, "VolumeSizeInGB": 1}),
]


@pytest.mark.parametrize(("asked", "classic"), RESOURCES)
def test_resources_are_told_in_the_form_that_clients_read(asked, classic):
    changed = body(**asked)
    if "HyperParameterTuningResourceConfig" not in asked:
        del changed["TrainingJobDefinition"]["HyperParameterTuningResourceConfig"]
    tree = told(job(changed))["TrainingJobDefinition"]
    assert tree["ResourceConfig"] == classic
    assert "HyperParameterTuningResourceConfig" not in tree


def test_several_kinds_of_instances_are_told_beside_the_first_which_is_used():
    several = {"InstanceConfigs": [SIZE, SIZE | {"InstanceType": "ml.m5.xlarge"}], "AllocationStrategy": "Prioritized"}
    tree = definition_told(HyperParameterTuningResourceConfig=several)
    assert tree["ResourceConfig"] == SIZE
    assert tree["HyperParameterTuningResourceConfig"] == several


def test_early_stopping_is_told_also_where_nobody_asked():
    changed = copy.deepcopy(CREATE)
    del changed[CONFIG]["TrainingJobEarlyStoppingType"]
    assert told(job(changed))[CONFIG]["TrainingJobEarlyStoppingType"] == "Off"


def test_criteria_have_no_empty_parts_and_a_target_of_32_bits():
    changed = copy.deepcopy(CREATE)
    changed[CONFIG]["TuningJobCompletionCriteria"] = {
        "TargetObjectiveMetricValue": 0.06942,
        "BestObjectiveNotImproving": {},
        "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"},
    }
    assert told(job(changed))[CONFIG]["TuningJobCompletionCriteria"] == {
        "TargetObjectiveMetricValue": 0.06942000240087509,
        "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"},
    }


def test_range_lists_that_were_absent_stay_absent():
    changed = copy.deepcopy(CREATE)
    del changed[CONFIG]["ParameterRanges"]["IntegerParameterRanges"]
    ranges = told(job(changed))[CONFIG]["ParameterRanges"]
    assert ranges.keys() == {"ContinuousParameterRanges", "CategoricalParameterRanges"}


def test_what_autotune_has_chosen_is_told_in_all_three_lists():
    changed = CREATE | {"Autotune": {"Mode": "Enabled"}}
    hints = [{"Name": "batch", "ValueHint": "32"}]
    changed[CONFIG] = CREATE[CONFIG] | {"ParameterRanges": {"AutoParameters": hints}}
    spec = to_message(with_choices(from_amt(changed)), spec_pb2.TuningJobSpec)
    tree = told(job(spec=spec, best=None))
    ranges = tree[CONFIG]["ParameterRanges"]
    assert (ranges["AutoParameters"], ranges["CategoricalParameterRanges"]) == (hints, [])
    assert [item["Name"] for item in ranges["IntegerParameterRanges"]] == ["batch"]
    assert tree["Autotune"] == {"Mode": "Enabled"}


def test_a_limit_that_was_raised_is_told():
    spec = specification()
    spec.limits.max_trainings = 500
    assert told(job(spec=spec))[CONFIG]["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 500


def test_a_job_of_our_own_clients_is_told_too():
    spec = specification()
    spec.amt_patch = ""
    spec.definitions[0].role_arn = ""
    spec.definitions[0].metric_definitions[0].regex = ""
    spec.strategy = spec_pb2.STRATEGY_UNSPECIFIED
    tree = described(job(spec=spec, state=pb.JOB_STATE_PAUSED), ACCOUNT, NOW)
    assert tree[CONFIG]["Strategy"] == "Bayesian"
    assert tree["TrainingJobDefinition"]["RoleArn"] == ""
    assert tree["TrainingJobDefinition"]["ResourceConfig"]["VolumeSizeInGB"] == 30


def test_tags_are_not_among_the_members():
    assert "Tags" not in told(job(CREATE | {"Tags": [{"Key": "a", "Value": "b"}]}))
