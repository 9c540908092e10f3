"""What every match of a pattern must contain, so that text without it need not be searched.

Only what is plain to see is taken: characters outside of groups, classes and alternatives that nothing makes optional.
Where a pattern might mean something else, the answer is that nothing is known, which is always right.
"""

from __future__ import annotations

import re
from typing import Final

GROUP: Final = re.compile(r"\((?:\?:|\?P?<\w+>)?(?!\?)")
"""Opens a group that changes no flag."""
CLASS: Final = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)
REPEATED: Final = re.compile(r"[*+?{]")
PLAIN_ESCAPE: Final = re.compile(r"\\([^\w\s]|_)")
"""Punctuation; a letter or a digit behind a backslash is a class, an assertion or a code."""
CLASS_ESCAPE: Final = re.compile(r"\\[wWdDsSbB]")
COUNT: Final = re.compile(r"\{\d+(?:,\d*)?\}")


def required_literal(pattern: str) -> str:
    """Return the longest text that each match of an RE2 pattern contains; empty: none is known."""
    runs, at, depth = [""], 0, 0
    while at < len(pattern):
        if depth == 0 and pattern[at] == "|":
            return ""
        place = _place(pattern, at)
        if place is None:
            return ""
        known, end = place
        depth += (pattern[at] == "(") - (pattern[at] == ")")
        if depth < 0:
            return ""
        if depth or not known or REPEATED.match(pattern, end):
            runs.append("")
        else:
            runs[-1] += known
        at = end
    return max(runs, key=len)


def _place(pattern: str, at: int) -> tuple[str, int] | None:
    """Return the character that stands at a place, empty if it is not known, and where the next place begins."""
    character = pattern[at]
    if character == "(":
        opened = GROUP.match(pattern, at)
        return ("", opened.end()) if opened else None
    if character == "[":
        closed = CLASS.match(pattern, at)
        return ("", closed.end()) if closed else None
    if character == "\\":
        if plain := PLAIN_ESCAPE.match(pattern, at):
            return plain[1], plain.end()
        return ("", at + 2) if CLASS_ESCAPE.match(pattern, at) else None
    if character == "{" and (count := COUNT.match(pattern, at)):
        return "", count.end()
    return ("" if character in "{).*+?^$" else character), at + 1
