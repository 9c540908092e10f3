"""A process that dies at a commit: from then on nothing that it asks for is answered, and nothing it does counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.simulation.host import Host, HostRunner
from tunewright.core.states import EndCause
from tunewright.platform.bus.port import Bus, Listening, Record, Subscription
from tunewright.platform.store.port import Page, Query, Store, Stored, Write
from tunewright_trainer.core.attempt import Attempt, Launch

T = TypeVar("T")


@dataclass
class Life:
    commits: int | None = None
    """So many commits, or other deeds that last, are done; the next one is the last thing that happens.

    None: it does not die.
    """
    applied: bool = False
    """Whether that one counts: the process dies just after it, or just before."""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def going_on(self) -> None:
        if self.over.is_set():
            await asyncio.get_running_loop().create_future()

    async def end(self) -> None:
        self.over.set()
        await self.going_on()

    async def act(self, deed: Callable[[], Awaitable[T]]) -> T:
        """Do what outlasts the process, unless this life is over or ends with it."""
        await self.going_on()
        last = self.commits == 0
        if self.commits is not None:
            self.commits -= 1
        if last and not self.applied:
            await self.end()
        done = await deed()
        if last:
            await self.end()
        return done


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
        await self._life.act(lambda: self._store.commit(writes))

    async def now(self) -> float:
        return await self._store.now()

    async def close(self) -> None:
        pass  # the test does, after the last life


class MortalBus:
    def __init__(self, bus: Bus, life: Life, *, counts: bool = False) -> None:
        """`counts`: to publish is a deed at which the process may die, as a commit is."""
        self._bus, self._life, self._counts = bus, life, counts

    async def publish(self, records: Sequence[Record]) -> None:
        if self._counts:
            await self._life.act(lambda: self._bus.publish(records))
        else:
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


class MortalLine:
    """A channel of a process: what it asks for counts as a deed, but for heartbeats, which are many."""

    def __init__(self, channel: Any, life: Life) -> None:
        self._channel, self._life = channel, life

    def unary_unary(self, path: str, *serializers: Any, **options: Any) -> Any:
        method = self._channel.unary_unary(path, *serializers, **options)
        if path.endswith("/Heartbeat"):
            return method
        return lambda request, timeout=None: self._life.act(lambda: method(request, timeout))

    def unary_stream(self, *_: object, **__: object) -> None:
        """Nothing here streams."""


class MortalRunner(HostRunner):
    def __init__(self, host: Host, life: Life) -> None:
        super().__init__(host)
        self._life = life

    async def start(self, launch: Launch) -> None:
        start = super().start
        await self._life.act(lambda: start(launch))

    async def stop(self, attempt: Attempt, cause: EndCause, grace_s: float) -> None:
        await self._life.going_on()
        await super().stop(attempt, cause, grace_s)
