"""Learn of what is written in a folder as it is written, by the kernel's inotify where there is one: Linux.

A hint and never the truth: whoever is told reads the file, and looks from time to time anyway. Nothing may depend on
being told; being told in vain does no harm.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

WRITTEN: Final = 0x02 | 0x80
"""IN_MODIFY and IN_MOVED_TO, of the files of a folder."""
EVENT: Final = struct.Struct("iIII")
"""The kernel's inotify_event: watch, mask, cookie, and the length of the name behind it."""
MISSED: Final = -1
"""In place of a watch: the kernel's queue was full."""
READ_BYTES: Final = 64 * 1024
PAUSE_S: Final = 0.005
"""Between two looks at what was written: a program that prints a line at a time would have us look at each."""

Stirred = Callable[[], None]
log = structlog.get_logger()


class Watch:
    """One for all folders of a process: a user may have few (128 by default). Use it in one event loop; close it."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._can_tell = sys.platform == "linux"
        self._file = -1
        self._told: dict[int, Stirred] = {}
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, folder: Path, stirred: Stirred) -> int | None:
        """Call `stirred` from now on when files of the folder are written to; None: it cannot be told here.

        One per folder. Give what it returns to `forget`.
        """
        if not self._opened():
            return None
        watch = self._libc.inotify_add_watch(self._file, os.fsencode(folder), WRITTEN)
        if watch < 0:
            return None
        if not self._told:
            self._listen()
        self._told[watch] = stirred
        return int(watch)

    def forget(self, watch: int) -> None:
        if self._told.pop(watch, None) is not None:
            self._libc.inotify_rm_watch(self._file, watch)  # fails if the folder has gone, and the watch with it
        if not self._told and self._file >= 0:
            self._pause()

    def close(self) -> None:
        if self._file >= 0:
            self._pause()
            os.close(self._file)
            self._file, self._can_tell = -1, False
        self._told.clear()

    def _opened(self) -> bool:
        if self._file < 0 and self._can_tell:
            self._file = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            if self._file < 0:
                self._can_tell = False
                log.warning("output is polled", why=os.strerror(ctypes.get_errno()))
        return self._can_tell

    def _listen(self) -> None:
        self._timer = None
        asyncio.get_running_loop().add_reader(self._file, self._look)

    def _pause(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        asyncio.get_running_loop().remove_reader(self._file)

    def _look(self) -> None:
        self._pause()
        self._timer = asyncio.get_running_loop().call_later(PAUSE_S, self._listen)
        for watch in _watches(os.read(self._file, READ_BYTES)):
            told = list(self._told.values()) if watch == MISSED else [self._told.get(watch)]
            for stirred in told:
                if stirred is not None:
                    stirred()


def _watches(events: bytes) -> set[int]:
    """Return which watches the events are of."""
    found, at = set(), 0
    while at < len(events):
        watch, _, _, length = EVENT.unpack_from(events, at)
        found.add(watch)
        at += EVENT.size + length
    return found
