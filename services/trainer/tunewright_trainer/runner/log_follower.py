"""A container's log, copied into an attempt's spool: nothing lost and nothing twice, however often it begins anew.

The engine or the node keeps the log; it can be read again from a time on, each record with its timestamp. A record has
no number, several may bear one timestamp, and stdout's may stand a little out of order with stderr's. So `Through` is
a time, some seconds back, and how many records at or after it have been copied: reading the log again from that time
gives the same records in the same order, and that many of them are passed over. What the spool holds beyond its last
whole record, because the copying broke off there, is passed over too, byte by byte; the spool is never cut.

How a runner uses it:

    copy = LogCopy(folder.instance(i).spool, folder.root / "through")
    while the container runs or its log was not read to the end:
        copy.begin()                                        # before every connection, also the first
        stream = the log, timestamps on, following, since copy.since_s (Unix seconds, whole; 0: from its beginning)
        async for chunk in stream:
            copy.write(pieces)
    copy.close()

A piece is (timestamp in ns, bytes, ends). Docker's frames are records of their own, those of a line above 16 KiB too:
`(parse_time(payload[:30]), payload[31:], True)` each. Kubernetes puts a timestamp before each line: `LineDecoder`.
`write` appends what is new with one call, then notes how far it came. OSError leaves the copy as it was: begin again.

A log may have been rotated away meanwhile. Then `gaps` counts up and the spool says so in a line of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

Piece = tuple[int | None, bytes, bool]
"""Timestamp, Unix nanoseconds (None: the piece goes on with the record before it), content, and whether it ends it."""

NS: Final = 1_000_000_000
MARKS: Final = 3
"""Seconds kept apart: records may be out of order by two seconds, and the clock may be set back as far as it likes."""
SHORT_BYTES: Final = 4096
"""A longer line may be several entries of the node's log, the later ones of a later second."""
TIME_CHARS: Final = 64
"""No timestamp is longer."""
GAP: Final = b"[tunewright: output is missing here; the host had rotated the log away before it was read]\n"


@dataclass(slots=True)
class Through:
    """How far a log has been copied. `add` counts a record, `since_s` and `skip` say where to go on."""

    size: int = 0
    """Bytes of the spool through its last whole record."""
    records: int = 0
    latest: int = 0
    """The highest timestamp so far, ns."""
    marks: list[list[int]] = field(default_factory=lambda: [[0, 0]])
    """Per mark its second and how many records are at or after it and before the next. Copying goes on at the first."""
    may_begin_mark: bool = False

    @property
    def since_s(self) -> int:
        return self.marks[0][0]

    @property
    def skip(self) -> int:
        """How many records at or after `since_s` are copied already."""
        return sum(count for _, count in self.marks)

    def add(self, timestamp: int, size: int) -> None:
        self.size += size
        self.records += 1
        second = timestamp // NS
        if timestamp >= self.latest:
            if second > self.latest // NS and self.may_begin_mark:
                self.marks.append([second, 0])
                del self.marks[:-MARKS]
            self.latest = timestamp
            self.marks[-1][1] += 1
        else:
            self._add_late(second)
        self.may_begin_mark = size <= SHORT_BYTES

    def _add_late(self, second: int) -> None:
        for mark in reversed(self.marks):
            if second >= mark[0]:
                mark[1] += 1
                return
        self.marks = [[0, self.records]]  # the clock was set back: read all again, until it has caught up

    def encode(self) -> bytes:
        """Return a line of the same length whatever the figures, so that a write over the last one leaves nothing."""
        figures = [self.size, self.records, self.latest, *(figure for mark in self.marks for figure in mark)]
        return " ".join(map(str, figures)).ljust(199).encode() + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> Through:
        """Raises ValueError: the line is not whole."""
        if not line.endswith(b"\n"):
            raise ValueError("not a whole line")
        size, records, latest, *marks = map(int, line.split())
        return cls(size, records, latest, [list(mark) for mark in zip(marks[::2], marks[1::2], strict=True)])


@dataclass(slots=True)
class Filter:
    """Which records of a log that is read again, from `through.since_s` on, are new."""

    since: int
    to_skip: int
    latest: int
    seen_latest: bool = False
    gap: bool = False
    """Set with the record before which some are missing."""

    @classmethod
    def behind(cls, through: Through) -> Filter:
        return cls(through.since_s * NS, through.skip, through.latest)

    def is_new(self, timestamp: int) -> bool:
        self.gap = False
        if not self.to_skip:
            return True
        if timestamp < self.since:
            return False
        if timestamp <= self.latest:
            self.to_skip -= 1
            self.seen_latest |= timestamp == self.latest
            return False
        self.to_skip, self.gap = 0, not self.seen_latest
        return True


class LogCopy:
    """The spool of one instance and, in the file `through`, how far its log was copied. One writer at a time."""

    def __init__(self, spool: Path, through: Path) -> None:
        self._spool = os.open(spool, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._noted = os.open(through, os.O_RDWR | os.O_CREAT, 0o600)
        self.gaps = 0
        self.begin()

    @property
    def since_s(self) -> int:
        """From which time on the log must be read, Unix seconds; records before it may come too."""
        return self._through.since_s

    @property
    def size(self) -> int:
        """Bytes of the spool through its last whole record."""
        return self._through.size

    @property
    def noted_at(self) -> float:
        """When it was noted for the last time how far it came, Unix seconds."""
        return os.fstat(self._noted).st_mtime

    def begin(self) -> None:
        """Expect the log anew, from `since_s` on."""
        size = os.fstat(self._spool).st_size
        self._through = self._read()
        if size < self._through.size:  # the disk lost what was written last: read all again
            self._through = Through()
        self._to_drop = size - self._through.size
        self._filter = Filter.behind(self._through)
        self._timestamp, self._size, self._is_new = 0, 0, False

    def _read(self) -> Through:
        try:
            return Through.decode(os.pread(self._noted, 4096, 0))
        except ValueError:
            return Through()

    def write(self, pieces: Iterable[Piece]) -> None:
        """Append what is new. Raises OSError: the disk is full, say."""
        content = bytearray()
        is_noted = True
        for timestamp, data, ends in pieces:
            if timestamp is not None:
                self._begin_record(timestamp, content)
            if self._is_new:
                content += data
                self._size += len(data)
            if ends and self._is_new:
                self._through.add(self._timestamp, self._size)
                self._size, is_noted = 0, False
        self._append(content)
        if not is_noted:
            os.pwrite(self._noted, self._through.encode(), 0)

    def _begin_record(self, timestamp: int, content: bytearray) -> None:
        self._timestamp, self._size = timestamp, 0
        self._is_new = self._filter.is_new(timestamp)
        if self._filter.gap:
            self.gaps += 1
            marker = b"\n" + GAP if self._to_drop else GAP
            self._through.size += self._to_drop + len(marker)
            self._to_drop = 0
            content += marker

    def _append(self, content: bytearray) -> None:
        dropped = min(self._to_drop, len(content))
        self._to_drop -= dropped
        with memoryview(content)[dropped:] as rest:
            written = 0
            while written < len(rest):
                written += os.write(self._spool, rest[written:])

    def tell_gap(self, words: bytes = GAP) -> None:
        """Say in the spool that the rest of the log is lost; said again, it changes nothing. Raises OSError."""
        size = os.fstat(self._spool).st_size
        tail = os.pread(self._spool, len(words), max(size - len(words), 0))
        if tail != words:
            self.gaps += 1
            os.write(self._spool, words if not tail or tail.endswith(b"\n") else b"\n" + words)

    def close(self) -> None:
        for file in (self._spool, self._noted):
            os.close(file)


class LineDecoder:
    """A log of lines that each begin with a timestamp and a space, as pieces; no piece waits for a line's end."""

    def __init__(self) -> None:
        self._head = b""
        """The beginning of a line whose timestamp has not come whole."""
        self._in_line = False

    def pieces(self, chunk: bytes) -> Iterator[Piece]:
        """Yield the pieces of a chunk. Raises ValueError: a line has no timestamp."""
        lines = (self._head + chunk).split(b"\n")
        self._head = b""
        last = len(lines) - 1
        for index, line in enumerate(lines):
            ends = index < last
            if self._in_line:
                if line or ends:
                    yield None, line + b"\n" if ends else line, ends
            elif not ends and (not line or (b" " not in line and len(line) < TIME_CHARS)):
                self._head = line
                return
            else:
                time, _, text = line.partition(b" ")
                yield parse_time(time), text + b"\n" if ends else text, ends
            self._in_line = not ends


def parse_time(text: bytes) -> int:
    """Return RFC 3339 with up to nine decimals as Unix nanoseconds. Raises ValueError."""
    moment, zone = text[:19], text[19:].lstrip(b".0123456789")
    fraction = text[20 : len(text) - len(zone)]
    return _second(moment + zone) * NS + int(fraction[:9].ljust(9, b"0"))


@lru_cache(maxsize=8)
def _second(moment: bytes) -> int:
    """Most lines are of the same second as the one before."""
    return int(datetime.fromisoformat(moment.decode("ascii")).timestamp())
