"""Cut a training's output into numbered lines: the same bytes give the same lines however the reads fell.

A line ends with LF, CR LF or a lone CR, so that a progress bar is many short lines and not an endless one; the CR of a
CR LF that is split between two reads ends the line, and the LF is then swallowed. A line longer than LIMIT_BYTES is cut
there, marked, and its rest skipped in bounded memory. Bytes that are not UTF-8 become U+FFFD. Output behind the last
line end is a line of its own once the training has ended.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

LIMIT_BYTES: Final = 64 * 1024
MOST_LINES: Final = 10_000
"""A few milliseconds of work at a time: others wait meanwhile, and empty lines are many in few bytes."""
LINE_END: Final = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Position:
    """Where in the spool the next line begins; all that cutting needs to go on."""

    offset: int = 0
    line: int = 0
    after_cr: bool = False
    """The byte before was a CR: an LF here belongs to it."""
    skipping: bool = False
    """Inside the rest of a line that was cut."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Complete lines, the offsets among them of those that were cut, and where they end."""

    texts: Sequence[str]
    cut: Sequence[int]
    end: Position


def cut_lines(start: Position, data: bytes, *, final: bool, most: int = MOST_LINES) -> Lines:
    """Cut what is complete in `data`, the spool's bytes from `start.offset` on: `most` lines of it.

    Bytes behind `end.offset` are to be given again, with more; more than LIMIT_BYTES of them never remain, unless
    there are more lines. `final` says that the spool ends with `data`.
    """
    skipped = _skip(start, data)
    taken = data[skipped.offset - start.offset :].splitlines(keepends=True)
    rest = b"" if not taken or taken[-1].endswith((b"\n", b"\r")) else taken.pop()
    if len(taken) >= most:
        del taken[most:]
    elif rest and (final or len(rest) > LIMIT_BYTES):
        taken.append(rest)
    texts, cut = _texts(taken)
    end = replace(
        skipped,
        offset=skipped.offset + sum(map(len, taken)),
        line=skipped.line + len(taken),
        after_cr=taken[-1].endswith(b"\r") if taken else skipped.after_cr,
        skipping=skipped.skipping or bool(taken and taken[-1] is rest and not final),
    )
    return Lines(texts, cut, end)


def _skip(start: Position, data: bytes) -> Position:
    """Move past the LF of a CR LF, and past the rest of a line that was cut."""
    if start.skipping:
        match = LINE_END.search(data)
        if match is None:
            return replace(start, offset=start.offset + len(data))
        after_cr = data[: match.end()].endswith(b"\r")
        return replace(start, offset=start.offset + match.end(), after_cr=after_cr, skipping=False)
    if start.after_cr and data:
        return replace(start, offset=start.offset + data.startswith(b"\n"), after_cr=False)
    return start


def _texts(pieces: Sequence[bytes]) -> tuple[list[str], list[int]]:
    if max(map(len, pieces), default=0) <= LIMIT_BYTES // 3:  # however they are decoded, none is too long
        return [piece.rstrip(b"\r\n").decode("utf-8", "replace") for piece in pieces], []
    texts, cut = [], []
    for index, piece in enumerate(pieces):
        text = piece.rstrip(b"\r\n")[: LIMIT_BYTES + 1].decode("utf-8", "replace")
        if len(piece) > LIMIT_BYTES // 3 and len(encoded := text.encode()) > LIMIT_BYTES:
            text = encoded[:LIMIT_BYTES].decode("utf-8", "ignore")
            cut.append(index)
        texts.append(text)
    return texts, cut
