"""Users' patterns over chunks of output: which lines they match, and what group 1 captures there.

However a pattern is run, it means what it means on each line alone. RE2 runs in linear time, over a whole chunk at once
and, where a match must contain some text (core/literals.py), only on the lines with that text: where nothing matches,
that costs next to nothing. The plainest patterns `re` runs in linear time too, at a tenth of the cost (core/plain.py).
What RE2 refuses (look-around, back-references) runs in a backtracking engine, line by line.

No pattern and no line stalls the reader. All patterns of a chunk share CHUNK_S; one that has used up its part is
broken off, which counts as a time-out, and after a few of those it is given up. What cannot be broken off is one search
by RE2, in LOOK_BYTES or one line: hence the limit of its programs; and what one takes too long the others do not lose.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, Final, Protocol

import re2
import regex

from tunewright.core.errors import InvalidSpec
from tunewright_metrics.core.literals import required_literal
from tunewright_metrics.core.patience import LOOK_BYTES, Capture, Passage, Patience
from tunewright_metrics.core.plain import plain

LINE_S: Final = 0.05
"""A backtracking pattern may take so long over a line."""
LARGEST_PROGRAM: Final = 600
"""Instructions of RE2. Its worst case is bytes times instructions, some 13 ns each."""
MEMORY_BYTES: Final = 1024 * 1024
"""Of RE2 for one pattern: a collector keeps thousands."""
MAX_REPETITION: Final = 1000
"""RE2's own limit. The backtracking engine writes counted repetitions out, up to the machine's memory."""

OF_THE_WHOLE_TEXT: Final = re.compile(r"\\[ACz]|\(\?[a-zA-Z]*-")
"""What could tell a chunk from its lines: anchors to the text's own ends, single bytes, flags switched off."""

COUNTED: Final = re.compile(r"\{(\d+)?(?:,(\d+)?)?\}")
REMEDY: Final = "Mend it; `tunewright check JOB --log FILE` shows what it reads"


class Pattern(Protocol):
    def captures(self, passage: Passage, patience: Patience) -> Iterator[Capture]:
        """Yield the first match of each line that has one, in order, and the lines on which time ran out."""
        ...


def compile_pattern(pattern: str) -> Pattern:
    """Raises InvalidSpec: it is no regular expression, has no group 1, or is too large."""
    try:
        line = re2.compile(pattern, _options())
    except re2.error:
        backtracking = _compile_backtracking(pattern)
        _check_group(pattern, backtracking.groups)
        return _Backtracking(backtracking)
    _check_group(pattern, line.groups)
    if line.programsize > LARGEST_PROGRAM:
        why = f"{pattern!r} is too large: {line.programsize} steps, at most {LARGEST_PROGRAM} can be"
        raise InvalidSpec("regex", why, "Repeat less, or use * or +")
    if literal := required_literal(pattern):
        simple = plain(pattern)
        return _WithLiteral(line, literal) if simple is None else _Plain(simple, literal)
    if OF_THE_WHOLE_TEXT.search(pattern):
        return _LineByLine(line)
    return _Together(re2.compile(f"(?m){pattern}", _options()))


class _Plain:
    """Many lines at once, by `re`: see core/plain.py."""

    def __init__(self, compiled: re.Pattern[bytes], literal: str) -> None:
        self._finditer = compiled.finditer
        self._find_first = _finder(literal)

    def captures(self, passage: Passage, patience: Patience) -> Iterator[Capture]:
        text = passage.text
        first = self._find_first(text)
        if first is None:
            return
        at = text.rfind(b"\n", 0, first.start()) + 1
        line, counted_to = text.count(b"\n", 0, at), at
        while at < len(text):
            stop = _end_of_line(text, at + LOOK_BYTES)
            if patience.over(stop - at):
                yield patience.struck(passage, line + text.count(b"\n", counted_to, at))
                return
            for match in self._finditer(text, at, stop):
                start, (low, high) = match.start(), match.span(1)
                line += text.count(b"\n", counted_to, start)
                counted_to = start
                yield Capture(line, text[low:high].decode(), high == match.end())
            at = stop + 1


class _WithLiteral:
    """RE2 on the lines that contain what the pattern must contain."""

    def __init__(self, compiled: Any, literal: str) -> None:
        self._search, self._literal = compiled.search, literal.encode()
        self._find_first = _finder(literal)

    def captures(self, passage: Passage, patience: Patience) -> Iterator[Capture]:
        text, literal = passage.text, self._literal
        first = self._find_first(text)
        line = counted_to = 0
        at = first.start() if first is not None else -1
        while at >= 0:
            line += text.count(b"\n", counted_to, at)
            counted_to = at
            end = _end_of_line(text, at)
            found = text[text.rfind(b"\n", 0, at) + 1 : end]
            if patience.over(len(found)):
                yield patience.struck(passage, line)
                return
            match = self._search(found)
            if match is not None:
                yield _capture(line, found, match)
            at = text.find(literal, end)


class _Together:
    """RE2 over many lines at once: it is forbidden to match a newline, so a match stays inside its line."""

    def __init__(self, compiled: Any) -> None:
        self._search = compiled.search

    def captures(self, passage: Passage, patience: Patience) -> Iterator[Capture]:
        text = passage.text
        line = counted_to = at = 0
        while at <= len(text):
            stop = _end_of_line(text, at + LOOK_BYTES)
            if patience.over(stop - at):
                yield patience.struck(passage, line + text.count(b"\n", counted_to, at))
                return
            match = self._search(text, at, stop)
            if match is None:
                at = stop + 1
                continue
            (start, end), (low, high) = match.span(), match.span(1)
            line += text.count(b"\n", counted_to, start)
            counted_to = start
            last = _end_of_line(text, end)
            yield Capture(line, _text(text[low:high]) if low >= 0 else "", to_the_end=high == last)
            at = last + 1


class _LineByLine:
    """RE2 where many lines would read otherwise than each alone."""

    def __init__(self, compiled: Any) -> None:
        self._search = compiled.search

    def captures(self, passage: Passage, patience: Patience) -> Iterator[Capture]:
        for index, line in enumerate(passage.text.split(b"\n")):
            if patience.over(len(line)):
                yield patience.struck(passage, index)
                return
            match = self._search(line)
            if match is not None:
                yield _capture(index, line, match)


class _Backtracking:
    """A pattern that only a backtracking engine takes."""

    def __init__(self, compiled: Any) -> None:
        self._search = compiled.search

    def captures(self, passage: Passage, patience: Patience) -> Iterator[Capture]:
        for index, line in enumerate(passage.lines):
            left_s = patience.left_s
            if patience.timeouts <= 0:
                return
            if left_s <= 0:
                yield patience.struck(passage, index)
                return
            try:
                match = self._search(line, timeout=min(LINE_S, left_s))
            except TimeoutError:
                yield patience.struck(passage, index)
                continue
            if match is not None:
                yield Capture(index, match.group(1) or "", to_the_end=match.end(1) == len(line))


def _finder(literal: str) -> Any:
    """Return what searches for a text several times as fast as bytes.find, if slower to begin."""
    return re2.compile(re2.escape(literal), _options()).search


def _capture(line: int, text: bytes, match: Any) -> Capture:
    low, high = match.span(1)
    return Capture(line, _text(text[low:high]) if low >= 0 else "", to_the_end=high == len(text))


def _text(captured: bytes) -> str:
    return captured.decode(errors="replace")


def _end_of_line(text: bytes, at: int) -> int:
    """Return where the line ends that a place lies in."""
    end = text.find(b"\n", at)
    return len(text) if end < 0 else end


def _check_group(pattern: str, groups: int) -> None:
    if groups < 1:
        raise InvalidSpec("regex", f"{pattern!r} has no group", "Put the number in parentheses")


def _compile_backtracking(pattern: str) -> Any:
    counts = [max(int(count) for count in found if count) for found in COUNTED.findall(pattern) if any(found)]
    if math.prod(counts) > MAX_REPETITION:
        raise InvalidSpec(
            "regex", f"{pattern!r} repeats more than {MAX_REPETITION} times", "Repeat less, or use * or +"
        )
    try:
        return regex.compile(pattern)
    except (regex.error, ValueError, RecursionError) as error:  # flags that exclude each other; too many parentheses
        raise InvalidSpec("regex", f"{pattern!r} is not a regular expression: {error}", REMEDY) from None


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.never_nl = True
    options.max_mem = MEMORY_BYTES
    return options
