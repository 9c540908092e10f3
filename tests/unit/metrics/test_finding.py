"""A search finds in a chunk what it would find in each line alone."""

from __future__ import annotations

import time

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from tunewright_metrics.core.finding import wanted

PATTERNS = [
    "a",
    "^a",
    "b$",
    "^$",
    "^a*$",
    r"\Aa",
    r"b\z",
    "a.b",
    "a[^x]b",
    r"a\sb",
    "(?s)a.b",
    "(?i)A",
    r"\bab?\b",
    "é",
    "a|^b",
]
LINES = st.lists(st.text("ab xé", max_size=4), min_size=1, max_size=6)


@given(LINES, st.sampled_from(PATTERNS), st.sampled_from(["", "a", "ab", "é"]))
def test_lines_are_found_as_each_by_itself(lines: list[str], pattern: str, contains: str) -> None:
    alone = re2.compile(pattern)
    expected = [
        (offset, line.encode())
        for offset, line in enumerate(lines)
        if contains in line and alone.search(line) is not None
    ]
    assert list(wanted(contains, pattern).lines("\n".join(lines).encode())) == expected


@given(LINES, st.text("ab xé\n", max_size=3))
def test_a_plain_text_is_found_in_lines_and_never_across_two(lines: list[str], contains: str) -> None:
    found = wanted(contains, "").lines("\n".join(lines).encode())
    assert [offset for offset, _ in found] == [offset for offset, line in enumerate(lines) if contains in line]


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*)(.*)(.*)(.*)z", "(?:a?){20}a{20}z"])
def test_no_pattern_takes_exponential_time(pattern: str) -> None:
    text = b"\n".join([b"a" * 2000 + b"!"] * 50)
    began = time.perf_counter()
    assert list(wanted("", pattern).lines(text)) == []
    assert time.perf_counter() - began < 5
