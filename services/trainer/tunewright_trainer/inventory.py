"""What this host has for trainings: CPUs and memory within the limits of our own cgroup, and GPUs.

GPUs are those that `nvidia-smi -L` lists, by their UUIDs: indexes mean one thing to it, another to CUDA, and another
yet in a container. GPUs of other vendors the operator names.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import structlog

from tunewright_trainer.core.capacity import Inventory

NVIDIA_SMI_S: Final = 10.0
"""Without its persistence daemon the driver takes seconds to answer."""
LISTED: Final = re.compile(r"^(GPU|\s+MIG) .*\(UUID: (\S+)\)$", re.MULTILINE)
VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
V1_MEMORY, V2_MEMORY = "memory.limit_in_bytes", "memory.max"

log = structlog.get_logger()


def take_inventory(gpus: Sequence[str] | None = None) -> Inventory:
    """Return what there is. `gpus` are the ids that the operator names; None: ask the driver, which takes its time."""
    return Inventory(cpus(), memory_bytes(), tuple(found_gpus() if gpus is None else gpus))


def cpus(root: Path = Path("/")) -> float:
    """Return how many CPUs this process may use: by affinity, and by the quotas of its cgroups below `root`."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([float(allowed), *_cpu_quotas(root)])


def memory_bytes(root: Path = Path("/")) -> int:
    """Return the machine's memory, or what the cgroups of this process leave of it."""
    installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    texts = [_text(folder / name) for folder in _cgroups(root, "memory") for name in (V2_MEMORY, V1_MEMORY)]
    return min([installed, *(int(text) for text in texts if text.isdecimal())])


def found_gpus() -> tuple[str, ...]:
    """Return the ids of the NVIDIA GPUs that this process may use; of one that is split, those of its parts."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        listing = subprocess.run(
            [program, "-L"], capture_output=True, text=True, timeout=NVIDIA_SMI_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("GPUs not counted", program=program, why=str(error), means="trainings with GPUs are not claimed")
        return ()
    return visible(listed(listing), os.environ.get(VISIBLE))


def listed(listing: str) -> tuple[str, ...]:
    """Return the ids in the output of `nvidia-smi -L`."""
    ids: list[str] = []
    whole = ""
    for kind, uuid in LISTED.findall(listing):
        if kind == "GPU":
            whole = uuid
        elif whole in ids:
            ids.remove(whole)  # it is split: its parts stand for it
        ids.append(uuid)
    return tuple(ids)


def visible(gpus: Sequence[str], shown: str | None) -> tuple[str, ...]:
    """Return those of `gpus` that CUDA_VISIBLE_DEVICES shows: indexes, or beginnings of ids, up to a wrong one."""
    if shown is None:
        return tuple(gpus)
    chosen: list[str] = []
    for word in (part.strip() for part in shown.split(",")):
        if word.isdecimal():
            found = list(gpus[int(word) : int(word) + 1])
        else:
            found = [gpu for gpu in gpus if word and gpu.startswith(word)]
        if len(found) != 1:
            break
        chosen += found
    return tuple(dict.fromkeys(chosen))


def _cpu_quotas(root: Path) -> Iterator[float]:
    for folder in _cgroups(root, "cpu"):
        quota, _, period = _text(folder / "cpu.max").partition(" ")  # version 2
        if not period:
            quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
        if quota.isdecimal() and period.isdecimal() and int(period):
            yield int(quota) / int(period)


def _cgroups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of our cgroup and of those above it. A container may not see its own, but sees its limits."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = root / "sys/fs/cgroup" / (controller if controllers else "")
        folder = top / path.lstrip("/")
        yield from (folder, *(above for above in folder.parents if above.is_relative_to(top)))


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
