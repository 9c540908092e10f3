"""The engine's framing of a log: 8 bytes of header (stream, length), a timestamp, a space, what was printed."""

from __future__ import annotations

from typing import Final

from tunewright_trainer.runner.log_follower import Piece, parse_time

HEADER_BYTES: Final = 8
SECOND_CHARS, FRACTION_END, TIME_CHARS = 19, 29, 30
"""Of a timestamp as Docker writes it: 2026-01-31T12:00:00.123456789Z. Others are read as well, more slowly."""
PART_BYTES: Final = 16_384
"""The engine splits longer lines into records of so many bytes, and what remains of the line, be it nothing."""


class Frames:
    """Cuts a stream into records. A line above 16 KiB is several records, each with the timestamp of the first.

    The driver `local` drops the line feed of such a line, so that the next line would go on with it: it is put back. A
    program's last words, if they are as long and have none, get one too: their records are the same.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._split: set[int] = set()
        """The streams whose line is not at its end."""
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
                said = data[text + TIME_CHARS + 1 : end]
            else:
                space = data.index(b" ", text, end)
                time_ns, said = parse_time(data[text:space]), data[space + 1 : end]
            if self._split or len(said) == PART_BYTES:
                said = self._ended(data[start], said)
            pieces.append((time_ns, said, True))
            start = end
        self._rest = data[start:]
        return pieces

    def _ended(self, stream: int, said: bytes) -> bytes:
        """Return a part of a line that may be split, with a line feed if it is the last."""
        if said.endswith(b"\n"):
            self._split.discard(stream)
        elif len(said) == PART_BYTES:
            self._split.add(stream)
        elif stream in self._split:
            self._split.remove(stream)
            return said + b"\n"
        return said
