"""Tells who follows a training in this process that something new has been stored."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class News:
    def __init__(self) -> None:
        self._following: defaultdict[tuple[str, int], set[asyncio.Event]] = defaultdict(set)

    def of(self, key: tuple[str, int, int]) -> None:
        for event in self._following.get(key[:2], ()):
            event.set()

    @contextmanager
    def listen(self, uid: str, number: int) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        self._following[uid, number].add(event)
        try:
            yield event
        finally:
            self._following[uid, number].discard(event)
            if not self._following[uid, number]:
                del self._following[uid, number]
