"""One of our images built and started, on a real engine, in every run: the suggester's, which stands on nothing else.

All images are alike down to the line of their extras (test_compose.py); test_compose_up.py builds and starts them all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

import pytest

from tests.deploy.installation import Installation
from tests.servers.engine import docker_engine

WITHIN_S: Final = 120.0
START: Final = 'tunewright admin credentials "$TUNEWRIGHT_CREDENTIALS" && exec tunewright serve suggester'
"""Keys of its own; on loopback it serves without a certificate."""
SETTINGS: Final = {"TUNEWRIGHT_CREDENTIALS": "/home/tunewright/credentials", "TUNEWRIGHT_GRPC": "127.0.0.1:7070"}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made = Installation(docker_engine(), tmp_path_factory.mktemp("operator"))
    made.compose("build", "suggester")
    return made


@pytest.fixture(scope="module")
def container(installation: Installation) -> Iterator[str]:
    given = [word for name, value in SETTINGS.items() for word in ("--env", f"{name}={value}")]
    hardened = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges:true", "--network", "none", "--init"]
    words = ["run", "--detach", *hardened, *given, "--entrypoint", "sh", "tunewright/suggester", "-euc", START]
    container = installation.docker(*words).strip()
    yield container
    installation.docker("rm", "--force", container)


def test_it_gets_healthy_without_any_privilege_and_ends_in_order(installation: Installation, container: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while (seen := installation.inspect(container))["State"]["Health"]["Status"] != "healthy":
        assert seen["State"]["Running"], installation.docker("logs", container)
        assert time.monotonic() < deadline, seen["State"]["Health"]
        time.sleep(0.2)
    assert installation.docker("exec", container, "id", "-u").strip() == "10001"
    installation.docker("stop", "--time", "30", container)
    assert installation.inspect(container)["State"]["ExitCode"] == 0, installation.docker("logs", container)
