"""The gateway as a process of its own, before a scheduler that comes and goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from google.protobuf.message import Message

from tests.e2e.served import Served
from tests.e2e.test_door import body, client, refusal
from tests.wire.fleet import Member, until
from tunewright.platform.credentials import load
from tunewright.v1.metrics_service_pb2 import ReadOutputRequest
from tunewright.v1.tuning_service_pb2 import ListTuningJobsRequest, ListTuningJobsResponse


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    served.start()
    yield served
    served.end()


@pytest.fixture
def gateway(served: Served, tmp_path: Path) -> Iterator[Member]:
    credentials = served.data_dir / "credentials"
    variables = {
        "TUNEWRIGHT_CREDENTIALS": str(credentials),
        "TUNEWRIGHT_SCHEDULER": load(credentials).tunewright_grpc,
        "TUNEWRIGHT_METRICS": load(credentials).tunewright_grpc,
        "TUNEWRIGHT_REGION": "eu-west-1",
        "TUNEWRIGHT_ACCOUNT": "123456789012",
        "TUNEWRIGHT_LOG_LEVEL": "INFO",
    }
    gateway = Member("gateway", "gateway", tmp_path, variables)
    gateway.start()
    yield gateway
    assert gateway.end(within_s=10) == 0


def test_a_job_is_made_through_it_and_the_log_says_by_which_key(served: Served, gateway: Member):
    sagemaker = client(served, url=f"http://{gateway.http}")
    made = sagemaker.create_hyper_parameter_tuning_job(**body(served, "through"))
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:hyper-parameter-tuning-job/through"
    assert made["HyperParameterTuningJobArn"] == arn
    with served.client() as own:
        assert own.describe("through").spec.name == "through"
    keys, log = load(served.data_dir / "credentials"), gateway.log.read_text()
    assert '"operation": "CreateHyperParameterTuningJob"' in log
    assert keys.aws_access_key_id in log
    assert keys.aws_secret_access_key not in log
    assert keys.tunewright_token not in log


def call(gateway: Member, method: str, message: Message, token: str) -> tuple[int, bytes]:
    """Make a call as the dashboard does; return the HTTP status and the body."""
    connection = HTTPConnection(gateway.http, timeout=30)
    headers = {"Content-Type": "application/proto", "Connect-Protocol-Version": "1", "Authorization": f"Bearer {token}"}
    connection.request("POST", f"/rpc/tunewright.v1.{method}", message.SerializeToString(), headers)
    response = connection.getresponse()
    answered = response.status, response.read()
    connection.close()
    return answered


def test_the_dashboards_calls_reach_scheduler_and_metrics_with_its_users_token(served: Served, gateway: Member):
    token = load(served.data_dir / "credentials").tunewright_token
    status, body = call(gateway, "TuningService/ListTuningJobs", ListTuningJobsRequest(), token)
    assert (status, len(ListTuningJobsResponse.FromString(body).jobs)) == (200, 0)
    status, body = call(gateway, "MetricsService/ReadOutput", ReadOutputRequest(training="none"), token)
    assert (status, json.loads(body)["code"]) == (404, "not_found")
    status, body = call(gateway, "TuningService/ListTuningJobs", ListTuningJobsRequest(), "another")
    assert (status, json.loads(body)["code"]) == (401, "unauthenticated")
    assert token not in gateway.log.read_text()


def test_without_a_scheduler_it_is_not_ready_and_says_503(served: Served, gateway: Member):
    sagemaker = client(served, url=f"http://{gateway.http}")
    until(lambda: gateway.ready() == {"ready": True, "failing": []}, "it is ready")
    served.end()
    try:
        until(lambda: gateway.ready() == {"ready": False, "failing": ["scheduler"]}, "it is not ready")
        assert refusal(sagemaker.describe_hyper_parameter_tuning_job) == ("ServiceUnavailable", 503)
        with pytest.raises(ClientError, match="ServiceUnavailable"):
            sagemaker.create_hyper_parameter_tuning_job(**body(served, "lost"))
    finally:
        served.start()
