"""Our compose file on an engine of the tests' own, with images built from our Dockerfiles; only what these and the
compose file take from a registry is made here."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from tests.servers.engine import Engine
from tests.servers.process import CHECKOUT, give_up
from tests.servers.standins import kafka_image, mongodb_image, mounted, node_image, python_image

PROJECT: Final = "tunewright"
PAGES: Final = CHECKOUT / "services/gateway/tunewright_gateway/dashboard"
SOONER: Final = {"healthcheck": {"interval": "2s"}}
"""Asked more often, services that wait for each other start sooner."""
SERVERS: Final = ("kafka", "mongodb", "suggester", "scheduler", "metrics", "gateway", "trainer")


def compose_command() -> list[str] | None:
    """Return the words of the one that is installed."""
    if shutil.which("docker"):
        found = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if found.returncode == 0:
            return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


class Installation:
    """What `docker compose` makes of our file, beside one that names the images that stand in for a registry's."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        command = compose_command()
        if command is None:
            give_up("neither `docker compose` nor docker-compose is installed")
        self.engine, self.folder = engine, folder
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.programs.chmod(0o755)
        beside = folder / "stand-ins.yml"
        beside.write_text(yaml.safe_dump({"services": self._stand_ins()}))
        files = ["--file", str(CHECKOUT / "docker-compose.yml"), "--file", str(beside)]
        self.command = [*command, "--project-name", PROJECT, "--project-directory", str(CHECKOUT), *files]
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("TUNEWRIGHT_", "PYTHON"))},
            "DOCKER_HOST": engine.url,
            "DOCKER_BUILDKIT": "0",  # the engine of Debian's has no other builder …
            "COMPOSE_DOCKER_CLI_BUILD": "0",  # … and its compose asks it by itself
            "BASE": python_image(engine),
            "NODE": node_image(engine, PAGES),
            "TRAINER_PROGRAMS": str(self.programs),
        }

    def compose(self, *words: str) -> str:
        """Return what it prints."""
        return self._run([*self.command, *words], self.environment)

    def shell(self, script: str, **environment: str) -> str:
        """Run a script where an operator would: in the checkout, able to reach published ports."""
        given = {**self.environment, "PYTHONPATH": os.environ.get("PYTHONPATH", ""), **environment}
        return self._run([*self.engine.on_its_network, "sh", "-euc", script], given)

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "--quiet", service).split()

    def inspect(self, container: str) -> Any:
        return self.engine.get(f"/containers/{container}/json")

    def of_image(self, image: str, *command: str) -> str:
        """Return what a command prints in a container of an image."""
        return self.docker("run", "--rm", "--network", "none", "--entrypoint", command[0], image, *command[1:])

    def docker(self, *words: str) -> str:
        """Return what it prints."""
        return self._run(["docker", *words], self.environment)

    def _stand_ins(self) -> Mapping[str, Any]:
        services: dict[str, dict[str, Any]] = {name: dict(SOONER) for name in SERVERS}
        services["kafka"] |= {
            "image": kafka_image(self.engine),
            "volumes": mounted(),
            "environment": {"KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": 2},
        }
        services["mongodb"] |= {"image": mongodb_image(self.engine), "volumes": mounted()}
        return services

    def _run(self, command: Sequence[str], environment: Mapping[str, str]) -> str:
        done = subprocess.run(
            command,
            cwd=CHECKOUT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout
