"""What crosses the pipe between the serving process and a fitting process: a kind, a length, that many bytes."""

from __future__ import annotations

import json
import struct
from enum import IntEnum
from typing import Final

from tunewright.core.errors import InvalidSpec

HEADER: Final = struct.Struct("<BI")
"""Kind and length in bytes."""


class Kind(IntEnum):
    SUGGEST = 0
    """A SuggestRequest; answered with a SuggestResponse, which may say that the prefix is unknown."""
    EXPLAIN = 1
    """An ExplainRequest that holds all its observations; answered with an ExplainResponse."""
    ANSWER = 2
    REFUSED = 3
    """An InvalidSpec."""
    FAULT = 4
    """A fault of ours: its traceback as text."""


def write_refusal(error: InvalidSpec) -> bytes:
    return json.dumps([error.field, error.why, error.remedy]).encode()


def read_refusal(payload: bytes) -> tuple[str, str, str]:
    """Return field, reason and remedy."""
    field, why, remedy = json.loads(payload)
    return field, why, remedy
