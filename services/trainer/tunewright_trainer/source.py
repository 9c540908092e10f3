"""The files that an attempt says something in: its spool, which is the trainer's, and its metrics file, which is not.

A spool only grows. A metrics file is the program's own, so it may be cut short, replaced or be no file at all. From
then on nothing more is read of it, for lines of the same numbers would say something else; why is written down beside
the grant, and told with the end.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from tunewright_trainer.core.lines import MOST_LINES, Lines, Position, cut_lines
from tunewright_trainer.folder import write_whole
from tunewright_trainer.program_files import open_file, size_of

READ_BYTES: Final = 256 * 1024
CHECKPOINT_BYTES: Final = 1024 * 1024
"""A resend reads again from the nearest of the positions kept, one per so many bytes."""


class File(Protocol):
    fault: str
    """Why nothing more is read of it; empty: nothing is wrong."""

    def read(self, offset: int, size: int) -> bytes:
        """Return up to `size` bytes, none if there is no such file yet."""
        ...


class Spool:
    """Bytes there never change or vanish."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.fault = ""

    def read(self, offset: int, size: int) -> bytes:
        try:
            file = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return b""
        try:
            return os.pread(file, size, offset)
        finally:
            os.close(file)


class MetricsFile:
    """`note` is where a fault is written down, so that a trainer that starts again knows it too.

    Its folder is the trainer's own, and `path` lies in it, below folders that the program may change.
    """

    def __init__(self, path: Path, note: Path) -> None:
        self.path, self._note = path, note
        self._identity: tuple[int, int] | None = None
        self.fault = note.read_text() if note.exists() else ""

    @property
    def size(self) -> int:
        return size_of(self._note.parent, self.path)

    def read(self, offset: int, size: int) -> bytes:
        if self.fault:
            return b""
        try:
            file = open_file(self._note.parent, self.path)
        except OSError as error:
            if error.errno != errno.ENOENT:
                self._give_up(f"it cannot be read: {error.strerror}")
            elif offset:
                self._give_up("it is no longer there")
            return b""
        try:
            self._look(os.fstat(file), offset)
            return b"" if self.fault else os.pread(file, size, offset)
        finally:
            os.close(file)

    def _look(self, found: os.stat_result, offset: int) -> None:
        identity = found.st_dev, found.st_ino
        if not stat.S_ISREG(found.st_mode):
            self._give_up("it is no regular file")
        elif offset and self._identity not in {None, identity}:
            self._give_up("it was replaced by another file")
        elif found.st_size < offset:
            self._give_up(f"it became shorter, {found.st_size} bytes, when {offset} had been read")
        self._identity = identity

    def _give_up(self, why: str) -> None:
        self.fault = f"the metrics file is read no further: {why}; append to it"
        with suppress(OSError):
            write_whole(self._note, self.fault.encode())


class Source:
    """A file as numbered lines, those of one instance: read on, or again from a line."""

    def __init__(self, file: File, instance: int) -> None:
        self.file, self.instance = file, instance
        self.limit: int | None = None
        """Bytes at the end, once that is known."""
        self.again_from: int | None = 0
        """A line that is wanted again."""
        self.has_more = False
        """There is more in the file than the last read has given."""
        self._position = Position()
        self._checkpoints = [Position()]
        self._wanted_line = 0
        """Lines before it are read but not sent."""

    @property
    def line_count(self) -> int:
        """Complete lines so far."""
        return self._position.line

    def resend(self, from_line: int) -> None:
        self.again_from = from_line if self.again_from is None else min(from_line, self.again_from)

    def go_back(self) -> None:
        """Do so if a line is wanted again."""
        if self.again_from is None:
            return
        self._wanted_line, self.again_from = self.again_from, None
        if self._wanted_line < self._position.line:
            self._position = max(
                (kept for kept in self._checkpoints if kept.line <= self._wanted_line), key=lambda kept: kept.offset
            )

    def next(self) -> tuple[int, Lines] | None:
        """Return complete lines that come next and the index of the first, maybe none of them; None: there are none.

        They count as sent once `sent` is called.
        """
        offset, limit = self._position.offset, self.limit
        data = self.file.read(offset, READ_BYTES if limit is None else max(min(READ_BYTES, limit - offset), 0))
        final = limit is not None and (offset + len(data) >= limit or bool(self.file.fault))
        lines = cut_lines(self._position, data, final=final)
        self.has_more = len(data) == READ_BYTES or len(lines.texts) >= MOST_LINES
        if lines.end.offset == offset:
            return None
        first_line = self._position.line
        unwanted = self._wanted_line - first_line
        if unwanted <= 0:
            return first_line, lines
        cut = [at - unwanted for at in lines.cut if at >= unwanted]
        return self._wanted_line, Lines(lines.texts[unwanted:], cut, lines.end)

    def sent(self, end: Position) -> None:
        self._position = end
        if end.offset >= self._checkpoints[-1].offset + CHECKPOINT_BYTES:
            self._checkpoints.append(end)
