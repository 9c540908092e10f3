"""Publishes the outbox and trims what has been published. Crash in between: the same events once more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from tunewright.core.errors import PeerError
from tunewright.platform.bus.port import Bus
from tunewright.platform.store.port import Query, Remove, Store
from tunewright_scheduler import records

PAGE: Final = 100
LOOK_AGAIN_S: Final = 5.0
GATHER_S: Final = 0.25
"""Nothing waits for facts, so they gather for a moment and cost one commit together."""

log = structlog.get_logger()


class Relay:
    def __init__(self, store: Store, bus: Bus) -> None:
        self._store, self._bus = store, bus
        self._wanted = asyncio.Event()

    def wake(self) -> None:
        self._wanted.set()

    async def run(self) -> None:
        """Relay until cancelled; also what another replica has left behind."""
        while True:
            self._wanted.clear()
            try:
                while await self.relay():
                    pass
            except PeerError as error:  # also a Conflict: another scheduler trims the same
                log.warning("outbox waits", error=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await self._wanted.wait()
            await asyncio.sleep(GATHER_S)

    async def relay(self) -> bool:
        """Publish one page; say whether there may be more."""
        page = await self._store.find(Query("outbox", "unsent", limit=PAGE))
        if page.items:
            await self._bus.publish([told for item in page.items for told in records.outbox_records(item.document)])
            await self._store.commit([Remove("outbox", item.key) for item in page.items])
        return page.next is not None
