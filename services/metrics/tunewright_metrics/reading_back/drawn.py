"""As much of a stream's record as its curve needs, and what of it a follower has been given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Document
from tunewright_metrics.core.series import Curve

POINTS_A_PAGE: Final = 10_000
"""Of another metric than the objective: a page ends before the training that would make it read more."""

State = tuple[int, int, bool]
"""Attempt, values, whether it has ended."""


@dataclass(frozen=True, slots=True)
class Emitted:
    steps: int


@dataclass(frozen=True, slots=True)
class Named:
    metric_name: str


@dataclass(frozen=True, slots=True)
class Begun:
    objective: Named | None


@dataclass(frozen=True, slots=True)
class Said:
    metrics: Mapping[str, Emitted]
    curve: Curve


@dataclass(frozen=True, slots=True)
class Drawn:
    """As much of a stream's record as its curve needs."""

    uid: str
    number: int
    attempt: int
    started: Begun
    series: Said
    summary: bytes | None
    changed_at: float = 0.0

    def is_of(self, metric: str) -> bool:
        """Whether its own curve is one of this metric; empty: the objective."""
        return metric in {"", self.started.objective.metric_name if self.started.objective else ""}

    def steps(self, metric: str) -> int:
        emitted = self.series.metrics.get(metric)
        return emitted.steps if emitted else 0

    def state(self, metric: str) -> State:
        """Return what is different once there is more to draw."""
        drawn = self.series.curve.count if self.is_of(metric) else self.steps(metric)
        return self.attempt, drawn, self.summary is not None


@dataclass(slots=True)
class Seen:
    """What a follower has been given, and since when it is to look for more."""

    metric: str
    states: dict[int, tuple[float, State]] = field(default_factory=dict)
    """By training: when it changed, its state. Who has ended is forgotten once no late change of it can come."""

    def fresh(self, drawn: Iterable[Drawn]) -> list[Drawn]:
        """Return the streams with something to draw that is not known yet, and know it."""
        latest = {item.number: item for item in sorted(drawn, key=lambda item: item.attempt)}
        found = []
        for number, item in latest.items():
            known, state = self.states.get(number), item.state(self.metric)
            if known is None or (known[1] != state and known[1][0] <= item.attempt):
                found.append(item)
                self.states[number] = item.changed_at, state
        return found

    def forget(self, before: float) -> None:
        """Forget trainings that have ended before this time."""
        over = [number for number, (changed, state) in self.states.items() if state[2] and changed < before]
        for number in over:
            del self.states[number]


def drawn_from(documents: Iterable[Document]) -> list[Drawn]:
    return [from_document(document, Drawn) for document in documents]


def affordable(streams: Sequence[Drawn], metric: str) -> Sequence[Drawn]:
    """Return the first streams whose curves may be drawn together, one at least."""
    points = 0
    for index, drawn in enumerate(streams):
        points += 0 if drawn.is_of(metric) else drawn.steps(metric)
        if index and points > POINTS_A_PAGE:
            return streams[:index]
    return streams
