"""Says in the store, every few seconds, that this collector reads its topics, and how far it has come.

The scheduler waits for the summary of an ended training as long as nobody can have read its output; this is how it
knows. A collector that hangs, whose bus is away, or that is behind says so by its silence, or by an old time.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from tunewright.core.errors import PeerError
from tunewright.platform.store.port import Put, Query, Remove, Store

EVERY_S: Final = 5.0
FORGET_AFTER_S: Final = 3600.0
"""Other collectors that are silent for so long are forgotten."""
SHORT: Final = 250
"""Records of a batch. A longer one may have left something behind; a shorter one is what there was."""

log = structlog.get_logger()


async def no_check() -> None:
    """Take the bus for reachable: it is in this process."""


class Pulse:
    def __init__(self, store: Store, reach_bus: Callable[[], Awaitable[None]] = no_check) -> None:
        """`reach_bus` raises Unavailable if the bus cannot be reached: batches are empty then, too."""
        self._store, self._reach_bus = store, reach_bus
        self._name = uuid.uuid4().hex
        self._first = asyncio.Event()
        """Set once anything has been read."""
        self._through = 0.0
        """By the loop's clock: what was published before then has been read."""
        self._read_at = 0.0

    def read(self, asked_at: float, count: int) -> None:
        """Take note of a batch that is done, asked for at a time of the loop's clock."""
        if count < SHORT or not self._first.is_set():
            self._through = asked_at
        self._read_at = asyncio.get_running_loop().time()
        self._first.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        await self._first.wait()
        while True:
            try:
                if self._read_at > asyncio.get_running_loop().time() - EVERY_S:
                    await self.beat()
            except PeerError as error:
                log.info("not said that we read", why=str(error))
            await asyncio.sleep(EVERY_S)

    async def beat(self) -> None:
        """Raises Unavailable."""
        await self._reach_bus()
        now, clock = await self._store.now(), asyncio.get_running_loop().time()
        through = now - clock + self._through
        forgotten = await self._store.find(Query("collectors", "by_time", high=now - FORGET_AFTER_S))
        await self._store.commit(
            [
                *(Remove("collectors", item.key) for item in forgotten.items),
                Put("collectors", self._name, {"at": now, "through": through}),
            ]
        )
