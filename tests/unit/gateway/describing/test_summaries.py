"""Items of lists as AWS's clients know them."""

from __future__ import annotations

import math

import pytest

from tests.unit.gateway.describing.jobs import (
    ACCOUNT,
    ARN,
    CREATE,
    DESCRIBED,
    at,
    check_response,
    job,
    running,
    specification,
    training,
)
from tests.unit.gateway.describing.test_tuning_job import listed
from tunewright.v1 import spec_pb2
from tunewright_gateway.describing.summaries import training_summary, tuned_training_summary, tuning_job_summary


def checked(tree, operation, member):
    check_response(operation, {member: [tree]})
    return tree


def of_job(message):
    return checked(
        tuning_job_summary(message, ACCOUNT), "ListHyperParameterTuningJobs", "HyperParameterTuningJobSummaries"
    )


def of_tuned(message, spec=None):
    tree = tuned_training_summary(message, spec or specification(), ACCOUNT)
    return checked(tree, "ListTrainingJobsForHyperParameterTuningJob", "TrainingJobSummaries")


def of_training(message):
    return checked(training_summary(message, ACCOUNT), "ListTrainingJobs", "TrainingJobSummaries")


def test_a_tuning_job():
    same = ("HyperParameterTuningJobName", "HyperParameterTuningJobArn", "HyperParameterTuningJobStatus")
    same += ("CreationTime", "LastModifiedTime", "TrainingJobStatusCounters", "ObjectiveStatusCounters")
    assert of_job(job()) == {name: DESCRIBED[name] for name in same} | {
        "Strategy": "Bayesian",
        "ResourceLimits": CREATE["HyperParameterTuningJobConfig"]["ResourceLimits"],
    }


@pytest.mark.parametrize("strategy", ["Bayesian", "Random", "Hyperband", "Grid"])
def test_strategies_are_told_by_amts_names(strategy):
    spec = specification()
    spec.strategy = f"STRATEGY_{strategy.upper()}"
    assert of_job(job(spec=spec))["Strategy"] == strategy


def test_a_job_without_a_number_of_trainings_that_has_ended():
    spec = specification()
    spec.limits.ClearField("max_trainings")
    spec.limits.max_runtime_s = 3600
    spec.strategy = spec_pb2.STRATEGY_UNSPECIFIED
    tree = of_job(job(spec=spec, ended_at=at(1767225800.5)))
    assert tree["ResourceLimits"] == {"MaxParallelTrainingJobs": 2, "MaxRuntimeInSeconds": 3600}
    assert (tree["Strategy"], tree["HyperParameterTuningEndTime"]) == ("Bayesian", 1767225800.5)


def test_a_training_of_a_tuning_job_is_told_as_the_best_one_is():
    assert of_tuned(training()) == DESCRIBED["BestTrainingJob"]


def test_one_that_waits_has_neither_start_nor_objective():
    tree = of_tuned(running(started_at=None, state="TRAINING_STATE_READY"))
    assert tree == {
        "TrainingJobName": "demo-260101-0000-001-0f0444b1",
        "TrainingJobArn": f"{ARN}:training-job/demo-260101-0000-001-0f0444b1",
        "CreationTime": 1767225601.0,
        "TrainingJobStatus": "InProgress",
        "TunedHyperParameters": {"lr": "0.0015456755116503003"},
        "ObjectiveStatus": "Pending",
    }


def test_a_failed_one_says_why_and_a_stopped_one_keeps_its_objective():
    failed = of_tuned(
        training(state="TRAINING_STATE_FAILED", status="Failed", reason="r", objective_value=None, objective_state=3)
    )
    assert (failed["FailureReason"], failed["ObjectiveStatus"]) == ("r", "Failed")
    assert "FinalHyperParameterTuningJobObjectiveMetric" not in failed
    stopped = of_tuned(training(state="TRAINING_STATE_STOPPED", status="Stopped", reason="median rule"))
    assert stopped["FinalHyperParameterTuningJobObjectiveMetric"]["MetricName"] == "val:loss"
    assert "FailureReason" not in stopped


def test_an_objective_that_is_no_number_is_not_told():
    assert "FinalHyperParameterTuningJobObjectiveMetric" not in of_tuned(training(objective_value=math.nan))


def test_in_the_list_form_a_training_names_its_definition():
    tree = of_tuned(training(definition_name="one"), specification(listed()))
    assert tree["TrainingJobDefinitionName"] == "one"
    assert tree["FinalHyperParameterTuningJobObjectiveMetric"]["MetricName"] == "val:loss"


def test_a_training_among_all():
    assert of_training(training()) == {
        "TrainingJobName": "demo-260101-0000-001-0f0444b1",
        "TrainingJobArn": f"{ARN}:training-job/demo-260101-0000-001-0f0444b1",
        "CreationTime": 1767225601.0,
        "LastModifiedTime": 1767225700.0,
        "TrainingEndTime": 1767225700.0,
        "TrainingJobStatus": "Completed",
        "SecondaryStatus": "Completed",
    }
    assert "TrainingEndTime" not in of_training(running())
