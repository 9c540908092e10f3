"""Instance types: what one instance of a training takes of its host, by the name that AMT gives it.

A type is a size, not a machine: `ml.g5.xlarge` asks for 4 CPUs, 16 GiB and one GPU of whichever host has them. Sizes of
0 mean that nothing is reserved, and nothing limited; `local` is all zeros.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.members import Members
from tunewright.core.spec import Definition, Resources

GIB: Final = 2**30
MOST: Final = 1e6
"""CPUs, GiB and GPUs of an instance; more is a mistake."""
NEAREST: Final = 3


@dataclass(frozen=True, slots=True)
class Need:
    """What one instance takes of its host. 0: nothing is reserved. Fields as in v1.Need."""

    cpus: float = 0.0
    memory_bytes: int = 0
    gpus: int = 0
    gpus_shared: bool = False
    """Its GPUs may be others' too, who say the same."""

    def __str__(self) -> str:
        """Return "4 CPUs, 16 GiB, 1 GPU"."""
        return sizes_text(self.cpus, self.memory_bytes, self.gpus)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a host has for trainings, or has left. Fields as in v1.Capacity."""

    cpus: float = 0.0
    memory_bytes: int = 0
    gpus: int = 0
    """Those that nobody has."""
    gpus_shared: int = 0
    """Those that only trainings have that share them."""
    only_gpus: int = 0
    """Above 0: nothing but the host's GPUs is counted, which are so many; what asks for more of them gets all."""

    def __str__(self) -> str:
        return sizes_text(self.cpus, self.memory_bytes, self.gpus, self.gpus_shared)


def sizes_text(cpus: float, memory_bytes: int, gpus: int, gpus_shared: int = 0) -> str:
    """Write sizes for a person: "4 CPUs, 16 GiB, 1 GPU"; what is 0 is left out."""
    counted = ((cpus, "CPU"), (gpus, "GPU"), (gpus_shared, "shared GPU"))
    cpu, *gpu = (f"{count:g} {name}{'s' if count != 1 else ''}" if count else "" for count, name in counted)
    memory = f"{memory_bytes / GIB:.4g} GiB" if memory_bytes else ""
    return ", ".join(text for text in (cpu, memory, *gpu) if text) or "nothing"


class InstanceTypes:
    """The types that trainings may ask for, by name."""

    def __init__(self, sizes: Mapping[str, Need]) -> None:
        self._sizes = dict(sizes)

    def __contains__(self, name: object) -> bool:
        return name in self._sizes

    def need(self, resources: Resources) -> Need | None:
        """Return what one instance takes; None: there is no such type."""
        size = self._sizes.get(resources.instance_type)
        if size is None or not resources.gpus_shared:
            return size
        return Need(size.cpus, size.memory_bytes, size.gpus, gpus_shared=True)

    def extended(self, sizes: Mapping[str, Need]) -> InstanceTypes:
        """Return the types with some more, or with other sizes of some."""
        return InstanceTypes({**self._sizes, **sizes})

    def check(self, definition: Definition, path: str) -> None:
        """Raises InvalidSpec: there is no such type, or it has no GPU to share."""
        resources, field = definition.resources, f"{path}.resources.instance_type"
        need = self.need(resources)
        if need is None:
            raise InvalidSpec(field, f"{resources.instance_type!r} is not known", self._remedy(resources.instance_type))
        if resources.gpus_shared and not need.gpus:
            why = f"is asked for, and {resources.instance_type} has no GPU"
            raise InvalidSpec(f"{path}.resources.gpus_shared", why, "Leave it out, or name a type with GPUs")

    def _remedy(self, name: str) -> str:
        near = difflib.get_close_matches(name, self._sizes, NEAREST, 0.6) or ["local", "ml.m5.large"]
        return f"Did you mean {' or '.join(near)}? An operator may add types: TUNEWRIGHT_INSTANCE_TYPES"


def read_sizes(tree: Any) -> dict[str, Need]:
    """Read {name: {cpus, memory_gib, gpus}}. Raises InvalidSpec with the path of what is wrong."""
    return {name: _size(name, entry) for name, entry in tree.items()}


def _size(name: str, entry: Any) -> Need:
    with Members(entry, name) as given:
        cpus, memory_gib = given.take("cpus", float, 0.0), given.take("memory_gib", float, 0.0)
        gpus = given.take("gpus", int, 0)
    for field, size in (("cpus", cpus), ("memory_gib", memory_gib), ("gpus", gpus)):
        if not (0 <= size <= MOST and math.isfinite(size)):
            raise InvalidSpec(f"{name}.{field}", f"is {size}", f"Give a number from 0 to {MOST:g}; 0 reserves nothing")
    return Need(cpus, round(memory_gib * GIB), gpus)
