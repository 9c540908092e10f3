"""Tells who follows a training, or a job, in this process that something new has been stored."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

ALL: Final = 0
"""In place of a number: all trainings of the job."""


class News:
    def __init__(self) -> None:
        self._followed: defaultdict[tuple[str, int], set[asyncio.Event]] = defaultdict(set)

    @property
    def followed(self) -> int:
        """How many trainings and jobs somebody follows."""
        return len(self._followed)

    def tell(self, uid: str, number: int) -> None:
        for whose in ((uid, number), (uid, ALL)):
            for event in self._followed.get(whose, ()):
                event.set()

    @contextmanager
    def listen(self, uid: str, number: int = ALL) -> Iterator[asyncio.Event]:
        """Yield an event that is set at each news of the training; clear it before reading again."""
        event = asyncio.Event()
        self._followed[uid, number].add(event)
        try:
            yield event
        finally:
            self._followed[uid, number].discard(event)
            if not self._followed[uid, number]:
                del self._followed[uid, number]
