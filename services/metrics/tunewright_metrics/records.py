"""How streams, measurements and output stand in the store."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any, Final

from tunewright.core.names import training_id
from tunewright.platform.documents import from_document, to_document
from tunewright.platform.store.port import Document, Insert, Put, Replace, Stored, Write
from tunewright_metrics.core.series import Measured
from tunewright_metrics.core.stream import Stream

StreamKey = tuple[str, int, int]
"""uid, training number, attempt."""

CHUNK_CHARACTERS: Final = 1_000_000
CHUNK_S: Final = 1.0


@dataclass(slots=True)
class Chunk:
    """Consecutive lines of one instance, or one report, and the values in them."""

    position: int
    """Its place among all that the stream has taken."""
    instance: int
    first_line: int
    at: float
    lines: list[str] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)
    """Offsets of the lines that are not whole."""
    measured: list[Measured] = field(default_factory=list)
    characters: int = 0

    def joins(self, after: Chunk) -> bool:
        """Say whether it continues a chunk, and both together are still small and of one moment."""
        return (
            bool(self.lines)
            and bool(after.lines)
            and self.instance == after.instance
            and self.position == after.position + len(after.lines)
            and self.characters + after.characters <= CHUNK_CHARACTERS
            and self.at - after.at < CHUNK_S
        )

    def extend(self, further: Chunk) -> None:
        self.cut.extend(offset + len(self.lines) for offset in further.cut)
        self.lines.extend(further.lines)
        self.measured.extend(further.measured)
        self.characters += further.characters


def stream_name(key: StreamKey) -> str:
    uid, number, attempt = key
    return f"{training_id(uid, number)}/{attempt_order(attempt)}"


def attempt_order(attempt: int) -> str:
    """Return what the `order` of all chunks of an attempt begins with."""
    return f"{attempt:04d}"


def read_stream(stored: Stored) -> Stream:
    """Raises ValueError: the document is no stream."""
    return from_document(stored.document, Stream)


def stream_write(key: StreamKey, stream: Stream, version: int, now: float) -> Write:
    """Write the stream where it was read: beaten, nothing of the commit stands. `now` is by the store's clock."""
    document = to_document(stream) | {"changed_at": now}
    if version == 0:
        return Insert("streams", stream_name(key), document)
    return Replace("streams", stream_name(key), document, version)


def chunk_writes(key: StreamKey, chunk: Chunk) -> list[Write]:
    """Write lines and measurements under a key made from line indexes: taken again, they replace themselves."""
    place: dict[str, Any] = {
        "uid": key[0],
        "number": key[1],
        "order": f"{attempt_order(key[2])}/{chunk.position:012d}",
        "instance": chunk.instance,
        "at": chunk.at,
    }
    name = f"{stream_name(key)}/{chunk.position:012d}"
    writes: list[Write] = []
    if chunk.lines:
        text = zlib.compress("\n".join(chunk.lines).encode(errors="replace"), level=1)
        content = {"first_line": chunk.first_line, "count": len(chunk.lines), "cut": chunk.cut, "text": text}
        writes.append(Put("output", name, place | content))
    if chunk.measured:
        points = [[item.metric, item.value, item.step, item.line] for item in chunk.measured]
        writes.append(Put("measurements", name, place | {"points": points}))
    return writes


def text_of(document: Document) -> bytes:
    """Return a chunk's lines, joined by newlines, in UTF-8."""
    return zlib.decompress(document["text"])


def lines_of(document: Document) -> list[str]:
    return text_of(document).decode().split("\n")
