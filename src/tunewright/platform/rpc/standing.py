"""Whether who was let in still would be: looked at again and again while a stream lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from tunewright.core.errors import TunewrightError

LOOK_EVERY_S: Final = 60.0
"""So long a stream goes on at most once its token was revoked or has expired."""


async def while_standing(
    items: AsyncIterator[Any], judge: Callable[[], object], every_s: float = LOOK_EVERY_S
) -> AsyncIterator[Any]:
    """Yield the items. Raises what `judge` raises, also while none comes."""
    standing = _Standing(judge, every_s)
    try:
        while True:
            yield await standing.next_of(items)
    except StopAsyncIteration:
        return
    finally:
        standing.end()


class _Standing:
    def __init__(self, judge: Callable[[], object], every_s: float) -> None:
        self._judge, self._every_s = judge, every_s
        self._loop = asyncio.get_running_loop()
        self._lost: TunewrightError | None = None
        self._waiting: asyncio.Timeout | None = None
        """While an item is waited for."""
        self._timer = self._loop.call_later(every_s, self._look)

    def end(self) -> None:
        self._timer.cancel()

    async def next_of(self, items: AsyncIterator[Any]) -> Any:
        """Return the next item. Raises StopAsyncIteration, and what the judge has raised."""
        try:
            async with asyncio.timeout(None) as self._waiting:
                item = await anext(items)
        except TimeoutError:
            if self._lost is None:
                raise
        finally:
            self._waiting = None
        if self._lost is not None:
            raise self._lost
        return item

    def _look(self) -> None:
        try:
            self._judge()
        except TunewrightError as error:
            self._lost = error
            if self._waiting is not None:
                self._waiting.reschedule(self._loop.time())
        else:
            self._timer = self._loop.call_later(self._every_s, self._look)
