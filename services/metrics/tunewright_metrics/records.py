"""How streams, measurements and output stand in the store."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

from tunewright.platform.documents import from_document, to_document
from tunewright.platform.store.port import Document, Insert, Put, Replace, Stored, Write
from tunewright_metrics.core.stream import Measured, Stream

SOURCE: Final = "tunewright/metrics"
StreamKey = tuple[str, int, int]
"""uid, training number, attempt."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Contiguous new lines of one instance and what they measured."""

    instance: int
    first_line: int
    lines: tuple[str, ...]
    measured: tuple[Measured, ...]
    at: float


def stream_name(key: StreamKey) -> str:
    uid, number, attempt = key
    return f"{uid}/{number:06d}/{attempt:04d}"


def read_stream(stored: Stored) -> Stream:
    return from_document(stored.document, Stream)


def stream_write(key: StreamKey, stream: Stream, version: int) -> Write:
    """Write the stream where it was read: beaten, nothing of the commit stands."""
    document = to_document(stream)
    if version == 0:
        return Insert("streams", stream_name(key), document)
    return Replace("streams", stream_name(key), document, version)


def chunk_writes(key: StreamKey, chunk: Chunk) -> list[Write]:
    """Write lines and measurements under ids made from line indexes: the same lines, the same documents."""
    order = f"{key[2]:04d}/{chunk.instance:04d}/{chunk.first_line:012d}"
    place = {"uid": key[0], "number": key[1], "order": order, "attempt": key[2], "instance": chunk.instance, "at": chunk.at}
    name = f"{key[0]}/{key[1]:06d}/{order}"
    writes: list[Write] = []
    if chunk.lines:
        text = zlib.compress("\n".join(chunk.lines).encode(), level=1)
        content = {"first_line": chunk.first_line, "count": len(chunk.lines), "text": text}
        writes.append(Put("output", name, place | content))
    if chunk.measured:
        points = [[item.metric, item.value, item.step, item.line] for item in chunk.measured]
        writes.append(Put("measurements", name, place | {"points": points}))
    return writes


def report_writes(key: StreamKey, report_id: str, measured: tuple[Measured, ...], at: float) -> list[Write]:
    """Write what a program has reported itself; it belongs to no line."""
    order = f"{key[2]:04d}/report/{report_id}"
    points = [[item.metric, item.value, item.step, item.line] for item in measured]
    document = {"uid": key[0], "number": key[1], "order": order, "attempt": key[2], "instance": 0, "at": at}
    return [Put("measurements", f"{key[0]}/{key[1]:06d}/{order}", document | {"points": points})] if measured else []


def lines_of(document: Document) -> list[str]:
    return zlib.decompress(document["text"]).decode().split("\n")
