"""Work in threads, so much at a time, whoever waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class InThreads:
    """What nobody waits for any more keeps its place until it has ended, for a thread cannot be cancelled."""

    def __init__(self, at_once: int) -> None:
        self._room = asyncio.Semaphore(at_once)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the work does, begun as soon as there is room; cancelled before that, it never begins."""
        await self._room.acquire()
        working = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
        working.add_done_callback(lambda _: self._room.release())
        return await asyncio.shield(working)
