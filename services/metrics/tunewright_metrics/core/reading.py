"""Metric definitions over lines of output: which line says which number.

Group 1 of a definition's first match in a line must be a number, the whole of it, as Python's float() reads one:
`1e-3`, `-inf` and `nan` are values; `1,234.5`, `98%`, `1_000` and an empty capture are not, and nothing is guessed.
Each reading bears its kind, so that what is no finite number never passes for one.

A definition without a regex is read from lines that are JSON objects (core/jsonlines.py). So is one with the regex that
stands for a mere name, `default_regex`: where an object has the member, that is what counts in its line.
Escape sequences of terminals, colours above all, are taken out before anything is read.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.ranges_text import default_regex
from tunewright.core.spec import MetricDefinition
from tunewright_metrics.core.jsonlines import found, number, numbers, objects, parsed, written
from tunewright_metrics.core.kinds import EXAMPLE_LENGTH, NO_METRIC, Kind, Reading, typed
from tunewright_metrics.core.patience import CHUNK_S, Capture, Clock, Passage, Patience
from tunewright_metrics.core.patterns import Pattern, compile_pattern

TIMEOUTS_ALLOWED: Final = 5
"""Lines of a stream on which a pattern may exceed its time, before it is given up for that stream."""

ESCAPE: Final = b"\x1b"
TERMINAL: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
"""Control sequences (ECMA-48, 5.4), titles and links of terminals, single functions."""

LIMIT_BYTES: Final = 64 * 1024
"""Where a trainer cuts a line."""

BATCH_LINES: Final = 500
"""As many as a trainer sends in one message."""

NO_TIMEOUTS: Final[Mapping[str, int]] = MappingProxyType({})


def no_clock() -> float:
    return 0.0


class Reader:
    """Reads lines by a set of definitions. `refused` holds those that cannot be used, with the reason."""

    def __init__(self, definitions: Sequence[MetricDefinition], clock: Clock = no_clock) -> None:
        """`clock` tells how long this thread has worked; without one only backtracking patterns time out."""
        self.refused: dict[str, str] = {}
        self._clock = clock
        self._names = [item.name for item in definitions]
        self._by_name = [item.name for item in definitions if item.regex in {"", default_regex(item.name)}]
        self._patterns: list[tuple[str, Pattern]] = []
        for definition in definitions:
            try:
                if definition.regex:
                    self._patterns.append((definition.name, compile_pattern(definition.regex)))
            except InvalidSpec as error:
                self.refused[definition.name] = error.why

    def read(
        self,
        lines: Sequence[str],
        first_line: int,
        timeouts: Mapping[str, int] = NO_TIMEOUTS,
        cut: Collection[int] = (),
    ) -> list[Reading]:
        """Return the readings of contiguous lines, in order of line, then of definition.

        The lines hold no newlines. `timeouts` says how often each metric's pattern has timed out in this stream before,
        `cut` which lines, by offset, are not whole.
        """
        if not lines:
            return []
        passage = _passage(lines)
        said = self._said(passage, first_line) if self._by_name else {}
        readings = list(said.values())
        for name, capture in self._captures(passage, timeouts):
            if (capture.line, name) not in said:
                readings.append(_reading(name, first_line, capture, capture.line in cut))
        if len(self._names) > 1 or said:
            order = {name: place for place, name in enumerate(self._names)}
            readings.sort(key=lambda reading: (reading.line, order[reading.metric]))
        return readings

    def read_records(self, lines: Sequence[str], first_line: int) -> list[Reading]:
        """Return the readings of lines of a metrics file: each is a JSON object, and metrics go by their names."""
        readings: list[Reading] = []
        for line, text in enumerate(lines, first_line):
            tree = parsed(text)
            if tree is not None:
                readings += self._members(tree, line, self._names)
            elif text.strip():
                readings.append(Reading(NO_METRIC, line, Kind.UNPARSABLE, math.nan, text[:EXAMPLE_LENGTH]))
        return readings

    def _said(self, passage: Passage, first_line: int) -> dict[tuple[int, str], Reading]:
        """Return what lines say by name, by offset and metric."""
        return {
            (offset, reading.metric): reading
            for offset, tree in objects(passage.lines, passage.text)
            for reading in self._members(tree, first_line + offset, self._by_name)
        }

    def _members(self, tree: Mapping[str, Any], line: int, names: Sequence[str]) -> Iterator[Reading]:
        for name in names:
            if (member := found(tree, name)) is not None:
                yield typed(name, line, *written(member))

    def _captures(self, passage: Passage, timeouts: Mapping[str, int]) -> Iterator[tuple[str, Capture]]:
        """Yield what each pattern captures within its part of the time; what one leaves, the next ones have."""
        part, left_s = CHUNK_S / max(len(self._patterns), 1), 0.0
        for name, pattern in self._patterns:
            left_s += part
            timeouts_left = TIMEOUTS_ALLOWED - timeouts.get(name, 0)
            if timeouts_left <= 0:
                continue
            patience = Patience(self._clock, self._clock() + left_s, timeouts_left)
            for capture in pattern.captures(passage, patience):
                yield name, capture
            left_s = max(patience.left_s, 0.0)
            if left_s == 0 and not patience.told:  # one search alone took too long
                yield name, patience.struck(passage, len(passage.lines) - 1)


@lru_cache(maxsize=128)
def reader_for(definitions: tuple[MetricDefinition, ...], clock: Clock) -> Reader:
    """Return the reader of these definitions; RE2 keeps some memory for each of them, hence not too many at once."""
    return Reader(definitions, clock)


def check_definition(definition: MetricDefinition, field: str) -> None:
    """Raise InvalidSpec under `field` if the regex cannot be used."""
    if not definition.regex:
        return
    try:
        compile_pattern(definition.regex)
    except InvalidSpec as error:
        raise InvalidSpec(field, error.why, error.remedy) from None


@dataclass(frozen=True, slots=True)
class MetricReport:
    """What one definition reads."""

    metric: str
    regex: str
    matches: int
    first: Reading | None
    last: Reading | None
    kinds: Mapping[str, int]
    """How many readings there are of each kind."""


@dataclass(frozen=True, slots=True)
class LogReport:
    metrics: tuple[MetricReport, ...]
    unnamed: Mapping[str, float]
    """Numbers in lines that are JSON objects which no definition names: by path, the last value."""


def read_log(definitions: Sequence[MetricDefinition], lines: Sequence[str]) -> LogReport:
    """Try definitions on a log, as a training would be read. Lines are counted from 0. Raises InvalidSpec."""
    for definition in definitions:
        check_definition(definition, f"metrics.{definition.name}")
    texts, cut = limited(lines)
    readings = [item for batch in read_in_batches(Reader(definitions), texts, cut) for item in batch]
    reports = tuple(
        _report(definition, [item for item in readings if item.metric == definition.name]) for definition in definitions
    )
    return LogReport(reports, unnamed({item.name for item in definitions}, texts))


def read_in_batches(reader: Reader, texts: Sequence[str], cut: Collection[int]) -> Iterator[list[Reading]]:
    """Yield the readings of a whole log in batches as a trainer would send its lines, each with a batch's time."""
    timeouts: Counter[str] = Counter()
    for start in range(0, len(texts), BATCH_LINES):
        batch = texts[start : start + BATCH_LINES]
        readings = reader.read(batch, start, timeouts, [offset - start for offset in cut if offset >= start])
        timeouts.update(item.metric for item in readings if item.kind is Kind.TIMED_OUT)
        yield readings


def _passage(lines: Sequence[str]) -> Passage:
    text = "\n".join(lines).encode(errors="replace")
    if ESCAPE not in text:
        return Passage(lines, text)
    plain = [TERMINAL.sub("", line) for line in lines]
    return Passage(plain, "\n".join(plain).encode(errors="replace"))


def _reading(metric: str, first_line: int, capture: Capture, cut: bool) -> Reading:
    line, text = first_line + capture.line, capture.text
    if capture.timed_out:
        return Reading(metric, line, Kind.TIMED_OUT, math.nan, text[:EXAMPLE_LENGTH])
    if cut and capture.to_the_end:
        return Reading(metric, line, Kind.CUT, math.nan, text[:EXAMPLE_LENGTH])
    return typed(metric, line, text, number(text))


def _report(definition: MetricDefinition, readings: list[Reading]) -> MetricReport:
    matches = [reading for reading in readings if reading.kind is not Kind.TIMED_OUT]
    return MetricReport(
        definition.name,
        definition.regex,
        matches=len(matches),
        first=matches[0] if matches else None,
        last=matches[-1] if matches else None,
        kinds=Counter(reading.kind.value for reading in readings),
    )


def unnamed(names: Collection[str], lines: Sequence[str]) -> dict[str, float]:
    """Return the numbers in lines that are JSON objects which have none of these names: by path, the last value."""
    trees = (parsed(line) for line in lines)
    found = {path: value for tree in trees if tree is not None for path, value in numbers(tree)}
    return {path: value for path, value in found.items() if path not in names}


def limited(lines: Sequence[str]) -> tuple[list[str], set[int]]:
    """Cut lines where a trainer cuts them; return them, and which have been cut."""
    texts = [_limited(line) for line in lines]
    return texts, {
        offset for offset, (text, line) in enumerate(zip(texts, lines, strict=True)) if len(text) < len(line)
    }


def _limited(line: str) -> str:
    if len(line) <= LIMIT_BYTES // 3:
        return line
    return line.encode(errors="replace")[:LIMIT_BYTES].decode(errors="ignore")
