"""Wake-ups inside one process: long polls and watchers wait here instead of polling the store.

A bell is only a hint that something may have changed. Whoever hears it reads the store; whoever misses it finds out at
the end of its wait. So it is safe to lose, to ring twice, and to ring for nothing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Bells:
    def __init__(self) -> None:
        self._listening: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def ring(self, name: str) -> None:
        for event in self._listening.get(name, ()):
            event.set()

    @contextmanager
    def listen(self, name: str) -> Iterator[asyncio.Event]:
        """Register before the first look at the store, so that nothing rings between the look and the wait."""
        event = asyncio.Event()
        self._listening[name].add(event)
        try:
            yield event
        finally:
            self._listening[name].discard(event)
            if not self._listening[name]:
                del self._listening[name]


async def heard(event: asyncio.Event, wait_s: float) -> None:
    """Return when the bell rings, or after `wait_s`; the event is ready to be rung again."""
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await event.wait()
    event.clear()


def pool_bell(pool: str) -> str:
    return f"pool/{pool}"


def trainer_bell(trainer_id: str) -> str:
    return f"trainer/{trainer_id}"


def job_bell(uid: str) -> str:
    return f"job/{uid}"
