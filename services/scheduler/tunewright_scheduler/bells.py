"""Wake-ups: long polls and watchers wait here instead of polling the store.

A bell is only a hint that something may have changed. Whoever hears it reads the store; whoever misses it finds out at
the end of its wait. So it is safe to lose, to ring twice, and to ring for nothing. The doorbell carries it to the other
schedulers.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Bells:
    def __init__(self) -> None:
        self._listening: defaultdict[str, dict[asyncio.Event, None]] = defaultdict(dict)
        """In the order in which they came: who is woken first must not depend on where objects lie in memory."""
        self.on_ring: Callable[[str], None] = lambda _name: None
        """Called for every bell that is rung for all schedulers; set by the doorbell."""

    def ring(self, name: str) -> None:
        """Ring for who listens here, and elsewhere."""
        self.ring_here(name)
        self.on_ring(name)

    def ring_here(self, name: str) -> None:
        for event in self._listening.get(name, ()):
            event.set()

    def silence(self, name: str) -> None:
        """Take it that all who listen here have heard: the caller looks on behalf of all of them."""
        for event in self._listening.get(name, ()):
            event.clear()

    @contextmanager
    def listen(self, name: str) -> Iterator[asyncio.Event]:
        """Register before the first look at the store, so that nothing rings between the look and the wait."""
        event = asyncio.Event()
        self._listening[name][event] = None
        try:
            yield event
        finally:
            self._listening[name].pop(event, None)
            if not self._listening[name]:
                del self._listening[name]


async def rung(event: asyncio.Event, wait_s: float) -> None:
    """Return when the bell rings, or after `wait_s`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await event.wait()


async def heard(event: asyncio.Event, wait_s: float) -> None:
    """Return when the bell rings, or after `wait_s`; the event is ready to be rung again."""
    await rung(event, wait_s)
    event.clear()


def pool_bell(pool: str) -> str:
    return f"pool/{pool}"


def trainer_bell(trainer_id: str) -> str:
    return f"trainer/{trainer_id}"


def job_bell(uid: str) -> str:
    return f"job/{uid}"


def owner_bell(owner: str) -> str:
    """Return the bell of all jobs of an owner."""
    return f"owner/{owner}"
