"""Timestamps of requests: seconds of the epoch as a number, or a text of ISO 8601. AWS's clients send either."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

from tunewright_gateway.core.refusals import VALIDATION, Refusal

FIRST: Final = -62_135_596_800.0
LAST: Final = 253_402_300_799.0
"""Years 1 … 9999, which our messages can hold. As the bound of a filter, what lies beyond means the same."""


def instant_of(given: float | str) -> float:
    """Return seconds of the epoch. Raises Refusal."""
    if isinstance(given, str):
        given = moment(given)
    if math.isnan(given):
        raise Refusal(VALIDATION, "Invalid timestamp: NaN")
    return min(max(given, FIRST), LAST)


def moment(text: str) -> float:
    """Return seconds of the epoch; a text without a zone is in UTC. Raises Refusal."""
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise Refusal(VALIDATION, f"Invalid timestamp: {text[:100]}. Use YYYY-mm-ddTHH:MM:SS") from None
