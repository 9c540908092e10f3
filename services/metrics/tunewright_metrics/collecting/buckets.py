"""Buckets: what a training said, packed into few documents of bounded size.

A bucket of `output` holds lines, one of `measurements` the values in them; either in *runs*, each what one instance
said at one moment. What is new joins the stream's last bucket while both together are small; the document is then
written whole once more, in the commit that moves the stream on. So a training that prints a line now and then makes as
few documents as one that prints all at once, and no commit costs more than a bucket. A bucket's key and `order` are the
place of its first line or report, and never change; offsets in it stay good however it grows.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, islice
from operator import sub
from typing import Any, Final, NamedTuple, TypeVar

from tunewright.platform.store.port import Document
from tunewright_metrics.core.series import Measured

FULL_CHARACTERS: Final = 32 * 1024
FULL_POINTS: Final = 1_000
"""A bucket that is written already is not extended beyond these."""
MOST_CHARACTERS: Final = 256 * 1024
MOST_POINTS: Final = 2_000
"""What one commit brings is not cut into pieces smaller than these, nor a message ever."""
MOMENT_S: Final = 1.0
LEVEL: Final = 1
"""Of zlib: text shrinks to about a fifth at 100 MB/s; the next levels take twice as long for a tenth more."""


@dataclass(slots=True)
class Chunk:
    """What one message brought: new lines of an instance, or a report, and the values in them."""

    position: int
    """Its place among all that the stream has taken."""
    instance: int
    first_line: int
    at: float
    lines: Sequence[str] = ()
    cut: Sequence[int] = ()
    """Offsets of the lines that are not whole."""
    measured: Sequence[Measured] = ()


@dataclass(frozen=True, slots=True)
class Bucket:
    position: int
    size: int
    """In characters, or points."""
    content: Document
    """Its fields, without those that say whose it is."""
    full: bool
    """Nothing joins it any more."""

    @property
    def bytes(self) -> int:
        """What the packed fields take."""
        return sum(len(item) for item in self.content.values() if isinstance(item, bytes))


class Line(NamedTuple):
    line: int
    text: str
    instance: int
    at: float
    cut: bool


class Point(NamedTuple):
    metric: str
    value: float
    step: int
    line: int
    instance: int
    at: float


def packed_lines(last: Bucket | None, chunks: Sequence[Chunk]) -> list[Bucket]:
    """Return the buckets of output to write for further chunks; the first may take the place of the `last` one."""
    return [made.bucket() for made in _filled(_Lines, last, [chunk for chunk in chunks if chunk.lines])]


def packed_points(last: Bucket | None, chunks: Sequence[Chunk]) -> list[Bucket]:
    """Return the buckets of measurements to write for further chunks, likewise."""
    return [made.bucket() for made in _filled(_Points, last, [chunk for chunk in chunks if chunk.measured])]


def lines_of(document: Document) -> list[str]:
    """Return the texts in a bucket of output."""
    return zlib.decompress(document["text"]).decode().split("\n")


def lines_in(document: Document) -> Iterator[Line]:
    """Yield what is in a bucket of output, in the order in which it was taken."""
    texts, cut = enumerate(lines_of(document)), set(document["cut"])
    for instance, first_line, count, at in document["runs"]:
        for line, (offset, text) in zip(range(first_line, first_line + count), texts, strict=False):
            yield Line(line, text, instance, at, offset in cut)


def points_in(document: Document) -> Iterator[Point]:
    """Yield what is in a bucket of measurements, in the order in which it was taken."""
    points = iter(_measured(document))
    for instance, count, at in document["runs"]:
        for metric, value, step, line in islice(points, count):
            yield Point(metric, value, step, line, instance, at)


class _Lines:
    """Lines that a bucket is made of. Runs: instance, index of the first line, how many, when."""

    full, most = FULL_CHARACTERS, MOST_CHARACTERS

    def __init__(self, position: int) -> None:
        self.position, self.size = position, 0
        self._runs: list[list[Any]] = []
        self._cut: list[int] = []
        self._texts: list[str] = []

    @classmethod
    def unpacked(cls, bucket: Bucket) -> _Lines:
        made = cls(bucket.position)
        made.size, made._texts = bucket.size, lines_of(bucket.content)
        made._runs, made._cut = [list(run) for run in bucket.content["runs"]], list(bucket.content["cut"])
        return made

    @staticmethod
    def size_of(chunk: Chunk) -> int:
        return sum(map(len, chunk.lines)) + len(chunk.lines)

    def add(self, chunk: Chunk) -> None:
        self.size += self.size_of(chunk)
        self._cut += [len(self._texts) + offset for offset in chunk.cut]
        self._texts += chunk.lines
        if self._runs:
            instance, first_line, count, at = self._runs[-1]
            follows = instance == chunk.instance and first_line + count == chunk.first_line
            if follows and abs(chunk.at - at) < MOMENT_S:
                self._runs[-1][2] += len(chunk.lines)
                return
        self._runs.append([chunk.instance, chunk.first_line, len(chunk.lines), chunk.at])

    def bucket(self) -> Bucket:
        text = zlib.compress("\n".join(self._texts).encode(errors="replace"), level=LEVEL)
        content = {"runs": self._runs, "cut": self._cut, "text": text}
        return Bucket(self.position, self.size, content, self.size >= self.full)


class _Points:
    """Values that a bucket is made of. Runs: instance, how many, when."""

    full, most = FULL_POINTS, MOST_POINTS

    def __init__(self, position: int) -> None:
        self.position = position
        self._runs: list[list[Any]] = []
        self._measured: list[Measured] = []

    @classmethod
    def unpacked(cls, bucket: Bucket) -> _Points:
        made = cls(bucket.position)
        made._measured, made._runs = _measured(bucket.content), [list(run) for run in bucket.content["runs"]]
        return made

    @property
    def size(self) -> int:
        return len(self._measured)

    @staticmethod
    def size_of(chunk: Chunk) -> int:
        return len(chunk.measured)

    def add(self, chunk: Chunk) -> None:
        self._measured += chunk.measured
        if self._runs and self._runs[-1][0] == chunk.instance and abs(chunk.at - self._runs[-1][2]) < MOMENT_S:
            self._runs[-1][1] += len(chunk.measured)
        else:
            self._runs.append([chunk.instance, len(chunk.measured), chunk.at])

    def bucket(self) -> Bucket:
        metrics, values, steps, lines = zip(*self._measured, strict=True)
        names = {name: number for number, name in enumerate(dict.fromkeys(metrics))}
        columns = ("I", map(names.__getitem__, metrics)), ("q", _differences(steps)), ("q", _differences(lines))
        places = b"".join(_bytes(array(kind, column)) for kind, column in columns)
        content = {
            "runs": self._runs,
            "metrics": list(names),
            "values": _bytes(array("d", values)),
            "places": zlib.compress(places, level=LEVEL),
        }
        return Bucket(self.position, self.size, content, self.size >= self.full)


K = TypeVar("K", _Lines, _Points)


def _filled(kind: type[K], last: Bucket | None, chunks: Sequence[Chunk]) -> list[K]:
    if not chunks:
        return []
    size = sum(map(kind.size_of, chunks))
    joins = last is not None and last.size + size <= kind.full
    made = [kind.unpacked(last) if last is not None and joins else kind(chunks[0].position)]
    for chunk in chunks:
        if made[-1].size and made[-1].size + kind.size_of(chunk) > kind.most:
            made.append(kind(chunk.position))
        made[-1].add(chunk)
    return made


def _measured(content: Document) -> list[Measured]:
    """Return the values of a bucket: `places` are the metric's number, steps and lines, the latter as differences."""
    names, places, values = content["metrics"], zlib.decompress(content["places"]), _array("d", content["values"])
    count, width = len(values), array("I").itemsize
    metrics = _array("I", places[: width * count])
    whole = _array("q", places[width * count :])
    steps, lines = accumulate(whole[:count]), accumulate(whole[count:])
    return list(map(Measured, map(names.__getitem__, metrics), values, steps, lines))


def _differences(column: Sequence[int]) -> Iterator[int]:
    return chain(column[:1], map(sub, column[1:], column))


def _bytes(column: array[Any]) -> bytes:
    """Return it as it stands in the store: little-endian."""
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def _array(kind: str, stored: bytes) -> array[Any]:
    column = array(kind, stored)
    if sys.byteorder == "big":
        column.byteswap()
    return column
