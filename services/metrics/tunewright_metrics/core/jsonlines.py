"""Metrics in lines that are JSON objects: `{"epoch": 3, "val_loss": 0.25, "metrics": {"f1": 0.9}}`.

A metric is the member of its name, or the one that its dotted name leads to: `metrics.f1`. A number counts, also NaN
and Infinity as Python's json prints them; a text counts if it is a number as a whole; null says nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

OPENS: Final = "{"
MOST_NESTED: Final = 8
"""Levels that a name is sought in, dots being as many as a user likes."""


def parsed(line: str) -> Mapping[str, Any] | None:
    """Return the object that a line is, None if it is none."""
    if not line.startswith(OPENS):
        return None
    try:
        tree = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return tree if isinstance(tree, dict) else None


def found(tree: Mapping[str, Any], name: str, levels: int = MOST_NESTED) -> Any:
    """Return the member of this name or path, None if there is none."""
    value = tree.get(name)
    if value is not None or levels == 0:
        return value
    for dot in (at for at, character in enumerate(name) if character == "."):
        inner = tree.get(name[:dot])
        if isinstance(inner, dict) and (value := found(inner, name[dot + 1 :], levels - 1)) is not None:
            return value
    return None


def written(value: Any) -> tuple[str, float | None]:
    """Return a member as text and as the number that it is; None: it is none."""
    match value:
        case bool() | dict() | list():
            return json.dumps(value), None
        case str():
            return whole(value), number(value)
        case _:
            try:
                return str(value), float(value)
            except OverflowError:
                return "an integer beyond all floats", -math.inf if value < 0 else math.inf


def number(text: str) -> float | None:
    """Return the number that all of the text is; Python's digit separators are no part of anybody's output."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def whole(text: str) -> str:
    """Return the text with a question mark for each half of a surrogate pair: JSON can say it, nothing can store it."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def numbers(tree: Mapping[str, Any], prefix: str = "", levels: int = MOST_NESTED) -> Iterator[tuple[str, float]]:
    """Yield the path and value of each number in an object."""
    for name, value in tree.items():
        if isinstance(value, dict) and levels:
            yield from numbers(value, f"{prefix}{name}.", levels - 1)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield whole(f"{prefix}{name}"), written(value)[1] or 0.0


def objects(lines: Sequence[str], text: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the lines that are objects, by offset. `text` is the lines joined by newlines."""
    if not text.startswith(b"{") and b"\n{" not in text:
        return
    for offset, line in enumerate(lines):
        if line.startswith(OPENS) and (tree := parsed(line)) is not None:
            yield offset, tree
