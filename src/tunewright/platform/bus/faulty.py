"""A bus that fails by a seed: refuses, loses answers, delivers twice, late, and mixed across partitions."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tunewright.core.errors import Unavailable
from tunewright.platform.bus.port import Bus, Delivered, Listening, Record, Subscription


@dataclass(frozen=True, slots=True)
class BusFaults:
    """Chances per call, 0 … 1."""

    unavailable: float = 0.0
    """A publication is refused."""
    answer_lost: float = 0.0
    """A publication is accepted, then raises Unavailable: the caller publishes all of it again."""
    redelivered: float = 0.0
    """A batch comes with a batch before it in front, as after a hand-over."""
    late: float = 0.0
    """What a partition has in a batch comes with a later one; partitions overtake each other."""
    unheard: float = 0.0
    """What comes to one who listens is lost."""


class FaultyBus:
    def __init__(self, bus: Bus, seed: int, faults: BusFaults) -> None:
        self._bus, self._random, self._faults = bus, random.Random(seed), faults  # noqa: S311 - to replay

    async def publish(self, records: Sequence[Record]) -> None:
        if self._happens(self._faults.unavailable):
            raise Unavailable("the bus", "by the seed")
        await self._bus.publish(records)
        if self._happens(self._faults.answer_lost):
            raise Unavailable("the bus", "the answer was lost")

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[Subscription]:
        async with self._bus.subscribe(group, topics) as subscription:
            yield _Redelivering(subscription, self)

    @asynccontextmanager
    async def listen(self, topics: Sequence[str]) -> AsyncIterator[Listening]:
        async with self._bus.listen(topics) as listening:
            yield _HardOfHearing(listening, self)

    async def close(self) -> None:
        await self._bus.close()

    def redelivers(self) -> bool:
        return self._happens(self._faults.redelivered)

    def is_late(self) -> bool:
        return self._happens(self._faults.late)

    def is_unheard(self) -> bool:
        return self._happens(self._faults.unheard)

    def _happens(self, chance: float) -> bool:
        return chance > 0 and self._random.random() < chance


class _Redelivering:
    def __init__(self, subscription: Subscription, bus: FaultyBus) -> None:
        self._subscription, self._bus = subscription, bus
        self._before: list[Delivered] = []
        self._late: list[Delivered] = []

    async def batch(self, *, limit: int = 500, wait_s: float = 1.0) -> list[Delivered]:
        arrived = [*self._late, *await self._subscription.batch(limit=limit, wait_s=0 if self._late else wait_s)]
        places = dict.fromkeys((item.record.topic, item.partition) for item in arrived)
        late = {place for place in places if self._bus.is_late()}
        self._late = [item for item in arrived if (item.record.topic, item.partition) in late]
        fresh = [item for item in arrived if (item.record.topic, item.partition) not in late]
        again = self._before if fresh and self._bus.redelivers() else []
        self._before = fresh or self._before
        return [*again, *fresh]

    async def commit(self, batch: Sequence[Delivered]) -> None:
        await self._subscription.commit(batch)


class _HardOfHearing:
    def __init__(self, listening: Listening, bus: FaultyBus) -> None:
        self._listening, self._bus = listening, bus

    async def batch(self, *, limit: int = 500, wait_s: float = 1.0) -> list[Delivered]:
        heard = await self._listening.batch(limit=limit, wait_s=wait_s)
        return [] if heard and self._bus.is_unheard() else heard
