"""What a search looks for in output, and which lines of a chunk have it.

A chunk is looked through as a whole first, which is fast; only where something is found, its lines are taken one by
one, and they alone decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import re2

from tunewright.core.errors import InvalidSpec
from tunewright_metrics.core.patterns import OF_THE_WHOLE_TEXT

LONGEST: Final = 500
"""Characters of a pattern, as of a metric definition's."""

REMEDY: Final = "Write RE2's syntax, without look-around and back-references; a plain text needs no regex"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Lines that contain a text and match a pattern, where these are given. Case counts unless it begins with (?i)."""

    contains: bytes = b""
    line: Any = None
    """The pattern, for one line; None: any."""
    chunk: Any = None
    """The pattern, for many lines at once: it matches if it matches one of them. None: that cannot be said."""

    def lines(self, text: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the wanted lines with their offsets. `text` is lines joined by newlines, in UTF-8."""
        if self.contains not in text or (self.chunk is not None and self.chunk.search(text) is None):
            return
        for offset, line in enumerate(text.split(b"\n")):
            if self.contains in line and (self.line is None or self.line.search(line) is not None):
                yield offset, line


EVERYTHING: Final = Wanted()


def wanted(contains: str, matches: str) -> Wanted:
    """Return what is asked for; an empty text asks for nothing. Raises InvalidSpec: the pattern cannot be used."""
    if not matches:
        return Wanted(contains.encode())
    if len(matches) > LONGEST:
        raise InvalidSpec("matches", f"has {len(matches)} characters", f"At most {LONGEST} are taken")
    options = re2.Options()
    options.log_errors, options.never_nl = False, True
    try:
        line = re2.compile(matches, options)
        chunk = None if OF_THE_WHOLE_TEXT.search(matches) else re2.compile(f"(?m){matches}", options)
    except re2.error as error:
        why = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise InvalidSpec("matches", f"{matches!r} is refused by RE2: {why}", REMEDY) from None
    return Wanted(contains.encode(), line, chunk)
