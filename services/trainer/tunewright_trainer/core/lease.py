"""How long this trainer may run what it holds, counted by its loop's monotonic clock from the sending of a heartbeat.

The scheduler counts from its receipt, so this side always gives up first; between the two ends lies the grace in which
the containers are killed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KILL_SHARE: Final = 0.5
"""Of the grace, what a training gets between SIGTERM and SIGKILL; the rest is for the machine to be slow in."""


@dataclass(frozen=True, slots=True)
class Lease:
    sent_s: float
    """Time of the loop at which the answered heartbeat was sent."""
    lease_s: float
    grace_s: float

    def left_s(self, now_s: float) -> float:
        """Return what is left of it; negative once it has lapsed."""
        return self.sent_s + self.lease_s - now_s

    @property
    def kill_grace_s(self) -> float:
        return self.grace_s * KILL_SHARE


def backoff_s(failures: int, *, first_s: float, most_s: float) -> float:
    """Return the pause after the n-th failure in a row, from 1: first_s, doubling, at most most_s."""
    return min(first_s * 2.0 ** min(failures - 1, 30), most_s)
