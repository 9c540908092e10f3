"""A store that fails by a seed: what tests stand in front of a real one to see whether callers keep their promises."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from tunewright.core.errors import Conflict, Unavailable
from tunewright.platform.store.port import Page, Query, Store, Stored, Write


@dataclass(frozen=True, slots=True)
class StoreFaults:
    """Chances per call, 0 … 1."""

    beaten: float = 0.0
    """A commit on the condition of a version raises Conflict and writes nothing."""
    unavailable: float = 0.0
    """Any call raises Unavailable and does nothing."""
    answer_lost: float = 0.0
    """A commit is applied, then raises Unavailable."""
    late: float = 0.0
    """Any call lets others go first."""


class FaultyStore:
    """Keeps the port's promise in so far as it allows for failure; the same seed fails at the same calls."""

    def __init__(self, store: Store, seed: int, faults: StoreFaults) -> None:
        self._store, self._random, self._faults = store, random.Random(seed), faults  # noqa: S311 - to replay

    async def get(self, collection: str, key: str) -> Stored | None:
        await self._before()
        return await self._store.get(collection, key)

    async def get_many(self, collection: str, keys: Sequence[str]) -> dict[str, Stored]:
        await self._before()
        return await self._store.get_many(collection, keys)

    async def versions(self, collection: str, keys: Sequence[str]) -> dict[str, int]:
        await self._before()
        return await self._store.versions(collection, keys)

    async def find(self, query: Query) -> Page:
        await self._before()
        return await self._store.find(query)

    async def commit(self, writes: Sequence[Write]) -> None:
        await self._before()
        versioned = [write for write in writes if getattr(write, "version", None) is not None]
        if versioned and self._happens(self._faults.beaten):
            raise Conflict(versioned[0].collection, versioned[0].key)
        await self._store.commit(writes)
        if self._happens(self._faults.answer_lost):
            raise Unavailable("the store", "the answer was lost")

    async def now(self) -> float:
        return await self._store.now()

    async def close(self) -> None:
        await self._store.close()

    async def _before(self) -> None:
        if self._happens(self._faults.late):
            await asyncio.sleep(0)
        if self._happens(self._faults.unavailable):
            raise Unavailable("the store", "by the seed")

    def _happens(self, chance: float) -> bool:
        return chance > 0 and self._random.random() < chance
