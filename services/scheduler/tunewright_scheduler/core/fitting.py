"""What a training takes of a host, and whether a host has it: sizes of whole trainings, all instances together.

GPUs are taken whole, or shared by trainings that all say so. Which GPU a sharing training gets is its trainer's choice;
here it is taken to be a free one, so that nobody is promised whole what may be shared by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tunewright.core.instances import Capacity, Need

NO_NEED: Final = Need()
SLACK_CPUS: Final = 1e-6
"""Tenths of CPUs do not add up to whole ones in floats."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one training takes of its host."""

    instance_type: str = "local"
    need: Need = NO_NEED
    """Of one instance."""
    instances: int = 1

    @property
    def whole(self) -> Capacity:
        """Return what it takes for itself alone: shared GPUs are not among it."""
        need, count = self.need, self.instances
        return Capacity(need.cpus * count, need.memory_bytes * count, 0 if need.gpus_shared else need.gpus * count)

    def __str__(self) -> str:
        """Return "2 × ml.g5.xlarge (4 CPUs, 16 GiB, 1 GPU each)"."""
        one = f"{self.instance_type} ({self.need})"
        return one if self.instances == 1 else f"{self.instances} × {one[:-1]} each)"


NOTHING: Final = Demand()


def fits(demand: Demand, free: Capacity | None) -> bool:
    """Say whether a host that has so much left can hold the training; None: it counts slots alone."""
    if free is None:
        return True
    whole, need = _asked(demand, free), demand.need
    return (
        whole.cpus <= free.cpus + SLACK_CPUS
        and whole.memory_bytes <= free.memory_bytes
        and whole.gpus <= free.gpus
        and (not need.gpus_shared or _at_most(need.gpus, free) <= free.gpus + free.gpus_shared)
    )


def _asked(demand: Demand, of: Capacity) -> Capacity:
    """Return what is asked of a host for a training alone, of what is counted there."""
    if not of.only_gpus:
        return demand.whole
    return Capacity(gpus=_at_most(demand.whole.gpus, of))


def _at_most(gpus: int, of: Capacity) -> int:
    return min(gpus, of.only_gpus or gpus)


def less(free: Capacity, demand: Demand) -> Capacity:
    """Return what is left beside the training, never less than nothing."""
    whole, need = _asked(demand, free), demand.need
    shared = min(free.gpus, need.gpus * demand.instances) if need.gpus_shared else 0
    return Capacity(
        cpus=max(0.0, free.cpus - whole.cpus),
        memory_bytes=max(0, free.memory_bytes - whole.memory_bytes),
        gpus=max(0, free.gpus - whole.gpus - shared),
        gpus_shared=free.gpus_shared + shared,
        only_gpus=free.only_gpus,
    )


def left(capacity: Capacity, held: Iterable[Demand]) -> Capacity:
    """Return what a host has left beside all that it holds."""
    for demand in held:
        capacity = less(capacity, demand)
    return capacity


def largest(capacities: Sequence[Capacity]) -> Capacity:
    """Return the largest of some hosts: by GPUs, then CPUs, then memory."""
    return max(capacities, key=lambda one: (one.gpus, one.cpus, one.memory_bytes))
