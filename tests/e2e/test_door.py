"""AWS's own client at the embedded server, and what does not come in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from tests.e2e.served import Served, job
from tests.unit.platform.certificates import certificate_in
from tunewright.core.amt import to_amt
from tunewright.platform.credentials import load

OWN = ("PATH", "HOME", "PYTHONPATH")
BY_BOTO3 = """
import boto3, json
sagemaker = boto3.client("sagemaker")
made = sagemaker.create_hyper_parameter_tuning_job(**json.load(open("{request}")))
told = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="by-boto3")
print(made["HyperParameterTuningJobArn"], told["HyperParameterTuningJobName"], sagemaker.meta.region_name)
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("door"))
    served.start()
    yield served
    served.end()


def client(served: Served, **given: Any) -> Any:
    keys = load(served.data_dir / "credentials")
    url = given.pop("url", f"http://{keys.tunewright_http}")
    session = Session()
    session.set_credentials(given.pop("key", keys.aws_access_key_id), given.pop("secret", keys.aws_secret_access_key))
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=30)
    return session.create_client("sagemaker", "local", endpoint_url=url, config=once, **given)


def body(served: Served, name: str) -> dict[str, Any]:
    written = to_amt(job(served.program("echo score=1"), name))
    written["TrainingJobDefinition"] |= {
        "RoleArn": "arn:aws:iam::000000000000:role/nobody",
        "OutputDataConfig": {"S3OutputPath": f"file://{served.folder}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    }
    return written


def refusal(call: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call(HyperParameterTuningJobName="nothing")
    answer = refused.value.response
    assert answer["ResponseMetadata"]["RequestId"]
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_boto3_finds_all_it_needs_in_what_is_printed_for_a_shell(served: Served):
    """Also where the shell has keys of another account."""
    request, script = served.folder / "request.json", served.folder / "program.py"
    request.write_text(json.dumps(body(served, "by-boto3")))
    script.write_text(BY_BOTO3.format(request=request))
    exports = f'eval "$({sys.executable} -m tunewright credentials --data-dir {served.data_dir})"'
    own = {name: os.environ[name] for name in OWN if name in os.environ}
    foreign = {"AWS_ACCESS_KEY_ID": "AKIAFOREIGN", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "y"}
    done = subprocess.run(
        ["sh", "-ec", f"{exports}\n{sys.executable} {script}"],
        env=own | foreign,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    arn = "arn:aws:sagemaker:local:000000000000:hyper-parameter-tuning-job/by-boto3"
    assert done.stdout.split() == [arn, "by-boto3", "local"], done.stderr


def test_the_credentials_file_is_enough_for_keys_and_region(served: Served, monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    file = served.data_dir / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", f"http://{load(file).tunewright_http}")
    sagemaker = Session().create_client("sagemaker")
    assert refusal(sagemaker.describe_hyper_parameter_tuning_job) == ("ResourceNotFound", 400)


def test_another_profile_of_the_file_is_a_key_pair_too(served: Served):
    file = served.data_dir / "credentials"
    served.end()
    with file.open("a") as added:
        added.write("\n[alice]\naws_access_key_id = TWALICE\naws_secret_access_key = alices-secret\n")
    served.start()
    alice = client(served, key="TWALICE", secret="alices-secret")
    assert refusal(alice.describe_hyper_parameter_tuning_job)[0] == "ResourceNotFound"


def test_wrong_and_unknown_credentials_are_told_apart_as_amazon_does(served: Served):
    wrong, unknown = client(served, secret="wrong"), client(served, key="AKIAUNKNOWN")
    assert refusal(wrong.describe_hyper_parameter_tuning_job) == ("InvalidSignatureException", 400)
    assert refusal(unknown.describe_hyper_parameter_tuning_job) == ("UnrecognizedClientException", 400)


def test_an_operation_that_is_not_served_is_unknown(served: Served):
    with pytest.raises(ClientError) as refused:
        client(served).list_models()
    assert refused.value.response["Error"]["Code"] == "UnknownOperationException"


def test_health_is_on_the_same_port_and_needs_no_signature(served: Served):
    at = load(served.data_dir / "credentials").tunewright_http
    with urllib.request.urlopen(f"http://{at}/healthz", timeout=10) as answer:
        assert answer.read() == b"ok\n"
    with urllib.request.urlopen(f"http://{at}/metrics", timeout=10) as answer:
        assert b"tunewright_http_requests_total" in answer.read()


def test_with_tls_boto3_trusts_the_certificate_that_it_is_given(tmp_path: Path):
    made = certificate_in(tmp_path)
    served = Served(tmp_path)
    served.start("--http-tls-certificate", str(made.certificate), "--http-tls-key", str(made.key))
    try:
        url = load(served.data_dir / "credentials").tunewright_http
        assert url.startswith("https://127.0.0.1:")
        sagemaker = client(served, url=url, verify=str(tmp_path / "authority.pem"))
        assert refusal(sagemaker.describe_hyper_parameter_tuning_job) == ("ResourceNotFound", 400)
    finally:
        served.end()


def test_any_credentials_are_taken_if_that_was_asked_for_and_the_log_says_so(tmp_path: Path):
    served = Served(tmp_path)
    log = tmp_path / "log"
    with log.open("w") as errors:
        served.start("--insecure-any-credentials", stderr=errors)
    try:
        sagemaker = client(served, key="anything", secret="whatever")
        assert refusal(sagemaker.describe_hyper_parameter_tuning_job) == ("ResourceNotFound", 400)
    finally:
        served.end()
    assert "any credentials are accepted" in log.read_text()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--insecure-any-credentials", "--http", "0.0.0.0:0"], "--insecure-any-credentials"),
        (["--http", "0.0.0.0:0"], "--http-tls-certificate"),
        (["--http-tls-key", "key.pem"], "belong together"),
        (["--http-tls-certificate", "nothing.pem", "--http-tls-key", "nothing.pem"], "cannot be used"),
    ],
)
def test_what_would_let_strangers_in_is_refused_in_one_line(tmp_path: Path, options: list[str], told: str):
    command = [sys.executable, "-m", "tunewright", "local", "--data-dir", str(tmp_path / "data"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert told in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_credentials_of_a_server_that_does_not_run_name_what_starts_it(tmp_path: Path):
    served = Served(tmp_path)
    served.start()
    served.end()
    command = [sys.executable, "-m", "tunewright", "credentials", "--data-dir", str(served.data_dir)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.stdout == ""
    assert f"tunewright local --data-dir {served.data_dir}" in done.stderr
