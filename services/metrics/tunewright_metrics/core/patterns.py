"""Users' patterns over chunks of output: which lines they match, and what group 1 captures there.

However a pattern is run, it means what it means on each line alone, and no pattern and no line stalls the reader. RE2
runs in linear time, over a whole chunk at once, which costs next to nothing where nothing matches: it is forbidden to
match a newline, so a match stays inside its line. What RE2 refuses (look-around, back-references) runs in a
backtracking engine, line by line under a time limit, and is given up after a few lines beyond it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, Protocol

import re2
import regex

from tunewright.core.errors import InvalidSpec

LINE_TIMEOUT_S: Final = 0.05
MAX_REPETITION: Final = 1000
"""RE2's own limit. The backtracking engine writes counted repetitions out, up to the machine's memory."""

OF_THE_WHOLE_TEXT: Final = re.compile(r"\\[ACz]|\(\?[a-zA-Z]*-")
"""What could tell a chunk from its lines: anchors to the text's own ends, single bytes, flags switched off."""

COUNTED: Final = re.compile(r"\{(\d+)?(?:,(\d+)?)?\}")
REMEDY: Final = "Mend it; `tunewright check JOB --log FILE` shows what it reads"


class Capture(NamedTuple):
    line: int
    """Offset of the line in the chunk."""
    text: str
    """What group 1 captured; empty if it took no part in the match."""
    timed_out: bool = False


class Pattern(Protocol):
    def captures(self, lines: Sequence[str], text: bytes, patience: int) -> Iterator[Capture]:
        """Yield the first match of each line that has one.

        `text` is the lines joined by newlines, in UTF-8; `patience` is how many more lines may exceed the time limit.
        """
        ...


def compile_pattern(pattern: str) -> Pattern:
    """Raises InvalidSpec: it is no regular expression, has no group 1, or is too large."""
    compiled: Any
    try:
        compiled = re2.compile(f"(?m){pattern}", _options())
    except re2.error:
        compiled = _compile_backtracking(pattern)
        made: Pattern = _Backtracking(compiled)
    else:
        made = _LineByLine(re2.compile(pattern, _options())) if OF_THE_WHOLE_TEXT.search(pattern) else _Linear(compiled)
    if compiled.groups < 1:
        raise InvalidSpec("regex", f"{pattern!r} has no group", "Put the number in parentheses")
    return made


class _Linear:
    """RE2 over the whole chunk."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def captures(self, lines: Sequence[str], text: bytes, patience: int) -> Iterator[Capture]:  # noqa: ARG002
        line = counted_to = at = 0
        while (match := self._compiled.search(text, at)) is not None:
            (start, end), (low, high) = match.span(), match.span(1)
            line += text.count(b"\n", counted_to, start)
            counted_to = start
            yield Capture(line, text[low:high].decode(errors="replace") if low >= 0 else "")
            at = text.find(b"\n", end) + 1
            if at == 0:
                return


class _LineByLine:
    """RE2 where a chunk would read otherwise than its lines."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def captures(self, lines: Sequence[str], text: bytes, patience: int) -> Iterator[Capture]:  # noqa: ARG002
        for index, line in enumerate(text.split(b"\n")):
            match = self._compiled.search(line)
            if match is not None:
                yield Capture(index, (match.group(1) or b"").decode(errors="replace"))


class _Backtracking:
    """A pattern that only a backtracking engine takes."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def captures(self, lines: Sequence[str], text: bytes, patience: int) -> Iterator[Capture]:  # noqa: ARG002
        for index, line in enumerate(lines):
            if patience <= 0:
                return
            try:
                match = self._compiled.search(line, timeout=LINE_TIMEOUT_S)
            except TimeoutError:
                patience -= 1
                yield Capture(index, line, timed_out=True)
                continue
            if match is not None:
                yield Capture(index, match.group(1) or "")


def _compile_backtracking(pattern: str) -> Any:
    counts = [max(int(count) for count in found if count) for found in COUNTED.findall(pattern) if any(found)]
    if math.prod(counts) > MAX_REPETITION:
        raise InvalidSpec(
            "regex", f"{pattern!r} repeats more than {MAX_REPETITION} times", "Repeat less, or use * or +"
        )
    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise InvalidSpec("regex", f"{pattern!r} is not a regular expression: {error}", REMEDY) from None


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.never_nl = True
    return options
