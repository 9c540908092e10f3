"""How `tunewright local` is asked to run; what the command line hands to the embedded server."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from tunewright.platform.keeping import KeepingSettings


@dataclass(frozen=True, slots=True)
class LocalOptions:
    data_dir: Path
    grpc: str = "127.0.0.1:0"
    """HOST:PORT; port 0 picks a free one."""
    http: str = "127.0.0.1:0"
    http_names: tuple[str, ...] = ()
    """More names that clients may call the HTTP server, beside those of this machine for itself."""
    http_tls_certificate: Path | None = None
    http_tls_key: Path | None = None
    any_credentials: bool = False
    """Let anybody on this machine use the SageMaker door, signed or not."""
    calls_per_second: float = 2000.0
    """Of one owner other than the installation's; 0: as many as he likes."""
    runner: str = "auto"
    """What runs trainings: process, docker, or auto: programs of this machine as processes, images as containers."""
    slots: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Trainings at once."""
    image_roots: tuple[Path, ...] = ()
    """Programs are run only from below these folders."""
    data_roots: tuple[Path, ...] = (Path("/"),)
    """Folders that file:// may name for data, models, checkpoints and code: whatever this user may read."""
    s3_root: Path | None = None
    """Folder whose folders are the buckets of s3://; None: `s3` in the data folder."""
    s3_endpoint: bool = False
    """Buckets are those of an S3 endpoint, which boto3 finds, in place of folders."""
    instance_types: Path | None = None
    """TOML file of instance types beside AWS's, or of other sizes."""
    keeping: KeepingSettings = field(default_factory=KeepingSettings)
    exit_when_idle_s: float | None = None
    """End after so long without an active job or a call; None: run until stopped."""
