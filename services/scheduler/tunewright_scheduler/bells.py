"""Wake-ups: long polls and watchers wait here instead of polling the store.

A bell is only a hint that something may have changed. Whoever hears it reads the store; whoever misses it finds out at
the end of its wait. So it is safe to lose, to ring twice, and to ring for nothing. The doorbell carries it to the other
schedulers. It may say what has changed, after a tab: a trainer that holds a hundred trainings has one looked at.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from tunewright_scheduler.core.training import Training
from tunewright_scheduler.records import training_key

ABOUT: Final = "\t"
"""Between the name of a bell and what it is about. No name of ours has it; were there one, its bell would be missed."""


class Bell(asyncio.Event):
    """What one listener hears."""

    def __init__(self) -> None:
        super().__init__()
        self._about: set[str] = set()

    def ring(self, about: str) -> None:
        if about:
            self._about.add(about)
        self.set()

    @property
    def about(self) -> frozenset[str]:
        """What it has been rung about since that was last taken."""
        return frozenset(self._about)

    def take(self) -> frozenset[str]:
        about = self.about
        self._about.clear()
        return about


class Bells:
    def __init__(self) -> None:
        self._listening: defaultdict[str, dict[Bell, None]] = defaultdict(dict)
        """In the order in which they came: who is woken first must not depend on where objects lie in memory."""
        self.on_ring: Callable[[str], None] = lambda _bell: None
        """Called for every bell that is rung for all schedulers; set by the doorbell."""

    def ring(self, bell: str) -> None:
        """Ring for who listens here, and elsewhere."""
        self.ring_here(bell)
        self.on_ring(bell)

    def ring_here(self, bell: str) -> None:
        name, _, about = bell.partition(ABOUT)
        for listening in self._listening.get(name, ()):
            listening.ring(about)

    def silence(self, name: str) -> None:
        """Take it that all who listen here have heard: the caller looks on behalf of all of them."""
        for listening in self._listening.get(name, ()):
            listening.clear()

    @contextmanager
    def listen(self, name: str) -> Iterator[Bell]:
        """Register before the first look at the store, so that nothing rings between the look and the wait."""
        bell = self.hear(name)
        try:
            yield bell
        finally:
            self.forget(name, bell)

    def hear(self, name: str) -> Bell:
        """As `listen`, until it is forgotten."""
        bell = Bell()
        self._listening[name][bell] = None
        return bell

    def forget(self, name: str, bell: Bell) -> None:
        self._listening[name].pop(bell, None)
        if not self._listening[name]:
            del self._listening[name]


async def rung(event: asyncio.Event, wait_s: float) -> bool:
    """Return when the bell rings, or after `wait_s`; say whether it has rung."""
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await event.wait()
    return event.is_set()


async def heard(event: asyncio.Event, wait_s: float) -> bool:
    """As `rung`; the event is ready to be rung again."""
    has_rung = await rung(event, wait_s)
    event.clear()
    return has_rung


def pool_bell(pool: str) -> str:
    return f"pool/{pool}"


def trainers_bell(trainer_id: str) -> str:
    """Return the bell of all that a trainer holds."""
    return f"trainer/{trainer_id}"


def trainer_bell(training: Training) -> str:
    """Return its holder's bell, about this training."""
    return f"{trainers_bell(training.holder)}{ABOUT}{training_key(training)}"


def job_bell(uid: str) -> str:
    return f"job/{uid}"


def owner_bell(owner: str) -> str:
    """Return the bell of all jobs of an owner."""
    return f"owner/{owner}"
