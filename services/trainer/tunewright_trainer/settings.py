"""What an operator sets of a trainer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TrainerSettings:
    data_dir: Path
    """Kept over restarts: this trainer's identity, its attempts and their spools, the models it has published."""
    slots: int = 1
    """Trainings at once."""
    pool: str = "default"
    image_roots: tuple[Path, ...] = ()
    """Folders under which the process runner runs programs; none by default."""
    stop_grace_s: float = 120.0
    """SIGTERM to SIGKILL, where a stop order does not say."""
    drain_s: float = 0.0
    """How long a drain waits for what is held; what is left runs on, and is found again."""
    spool_quota_bytes: int = 2**30
    """Of one attempt; one that prints more is ended with SPOOL_FULL."""
    retention_s: float = 86_400.0
    """How long the folder of an abandoned attempt is kept for people to look at."""
    gpus: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
