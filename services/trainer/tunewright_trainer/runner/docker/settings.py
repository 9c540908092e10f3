"""What an operator sets of the Docker runner."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

GIB = 2**30


class Pull(StrEnum):
    """When the engine asks a registry for an image. It asks without credentials."""

    NEVER = "never"
    MISSING = "missing"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class DockerSettings:
    images: tuple[str, ...] = ()
    """Patterns of the images that may be run; none by default, "*" for all."""
    pull: Pull = Pull.MISSING
    user: str = ""
    """uid or uid:gid of all programs; empty: the image's own user where the trainer is root, else the trainer's."""
    network: str = "bridge"
    """Of a training with one instance that is not isolated."""
    memory_bytes: int = 0
    """The limit of an instance that states no need; 0: none."""
    cpus: float = 0.0
    """Likewise."""
    pids: int = 4096
    """Processes and threads of an instance at most."""
    tmp_bytes: int = 2 * GIB
    """Of /tmp, which is memory and counts as the program's."""
    shm_bytes: int = 2 * GIB
    """Of /dev/shm, likewise."""
    read_only_root: bool = True
    """Programs write below /opt/ml and to /tmp only. False for those that install packages at their start."""
    log_driver: str = "local"
    """The engine's, whole and without rotation; it must be readable. Only `local` keeps bytes that are not UTF-8."""
    spool_quota_bytes: int = GIB
    """An instance that prints more is ended with SPOOL_FULL, and its log is read no further."""
    host_data_dir: Path | None = None
    """The trainer's data folder as the engine sees it, where the trainer lives in a container itself. Folders elsewhere
    are then copied for programs, not shown."""
    engine_wait_s: float = 60.0
    """How long a start waits for an engine that does not answer."""
    pull_silent_s: float = 600.0
    """How long nothing may be heard of an image that is being pulled, until it is given up."""
