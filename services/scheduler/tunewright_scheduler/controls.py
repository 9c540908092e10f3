"""What operators have decided, in the store. Every scheduler reads it once a second at most.

So a pause, a cordon or a quota holds at once where it was given, and within a second everywhere else.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from tunewright.core.errors import Conflict
from tunewright.platform.documents import from_document, to_document
from tunewright.platform.store.port import Insert, Put, Query, Remove, Replace, Store, Write
from tunewright.platform.store.restored import RESTORED
from tunewright_scheduler.core.controls import Controls, Order, Quota

COLLECTION: Final = "controls"
STARTS: Final = "starts"
TRAINER: Final = "trainer/"
QUOTA: Final = "quota/"
TURN: Final = "owner/"
"""Of an owner with a quota: a document without content, whose version orders what counts against the quota."""

TOUCHED: Final = "touched"

READ_AGAIN_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Turn:
    """An owner's place in the order of all that counts against its quota."""

    owner: str
    version: int

    def write(self) -> Write:
        """Return what makes a commit conflict with every other that has read the same turn."""
        key = TURN + self.owner
        return Replace(COLLECTION, key, {}, self.version) if self.version else Insert(COLLECTION, key, {})


class ControlRoom:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._read = Controls()
        self._read_at = float("-inf")
        """By the loop's clock."""

    async def now(self) -> Controls:
        """Return what holds, as it was at most a second ago."""
        clock = asyncio.get_running_loop().time()
        if clock >= self._read_at + READ_AGAIN_S:
            self._read = await self._all()
            self._read_at = clock
        return self._read

    async def touch(self) -> None:
        """Write something that means nothing. Raises Unavailable: the store takes nothing, a full disk for instance."""
        await self._store.commit([Put(COLLECTION, TOUCHED, {})])

    async def pause_starts(self, reason: str) -> None:
        await self._order(STARTS, reason)

    async def resume_starts(self) -> None:
        await self._write(Remove(COLLECTION, STARTS))

    async def cordon(self, trainer_id: str, reason: str) -> None:
        await self._order(TRAINER + trainer_id, reason)

    async def uncordon(self, trainer_id: str) -> None:
        await self._write(Remove(COLLECTION, TRAINER + trainer_id))

    async def set_quota(self, quota: Quota) -> None:
        """Set an owner's quota; one without limits is removed."""
        key = QUOTA + quota.owner
        document = {"name": key, **to_document(quota)}
        await self._write(Remove(COLLECTION, key) if quota.unlimited else Put(COLLECTION, key, document))

    async def turn(self, owner: str) -> Turn:
        """Take an owner's turn: read it first, then count what the owner uses, then write it with what adds to that."""
        stored = await self._store.get(COLLECTION, TURN + owner)
        return Turn(owner, stored.version if stored is not None else 0)

    async def _order(self, key: str, reason: str) -> None:
        """Given again for another reason, an order stands since it was given first."""
        while True:
            stored = await self._store.get(COLLECTION, key)
            since = stored.document["since"] if stored is not None else await self._store.now()
            document = {"name": key, **to_document(Order(reason, since))}
            try:
                await self._write(
                    Insert(COLLECTION, key, document)
                    if stored is None
                    else Replace(COLLECTION, key, document, stored.version)
                )
            except Conflict:
                continue
            return

    async def _write(self, write: Write) -> None:
        await self._store.commit([write])
        self._read_at = float("-inf")

    async def _all(self) -> Controls:
        starts: Order | None = None
        cordons: dict[str, Order] = {}
        quotas: dict[str, Quota] = {}
        attempts_above = 0
        after: str | None = None
        while True:
            page = await self._store.find(Query(COLLECTION, "standing", limit=1000, after=after))
            for item in page.items:
                if item.key == STARTS:
                    starts = from_document(item.document, Order)
                elif item.key.startswith(TRAINER):
                    cordons[item.key.removeprefix(TRAINER)] = from_document(item.document, Order)
                elif item.key.startswith(QUOTA):
                    quotas[item.key.removeprefix(QUOTA)] = from_document(item.document, Quota)
                elif item.key == RESTORED:
                    attempts_above = item.document["attempts_above"]
            if page.next is None:
                return Controls(starts, cordons, quotas, attempts_above)
            after = page.next
