"""How fast something may go on in the long run, and how much of it at once."""

from __future__ import annotations


class Pace:
    """So many a second, and those of `burst_s` seconds at once. What is too much is to wait; nothing is refused."""

    def __init__(self, per_second: float, burst_s: float) -> None:
        self._each_s, self._burst_s = 1 / per_second, burst_s
        self._paid_until_s = float("-inf")

    def spend(self, count: int, now_s: float) -> float:
        """Return the seconds to wait before more, now that `count` have passed. `now_s` never goes back."""
        self._paid_until_s = max(self._paid_until_s, now_s - self._burst_s) + count * self._each_s
        return max(self._paid_until_s - now_s, 0.0)
