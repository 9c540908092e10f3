"""Lengths of time as people write them."""

from __future__ import annotations

import re
from typing import Any, Final

from tunewright.core.errors import InvalidSpec

UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse_duration(value: Any, field: str) -> int:
    """Read seconds: 90, "90s", "5m", "2h", "1d". Raises InvalidSpec."""
    match = re.fullmatch(r"(\d+)\s*([smhd]?)", str(value).strip())
    if match is None or isinstance(value, bool):
        raise InvalidSpec(field, f"{value!r} is not a duration", "Write 90, 90s, 5m, 2h or 1d")
    return int(match[1]) * UNITS_S[match[2] or "s"]


def duration_text(seconds: int) -> int | str:
    """Write seconds as `parse_duration` reads them: in the largest unit that divides them, a number if that is one."""
    unit = max((unit for unit, size in UNITS_S.items() if seconds % size == 0), key=UNITS_S.__getitem__)
    return seconds if unit == "s" or not seconds else f"{seconds // UNITS_S[unit]}{unit}"
