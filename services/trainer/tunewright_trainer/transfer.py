"""What one attempt has under way between storage and its folder: blocking calls in threads, left off together."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog

from tunewright.core.errors import Unavailable
from tunewright_trainer.core.lease import backoff_s

AGAIN_S: Final = 1.0
AGAIN_MOST_S: Final = 30.0
LAST_PIECES_S: Final = 2.0
"""What is waited for pieces that are still coming when nobody wants them any more."""
SPARE_BYTES: Final = 2**28
"""Of the disk: the spools of all that runs must go on."""
LOOK_BYTES: Final = 2**26
"""How much may come before the disk is looked at again: of some objects the size is not known beforehand."""

T = TypeVar("T")
log = structlog.get_logger()


class Left(Exception):  # noqa: N818
    """Ends a call that nobody waits for any more."""


class Transfer:
    """`patience_s` is how long a peer that does not answer is asked again for the same, from its first failure on."""

    def __init__(self, threads: ThreadPoolExecutor, patience_s: float) -> None:
        self._threads, self._patience_s = threads, patience_s
        self._running: set[asyncio.Future[Any]] = set()
        self._left = threading.Event()

    def told(self, _: int) -> None:
        """Take note, in any thread, that bytes have moved. Raises Left: no more of them are wanted."""
        if self._left.is_set():
            raise Left

    async def persistently(self, call: Callable[[], T]) -> T:
        """Call in a thread, again and again while the other side is unavailable. Raises Unavailable in the end."""
        clock = asyncio.get_running_loop().time
        until = 0.0
        for failures in count(1):
            try:
                return await self.in_thread(call)
            except Unavailable as error:
                until = until or clock() + self._patience_s
                if clock() >= until:
                    raise
                log.warning("data not moved", failures=failures, why=str(error))
                await asyncio.sleep(backoff_s(failures, first_s=AGAIN_S, most_s=AGAIN_MOST_S))
        raise AssertionError

    async def in_thread(self, call: Callable[[], T]) -> T:
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._unless_left, call)
        self._running.add(work)
        work.add_done_callback(self._over)
        return await asyncio.shield(work)

    def _unless_left(self, call: Callable[[], T]) -> T:
        self.told(0)
        return call()

    def _over(self, work: asyncio.Future[Any]) -> None:
        self._running.discard(work)
        if not work.cancelled():
            work.exception()  # if nobody waits for it any more, it is nobody's

    async def end(self) -> None:
        """Have what still runs leave off, and wait for it a little."""
        self._left.set()
        if self._running:
            await asyncio.wait(set(self._running), timeout=LAST_PIECES_S)


def free_bytes(folder: Path) -> int:
    """Return what is free on the disk of a folder. Raises OSError."""
    return shutil.disk_usage(folder).free


def require_room(folder: Path, wanted: int, what: str) -> None:
    """Raises OSError: the disk of the folder has no room for so many bytes more."""
    free = free_bytes(folder) - SPARE_BYTES
    if wanted > free:
        raise OSError(f"{what} {wanted / 2**30:.1f} GiB, and {max(free, 0) / 2**30:.1f} GiB are free for them")


class Room:
    """Looks at the disk of a folder while bytes come whose number nobody has told. Its callers may be many threads."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._unseen, self._lock = folder, 0, threading.Lock()

    def told(self, size: int) -> None:
        """Raises OSError: there is no more room."""
        with self._lock:
            self._unseen += size
            if self._unseen < LOOK_BYTES:
                return
            self._unseen = 0
        require_room(self._folder, 0, "the data need more than")


def first_of(error: Exception) -> Exception:
    """Return the first of what went wrong beside each other."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
