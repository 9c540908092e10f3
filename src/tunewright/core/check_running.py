"""Judges on what a training runs and for how long: instances, spot capacity, the network."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from tunewright.core.amt_texts import NO_SPOT
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Definition

MOST_INSTANCES: Final = 100
LONGEST_RUN_S: Final = 3650 * 86_400
"""Ten years; later deadlines are mistakes."""
PROGRAM: Final = "file://"
"""So begins an image that is a program of the trainer's host, and no container's."""
PROGRAMS_OWN: Final = "/opt/ml"
"""What SAGEMAKER_BASE_DIR stands for, where there is no container."""


def check_running(definition: Definition, path: str) -> None:
    """Raises InvalidSpec."""
    count = definition.resources.instance_count
    if not 1 <= count <= MOST_INSTANCES:
        raise InvalidSpec(f"{path}.resources.instance_count", f"must be from 1 to {MOST_INSTANCES}, is {count}")
    check_runtime(definition.stopping.max_runtime_s, f"{path}.stopping.max_runtime_s")
    _check_wait(definition, f"{path}.stopping.max_wait_s")


def check_runtime(seconds: int, field: str) -> None:
    """Raises InvalidSpec."""
    if not 1 <= seconds <= LONGEST_RUN_S:
        why = f"must be from 1 to {LONGEST_RUN_S} seconds, is {seconds}"
        raise InvalidSpec(field, why, "Give seconds, ten years at most")


def check_hosted(definition: Definition, path: str) -> None:
    """Refuse what only containers have, where the image is a program of a host. Raises InvalidSpec.

    For whoever knows that such a program would be run: nothing else can run it.
    """
    if not definition.image.startswith(PROGRAM):
        return
    if definition.network_isolation:
        why = "a program of the trainer's host has the network of that host"
        raise InvalidSpec(f"{path}.network_isolation", why, "Leave it out, or give the image of a container")
    if definition.resources.instance_count > 1:
        why = "instances reach each other by name, which programs of one host cannot"
        raise InvalidSpec(f"{path}.resources.instance_count", why, "Ask for 1, or give the image of a container")
    place = definition.checkpoint_path
    if place and not PurePosixPath(place).is_relative_to(PROGRAMS_OWN):
        why = f"is {place!r}, and a program of the trainer's host has its checkpoints below {PROGRAMS_OWN} only"
        raise InvalidSpec(f"{path}.checkpoint_path", why, "Leave it out, or give the image of a container")


def _check_wait(definition: Definition, field: str) -> None:
    wait_s, run_s = definition.stopping.max_wait_s, definition.stopping.max_runtime_s
    if wait_s is None:
        return
    if not definition.spot:
        raise InvalidSpec(field, NO_SPOT)
    check_runtime(wait_s, field)
    if wait_s < run_s:
        why = f"is {wait_s}, less than max_runtime_s, {run_s}: it counts waiting and running together"
        raise InvalidSpec(field, why, "Raise it, or lower max_runtime_s")
