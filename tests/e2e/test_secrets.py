"""Secrets stay where they are put: in no line that a service writes, and in no error, whatever goes wrong with them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.servers.process import free_ports
from tests.unit.platform.certificates import certificate_in
from tests.wire.fleet import Member, until
from tunewright.core.errors import InvalidSpec
from tunewright.platform.credentials import create_or_load
from tunewright.platform.parts import load
from tunewright.platform.settings import from_environment

SECRET = "5ecret"
"""In all that is secret."""
PEM = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"
SERVICES = ("suggester", "scheduler", "trainer", "metrics", "gateway")


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """All that a service could want, each secret with the word in it; Kafka and MongoDB are away."""
    certificate_in(tmp_path)
    made = create_or_load(tmp_path / "credentials", grpc="", http="")
    text = (tmp_path / "credentials").read_text()
    for old in (made.aws_secret_access_key, made.tunewright_token):
        text = text.replace(old, SECRET + old)
    (tmp_path / "credentials").write_text(text)
    (tmp_path / "password").write_text(SECRET)
    (away,) = free_ports(1)
    pem = {
        "TLS_CERTIFICATE": "server.pem",
        "TLS_KEY": "server-key.pem",
        "TLS_CLIENT_CA": "authority.pem",
        "TLS_CA": "authority.pem",
        "TLS_CLIENT_CERTIFICATE": "client.pem",
        "TLS_CLIENT_KEY": "client-key.pem",
        "KAFKA_CA": "authority.pem",
        "KAFKA_PASSWORD_FILE": "password",
        "CREDENTIALS": "credentials",
        "DATA_DIR": "data",
    }
    given = {f"TUNEWRIGHT_{name}": str(tmp_path / file) for name, file in pem.items()}
    return given | {
        "TUNEWRIGHT_KAFKA": f"127.0.0.1:{away}",
        "TUNEWRIGHT_KAFKA_USER": "tunewright",
        "TUNEWRIGHT_MONGODB": f"mongodb://tunewright:{SECRET}@127.0.0.1:{away}/x",
        "TUNEWRIGHT_SCHEDULER": f"127.0.0.1:{away}",
        "TUNEWRIGHT_SUGGESTER": f"127.0.0.1:{away}",
        "TUNEWRIGHT_LOG_LEVEL": "DEBUG",
        "TUNEWRIGHT_TOKEN": SECRET,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }


def refused(service: str, variables: Mapping[str, str]) -> str:
    """Return all that a service says that refuses to start, or that has been told to end while it waits."""
    done = subprocess.run(
        [sys.executable, "-m", "tunewright", "serve", service],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path), **variables},
        check=False,
    )
    assert done.returncode == 2, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("service", "variable", "content"),
    [
        ("metrics", "TUNEWRIGHT_MONGODB", f"mongodb://tunewright:{SECRET}@db:port/x"),
        (
            "metrics",
            "TUNEWRIGHT_MONGODB",
            f"mongodb://u:{SECRET}/%@db/x?tls=true&tlsCertificateKeyFilePassword={SECRET}",
        ),
        ("trainer", "TUNEWRIGHT_TLS_CLIENT_KEY", PEM),
        ("metrics", "TUNEWRIGHT_TLS_KEY", PEM),
        ("gateway", "TUNEWRIGHT_CREDENTIALS", f"[default]\ntunewright_token = {SECRET}\n{SECRET}\n"),
        ("trainer", "TUNEWRIGHT_KAFKA_CA", PEM),
    ],
)
def test_what_is_broken_is_named_and_not_told(
    variables: dict[str, str], tmp_path: Path, service: str, variable: str, content: str
):
    value = content
    if variable != "TUNEWRIGHT_MONGODB":
        broken = tmp_path / "broken"
        broken.write_text(content)
        broken.chmod(0o600)
        value = str(broken)
    said = refused(service, variables | {variable: value})
    assert variable in said or value in said
    assert SECRET not in said


def test_who_waits_for_what_is_away_says_for_what_and_no_secret(variables: dict[str, str], tmp_path: Path):
    waiting = Member("scheduler", "scheduler", tmp_path, variables)
    (port,) = free_ports(1)
    waiting.http = f"127.0.0.1:{port}"
    waiting.start_waiting()
    try:
        until(lambda: '"event": "waits"' in waiting.log.read_text(), "it says what it waits for", 60)
    finally:
        waiting.end(signal.SIGTERM)
    assert SECRET not in waiting.log.read_text()


@pytest.mark.parametrize("service", SERVICES)
def test_settings_are_shown_without_their_secrets(variables: dict[str, str], service: str):
    given = from_environment(load(f"serve-{service}").settings, variables)
    assert SECRET not in repr(given)
    assert SECRET not in repr(given.keys())


def test_a_password_that_is_no_text_is_refused_by_its_file(variables: dict[str, str], tmp_path: Path):
    (tmp_path / "password").write_bytes(b"\xff" + SECRET.encode())
    given = from_environment(load("serve-trainer").settings, variables)
    with pytest.raises(InvalidSpec, match=r"TUNEWRIGHT_KAFKA_PASSWORD_FILE: .*it is no text") as told:
        given.kafka_password()
    assert SECRET not in str(told.value)
