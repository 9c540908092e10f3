"""A folder whose files are the objects: what stands for a bucket where there is no S3, and the disk itself.

No key leads out of the folder, neither by its name nor by a link.
"""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from tunewright.core.errors import InvalidSpec, NotFound
from tunewright_trainer.storage.port import Object

PIECE_BYTES: Final = 2**20
TRIES: Final = 50
"""How often a folder for a file is made that others may find empty, and remove."""
UNFINISHED: Final = ".tunewright-part"
"""How names end of files that are being written: no objects yet."""


class FolderStorage:
    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def list(self, prefix: str) -> Iterator[Object]:
        if not self._root.is_dir():
            raise NotFound("bucket", self._root.name, f"make the folder {self._root}")
        start, slash, _ = prefix.rpartition("/")
        folder = self._path(start)
        if folder.is_dir():
            yield from self._below(folder, start + slash, prefix, frozenset({folder}))

    def _below(self, folder: Path, start: str, prefix: str, above: frozenset[Path]) -> Iterator[Object]:
        """Yield what lies in a folder; `start` is what its keys begin with, `above` are the folders around it."""
        for entry in _entries(folder):
            key = start + entry.name
            if not key.startswith(prefix) or entry.name.endswith(UNFINISHED):
                continue
            path = Path(entry.path)
            path = self._inside(path) if entry.is_symlink() else self._seen(path)
            if path.is_dir():
                if path in above:
                    raise InvalidSpec(key, "is a link to a folder around it", "Remove the link")
                yield from self._below(path, f"{key}/", prefix, above | {path})
            elif path.is_file():
                yield Object(key, path.stat().st_size)

    def folder(self, prefix: str) -> Path | None:
        """Return the folder that holds just the objects whose keys begin with the prefix; None: no folder does."""
        start, _, name = prefix.rpartition("/")
        folder = self._path(prefix)
        if not folder.is_dir() or (name and any(_others(self._path(start), name))):
            return None
        return folder

    def fetch(self, key: str, to: Path, told: Callable[[int], None]) -> None:
        """Copy, though a link would be cheaper: a training may write into its input, and must not change the source."""
        with self._open(key) as source:
            _copy(source, to, told)

    def _open(self, key: str) -> BinaryIO:
        path = self._path(key)
        if not path.is_file():
            raise NotFound("file", str(path))
        try:
            return path.open("rb")
        except PermissionError:
            raise InvalidSpec(str(path), "may not be read by this user", "Grant it") from None

    def put(self, source: Path, key: str, told: Callable[[int], None]) -> None:
        told(0)
        place = self._place(key)
        for tries_left in reversed(range(TRIES)):
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                _move(source, place, told)
            except (FileExistsError, FileNotFoundError):
                if not tries_left:
                    raise  # else a delete beside us has just taken away a folder that was empty
            else:
                return

    def delete(self, key: str) -> None:
        """Delete an object, and the folders that are empty without it."""
        place = self._place(key)
        try:
            place.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return
        for folder in place.parents:
            if folder == self._root or not _remove_empty(folder):
                return

    def _place(self, key: str) -> Path:
        """Return where an object of that name is to lie, or be no more: a link there is replaced, and not followed."""
        *folders, name = _words(key)
        return self._inside(self._root.joinpath(*folders)) / name

    def require_place(self, key: str) -> None:
        """Raises InvalidSpec: as far as can be seen, nothing can be put into the folder of this key."""
        folder = self._inside(self._root.joinpath(*_words(key)))
        try:
            there = next(path for path in (folder, *folder.parents) if path.exists())
        except OSError as error:
            raise InvalidSpec(str(folder), f"can be no folder: {error.strerror}", "Give another one") from None
        if not there.is_dir():
            raise InvalidSpec(str(there), "is a file, and no folder", "Give another one")
        if not os.access(there, os.W_OK | os.X_OK):
            raise InvalidSpec(str(there), "may not be written by this user", "Grant it, or give another one")

    def _path(self, key: str) -> Path:
        """Return where an object lies, links resolved."""
        return self._inside(self._root.joinpath(*_words(key)))

    def _seen(self, path: Path) -> Path:
        """Return the path of what a folder holds that is no link. Raises InvalidSpec: it may not be seen."""
        return path

    def _resolved(self, path: Path) -> Path:
        try:
            return path.resolve()
        except (OSError, RuntimeError) as error:
            raise InvalidSpec(str(path), f"cannot be followed: {error}", "Remove the link") from None

    def _inside(self, path: Path) -> Path:
        real = self._resolved(path)
        if not real.is_relative_to(self._root):
            raise InvalidSpec(str(path), f"is a link that leads out of {self._root}", "Copy there what it leads to")
        return real


def _others(folder: Path, name: str) -> Iterator[str]:
    """Yield what lies in a folder and begins with a name, but for that itself."""
    return (entry.name for entry in _entries(folder) if entry.name.startswith(name) and entry.name != name)


def _move(source: Path, to: Path, told: Callable[[int], None]) -> None:
    try:
        source.replace(to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with source.open("rb") as open_source:
            _copy(open_source, to, told)
        source.unlink()


def _copy(source: BinaryIO, to: Path, told: Callable[[int], None]) -> None:
    """Copy into the folder of `to`, where it appears whole; what did not fit does not keep the disk full."""
    beside = to.with_name(uuid.uuid4().hex + UNFINISHED)
    try:
        with beside.open("wb") as copy:
            while piece := source.read(PIECE_BYTES):
                copy.write(piece)
                told(len(piece))
        beside.replace(to)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _remove_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def _words(key: str) -> list[str]:
    words = [word for word in key.split("/") if word not in {"", "."}]
    if ".." in words:
        raise InvalidSpec(key, "leads out of where it begins", "Leave out ..")
    return words


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except PermissionError:
        raise InvalidSpec(str(folder), "may not be read by this user", "Grant it") from None
