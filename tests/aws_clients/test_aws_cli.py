"""The AWS CLI as it comes from PyPI, typed as one would in a shell, against the embedded server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.aws_clients.surroundings import BUCKET, ROLE, SCORE, SHIFT, door, environment, image
from tests.e2e.served import Served

AWS: Final = shutil.which("aws", path=str(Path(sys.executable).parent))
pytestmark = pytest.mark.skipif(AWS is None, reason="the AWS CLI comes with `make setup`")
REFUSED: Final = {254, 255}
"""How the CLI exits when a service refuses: version 2, version 1."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with door(tmp_path_factory.mktemp("cli")) as served:
        yield served


class Shell:
    """Runs `aws sagemaker …`."""

    def __init__(self, served: Served) -> None:
        self._environment, self._folder = environment(served), served.folder

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        assert AWS is not None
        command = [AWS, "sagemaker", *words]
        return subprocess.run(
            command, env=self._environment, cwd=self._folder, capture_output=True, text=True, timeout=60, check=False
        )

    def __call__(self, *words: str) -> Any:
        """Return what it prints, as JSON; None if it prints nothing."""
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.fixture(scope="module")
def aws(served: Served) -> Shell:
    return Shell(served)


def definition(image: str, **static: str) -> dict[str, Any]:
    return {
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File", "MetricDefinitions": [SCORE]},
        "InputDataConfig": [
            {
                "ChannelName": "numbers",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/numbers/"}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        "RoleArn": ROLE,
        "StaticHyperParameters": static,
    }


def config(trainings: int) -> dict[str, Any]:
    return {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "score"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": trainings, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]},
    }


def until(aws: Shell, name: str, *statuses: str) -> dict[str, Any]:
    """Describe a job until it has one of the statuses. The CLI has no waiter for it, and takes a second a look."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        job: dict[str, Any] = aws("describe-hyper-parameter-tuning-job", "--hyper-parameter-tuning-job-name", name)
        if job["HyperParameterTuningJobStatus"] in statuses:
            return job
    pytest.fail(f"{name} has not become {statuses}")


@pytest.fixture(scope="module")
def done(aws: Shell, served: Served) -> dict[str, Any]:
    """A job created from a file and run to its end."""
    body = {
        "HyperParameterTuningJobName": "cli-Job",
        "HyperParameterTuningJobConfig": config(5),
        "TrainingJobDefinition": definition(image(served)),
        "Tags": [{"Key": "case", "Value": "cli"}],
    }
    (served.folder / "job.json").write_text(json.dumps(body))
    created = aws("create-hyper-parameter-tuning-job", "--cli-input-json", "file://job.json")
    assert created["HyperParameterTuningJobArn"].endswith(":hyper-parameter-tuning-job/cli-job")
    return until(aws, "cli-Job", "Completed") | created


def test_a_job_from_a_file_runs_and_is_described(aws: Shell, done: dict[str, Any]) -> None:
    assert done["TrainingJobStatusCounters"]["Completed"] == 5
    assert done["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] > SHIFT
    words = ["describe-hyper-parameter-tuning-job", "--hyper-parameter-tuning-job-name", "cli-Job"]
    assert (
        aws(*words, "--query", "BestTrainingJob.TunedHyperParameters")
        == done["BestTrainingJob"]["TunedHyperParameters"]
    )


@pytest.mark.usefixtures("done")
def test_lists_are_paged_through_by_themselves(aws: Shell) -> None:
    words = ["list-training-jobs-for-hyper-parameter-tuning-job", "--hyper-parameter-tuning-job-name", "cli-Job"]
    query = ["--query", "TrainingJobSummaries[].TrainingJobName"]
    names = aws(*words, "--page-size", "2", "--sort-by", "Name", "--sort-order", "Ascending", *query)
    assert [name[:11] for name in names] == [f"cli-Job-{number:03}" for number in range(1, 6)]
    first = aws(*words, "--max-items", "3", "--sort-by", "Name", "--sort-order", "Descending")
    rest = aws(*words, "--starting-token", first["NextToken"], "--sort-by", "Name", "--sort-order", "Descending")
    shown = [item["TrainingJobName"] for page in (first, rest) for item in page["TrainingJobSummaries"]]
    assert shown == names[::-1]
    jobs = aws("list-hyper-parameter-tuning-jobs", "--name-contains", "cli-J", "--status-equals", "Completed")
    assert [job["HyperParameterTuningJobName"] for job in jobs["HyperParameterTuningJobSummaries"]] == ["cli-Job"]


def test_tags_are_added_listed_and_removed(aws: Shell, done: dict[str, Any]) -> None:
    arn = ["--resource-arn", done["HyperParameterTuningJobArn"]]
    tags = aws("add-tags", *arn, "--tags", "Key=team,Value=churn")["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"case": "cli", "team": "churn"}
    aws("delete-tags", *arn, "--tag-keys", "team")
    assert [tag["Key"] for tag in aws("list-tags", *arn)["Tags"]] == ["case"]


def test_a_training_alone_is_created_with_flags_and_waited_for(aws: Shell, served: Served) -> None:
    given = definition(image(served))
    aws(
        *("create-training-job", "--training-job-name", "cli-alone", "--hyper-parameters", "x=0.3,epochs=1"),
        *("--algorithm-specification", json.dumps(given["AlgorithmSpecification"])),
        *("--role-arn", ROLE, "--input-data-config", json.dumps(given["InputDataConfig"])),
        *("--output-data-config", f"S3OutputPath=s3://{BUCKET}/models"),
        *("--resource-config", "InstanceType=ml.m5.large,InstanceCount=1,VolumeSizeInGB=1"),
        *("--stopping-condition", "MaxRuntimeInSeconds=60"),
    )
    end = time.monotonic() + 30  # the waiter looks every two minutes: it is asked once the training has ended
    described = ["describe-training-job", "--training-job-name", "cli-alone"]
    while time.monotonic() < end and aws(*described, "--query", "TrainingJobStatus") == "InProgress":
        pass
    assert aws("wait", "training-job-completed-or-stopped", "--training-job-name", "cli-alone") is None
    training = aws(*described)
    assert training["FinalMetricDataList"][0]["Value"] == pytest.approx(SHIFT + 0.9, abs=1e-5)
    model = served.data_dir / "s3" / BUCKET / "models/cli-alone/output/model.tar.gz"
    assert training["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{BUCKET}/models/cli-alone/output/model.tar.gz"
    assert model.is_file()


def test_a_job_with_flags_is_stopped_and_deleted(aws: Shell, served: Served) -> None:
    name = ["--hyper-parameter-tuning-job-name", "cli-slow"]
    aws(
        *("create-hyper-parameter-tuning-job", *name),
        *("--hyper-parameter-tuning-job-config", json.dumps(config(50))),
        *("--training-job-definition", json.dumps(definition(image(served), pause="0.2", epochs="500"))),
    )
    aws("stop-hyper-parameter-tuning-job", *name)
    assert until(aws, "cli-slow", "Stopped")["TrainingJobStatusCounters"]["InProgress"] == 0
    aws("delete-hyper-parameter-tuning-job", *name)
    gone = aws.run("describe-hyper-parameter-tuning-job", *name)
    end = time.monotonic() + 20
    while gone.returncode == 0 and time.monotonic() < end:
        gone = aws.run("describe-hyper-parameter-tuning-job", *name)
    assert gone.returncode in REFUSED
    assert "(ResourceNotFound)" in gone.stderr


@pytest.mark.usefixtures("done")
def test_refusals_are_told_as_aws_tells_them(aws: Shell) -> None:
    unknown = aws.run("describe-hyper-parameter-tuning-job", "--hyper-parameter-tuning-job-name", "nobody")
    assert unknown.returncode in REFUSED
    assert "An error occurred (ResourceNotFound)" in unknown.stderr
    assert "Amazon SageMaker can't find a tuning job called nobody. Type another name." in unknown.stderr
    twice = aws.run("create-hyper-parameter-tuning-job", "--cli-input-json", "file://job.json")
    assert twice.returncode in REFUSED
    assert "(ResourceInUse)" in twice.stderr
    other = aws.run("list-endpoints")
    assert other.returncode in REFUSED
    assert "(UnknownOperationException)" in other.stderr
