"""The SageMaker Python SDK, version 2, as it is: its tuner tells its stories against the embedded server.

The stories are told once (sagemaker_stories.py); each test asserts on one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.aws_clients.surroundings import BUCKET, SHIFT, door, environment, image

pytest.importorskip("sagemaker", reason="the SageMaker SDK comes with `make setup`")

Tell = Callable[[str], Any]


@pytest.fixture(scope="module")
def tell(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with door(tmp_path_factory.mktemp("sdk")) as served:
        program = [sys.executable, str(Path(__file__).with_name("sagemaker_stories.py")), image(served), BUCKET]
        done = subprocess.run(
            program,
            env=environment(served),
            cwd=served.folder,
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        stories = json.loads(done.stdout.splitlines()[-1])

        def told(name: str) -> Any:
            assert "fault" not in stories[name], stories[name]["fault"]
            return stories[name]["told"]

        yield told


def scores(story: Any) -> list[float]:
    return [training["FinalObjectiveValue"] for training in story["trainings"]]


def score(x: float, epochs: int, shift: float = SHIFT) -> float:
    """What curve.py says last."""
    return shift + 1 - (x - 0.3) ** 2 - 0.1 / epochs


def test_a_fitted_tuner_knows_every_training_and_the_best(tell: Tell) -> None:
    life = tell("whole_life")
    assert life["described"]["HyperParameterTuningJobStatus"] == "Completed"
    assert [training["TrainingJobStatus"] for training in life["trainings"]] == ["Completed"] * 5
    for training in life["trainings"]:
        assert training["FinalObjectiveValue"] == pytest.approx(score(training["x"], int(training["epochs"])), abs=1e-5)
        assert training["kind"] in {"plain", "fancy"}
    best = max(life["trainings"], key=lambda training: training["FinalObjectiveValue"])
    assert life["best"] == best["TrainingJobName"]
    assert life["model"] == f"s3://{BUCKET}/models/{life['best']}/output/model.tar.gz"
    assert float(life["hyperparameters"]["x"]) == pytest.approx(best["x"])


def test_a_job_has_its_counters_and_tags_from_the_first_moment(tell: Tell) -> None:
    life = tell("whole_life")
    assert life["at_first"]["HyperParameterTuningJobStatus"] == "InProgress"
    assert set(life["at_first"]["TrainingJobStatusCounters"]) == {
        *("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped"),
    }
    assert {tag["Key"]: tag["Value"] for tag in life["tags"]} == {"case": "life", "team": "churn"}


def test_an_attached_tuner_has_the_ranges_and_fits_again(tell: Tell) -> None:
    life = tell("whole_life")
    assert life["tuning_ranges"]["epochs"]["MaxValue"] == "5"
    assert life["attached"] == {"max_parallel": 2, "seed": 3}
    assert life["again"]["described"]["HyperParameterTuningJobStatus"] == "Completed"
    assert len(scores(life["again"])) == 2
    assert all(value > SHIFT for value in scores(life["again"]))


def test_a_stopped_tuner_is_stopping_at_once_and_stopped_in_the_end(tell: Tell) -> None:
    stopped = tell("stopped")
    assert stopped["at_once"] in {"Stopping", "Stopped"}
    assert stopped["described"]["HyperParameterTuningJobStatus"] == "Stopped"
    assert {training["TrainingJobStatus"] for training in stopped["trainings"]} == {"Stopped"}


def test_warm_started_tuners_know_their_parent(tell: Tell) -> None:
    told = tell("warm_starts")
    identical, transferred = told["identical"]["described"], told["transferred"]["described"]
    parents = [{"HyperParameterTuningJobName": "parent"}]
    assert identical["WarmStartConfig"] == {
        "ParentHyperParameterTuningJobs": parents,
        "WarmStartType": "IdenticalDataAndAlgorithm",
    }
    assert transferred["WarmStartConfig"]["WarmStartType"] == "TransferLearning"
    assert identical["HyperParameterTuningJobStatus"] == transferred["HyperParameterTuningJobStatus"] == "Completed"
    assert identical["OverallBestTrainingJob"]["TuningJobName"] in {"parent", "identical"}
    assert "OverallBestTrainingJob" not in transferred


def test_several_estimators_are_compared_in_one_job(tell: Tell) -> None:
    several = tell("several_estimators")
    by_name: dict[str, list[float]] = {}
    for training in several["trainings"]:
        by_name.setdefault(training["TrainingJobDefinitionName"], []).append(training["FinalObjectiveValue"])
    assert set(by_name) == {"plain", "fancy"}
    assert several["attached"] == ["fancy", "plain"]
    best = max(several["trainings"], key=lambda training: training["FinalObjectiveValue"])
    assert several["best"] == best["TrainingJobName"]
    assert several["model"].endswith(f"{several['best']}/output/model.tar.gz")


def test_a_grid_tries_each_combination_once(tell: Tell) -> None:
    tried = sorted((training["x"], training["kind"]) for training in tell("grid")["trainings"])
    assert tried == [(0.1, "fancy"), (0.1, "plain"), (0.3, "fancy"), (0.3, "plain")]


def test_completion_criteria_end_the_job_and_come_back(tell: Tell) -> None:
    told = tell("completion")
    assert told["described"]["HyperParameterTuningJobStatus"] == "Completed"
    assert len(told["trainings"]) < 5, "any score is as good as the target"
    assert told["attached"] == {
        "TargetObjectiveMetricValue": -100.0,
        "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3},
        "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"},
    }


@pytest.mark.parametrize(("story", "trainings"), [("early_stopping", 6), ("hyperband", 6)])
def test_tuners_that_stop_trainings_complete(tell: Tell, story: str, trainings: int) -> None:
    told = tell(story)
    assert told["described"]["HyperParameterTuningJobStatus"] == "Completed"
    assert len(told["trainings"]) == trainings
    assert {training["TrainingJobStatus"] for training in told["trainings"]} <= {"Completed", "Stopped"}
    assert all(value is not None for value in scores(told))


def test_autotune_finds_ranges_around_examples(tell: Tell) -> None:
    told = tell("autotuned")
    assert told["described"]["Autotune"] == {"Mode": "Enabled"}
    assert told["described"]["HyperParameterTuningJobStatus"] == "Completed"
    assert len({training["x"] for training in told["trainings"]}) > 1


def test_a_training_alone_runs_and_is_attached_to(tell: Tell) -> None:
    told = tell("alone")
    assert told["described"]["TrainingJobStatus"] == "Completed"
    (metric,) = told["described"]["FinalMetricDataList"] or [{}]
    assert metric["Value"] == pytest.approx(score(0.3, 2), abs=1e-5)
    assert told["model"] == f"s3://{BUCKET}/models/alone/output/model.tar.gz"


def test_the_sdk_sees_the_errors_that_programs_match(tell: Tell) -> None:
    told = tell("refused")
    assert told["twice"] == [
        "ResourceInUse",
        "A hyperparameter tuning job with the name, twice, already exists. Choose a different name.",
    ]
    assert told["unknown"] == [
        "ResourceNotFound",
        "Amazon SageMaker can't find a tuning job called unknown. Type another name.",
    ]
    assert told["unknown_training"][0] == "ValidationException"
    code, text = told["no_metric"]
    assert code == "ValidationException"
    assert text.startswith("A metric is required for this hyperparameter tuning job objective.")


def test_a_failed_job_says_why(tell: Tell) -> None:
    told = tell("failed")
    kind, text = told["error"]
    assert kind == "UnexpectedStatusException"
    assert "No training job succeeded after 5 attempts" in text
    assert told["described"]["TrainingJobStatusCounters"]["NonRetryableError"] >= 5
