"""The trainer's slots: how many are free and not yet asked for."""

from __future__ import annotations

import asyncio


class Slots:
    def __init__(self, count: int) -> None:
        self._free = count
        self._changed = asyncio.Event()

    async def take(self) -> int:
        """Wait until a slot is free; take all that are, and return how many."""
        while self._free <= 0:
            self._changed.clear()
            await self._changed.wait()
        taken, self._free = self._free, 0
        return taken

    def occupy(self) -> None:
        """Take one for a run that is there already. After a restart with fewer slots there may be too many of these."""
        self._free -= 1

    def give_back(self, count: int) -> None:
        """Free some of those taken; a negative count takes more."""
        self._free += count
        self._changed.set()

    def free_one(self) -> None:
        self.give_back(1)
