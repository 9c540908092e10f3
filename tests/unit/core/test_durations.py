"""Lengths of time as people write them."""

from __future__ import annotations

import pytest

from tunewright.core.durations import parse_duration
from tunewright.core.errors import InvalidSpec


@pytest.mark.parametrize(
    ("text", "seconds"), [(90, 90), ("90", 90), ("90s", 90), ("5m", 300), ("2 h", 7200), ("1d", 86_400)]
)
def test_durations(text, seconds):
    assert parse_duration(text, "max_runtime") == seconds


@pytest.mark.parametrize("text", ["", "h", "-1", "1w", "1h30m", 1.5, True, None])
def test_what_is_no_duration(text):
    with pytest.raises(InvalidSpec) as caught:
        parse_duration(text, "max_runtime")
    assert caught.value.field == "max_runtime"
