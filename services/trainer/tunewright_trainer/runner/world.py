"""When the world that programs live in began: the machine at its boot, a container at its start."""

from __future__ import annotations

import os
import time
from pathlib import Path


def machine_began_at() -> float | None:
    """Return when this machine was booted, Unix seconds, good to a second; None where the system does not say."""
    try:
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    except (AttributeError, OSError):
        return None


def began_at() -> float | None:
    """Return the start of the first process, Unix seconds, good to a second; None where the system does not say."""
    try:
        after_name = Path("/proc/1/stat").read_text().rpartition(")")[2].split()
        boot_line = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
        return int(boot_line.split()[1]) + int(after_name[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return None
