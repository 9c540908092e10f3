"""How far metrics has read, as its collectors say it in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HEARD_WITHIN_S: Final = 20.0
"""A collector says every five seconds that it reads."""


@dataclass(frozen=True, slots=True)
class Collector:
    """What one collector has said of itself, in Unix seconds of the store's clock."""

    at: float
    """When it said so."""
    through: float
    """What was published before then, as far as it is this collector's to read, it has read."""


@dataclass(frozen=True, slots=True)
class Collectors:
    known: tuple[Collector, ...] = ()

    def heard(self, now: float) -> bool:
        return self.read_through(now) is not None

    @property
    def last_heard(self) -> float | None:
        return max((collector.at for collector in self.known), default=None)

    def read_through(self, now: float) -> float | None:
        """Return up to when all that was published has been read; None: no collector is heard."""
        heard = [collector.through for collector in self.known if collector.at > now - HEARD_WITHIN_S]
        return min(heard, default=None)
