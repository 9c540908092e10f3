"""What is done for a client only as long as it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

from starlette.types import Receive

from tunewright_gateway.edge.body import Gone

WATCH_AFTER_S: Final = 0.05
"""Who is answered within it is not watched: most are, and a task each would cost a tenth of the whole answer."""

T = TypeVar("T")


async def unless_gone(work: Awaitable[T], receive: Receive) -> T:
    """Return what the work does, unless the client closes the connection first: then it is cancelled. Raises Gone."""
    mine = asyncio.current_task()
    assert mine is not None  # noqa: S101 - it runs in one
    left = False

    async def watch() -> None:
        nonlocal left
        while (await receive())["type"] != "http.disconnect":
            pass
        left = True
        mine.cancel()

    watching: list[asyncio.Task[None]] = []
    later = mine.get_loop().call_later(WATCH_AFTER_S, lambda: watching.append(asyncio.ensure_future(watch())))
    try:
        return await work
    except asyncio.CancelledError:
        if left and mine.uncancel() == 0:  # else the server ends, too
            raise Gone from None
        raise
    finally:
        later.cancel()
        for task in watching:
            task.cancel()
