"""A data folder belongs to one process at a time; whoever comes second is told where the first one is."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path
from typing import Final

from tunewright.core.errors import AlreadyExists, InvalidSpec

LOCK_FILE: Final = "lock"
STORE_FILE: Final = "store.db"
OURS: Final = frozenset({LOCK_FILE, "credentials", "starting"})
"""A folder that holds one of these has been made a data folder before."""


class DataFolder:
    """Holds the folder's lock until closed; the kernel frees it also at `kill -9`."""

    def __init__(self, path: Path) -> None:
        """Lock the folder, making it if need be, and shut it to others: jobs have secrets in their environment.

        Raises: AlreadyExists, with what the holder has announced. InvalidSpec: there can be no folder, or others have
        access to it, and it is not ours to shut.
        """
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise InvalidSpec("--data-dir", f"{path} cannot be used: {error.strerror}", "Give another folder") from None
        _shut(path)
        self.path = path
        self._descriptor = os.open(path / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            announced = os.read(self._descriptor, 1000).decode() or "no address yet: it is starting"
            os.close(self._descriptor)
            raise AlreadyExists("server on data folder", str(path), f"it is at {announced}") from None
        os.ftruncate(self._descriptor, 0)

    def announce(self, text: str) -> None:
        """Leave a line for whoever comes second."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def close(self) -> None:
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def is_held(path: Path) -> bool:
    """Say whether a process holds this data folder now."""
    try:
        descriptor = os.open(path / LOCK_FILE, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _shut(path: Path) -> None:
    """Take access from others, but not to a folder that serves something else too."""
    found = path.stat()
    if not stat.S_IMODE(found.st_mode) & 0o077:
        return
    names = {entry.name for entry in path.iterdir()}
    if found.st_uid != os.geteuid() or (names and not names & OURS):
        remedy = f"Name a folder that serves nothing else, or run: chmod 700 {path}"
        raise InvalidSpec("--data-dir", f"others have access to {path}", remedy)
    path.chmod(0o700)
