"""What an operator sets of a trainer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from tunewright.core.arns import NOBODYS, Account
from tunewright_trainer.core.capacity import NOTHING, Inventory
from tunewright_trainer.folder import own_models
from tunewright_trainer.storage.disk import Disk

STOP_GRACE_S: Final = 120.0
"""AMT's: SIGTERM to SIGKILL."""


class DrainThen(StrEnum):
    """What becomes of trainings that still run when a drain has waited long enough."""

    LEAVE = "leave"
    """They run on, and are found again: the host stays."""
    HAND_BACK = "hand_back"
    """They are stopped, keep their checkpoints, and go on elsewhere."""


@dataclass(frozen=True, slots=True)
class TrainerSettings:
    data_dir: Path
    """Kept over restarts: this trainer's identity, its attempts and their spools, the models it has published."""
    slots: int = 1
    """Trainings at once."""
    pool: str = "default"
    image_roots: tuple[Path, ...] = ()
    """Folders under which the process runner runs programs; none by default."""
    data_roots: tuple[Path, ...] = ()
    """Folders that file:// may name for data, models, checkpoints and code; none by default."""
    closed: tuple[Path, ...] = ()
    """What it may not name even so, beside the data folder and the system's own."""
    s3_root: Path | None = None
    """The folder whose folders are the buckets of s3://; None: they are those of an S3 endpoint, by boto3."""
    stop_grace_s: float = STOP_GRACE_S
    """SIGTERM to SIGKILL, where a stop order does not say."""
    drain_s: float = 0.0
    """How long a drain waits for what is held."""
    drain_then: DrainThen = DrainThen.LEAVE
    hand_back_s: float = 120.0
    """From a preemption's notice to the end of the host: half of it for a program to save and end, half for the way."""
    preemption_file: Path | None = None
    """When there is a file of this name, the host is about to go: everything is handed back, and the trainer ends."""
    spool_quota_bytes: int = 2**30
    """Of one attempt; one that prints more is ended with SPOOL_FULL."""
    retention_s: float = 86_400.0
    """How long the folder of an abandoned attempt is kept for people to look at."""
    account: Account = NOBODYS
    """Of the ARN that a program is told."""
    inventory: Inventory = NOTHING
    counted: bool = False
    """Trainings together never need more than the inventory; else only slots are counted."""
    only_gpus: bool = False
    """If so, of the inventory only GPUs are; a training that asks for more than there are gets all of them."""
    labels: Mapping[str, str] = field(default_factory=dict)
    training_otlp_endpoint: str = ""
    """Where programs send spans of their own; empty: they are told of no place."""

    def disk(self) -> Disk:
        """Return what of this host's disk file:// may name. Models that lie here for want of another place, it may."""
        return Disk((*self.data_roots, own_models(self.data_dir)), (*self.closed, self.data_dir))
