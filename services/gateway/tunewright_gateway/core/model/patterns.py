"""The model's patterns, which are Java's and match a value as a whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Final

import regex

TIME_LIMIT_S: Final = 0.05
UNTIMED: Final = 128
"""Characters: no pattern of the model takes a millisecond for so few, and the clock would take most of the time."""
LINE: Final = r"[^\n\r\u0085\u2028\u2029]"
"""Java's dot."""
DOTS: Final = {".*": f"{LINE}*", ".+": f"{LINE}+"}
JAVA_SURROGATES: Final = r"\uD800\uDC00-\uDBFF\uDFFF"
PYTHON_SURROGATES: Final = r"\U00010000-\U0010FFFF"
"""One range of characters, in UTF-16 and in code points."""


@cache
def matcher(pattern: str, or_this: str | None = None) -> Callable[[str], bool]:
    """Return what says whether a value matches. A long one that takes longer than the time limit does not."""
    written = DOTS.get(pattern, pattern).replace(JAVA_SURROGATES, PYTHON_SURROGATES)
    written = f"(?:{written})|{or_this}" if or_this else written
    if r"\p{" in written:
        timed = regex.compile(written).fullmatch
        short = timed
    else:  # \d and \w are ASCII in Java
        timed = regex.compile(written, regex.ASCII).fullmatch
        short = re.compile(written, re.ASCII).fullmatch  # twice as fast

    def matches(value: str) -> bool:
        if len(value) <= UNTIMED:
            return short(value) is not None
        try:
            return timed(value, timeout=TIME_LIMIT_S) is not None
        except TimeoutError:
            return False

    return matches
