"""The bus inside one process: the same partitions, groups, offsets and bytes, without a broker.

It lives and dies with its process. A record is kept until every group that has ever subscribed to its topic has
committed it; a topic that nobody reads keeps its last records only.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from tunewright.core.errors import Unavailable
from tunewright.platform.bus.port import Delivered, Record
from tunewright.platform.bus.topics import Topic

UNREAD_KEPT: Final = 1000
"""Records kept per partition of a topic that no group reads."""

UNHEARD_KEPT: Final = 10_000
"""Records kept for one who listens; one who falls further behind misses the oldest."""

Place = tuple[str, int]
"""A topic and one of its partitions."""


@dataclass(slots=True)
class Partition:
    records: deque[Delivered] = field(default_factory=deque)
    end: int = 0
    """Offset of the next record."""

    @property
    def start(self) -> int:
        return self.end - len(self.records)

    def append(self, record: Record, number: int) -> Delivered:
        delivered = Delivered(record, number, self.end)
        self.records.append(delivered)
        self.end += 1
        return delivered

    def read(self, offset: int, limit: int) -> list[Delivered]:
        first = max(offset, self.start) - self.start
        return list(islice(self.records, first, first + limit))

    def trim(self, before: int) -> None:
        while self.records and self.records[0].offset < before:
            self.records.popleft()


class Group:
    """Subscriptions that share the partitions of their topics."""

    def __init__(self) -> None:
        self.topics: set[str] = set()
        self.members: list[MemorySubscription] = []
        self.committed: dict[Place, int] = {}

    def share_out(self, places: Iterable[Place]) -> None:
        """Give each partition to one member; a partition that changes hands is read on from its committed offset."""
        owned: dict[MemorySubscription, set[Place]] = {member: set() for member in self.members}
        for number, place in enumerate(sorted(places)):
            takers = [member for member in self.members if place[0] in member.topics]
            if takers:
                owned[takers[number % len(takers)]].add(place)
        for member, places_now in owned.items():
            member.take_over(places_now, self.committed)


class MemorySubscription:
    def __init__(self, bus: MemoryBus, group: Group, topics: Sequence[str]) -> None:
        self.topics = frozenset(topics)
        self.arrived = asyncio.Event()
        self._bus, self._group = bus, group
        self._positions: dict[Place, int] = {}
        self._unread: dict[Place, None] = {}
        """Places that may hold something new, in the order in which it came; looking at all would cost every batch."""

    def take_over(self, places: set[Place], committed: dict[Place, int]) -> None:
        kept = {place: at for place, at in self._positions.items() if place in places}
        self._positions = {place: kept.get(place, committed.get(place, 0)) for place in sorted(places)}
        self._unread = dict.fromkeys(self._positions)
        self.arrived.set()

    def wake(self, place: Place) -> None:
        """Take note of something new, if it is this member's to read."""
        if place in self._positions:
            self._unread[place] = None
            self.arrived.set()

    async def batch(self, *, limit: int = 500, wait_s: float = 1.0) -> list[Delivered]:
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while True:
                    self.arrived.clear()
                    if found := self._take(limit):
                        return found
                    await self.arrived.wait()
        return []

    async def commit(self, batch: Sequence[Delivered]) -> None:
        for delivered in batch:
            place = (delivered.record.topic, delivered.partition)
            if place in self._positions:
                self._group.committed[place] = max(self._group.committed.get(place, 0), delivered.offset + 1)
        self._bus.trim({(delivered.record.topic, delivered.partition) for delivered in batch})

    def _take(self, limit: int) -> list[Delivered]:
        found: list[Delivered] = []
        while self._unread and len(found) < limit:
            place = next(iter(self._unread))
            fresh = self._bus.partition(place).read(self._positions[place], limit - len(found))
            if fresh:
                self._positions[place] = fresh[-1].offset + 1
                found.extend(fresh)
            if len(found) < limit:
                del self._unread[place]
        return found


class MemoryListening:
    def __init__(self) -> None:
        self._heard: deque[Delivered] = deque(maxlen=UNHEARD_KEPT)
        self._arrived = asyncio.Event()

    def hear(self, delivered: Delivered) -> None:
        self._heard.append(delivered)
        self._arrived.set()

    async def batch(self, *, limit: int = 500, wait_s: float = 1.0) -> list[Delivered]:
        if not self._heard:
            self._arrived.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._arrived.wait()
        return [self._heard.popleft() for _ in range(min(limit, len(self._heard)))]


class MemoryBus:
    def __init__(self, topics: Iterable[Topic]) -> None:
        self._partitions = {(topic.name, number): Partition() for topic in topics for number in range(topic.partitions)}
        self._counts = {name: number + 1 for name, number in sorted(self._partitions)}
        self._groups: dict[str, Group] = {}
        self._listeners: dict[str, list[MemoryListening]] = {}
        self._closed = False

    async def publish(self, records: Sequence[Record]) -> None:
        if self._closed:
            raise Unavailable("the bus", "it is closed")
        for record in records:
            number = zlib.crc32(record.key.encode()) % self._counts[record.topic]
            place = (record.topic, number)
            delivered = self._partitions[place].append(record, number)
            self._wake(place)
            for listener in self._listeners.get(record.topic, ()):
                listener.hear(delivered)

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[MemorySubscription]:
        joined = self._groups.setdefault(group, Group())
        joined.topics.update(topics)
        member = MemorySubscription(self, joined, topics)
        joined.members.append(member)
        self._share_out(joined)
        try:
            yield member
        finally:
            joined.members.remove(member)
            self._share_out(joined)

    @asynccontextmanager
    async def listen(self, topics: Sequence[str]) -> AsyncIterator[MemoryListening]:
        listener = MemoryListening()
        for topic in topics:
            self._listeners.setdefault(topic, []).append(listener)
        try:
            yield listener
        finally:
            for topic in topics:
                self._listeners[topic].remove(listener)

    async def close(self) -> None:
        self._closed = True

    def partition(self, place: Place) -> Partition:
        return self._partitions[place]

    def trim(self, places: Iterable[Place]) -> None:
        """Drop what every group has committed."""
        for place in places:
            readers = [group for group in self._groups.values() if place[0] in group.topics]
            self._partitions[place].trim(min(group.committed.get(place, 0) for group in readers))

    def _share_out(self, group: Group) -> None:
        group.share_out(place for place in self._partitions if place[0] in group.topics)

    def _wake(self, place: Place) -> None:
        read = False
        for group in self._groups.values():
            read = read or place[0] in group.topics
            for member in group.members:
                member.wake(place)
        if not read:
            partition = self._partitions[place]
            partition.trim(partition.end - UNREAD_KEPT)
