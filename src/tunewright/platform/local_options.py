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
    slots: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Trainings at once."""
    image_roots: tuple[Path, ...] = ()
    """Programs are run only from below these folders."""
    keeping: KeepingSettings = field(default_factory=KeepingSettings)
    exit_when_idle_s: float | None = None
    """End after so long without an active job or a call; None: run until stopped."""
