"""Curves and shares drawn in block characters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

BLOCKS: Final = "▁▂▃▄▅▆▇█"
WIDTH: Final = 32
BAR_WIDTH: Final = 20
EIGHTHS: Final = " ▏▎▍▌▋▊▉█"


def bar(share: float) -> str:
    """Return a share as a bar of BAR_WIDTH characters at most, to an eighth of one."""
    whole, rest = divmod(round(min(max(share, 0.0), 1.0) * BAR_WIDTH * 8), 8)
    return "█" * whole + EIGHTHS[rest].strip()


def sparkline(steps: Sequence[int], values: Sequence[float], width: int = WIDTH) -> str:
    """Return the curve in blocks, the steps from left to right; what is not finite leaves a gap."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    first, last = steps[0], steps[-1]
    cells: list[str | None] = [None] * min(width, len(values))
    for step, value in zip(steps, values, strict=True):
        at = (step - first) * (len(cells) - 1) // max(last - first, 1)
        cells[at] = _block(value, low, high)
    for index, cell in enumerate(cells):
        if cell is None:
            cells[index] = cells[index - 1]
    return "".join(cell or " " for cell in cells)


def _block(value: float, low: float, high: float) -> str:
    if not math.isfinite(value):
        return " "
    half = high / 2 - low / 2  # so, because high - low may overflow
    share = (value / 2 - low / 2) / half if half else 0.5
    return BLOCKS[min(int(share * len(BLOCKS)), len(BLOCKS) - 1)]
