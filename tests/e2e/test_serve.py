"""One service as a process of its own: how it starts, what it says of itself, how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_health.v1.health_pb2_grpc import HealthStub

from tests.wire.fleet import Member, until
from tunewright.core.errors import InvalidSpec
from tunewright.platform.credentials import create_or_load
from tunewright.platform.parts import load
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.settings import from_environment


@pytest.fixture
def credentials(tmp_path: Path) -> str:
    create_or_load(tmp_path / "credentials", grpc="", http="")
    return str(tmp_path / "credentials")


@pytest.fixture
def suggester(tmp_path: Path, credentials: str):
    member = Member("suggester", "suggester", tmp_path, {"TUNEWRIGHT_CREDENTIALS": credentials})
    member.start()
    yield member
    if member.running:
        member.kill()


def test_it_is_ready_when_it_says_so_and_ends_in_order(suggester: Member):
    assert suggester.ready() == {"ready": True, "failing": []}
    assert suggester.end(within_s=10) == 0
    assert '"event": "drains"' in suggester.log.read_text()


def test_no_secret_is_logged(suggester: Member, credentials: str):
    suggester.end()
    secrets = [line.split(" = ")[1] for line in Path(credentials).read_text().splitlines() if "secret" in line]
    assert secrets
    assert not any(secret in suggester.log.read_text() for secret in secrets)


def refused(service: str, **variables: str) -> str:
    """Start a service that cannot start; return its one line."""
    done = subprocess.run(
        [sys.executable, "-m", "tunewright", "serve", service],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_what_must_be_set_is_named_with_what_it_is_for():
    assert (
        refused("trainer")
        == "tunewright: TUNEWRIGHT_KAFKA: is not set. HOST:PORT of Kafka brokers, separated by commas."
    )


def test_missing_credentials_name_the_command_that_makes_them(tmp_path: Path):
    assert "tunewright admin credentials" in refused("suggester", TUNEWRIGHT_CREDENTIALS=str(tmp_path / "none"))


def test_plaintext_beyond_loopback_is_refused(credentials: str):
    line = refused("suggester", TUNEWRIGHT_CREDENTIALS=credentials, TUNEWRIGHT_GRPC="0.0.0.0:0")
    assert "TUNEWRIGHT_TLS_CERTIFICATE" in line


@pytest.mark.parametrize("service", ["suggester", "scheduler", "trainer", "metrics", "gateway"])
def test_health_and_metrics_in_the_clear_beyond_loopback_are_asked_for_by_name(service: str):
    needed = {"TUNEWRIGHT_KAFKA": "127.0.0.1:1", "TUNEWRIGHT_MONGODB": "mongodb://127.0.0.1:1"}
    needed |= dict.fromkeys(("TUNEWRIGHT_CREDENTIALS", "TUNEWRIGHT_SCHEDULER", "TUNEWRIGHT_SUGGESTER"), "x")
    needed |= {"TUNEWRIGHT_DATA_DIR": "x", "TUNEWRIGHT_HTTP": "0.0.0.0:0"}
    kind = load(f"serve-{service}").settings
    with pytest.raises(InvalidSpec, match=r"TUNEWRIGHT_HTTP: .*TUNEWRIGHT_HTTP_PLAINTEXT=on"):
        from_environment(kind, needed).http_tls()
    assert from_environment(kind, needed | {"TUNEWRIGHT_HTTP_PLAINTEXT": "on"}).http_tls() is None


def test_a_service_refuses_to_serve_them_so(credentials: str):
    line = refused("suggester", TUNEWRIGHT_CREDENTIALS=credentials, TUNEWRIGHT_HTTP="0.0.0.0:0")
    assert "TUNEWRIGHT_HTTP_PLAINTEXT" in line


def test_without_its_database_it_is_alive_and_not_ready_and_still_ends_when_told(tmp_path: Path, credentials: str):
    with socket.create_server(("127.0.0.1", 0)) as nothing, socket.create_server(("127.0.0.1", 0)) as http:
        gone, web = nothing.getsockname()[1], http.getsockname()[1]
    waiting = Member(
        "metrics",
        "metrics",
        tmp_path,
        {
            "TUNEWRIGHT_CREDENTIALS": credentials,
            "TUNEWRIGHT_KAFKA": f"127.0.0.1:{gone}",
            "TUNEWRIGHT_MONGODB": f"mongodb://127.0.0.1:{gone}/x",
        },
    )
    waiting.http = f"127.0.0.1:{web}"
    waiting.start_waiting()
    try:
        assert waiting.ready() == {"ready": False, "failing": ["metrics"]}
        until(lambda: '"event": "waits"' in waiting.log.read_text(), "it says what it waits for", 30)
    finally:
        code = waiting.end(within_s=20)
    assert code == 0


def test_every_service_lists_its_variables():
    for service in ("suggester", "scheduler", "trainer", "metrics", "gateway"):
        done = subprocess.run(
            [sys.executable, "-m", "tunewright", "serve", service, "--variables"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "TUNEWRIGHT_CREDENTIALS" in done.stdout
        assert "[must be set]" in done.stdout


def test_a_second_signal_ends_it_at_once(suggester: Member):
    suggester.send(signal.SIGINT)
    assert suggester.end(signal.SIGTERM, within_s=10) == 0


async def test_a_call_to_a_process_that_stands_still_fails_within_seconds(suggester: Member):
    """Its connection stays open, as on a machine that hangs: only unanswered pings tell."""
    async with open_channel(suggester.grpc, "nobody's") as channel:
        health = HealthStub(channel)
        await health.Check(HealthCheckRequest(), timeout=10)
        suggester.pause()
        began = time.monotonic()
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await health.Check(HealthCheckRequest(), timeout=50)
        suggester.resume()
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
    assert time.monotonic() - began < 8
