"""The engine's framing of a log: 8 bytes of header (stream, length), a timestamp, a space, what was printed."""

from __future__ import annotations

from typing import Final

from tunewright_trainer.runner.log_follower import Piece, parse_time

HEADER_BYTES: Final = 8
SECOND_CHARS, FRACTION_END, TIME_CHARS = 19, 29, 30
"""Of a timestamp as Docker writes it: 2026-01-31T12:00:00.123456789Z. Others are read as well, more slowly."""


class Frames:
    """Cuts a stream into records. A line above 16 KiB is several records, each with a timestamp."""

    def __init__(self) -> None:
        self._rest = b""
        self._second_text, self._second_ns = b"", 0
        """The second of the last record: most are of the same one."""

    def pieces(self, chunk: bytes) -> list[Piece]:
        """Return the records that are whole. Raises ValueError: one has no timestamp."""
        data = self._rest + chunk if self._rest else chunk
        pieces: list[Piece] = []
        start, size = 0, len(data)
        while size - start >= HEADER_BYTES:
            text = start + HEADER_BYTES
            end = text + int.from_bytes(data[start + 4 : text], "big")
            if end > size:
                break
            if data[text + FRACTION_END : text + TIME_CHARS + 1] == b"Z ":
                if data[text : text + SECOND_CHARS] != self._second_text:
                    self._second_text = data[text : text + SECOND_CHARS]
                    self._second_ns = parse_time(self._second_text + b"Z")
                time_ns = self._second_ns + int(data[text + SECOND_CHARS + 1 : text + FRACTION_END])
                pieces.append((time_ns, data[text + TIME_CHARS + 1 : end], True))
            else:
                space = data.index(b" ", text, end)
                pieces.append((parse_time(data[text:space]), data[space + 1 : end], True))
            start = end
        self._rest = data[start:]
        return pieces
