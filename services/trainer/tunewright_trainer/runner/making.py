"""Which runner a trainer has. What containers need is imported only where it is asked for."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tunewright.core.errors import InvalidSpec, Unavailable
from tunewright.platform.extras import require
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner.by_image import ByImage
from tunewright_trainer.runner.docker.settings import DockerSettings
from tunewright_trainer.runner.kubernetes.settings import KubernetesSettings
from tunewright_trainer.runner.port import Runner
from tunewright_trainer.runner.process import ProcessRunner
from tunewright_trainer.runner.world import began_at, machine_began_at
from tunewright_trainer.session import trainer_id
from tunewright_trainer.settings import TrainerSettings

ENGINE: Final = "unix:///var/run/docker.sock"
CLIENT_OF_ENGINE: Final = "aiodocker"
HOST: Final = "DOCKER_HOST"
"""The variable of Docker's own clients."""
SCHEMES: Final = ("unix", "tcp", "http", "https", "ssh")
NAMED_PIPE: Final = "npipe"


class RunnerKind(StrEnum):
    PROCESS = "process"
    DOCKER = "docker"
    KUBERNETES = "kubernetes"
    AUTO = "auto"
    """Programs of this host as processes, everything else as Docker's containers."""


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    kind: RunnerKind = RunnerKind.PROCESS
    docker: DockerSettings = DockerSettings()  # noqa: RUF009 - frozen
    docker_host: str = ""
    """Where the engine is; empty: where DOCKER_HOST says, or at its usual socket."""
    kubernetes: KubernetesSettings | None = None


def check_engine_url(url: str, name: str) -> None:
    """Raises InvalidSpec under `name`: no engine can be there."""
    scheme, separator, where = url.partition("://")
    if not separator:
        remedy = f"Give unix://{Path(url).absolute()}" if url.startswith(("/", ".")) else f"Give tcp://{url}"
        raise InvalidSpec(name, f"{url!r} does not say how the engine is reached", remedy)
    schemes = [*SCHEMES, *([NAMED_PIPE] if sys.platform == "win32" else [])]
    if scheme not in schemes:
        why = f"an engine is not reached by {scheme}:// here"
        raise InvalidSpec(name, why, f"Give unix:///PATH or tcp://HOST:PORT; {', '.join(schemes)} are known")
    if not where or (scheme == "unix" and not where.startswith("/")):
        raise InvalidSpec(name, f"{url!r} names no engine", "Give unix:///PATH or tcp://HOST:PORT")


def engine_url(docker_host: str) -> str:
    return docker_host or os.environ.get(HOST, "") or ENGINE


async def check_engine(docker_host: str, within_s: float) -> None:
    """Raises Unavailable: no container engine answers where a runner looks. Needs the extra `docker`."""
    from tunewright_trainer.runner.docker.engine import Away, Engine, Refused

    engine = Engine(engine_url(docker_host))
    try:
        await engine.ping(within_s)
    except (Away, Refused, ValueError) as why:  # the last: DOCKER_HOST is no address
        raise Unavailable(f"the container engine at {engine.url}", str(why)) from why
    finally:
        await engine.close()


def make_runner(trainer: TrainerSettings, settings: RunnerSettings, field: str) -> Runner:
    """Return the runner. Raises InvalidSpec: `field`, which has named it, names what is not installed or not set."""
    match settings.kind:
        case RunnerKind.PROCESS:
            return _programs(trainer)
        case RunnerKind.DOCKER:
            require(CLIENT_OF_ENGINE, "docker", field)
            check_engine_url(engine_url(settings.docker_host), HOST)
            return _containers(trainer, settings)
        case RunnerKind.KUBERNETES:
            require("kubernetes_asyncio", "kubernetes", field)
            return _pods(trainer, settings, field)
        case RunnerKind.AUTO:
            programs = _programs(trainer)
            return ByImage(programs, _containers(trainer, settings)) if find_spec(CLIENT_OF_ENGINE) else programs


def _programs(trainer: TrainerSettings) -> Runner:
    return ProcessRunner(Folders(trainer.data_dir), trainer.image_roots, began_at(), trainer.account)


def _containers(trainer: TrainerSettings, settings: RunnerSettings) -> Runner:
    from tunewright_trainer.runner.docker.runner import DockerRunner

    own, url = trainer_id(trainer.data_dir), engine_url(settings.docker_host)
    docker = replace(settings.docker, spool_quota_bytes=trainer.spool_quota_bytes)
    return DockerRunner(Folders(trainer.data_dir), url, own, docker, trainer.account, machine_began_at())


def _pods(trainer: TrainerSettings, settings: RunnerSettings, field: str) -> Runner:
    from tunewright_trainer.runner.kubernetes.runner import KubernetesRunner

    if settings.kubernetes is None:
        raise InvalidSpec(field, "is kubernetes, of which nothing is said", "Name its namespace and volume claim")
    settings.kubernetes.sub_path(trainer.data_dir.resolve())  # refuses a folder that no pod would see
    own = trainer_id(trainer.data_dir)
    return KubernetesRunner(Folders(trainer.data_dir), own, settings.kubernetes, trainer.account)
