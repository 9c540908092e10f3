"""The first items of an order behind a place, out of more than memory should hold.

The place is the rank of the last item shown, not a count: what is created or deleted between two pages neither repeats
nor hides another item.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Rank = tuple[int, Any, str]
"""What kind of value, the value itself, and a unique name to tell equal ones apart."""

NUMBERS, TEXTS = 1, 2
FIRST, LAST = 0, 3


def rank_of(value: Any, name: str, *, descending: bool) -> Rank:
    """Return where a value stands: numbers before texts, and what has no value, or NaN, last in either direction."""
    if value is None or value != value:  # noqa: PLR0124 - NaN alone is not itself
        return FIRST if descending else LAST, 0, name
    if isinstance(value, str):
        return TEXTS, value, name
    return NUMBERS, value, name


@dataclass(slots=True)
class Leading:
    size: int
    descending: bool = False
    after: Rank | None = None
    hits: int = 0
    """All that was offered, also before the place."""
    _kept: list[tuple[Rank, Any]] = field(default_factory=list)

    def offer(self, rank: Rank, item: Any) -> None:
        self.hits += 1
        if self.after is None or (rank < self.after if self.descending else rank > self.after):
            self._kept.append((rank, item))
            if len(self._kept) > 2 * self.size:
                self._cut()

    def page(self) -> tuple[list[Any], Rank | None]:
        """Return the items, and the place to go on from; None: they are the last."""
        self._cut()
        shown = self._kept[: self.size]
        return [item for _, item in shown], shown[-1][0] if len(self._kept) > self.size else None

    def _cut(self) -> None:
        """Keep one more than are shown, which says whether there are more."""
        self._kept.sort(key=lambda kept: kept[0], reverse=self.descending)
        del self._kept[self.size + 1 :]
