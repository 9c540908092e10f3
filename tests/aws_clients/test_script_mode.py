"""The SageMaker SDK's framework estimators: code that the SDK uploads to S3 is tuned by AWS's toolkit, unchanged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.aws_clients.surroundings import BUCKET, environment
from tests.e2e.served import Served
from tests.servers.moto import moto

pytest.importorskip("sagemaker", reason="the SageMaker SDK comes with `make setup`")
pytest.importorskip("sagemaker_training", reason="the sagemaker-training toolkit comes with `make setup`")

SCRIPT = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--steps", type=int)
parser.add_argument("--name")
parser.add_argument("--kind")
given = parser.parse_args()
assert (given.name, given.kind in ("a b", "c")) == ("fancy", True)
open(os.path.join(os.environ["SM_MODEL_DIR"], "weights"), "w").close()
print(f"loss={given.rate * given.steps};")
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("script-mode")
    train = folder / "image" / "train"
    train.parent.mkdir()
    train.write_text(f"#!{sys.executable}\nfrom sagemaker_training.cli.train import main\nmain()\n")
    train.chmod(0o755)
    (folder / "code").mkdir()
    (folder / "code" / "train.py").write_text(SCRIPT)
    served = Served(folder)
    with moto() as url, pytest.MonkeyPatch.context() as patch:
        keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
        for name, value in (keys | {"AWS_ENDPOINT_URL_S3": url, "TUNEWRIGHT_S3_ENDPOINT": "1"}).items():
            patch.setenv(name, value)
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        served.start()
        try:
            program = str(Path(__file__).with_name("sagemaker_script_mode.py"))
            done = subprocess.run(
                [sys.executable, program, train.parent.as_uri(), BUCKET, str(folder / "code")],
                env=environment(served) | {"AWS_ENDPOINT_URL_S3": url},
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=100,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
            yield json.loads(done.stdout.splitlines()[-1]), {found["Key"] for found in listed}
        finally:
            served.end()
            s3.close()


@pytest.mark.parametrize("estimator", ["SKLearn", "Estimator"])
def test_a_script_that_the_sdk_uploads_is_tuned(told: Any, estimator: str) -> None:
    stories, stored = told
    training = stories[estimator]["training"]
    assert (stories[estimator]["job"], training["TrainingJobStatus"]) == ("Completed", "Completed"), training
    rate = float(training["HyperParameters"]["rate"].strip('"'))
    assert training["FinalMetricDataList"][0]["Value"] == pytest.approx(rate * 3)
    submitted = json.loads(training["HyperParameters"]["sagemaker_submit_directory"])
    assert submitted.removeprefix(f"s3://{BUCKET}/") in stored
