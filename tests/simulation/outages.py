"""The store and the broker, gone for a while; the broker may come back empty."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from tunewright.core.errors import Unavailable
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.port import Delivered, Listening, Record, Subscription
from tunewright.platform.bus.topics import topics
from tunewright.platform.store.port import Page, Query, Store, Stored, Write


class RemoteStore:
    """A store behind a network: while it is `gone`, every call fails."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.gone = False

    async def get(self, collection: str, key: str) -> Stored | None:
        self._reach()
        return await self._store.get(collection, key)

    async def get_many(self, collection: str, keys: Sequence[str]) -> dict[str, Stored]:
        self._reach()
        return await self._store.get_many(collection, keys)

    async def versions(self, collection: str, keys: Sequence[str]) -> dict[str, int]:
        self._reach()
        return await self._store.versions(collection, keys)

    async def find(self, query: Query) -> Page:
        self._reach()
        return await self._store.find(query)

    async def commit(self, writes: Sequence[Write]) -> None:
        self._reach()
        await self._store.commit(writes)

    async def now(self) -> float:
        self._reach()
        return await self._store.now()

    async def close(self) -> None:
        pass

    def _reach(self) -> None:
        if self.gone:
            raise Unavailable("the store", "it is gone")


class Broker:
    """A bus outside of our processes. While it is `gone` nothing is accepted and nothing delivered."""

    def __init__(self) -> None:
        self.gone = False
        self._content = MemoryBus(topics().values())

    def empty(self) -> None:
        """Lose every record and every offset."""
        self._content = MemoryBus(topics().values())

    async def publish(self, records: Sequence[Record]) -> None:
        if self.gone:
            raise Unavailable("the bus", "it is gone")
        await self._content.publish(records)

    @asynccontextmanager
    async def subscribe(self, group: str, names: Sequence[str]) -> AsyncIterator[Subscription]:
        async with _Reconnecting(self, lambda: self._content.subscribe(group, names)) as subscription:
            yield subscription

    @asynccontextmanager
    async def listen(self, names: Sequence[str]) -> AsyncIterator[Listening]:
        async with _Reconnecting(self, lambda: self._content.listen(names)) as listening:
            yield listening

    async def close(self) -> None:
        pass

    @property
    def content(self) -> MemoryBus:
        return self._content


class _Reconnecting:
    """A subscription that joins anew once the broker has come back empty."""

    def __init__(self, broker: Broker, join: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
        self._broker, self._join = broker, join
        self._content: MemoryBus | None = None
        self._joined: AbstractAsyncContextManager[Any] | None = None
        self._inner: Any = None

    async def __aenter__(self) -> _Reconnecting:
        await self._connected()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._joined is not None:
            await self._joined.__aexit__(None, None, None)

    async def _connected(self) -> Any:
        if self._content is not self._broker.content:
            await self.__aexit__()
            self._content, self._joined = self._broker.content, self._join()
            self._inner = await self._joined.__aenter__()
        return self._inner

    async def batch(self, *, limit: int = 500, wait_s: float = 1.0) -> list[Delivered]:
        batch: list[Delivered] = await (await self._connected()).batch(limit=limit, wait_s=wait_s)
        while self._broker.gone:  # noqa: ASYNC110 - it is a flag of the test's
            await asyncio.sleep(1.0)
        return batch if self._content is self._broker.content else []

    async def commit(self, batch: Sequence[Delivered]) -> None:
        if self._content is self._broker.content:
            await self._inner.commit(batch)
