"""What to tell a user whose training gave no value."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from tunewright.cli.wording import printable
from tunewright.core import lookalikes

FEWEST_TO_COMPARE: Final = 3


def instead_of(metric: str, lines: Sequence[str]) -> str:
    """Say what was printed where no value of `metric` was found, and what to do about it."""
    return printable(lookalikes.instead_of(metric, lines))


def last_line(lines: Sequence[str]) -> str:
    """Say what was printed last; with a failed training it is most often why."""
    return printable(lookalikes.last_line(lines))


def all_the_same(values: Collection[float], names: Iterable[str]) -> str:
    """Say that what was tuned has made no difference; empty if it has, or if there is too little to tell."""
    if len(values) < FEWEST_TO_COMPARE or len(set(values)) > 1:
        return ""
    options = ", ".join(f"--{name}" for name in names)
    return f"All {len(values)} values are the same: does the program use {options}?"
