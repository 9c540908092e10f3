"""How long a pattern may take over a passage of output, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

CHUNK_S: Final = 0.1
"""All patterns together may take so long over a chunk."""
LOOK_BYTES: Final = 8 * 1024
"""After so much text, or one line if that is longer, RE2 is done with, the clock is looked at."""
Clock = Callable[[], float]
"""Seconds that the reader has worked, from any start."""


class Capture(NamedTuple):
    line: int
    """Offset of the line in the chunk."""
    text: str
    """What group 1 captured; empty if it took no part in the match."""
    to_the_end: bool = False
    """It ends where the line ends."""
    timed_out: bool = False


class Passage(NamedTuple):
    """Consecutive lines, without newlines, and the same joined by newlines, in UTF-8."""

    lines: Sequence[str]
    text: bytes


@dataclass(slots=True)
class Patience:
    """What a pattern may still take: time in this chunk, time-outs in this stream."""

    clock: Clock
    until: float
    timeouts: int
    searched: int = 0
    """Bytes since the last look at the clock."""
    told: bool = False
    """A time-out has been told of."""

    @property
    def left_s(self) -> float:
        return self.until - self.clock()

    def over(self, size: int) -> bool:
        """Say whether the time is over, with so many bytes more to be searched; it does not look each time."""
        self.searched += size
        if self.searched <= LOOK_BYTES:
            return False
        self.searched = size
        return self.left_s <= 0

    def struck(self, passage: Passage, line: int) -> Capture:
        self.timeouts -= 1
        self.told = True
        return Capture(line, passage.lines[line], timed_out=True)
