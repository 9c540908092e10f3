"""A CSV file that a spreadsheet opens without running anything.

Numbers are written so that they read back bit for bit; times are ISO 8601 in UTC; what is missing is empty. A text that
a spreadsheet would take for a formula gets an apostrophe before it, as OWASP advises ("CSV Injection"): a program that
reads the file back takes the apostrophe away from texts that begin with one and a sign after it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, TextIO

from tunewright.core.space import text_of
from tunewright.exports.table import Cell, Row

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")


def write(file: TextIO, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Write a header and one line a row as they come, and return how many rows there were."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([_safe(name) for name in columns])
    count = 0
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in columns])
        count += 1
    return count


def _cell(value: Cell) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat()
        case str():
            return _safe(value)
        case _:
            return text_of(value)


def _safe(text: str) -> str:
    """Return a text that no spreadsheet computes; one that is a plain number is harmless as it is."""
    if not text.startswith(FORMULA_SIGNS):
        return text
    with suppress(ValueError):
        float(text)
        return text
    return f"'{text}"
