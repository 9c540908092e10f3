"""Backup and restore of the SQLite store: whole files, made beside their place and moved there once they are right."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from tunewright.core.errors import AlreadyExists, InvalidSpec, NotFound
from tunewright.platform.store.folder import STORE_FILE, DataFolder
from tunewright.platform.store.restored import RAISED, restore_done, versions_above
from tunewright.platform.store.sqlite import SqliteStore, require_ours

UNFINISHED: Final = ".unfinished"
REPLACED: Final = "store.db.replaced"
"""What a restore has replaced, until the next one."""
BESIDE: Final = ("-wal", "-shm")
"""What SQLite keeps beside a file that is open, or was when its process was killed."""


def back_up(data_dir: Path, file: Path, *, replace: bool) -> None:
    """Write what the store holds now to `file`; the server may be running.

    Raises: NotFound: no store is there. AlreadyExists: the file is, and is not to be replaced. InvalidSpec: the store
    is damaged, or nothing can be written there.
    """
    store = data_dir / STORE_FILE
    if not store.exists():
        raise NotFound("store", str(store), "Name the data folder of a server: --data-dir")
    if file.exists() and not replace:
        raise AlreadyExists("file", str(file), "give another name, or --replace")
    with _beside(file, "FILE") as unfinished:
        try:
            with closing(sqlite3.connect(_uri(store, "rw"), uri=True, timeout=30)) as connection:
                connection.execute("VACUUM INTO ?", (str(unfinished),))  # as of one moment, whoever writes meanwhile
        except sqlite3.Error as error:
            raise InvalidSpec("FILE", f"is not written: {error}", f"Mend {store} or the disk of {file}") from None
        _require_whole(unfinished, store)
        _sync(unfinished)
        unfinished.replace(file)
    _sync(file.parent)


def restore(data_dir: Path, file: Path, *, replace: bool) -> None:
    """Make what was backed up the store of a data folder. What it replaces is kept beside it.

    Raises: NotFound: there is no such file. AlreadyExists: a server runs on the folder; there is a store and it is not
    to be replaced. InvalidSpec: the file is no backup, damaged, or of a newer version.
    """
    if not file.exists():
        raise NotFound("file", str(file))
    _require_whole(file, file)
    with closing(DataFolder(data_dir)):
        store = data_dir / STORE_FILE
        if store.exists() and not replace:
            raise AlreadyExists("store", str(store), "give --replace; what it holds now is kept beside it")
        with _beside(store, "--data-dir") as unfinished:
            shutil.copyfile(file, unfinished)
            asyncio.run(_prepare(unfinished))
            if store.exists():
                _set_aside(store)
            unfinished.replace(store)
        _sync(data_dir)


async def _prepare(path: Path) -> None:
    """Bring it up to date, and tell what it will give out from what was given out since it was backed up."""
    opened = SqliteStore(path)
    try:
        raised = versions_above(await opened.now())
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(f"UPDATE {RAISED} SET version = version + ?", (raised,))  # noqa: S608 - a declared name
        await restore_done(opened)
    finally:
        await opened.close()
    _in_one_file(path)
    _sync(path)


def _set_aside(store: Path) -> None:
    """Keep what is replaced; the store's own name is never without a whole file."""
    with suppress(sqlite3.Error):  # damaged: it is kept as it is
        _in_one_file(store)
    for path in _all_of(store.with_name(REPLACED)):
        path.unlink(missing_ok=True)
    for suffix in BESIDE:
        with suppress(FileNotFoundError):
            store.with_name(store.name + suffix).rename(store.with_name(REPLACED + suffix))
    os.link(store, store.with_name(REPLACED))


def _in_one_file(path: Path) -> None:
    """Take into the file what stands in its log beside it."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def _require_whole(path: Path, shown: Path) -> None:
    """Raises InvalidSpec: it is no store of ours, damaged, or of a newer version."""
    try:
        with closing(sqlite3.connect(_uri(path, "ro"), uri=True)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (RAISED,)).fetchone():
                raise InvalidSpec(str(shown), "is no store of Tunewright's", "Give a file that `admin backup` has made")
            require_ours(connection, shown)
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise InvalidSpec(str(shown), f"is damaged: {found}", "Give another backup")


@contextmanager
def _beside(path: Path, field: str) -> Iterator[Path]:
    """Give an empty file beside this path, of which nothing is left. Raises InvalidSpec: nothing can be there.

    It is its owner's alone from the first byte on: jobs have secrets in their environment.
    """
    unfinished = path.with_name(path.name + UNFINISHED)
    try:
        for left in _all_of(unfinished):
            left.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            yield unfinished
        finally:
            for left in _all_of(unfinished):
                left.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidSpec(field, f"{path} cannot be written: {error.strerror}", "Choose another place") from None


def _uri(path: Path, mode: str) -> str:
    """Return SQLite's name of a file, whatever characters its own has."""
    return f"{path.absolute().as_uri()}?mode={mode}"


def _all_of(path: Path) -> list[Path]:
    return [path, *(path.with_name(path.name + suffix) for suffix in BESIDE)]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
