"""What to tell a user whose training gave no value: what in its output looks like a metric, or its last line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Final

from tunewright.cli.wording import printable

NUMBER: Final = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
NAMED_NUMBER: Final = re.compile(rf"([A-Za-z_][\w/.\-]*(?: [A-Za-z_][\w/.\-]*)?)[\"']?\s*[=:]\s*({NUMBER})(?![\w:/])")
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


def hint(metric: str, lines: list[str]) -> str:
    """Say what a training without a value of `metric` has printed instead; empty if there is nothing to say."""
    found = lookalikes(lines)
    found.pop(metric, None)
    if found:
        closest = difflib.get_close_matches(metric, found, 1, 0.5)
        names = [*closest, *(name for name in found if name not in closest)][:MOST_NAMES]
        shown = ", ".join(f"{name}={found[name]}" for name in names)
        return f"It printed no {metric}=NUMBER, but {shown}. Name one of these, or give a regex for {metric}."
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"The last line it printed: {printable(last[:MOST_SHOWN])}" if last else "It printed nothing."
