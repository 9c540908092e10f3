"""What a host has for trainings, what of it is taken, and which GPUs are whose."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from tunewright.core.instances import Need
from tunewright_trainer.core.attempt import Attempt

Gpus = tuple[tuple[str, ...], ...]
"""Per instance the ids of the GPUs that it may use; (): nothing is said about GPUs."""

ROUNDING: Final = 1e-6
"""Of a CPU, so that ten trainings of a tenth fit where there is one."""
GIB: Final = 2**30


class NoRoom(Exception):  # noqa: N818 - what has come about
    """More was granted than is free; the text says what."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a host has for trainings. GPUs are named by the vendor's ids, or by index."""

    cpus: float = 0.0
    memory_bytes: int = 0
    gpus: tuple[str, ...] = ()


NOTHING: Final = Inventory()


def limits(need: Need, has: Inventory) -> Need:
    """Return a need as limits that can be set: not above what there is, where that is known."""
    return replace(
        need,
        cpus=min(need.cpus, has.cpus or need.cpus),
        memory_bytes=min(need.memory_bytes, has.memory_bytes or need.memory_bytes),
    )


@dataclass(frozen=True, slots=True)
class Free:
    """What is left: trainings, CPUs, bytes, GPUs that nobody uses, and beside them those that only sharers use."""

    slots: int
    cpus: float
    memory_bytes: int
    gpus: int
    gpus_shared: int
    only_gpus: int = 0
    """Above 0: nothing but these GPUs is counted."""


@dataclass(frozen=True, slots=True)
class _Taken:
    cpus: float
    memory_bytes: int
    gpus: tuple[str, ...]
    """Each as often as an instance has it."""
    shared: bool


@dataclass(slots=True)
class Capacity:
    """`counted`: nothing is taken beyond the inventory. Else only slots are, and GPUs are dealt out as they come.

    `only_gpus`: of the inventory only GPUs are counted, and who asks for more of them than there are gets all of them.
    A GPU is one training's own, or shared by those that agree to that. Of several that would do it is the least used.
    """

    slots: int
    inventory: Inventory
    counted: bool
    only_gpus: bool = False
    _taken: dict[Attempt, _Taken] = field(default_factory=dict)

    @property
    def free(self) -> Free:
        """What has been found again after a restart with less may exceed it: then nothing is free."""
        taken, owned = self._taken.values(), self._owned()
        gpus = sum(not users for users in self._users().values())
        gpus_shared = sum(users > 0 and gpu not in owned for gpu, users in self._users().items())
        slots = max(self.slots - len(taken), 0)
        if self.only_gpus:
            return Free(slots, 0.0, 0, gpus, gpus_shared, len(self.inventory.gpus))
        cpus = self.inventory.cpus - sum(item.cpus for item in taken)
        memory_bytes = self.inventory.memory_bytes - sum(item.memory_bytes for item in taken)
        return Free(slots, max(cpus, 0.0), max(memory_bytes, 0), gpus, gpus_shared)

    @property
    def all_is_free(self) -> bool:
        return not self._taken

    def take(self, attempt: Attempt, need: Need, instances: int) -> Gpus:
        """Take what `instances` need together; return their GPUs. Raises NoRoom, and takes nothing then."""
        gpus = self._deal(need, instances)
        if self.counted and not self.only_gpus:
            free = self.free
            if free.cpus + ROUNDING < need.cpus * instances:
                raise NoRoom(f"needs {need.cpus * instances:g} CPUs, of which {free.cpus:g} are free")
            if free.memory_bytes < need.memory_bytes * instances:
                wanted, left = need.memory_bytes * instances / GIB, free.memory_bytes / GIB
                raise NoRoom(f"needs {wanted:.1f} GiB of memory, of which {left:.1f} are free")
        self.keep(attempt, need, instances, gpus)
        return gpus

    def keep(self, attempt: Attempt, need: Need, instances: int, gpus: Gpus) -> None:
        """Take what an attempt has that is there already, whether it fits or not."""
        ids = tuple(gpu for instance in gpus for gpu in instance)
        self._taken[attempt] = _Taken(need.cpus * instances, need.memory_bytes * instances, ids, need.gpus_shared)

    def release(self, attempt: Attempt) -> None:
        """Free what an attempt has; again, it does nothing."""
        self._taken.pop(attempt, None)

    def _users(self) -> dict[str, int]:
        """Return how many instances use each GPU of the inventory."""
        users = dict.fromkeys(self.inventory.gpus, 0)
        for item in self._taken.values():
            for gpu in item.gpus:
                users[gpu] = users.get(gpu, 0) + 1
        return {gpu: users[gpu] for gpu in self.inventory.gpus}

    def _owned(self) -> set[str]:
        return {gpu for item in self._taken.values() if not item.shared for gpu in item.gpus}

    def _deal(self, need: Need, instances: int) -> Gpus:
        if not self.counted:
            return self._deal_evenly(need.gpus, instances)
        if not self.inventory.gpus and not need.gpus:
            return ()
        users, owned = self._users(), self._owned()
        if self.only_gpus:
            need = replace(need, gpus=min(need.gpus, len(users)))
            if not need.gpus_shared and need.gpus * instances > len(users) and not any(users.values()):
                return self._deal_evenly(need.gpus, instances)
        dealt = []
        for _ in range(instances):
            open_to_it = [gpu for gpu in users if (gpu not in owned if need.gpus_shared else not users[gpu])]
            if len(open_to_it) < need.gpus:
                kind = "shared GPUs" if need.gpus_shared else "GPUs"
                raise NoRoom(f"needs {need.gpus} {kind} an instance, of which {len(open_to_it)} are free")
            dealt.append(_least_used(users, open_to_it, need.gpus))
        return tuple(dealt)

    def _deal_evenly(self, wanted: int, instances: int) -> Gpus:
        """Give as many as there are, each to several if need be."""
        users = self._users()
        if not wanted or not users:
            return ()
        return tuple(_least_used(users, list(users), wanted) for _ in range(instances))


def _least_used(users: dict[str, int], open_to_it: list[str], wanted: int) -> tuple[str, ...]:
    """Choose up to `wanted`, and count them as used once more."""
    chosen = sorted(open_to_it, key=users.__getitem__)[:wanted]  # stable: in the order of the inventory
    for gpu in chosen:
        users[gpu] += 1
    return tuple(chosen)
