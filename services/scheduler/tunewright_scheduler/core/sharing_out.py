"""Which claim gets which training, where hosts have sizes: in the order of claims, on the first claim that can hold it.

    what does not fit now          is passed by: smaller ones behind it do not wait for it
    what has not fitted for long   one trainer that could hold it is kept for it: that one is given nothing that stands
                                   behind it, until enough has ended there. One such training in each pool at a time,
                                   the first in the order of claims, so that at most one trainer idles
    what fits no trainer there     holds nobody up; the doctor says so
    what a trainer has lost        goes to another one that could hold it, if there is one, for a short while

So the smaller ones starve nobody, nor are they starved: what stands in front of a training is bounded by the queue's
own fairness (tunewright_scheduler.core.queueing), and what stands behind it passes for RESERVE_AFTER_S at most.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tunewright.core.instances import Capacity
from tunewright_scheduler.core.fitting import Demand, fits, less

RESERVE_AFTER_S: Final = 30.0
"""So long others may pass a training that does not fit anywhere yet."""
ELSEWHERE_S: Final = 10.0
"""So long a training is kept from the trainer that lost it, if others could hold it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A training that is there to be claimed."""

    key: str
    demand: Demand
    since: float
    left_by: str = ""
    """The trainer that had it last; empty: none has."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A trainer of the pool that takes on work; not all of them ask for some at this moment."""

    trainer_id: str
    capacity: Capacity | None


@dataclass(slots=True)
class Room:
    """What a host has left."""

    left: Capacity | None = None
    """None: nobody counts."""
    counted: bool = True
    """False: there is no more than this; what is taken of it has not been looked up yet."""

    def holds(self, demand: Demand) -> bool:
        return fits(demand, self.left)

    def take(self, demand: Demand) -> None:
        if self.left is not None:
            self.left = less(self.left, demand)


@dataclass(slots=True)
class Place:
    """What one claim can still hold."""

    trainer_id: str
    slots: int
    told: Room
    """What its trainer says is free."""
    host: Room
    """What is free by our own record of what it holds: one for all claims of a trainer, of which several may wait."""

    @property
    def sized(self) -> bool:
        return self.told.left is not None or self.host.left is not None

    def holds(self, demand: Demand) -> bool:
        return self.slots > 0 and self.told.holds(demand) and self.host.holds(demand)

    def take(self, demand: Demand) -> None:
        self.slots -= 1
        self.told.take(demand)
        self.host.take(demand)


@dataclass(frozen=True, slots=True)
class Reservation:
    """The trainer that is kept for a training; remembered for as long as a look goes on behind that training."""

    trainer_id: str = ""
    key: str = ""


def open_places(places: Sequence[Place], kept: Reservation) -> list[int]:
    """Return the places that may be given more, by their index."""
    return [i for i, place in enumerate(places) if place.slots > 0 and place.trainer_id != kept.trainer_id]


def place_for(
    waiting: Waiting, places: Sequence[Place], kept: Reservation, peers: Sequence[Peer], now: float
) -> int | None:
    """Return the place that is to hold the training, by its index; None: it waits."""
    shunned = waiting.left_by if is_elsewhere(waiting, peers, now) else ""
    for index in open_places(places, kept):
        place = places[index]
        if place.trainer_id != shunned and place.holds(waiting.demand):
            return index
    return None


def is_elsewhere(waiting: Waiting, peers: Sequence[Peer], now: float) -> bool:
    """Say whether a training that its last trainer has lost is to go to another one."""
    if not waiting.left_by or now - waiting.since >= ELSEWHERE_S:
        return False
    others = (peer for peer in peers if peer.trainer_id != waiting.left_by)
    return any(fits(waiting.demand, peer.capacity) for peer in others)


def reservation(waiting: Waiting, peers: Sequence[Peer], now: float) -> Reservation | None:
    """Return the trainer to be kept for a training that fits nowhere yet; None: it is not time, or it never will.

    Every scheduler chooses the same one of the same trainers, without asking the others: the highest of hashes (Thaler
    and Ravishankar 1998).
    """
    if now - waiting.since < RESERVE_AFTER_S:
        return None
    able = [peer.trainer_id for peer in peers if fits(waiting.demand, peer.capacity)]
    if not able:
        return None
    return Reservation(max(able, key=lambda name: _weight(waiting.key, name)), waiting.key)


def _weight(key: str, trainer_id: str) -> bytes:
    return hashlib.blake2b(f"{key}\0{trainer_id}".encode(), digest_size=8).digest()
