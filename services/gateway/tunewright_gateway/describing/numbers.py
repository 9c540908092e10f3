"""Numbers as AWS tells them: metrics are 32-bit floats, written as doubles."""

from __future__ import annotations

import math
import struct
from typing import Final

LARGEST: Final = 3.4028234663852886e38
"""Of the 32-bit floats (IEEE 754 binary32)."""
SINGLE: Final = struct.Struct("f")


def float32(value: float) -> float | None:
    """Return the nearest 32-bit float, None if the value is no number.

    What is larger than all of them, infinity too, becomes the largest: JSON has no infinity, and clients that are no
    Python refuse the token.
    """
    if math.isnan(value):
        return None
    nearest: float = SINGLE.unpack(SINGLE.pack(max(-LARGEST, min(value, LARGEST))))[0]
    return nearest
