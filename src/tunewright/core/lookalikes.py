"""What in a program's output looks like a metric, for whoever has found no value of the one that was meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Final

from tunewright.core.ranges_text import default_regex

NUMBER: Final = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
NAMED_NUMBER: Final = re.compile(rf"([A-Za-z_][\w/.\-]*(?: [A-Za-z_][\w/.\-]*)?)[\"']?\s*[=:]\s*({NUMBER})(?![\w:/])")
TRACEBACK: Final = "Traceback (most recent call last):"
ERROR: Final = re.compile(r"[A-Za-z_][\w.]*(?:: .*)?")
"""The line behind a traceback's indented ones; lines of stdout may stand before it."""
MOST_SHOWN: Final = 200
MOST_NAMES: Final = 6
MOST_CHARACTERS: Final = 2000
"""Of a line; what is further right is no metric for people."""


def lookalikes(lines: Iterable[str]) -> dict[str, str]:
    """Return what looks like NAME=NUMBER or NAME: NUMBER: by name, the last number."""
    found: dict[str, str] = {}
    for line in lines:
        for match in NAMED_NUMBER.finditer(line[:MOST_CHARACTERS]):
            found[match[1]] = match[2]
    return found


def instead_of(metric: str, lines: Sequence[str]) -> str:
    """Say what was printed where no value of `metric` was found, and what to do about it."""
    found = lookalikes(lines)
    if plain := _plain(metric, lines):
        return f"It printed {metric}=NUMBER, but its definition does not read that: {plain}. Leave the definition out."
    example = next((line.strip() for line in reversed(lines) if any(map(str.isdigit, line))), "")
    shown = f"; a line of it: {example[:MOST_SHOWN]}" if example else ""
    if metric in found:
        return f"No plain number stands behind {metric}{shown}. Give a regex for {metric}."
    if found:
        closest = difflib.get_close_matches(metric, found, 1, 0.5)
        names = [*closest, *(name for name in found if name not in closest)][:MOST_NAMES]
        numbers = ", ".join(f"{name}={found[name]}" for name in names)
        return f"It printed no {metric}=NUMBER, but {numbers}{shown}. Name one of these, or give a regex for {metric}."
    return f"It printed no {metric}=NUMBER{shown}. Give a regex for {metric}." if example else last_line(lines)


def _plain(metric: str, lines: Sequence[str]) -> str:
    """Return the last line that would be read if the metric were merely named; empty: none would."""
    if not any(metric in line for line in lines):
        return ""
    by_name = re.compile(default_regex(metric))
    shown = (line[:MOST_CHARACTERS] for line in reversed(lines))
    return next((line.strip()[:MOST_SHOWN] for line in shown if by_name.search(line)), "")


def last_line(lines: Sequence[str]) -> str:
    """Say what was printed last; with a failed training it is most often why.

    An error goes before it: what a program has still in the buffer of its stdout may come behind what stderr says.
    """
    if error := _error(lines):
        return f"Its last traceback ends with: {error[:MOST_SHOWN]}"
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"The last line it printed: {last[:MOST_SHOWN]}" if last else "It printed nothing."


def _error(lines: Sequence[str]) -> str:
    """Return what the last traceback of Python says at its end; empty: there is none."""
    begins = [index for index, line in enumerate(lines) if line.startswith(TRACEBACK)]
    behind = (line[:MOST_CHARACTERS].rstrip() for line in lines[begins[-1] + 1 :]) if begins else ()
    return next((line for line in behind if ERROR.fullmatch(line)), "")
