"""How many calls may come: a token bucket for each who calls (Turner 1986), which fills at a rate up to a burst."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

BURST_S: Final = 2.0
"""A full bucket holds what comes in so long, and one call at least."""
KEPT: Final = 10_000
"""Buckets; one that is forgotten was last asked before all others, and begins full again."""


class Buckets:
    """`clock` is in seconds and goes on evenly."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = per_second, max(1.0, per_second * BURST_S), clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """By name: what was left, and when."""

    def take(self, name: str) -> float:
        """Take one from this bucket; return how long until there is one, in seconds: 0 if there was."""
        now = self._clock()
        left, at = self._left.get(name, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        taken = left >= 1
        self._left[name] = (left - 1 if taken else left, now)
        self._left.move_to_end(name)
        if len(self._left) > KEPT:
            self._left.popitem(last=False)
        return 0.0 if taken else (1 - left) / self._rate
