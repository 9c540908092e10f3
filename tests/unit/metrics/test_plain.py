"""What `re` reads by a plain pattern is what RE2 reads by it, line by line."""

from __future__ import annotations

import re
from typing import Final

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from tunewright_metrics.core.patience import Passage, Patience
from tunewright_metrics.core.patterns import compile_pattern
from tunewright_metrics.core.plain import plain

PLAIN: Final = (
    *(r"loss=([0-9.]+)", r"loss=(\S+)", r"loss: *(\S+)", r"loss:\s*([-+0-9.e]+)", r"a\.b ?(\d*)"),
    *(r"l o(.+)", r"a(.*)", r"loss=([^;]+)", r"loss=([^\s,]*)", r"a\s(\D+)", r"ab=([\d.]*)", r"a=\s+(\w+)"),
    *(r"a=\t?([+-]+)", r"aa([a-]+)", r"aba([ab ]*)", r"a =([^a]+)", r"a=([\s\w]+)"),
)
NOT_PLAIN: Final = (
    *(
        r"(?:^|\s)loss=([0-9.]+)",
        r"loss=([0-9.]+);",
        r"loss=(.+?)",
        r"loss|acc=([0-9]+)",
        r"a+=([0-9]+)",
        r"lo?ss=([0-9]+)",
    ),
    *(r"(a+)+b", r"a=(([0-9]+))", r"a=([0-9]+|nan)", r"a=([0-9]{2})", r"(?i)a=([0-9]+)", r"a=([[:digit:]]+)"),
    *(
        r"é=([0-9]+)",
        r" *([0-9]+)",
        r"a\  ?([0-9])",
        r"a\ *([0-9]+)",
        r"a=([\pN]+)",
        r"(?P<n>a)=([0-9]+)",
        r"\d=([0-9]+)",
    ),
)
PIECES: Final = st.sampled_from([*"ab=;,0.9-+e: \t\v\r\fé\u2003ls", "loss=", "loss: ", "a.b", "aba", "a = "])
LINES: Final = st.lists(st.lists(PIECES, max_size=12).map("".join), min_size=1, max_size=5)


@given(st.sampled_from(PLAIN), LINES)
def test_a_plain_pattern_reads_what_re2_reads(pattern: str, lines: list[str]) -> None:
    passage = Passage(lines, "\n".join(lines).encode())
    read = [(item.line, item.text, item.to_the_end) for item in compile_pattern(pattern).captures(passage, _patience())]
    matches = [(number, re2.search(pattern, line), line) for number, line in enumerate(lines)]
    assert read == [(number, found[1], found.end(1) == len(line)) for number, found, line in matches if found]


@pytest.mark.parametrize("pattern", PLAIN)
def test_what_people_write_is_plain(pattern: str) -> None:
    assert isinstance(plain(pattern), re.Pattern)


@pytest.mark.parametrize("pattern", NOT_PLAIN)
def test_what_might_be_tried_twice_or_read_otherwise_is_left_to_re2(pattern: str) -> None:
    assert plain(pattern) is None


def test_a_message_that_would_take_too_long_is_broken_off() -> None:
    passage = Passage(["a=1" * 4000] * 9, "\n".join(["a=1" * 4000] * 9).encode())
    *_, last = compile_pattern(r"a=(\d+)").captures(passage, Patience(lambda: 2.0, 1.0, timeouts=5))
    assert last.timed_out


def _patience() -> Patience:
    return Patience(lambda: 0.0, 1.0, timeouts=5)
