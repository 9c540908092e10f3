"""A process that dies at a commit: from then on nothing that it asks for is answered, and nothing it does counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.simulation.host import Host, HostRunner
from tunewright.core.states import EndCause
from tunewright.platform.bus.port import Bus, Listening, Record, Subscription
from tunewright.platform.store.port import Page, Query, Store, Stored, Write
from tunewright_trainer.core.attempt import Attempt, Launch


@dataclass
class Life:
    commits: int | None = None
    """So many commits are made; the next one is the last thing that happens. None: it does not die."""
    applied: bool = False
    """Whether that one counts: the process dies just after it, or just before."""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def going_on(self) -> None:
        if self.over.is_set():
            await asyncio.get_running_loop().create_future()

    async def end(self) -> None:
        self.over.set()
        await self.going_on()


class MortalStore:
    def __init__(self, store: Store, life: Life) -> None:
        self._store, self._life = store, life

    async def get(self, collection: str, key: str) -> Stored | None:
        await self._life.going_on()
        return await self._store.get(collection, key)

    async def get_many(self, collection: str, keys: Sequence[str]) -> dict[str, Stored]:
        await self._life.going_on()
        return await self._store.get_many(collection, keys)

    async def find(self, query: Query) -> Page:
        await self._life.going_on()
        return await self._store.find(query)

    async def commit(self, writes: Sequence[Write]) -> None:
        await self._life.going_on()
        last = self._life.commits == 0
        if self._life.commits is not None:
            self._life.commits -= 1
        if not last or self._life.applied:
            await self._store.commit(writes)
        if last:
            await self._life.end()

    async def now(self) -> float:
        return await self._store.now()

    async def close(self) -> None:
        pass  # the test does, after the last life


class MortalBus:
    def __init__(self, bus: Bus, life: Life) -> None:
        self._bus, self._life = bus, life

    async def publish(self, records: Sequence[Record]) -> None:
        await self._life.going_on()
        await self._bus.publish(records)

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[Subscription]:
        async with self._bus.subscribe(group, topics) as subscription:
            yield subscription

    @asynccontextmanager
    async def listen(self, topics: Sequence[str]) -> AsyncIterator[Listening]:
        async with self._bus.listen(topics) as listening:
            yield listening

    async def close(self) -> None:
        await self._bus.close()


class MortalRunner(HostRunner):
    def __init__(self, host: Host, life: Life) -> None:
        super().__init__(host)
        self._life = life

    async def start(self, launch: Launch) -> None:
        await self._life.going_on()
        await super().start(launch)

    async def stop(self, attempt: Attempt, cause: EndCause, grace_s: float) -> None:
        await self._life.going_on()
        await super().stop(attempt, cause, grace_s)
