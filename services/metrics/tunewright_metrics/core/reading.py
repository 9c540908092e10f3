"""Metric definitions over lines of output: which line says which number.

Group 1 of a definition's first match in a line must be a number, the whole of it, as Python's float() reads one:
`1e-3`, `-inf` and `nan` are values; `1,234.5`, `98%`, `1_000` and an empty capture are not, and nothing is guessed.
Each reading bears its kind, so that what is no finite number never passes for one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import MetricDefinition
from tunewright_metrics.core.patterns import Capture, Pattern, compile_pattern

TIMEOUTS_ALLOWED: Final = 5
"""Lines of a stream on which a pattern may exceed its time, before it is given up for that stream."""

EXAMPLE_LENGTH: Final = 60
NO_TIMEOUTS: Final[Mapping[str, int]] = MappingProxyType({})


class Kind(StrEnum):
    NUMBER = "number"
    NAN = "nan"
    INFINITE = "infinite"
    UNPARSABLE = "unparsable"
    TIMED_OUT = "timed out"
    """The pattern took too long on this line; whether it would have matched is not known."""
    REFUSED = "refused"
    """The pattern cannot be used at all."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One match of one definition. `value` is NaN for what is not a number."""

    metric: str
    line: int
    kind: Kind
    value: float
    text: str


class Reader:
    """Reads lines by a set of definitions. `refused` holds those that cannot be used, with the reason."""

    def __init__(self, definitions: Sequence[MetricDefinition]) -> None:
        self.refused: dict[str, str] = {}
        self._patterns: list[tuple[str, Pattern]] = []
        for definition in definitions:
            try:
                self._patterns.append((definition.name, compile_pattern(definition.regex)))
            except InvalidSpec as error:
                self.refused[definition.name] = error.why

    def read(self, lines: Sequence[str], first_line: int, timeouts: Mapping[str, int] = NO_TIMEOUTS) -> list[Reading]:
        """Return the readings of contiguous lines, in order of line, then of definition.

        The lines hold no newlines. `timeouts` says how often each metric's pattern has timed out in this stream before.
        """
        if not lines:
            return []
        text = "\n".join(lines).encode(errors="replace")
        readings = [
            _reading(name, first_line, capture)
            for name, pattern in self._patterns
            for capture in pattern.captures(lines, text, TIMEOUTS_ALLOWED - timeouts.get(name, 0))
        ]
        readings.sort(key=lambda reading: reading.line)
        return readings


@lru_cache(maxsize=128)
def reader_for(definitions: tuple[MetricDefinition, ...]) -> Reader:
    """Return the reader of these definitions; RE2 keeps some memory for each of them, hence not too many at once."""
    return Reader(definitions)


def check_definition(definition: MetricDefinition, field: str) -> None:
    """Raise InvalidSpec under `field` if the regex cannot be used."""
    try:
        compile_pattern(definition.regex)
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
    """Kind to how often, for what is no finite number."""


def read_log(definitions: Sequence[MetricDefinition], lines: Iterable[str]) -> list[LogReport]:
    """Try definitions on a log, as a training would be read. Lines are counted from 0. Raises InvalidSpec."""
    for definition in definitions:
        check_definition(definition, f"metrics.{definition.name}")
    readings = Reader(definitions).read([line.rstrip("\r\n") for line in lines], 0)
    return [
        _report(item.name, [reading for reading in readings if reading.metric == item.name]) for item in definitions
    ]


def number_kind(value: float) -> Kind:
    if math.isnan(value):
        return Kind.NAN
    return Kind.NUMBER if math.isfinite(value) else Kind.INFINITE


def _report(metric: str, readings: list[Reading]) -> LogReport:
    matches = [reading for reading in readings if reading.kind is not Kind.TIMED_OUT]
    faults = Counter(reading.kind.value for reading in readings if reading.kind is not Kind.NUMBER)
    return LogReport(
        metric,
        matches=len(matches),
        first=matches[0] if matches else None,
        last=matches[-1] if matches else None,
        faults=dict(faults),
    )


def _reading(metric: str, first_line: int, capture: Capture) -> Reading:
    line, text = first_line + capture.line, capture.text[:EXAMPLE_LENGTH]
    if capture.timed_out:
        return Reading(metric, line, Kind.TIMED_OUT, math.nan, text)
    value = _number(capture.text)
    if value is None:
        return Reading(metric, line, Kind.UNPARSABLE, math.nan, text)
    return Reading(metric, line, number_kind(value), value, text)


def _number(text: str) -> float | None:
    """Return the number that all of the text is; Python's digit separators are no part of anybody's output."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None
