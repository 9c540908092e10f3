"""Metric definitions over lines of output: which line says which number.

A definition's regex is searched in every line; group 1 of its first match must be a number, the whole of it, or the value
is not a number and is typed as such: nothing is guessed. RE2 reads in linear time, whatever the pattern. What RE2 refuses
(look-around, back-references) runs in a backtracking engine under a time limit, and is given up for a stream after a few
lines that exceeded it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, Protocol

import re2
import regex

from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import MetricDefinition

LINE_TIMEOUT_S: Final = 0.02
TIMEOUTS_ALLOWED: Final = 5
EXAMPLE_LENGTH: Final = 60


class Kind(StrEnum):
    NUMBER = "number"
    NAN = "nan"
    INFINITE = "infinite"
    UNPARSABLE = "unparsable"


@dataclass(frozen=True, slots=True)
class Reading:
    """One match of one definition. `value` is NaN for what is not a number."""

    metric: str
    line: int
    kind: Kind
    value: float
    text: str


class _Pattern(Protocol):
    def group_1(self, line: str) -> tuple[bool, str | None]:
        """Return whether the line matches, and what group 1 captured."""
        ...


class Reader:
    """Reads lines by a set of definitions. Holds no state but the patterns that have proved too slow."""

    def __init__(self, definitions: Sequence[MetricDefinition]) -> None:
        """Raises InvalidSpec, naming the definition, for a regex that cannot be used."""
        self._patterns = [(item.name, _compile(item)) for item in definitions]
        self._filter = _line_filter([item.regex for item in definitions])

    def read(self, lines: Sequence[str], first_line: int) -> list[Reading]:
        """Return the readings of contiguous lines, in order of line, then of definition."""
        if self._filter is not None and not self._filter.Match("\n".join(lines)):
            return []
        return list(self._readings(lines, first_line))

    def _readings(self, lines: Sequence[str], first_line: int) -> Iterator[Reading]:
        for index, line in enumerate(lines, first_line):
            if self._filter is not None and not self._filter.Match(line):
                continue
            for name, pattern in self._patterns:
                matches, text = pattern.group_1(line)
                if matches:
                    yield _reading(name, index, text or "")


@lru_cache(maxsize=1024)
def reader_for(definitions: tuple[MetricDefinition, ...]) -> Reader:
    return Reader(definitions)


def check_definition(definition: MetricDefinition, field: str) -> None:
    """Raise InvalidSpec under `field` if the regex cannot be used."""
    try:
        _compile(definition)
    except InvalidSpec as error:
        raise InvalidSpec(field, error.why, error.remedy) from None


@dataclass(frozen=True, slots=True)
class LogReport:
    """What one definition reads in a log."""

    metric: str
    matches: int
    first: Reading | None
    last: Reading | None
    faults: dict[str, int]


def read_log(definitions: Sequence[MetricDefinition], lines: Iterable[str]) -> list[LogReport]:
    """Try definitions on a log, as a training would be read. Lines are counted from 0. Raises InvalidSpec."""
    readings = Reader(definitions).read([line.rstrip("\r\n") for line in lines], 0)
    reports = []
    for definition in definitions:
        own = [reading for reading in readings if reading.metric == definition.name]
        faults = Counter(reading.kind.value for reading in own if reading.kind is not Kind.NUMBER)
        ends = (own[0], own[-1]) if own else (None, None)
        reports.append(LogReport(definition.name, len(own), *ends, dict(faults)))
    return reports


def _reading(metric: str, line: int, text: str) -> Reading:
    """Type what group 1 captured: all of it must be a number as Python writes one, without digit separators."""
    try:
        value = float(text) if "_" not in text else math.nan
        kind = Kind.UNPARSABLE if "_" in text else _kind(value)
    except ValueError:
        value, kind = math.nan, Kind.UNPARSABLE
    return Reading(metric, line, kind, value, text[:EXAMPLE_LENGTH])


def _kind(value: float) -> Kind:
    if math.isnan(value):
        return Kind.NAN
    return Kind.NUMBER if math.isfinite(value) else Kind.INFINITE


class _Linear:
    """A pattern that RE2 takes."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def group_1(self, line: str) -> tuple[bool, str | None]:
        match = self._compiled.search(line)
        return (True, match.group(1)) if match else (False, None)


class _Backtracking:
    """A pattern that only a backtracking engine takes: under a time limit, given up after a few lines beyond it."""

    def __init__(self, compiled: Any) -> None:
        self._compiled, self._timeouts = compiled, 0

    def group_1(self, line: str) -> tuple[bool, str | None]:
        if self._timeouts >= TIMEOUTS_ALLOWED:
            return False, None
        try:
            match = self._compiled.search(line, timeout=LINE_TIMEOUT_S)
        except TimeoutError:
            self._timeouts += 1
            return False, None
        return (True, match.group(1)) if match else (False, None)


def _compile(definition: MetricDefinition) -> _Pattern:
    pattern: _Pattern
    try:
        linear = re2.compile(definition.regex, _options())
        groups, pattern = linear.groups, _Linear(linear)
    except re2.error:
        groups, pattern = _compile_backtracking(definition)
    if groups < 1:
        raise InvalidSpec(definition.name, f"{definition.regex!r} has no group", "Put the number in parentheses")
    return pattern


def _compile_backtracking(definition: MetricDefinition) -> tuple[int, _Pattern]:
    try:
        compiled = regex.compile(definition.regex)
    except regex.error as error:
        why = f"{definition.regex!r} is not a regular expression: {error}"
        raise InvalidSpec(definition.name, why, "Mend it; `tunewright check JOB --log FILE` tries it out") from None
    return compiled.groups, _Backtracking(compiled)


def _line_filter(patterns: Sequence[str]) -> Any:
    """Return a set that says in one pass whether any definition can match, in a line or in many joined by newlines.

    None where a pattern must be tried line by line: one that RE2 refuses, or one that speaks of the text's own ends.
    """
    candidates = re2.Set.SearchSet(_options())
    for pattern in patterns:
        if "\\A" in pattern or "\\z" in pattern:
            return None
        try:
            candidates.Add(f"(?m:{pattern})")
        except re2.error:
            return None
    if not patterns:
        return None
    candidates.Compile()
    return candidates


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options
