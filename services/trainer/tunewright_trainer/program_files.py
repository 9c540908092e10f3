"""The files that a program writes, read without being led elsewhere by it: it may lay links where it likes.

Folders are opened one by one from a folder that is the trainer's own, and no link is followed on the way.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tunewright_trainer.core.checkpoints import State
from tunewright_trainer.storage.folder import PIECE_BYTES, UNFINISHED

FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
MOST_FILES: Final = 50_000
"""Of one folder: they are kept in memory."""
DEEPEST: Final = 64


def look(root: Path, folder: Path) -> dict[str, State]:
    """Return the files in `folder`, which lies below `root`, by their paths; nothing, if there is no such folder.

    A link to a file of the folder counts as that file, any other is left out. Blocks. Raises OSError: what is there
    cannot be told.
    """
    files: dict[str, State] = {}
    try:
        with opened(root, folder) as top:
            for path, found in _files(top, ""):
                state = _state(folder, path, found)
                if state is not None and not path.endswith(UNFINISHED):
                    files[path] = state
                if len(files) > MOST_FILES:
                    raise OSError(f"there are more than {MOST_FILES} files")
    except FileNotFoundError:
        if not folder.parent.exists():
            raise
    return files


class Changed(OSError):  # noqa: N818 - what has come about
    """A file is not, or does not stay, what a look has found."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} changes while it is copied")


def copy(root: Path, folder: Path, state: State, to: Path, told: Callable[[int], None]) -> None:
    """Copy a file of `folder` that `look` has found. Blocks. Raises OSError, of that Changed."""
    try:
        source = open_file(root, folder / state.at)
    except FileNotFoundError:
        raise Changed(state.at) from None
    with open(source, "rb") as opened, to.open("wb") as written:  # noqa: PTH123 - it is no path
        _require(source, state)
        while piece := opened.read(PIECE_BYTES):
            written.write(piece)
            told(len(piece))
        _require(source, state)


def open_file(root: Path, path: Path) -> int:
    """Open a file below a root, or what else is there: a FIFO does not make it wait. Raises OSError."""
    with opened(root, path.parent) as at:
        return os.open(path.name, FILE, dir_fd=at)


def size_of(root: Path, path: Path) -> int:
    """Return the bytes of a file below a root, 0 if there is none."""
    try:
        with opened(root, path.parent) as at:
            return os.stat(path.name, dir_fd=at, follow_symlinks=False).st_size
    except OSError:
        return 0


@contextmanager
def opened(root: Path, folder: Path) -> Iterator[int]:
    """Open a folder below a root whose own path is not the program's. Raises OSError: a link is on the way, say."""
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for word in folder.relative_to(root).parts:
            above, here = here, os.open(word, FOLDER, dir_fd=here)
            os.close(above)
        yield here
    finally:
        os.close(here)


def _files(at: int, below: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield all below an open folder that is none itself, links as links; what goes meanwhile is left out."""
    if below.count("/") > DEEPEST:
        raise OSError(f"there are folders in folders, more than {DEEPEST} deep")
    with os.scandir(at) as entries:
        names = [entry.name for entry in entries]
    for name in names:
        with suppress(FileNotFoundError):
            found = os.stat(name, dir_fd=at, follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                inner = os.open(name, FOLDER, dir_fd=at)
                try:
                    yield from _files(inner, f"{below}{name}/")
                finally:
                    os.close(inner)
            else:
                yield below + name, found


def _state(folder: Path, path: str, found: os.stat_result) -> State | None:
    if stat.S_ISLNK(found.st_mode):
        real_folder, real = os.path.realpath(folder), os.path.realpath(folder / path)
        if not real.startswith(f"{real_folder}/"):
            return None
        try:
            path, found = os.path.relpath(real, real_folder), Path(real).lstat()
        except FileNotFoundError:
            return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return State(found.st_size, found.st_mtime_ns, found.st_ino, path)


def _require(file: int, state: State) -> None:
    found = os.fstat(file)
    is_same = State(found.st_size, found.st_mtime_ns, found.st_ino, state.at) == state
    if not is_same or not stat.S_ISREG(found.st_mode):
        raise Changed(state.at)
