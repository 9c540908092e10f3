"""Which ask gave a training its configuration.

No training says so itself: it follows from counting. What a strategy gives out is taken in order, so the n-th training
that was neither enqueued nor a repeat has the n-th configuration given out, and an ask says how many were given out
before it. What an ask proposed and nobody took is proposed anew by a later one: that one, then, is the origin.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tunewright_scheduler.core.job import Ask, Suggestion
from tunewright_scheduler.core.training import Training

NOT_OF_A_STRATEGY: Final = frozenset({"enqueued", "imported", "repeat", ""})
FALLBACK: Final = "fallback"


@dataclass(frozen=True, slots=True)
class Origin:
    ask: Ask
    index: int
    """Which of the ask's suggestions, from 0."""


def origins(trainings: Iterable[Training], asks: Sequence[Ask]) -> dict[int, Origin]:
    """Return the origin of each training that has one, by its number; trainings and asks in order of number."""
    given = [training for training in trainings if training.provenance.source not in NOT_OF_A_STRATEGY]
    found: dict[int, Origin] = {}
    end = len(given)
    for ask in reversed(asks):
        for place in range(ask.started, min(end, ask.started + ask.count)):
            if given[place].provenance.source != FALLBACK:  # a draw of our own in place of an answer
                found[given[place].number] = Origin(ask, place - ask.started)
        end = min(end, ask.started)
    return found


def difference(training: Training, again: Suggestion) -> str:
    """Say what of a suggestion is other than what the training was given; empty if nothing is."""
    if training.definition_name != again.definition_name:
        return _other(training, "definition", training.definition_name, again.definition_name)
    for name, value in training.configuration.items():
        if again.configuration.get(name) != value:
            return _other(training, name, value, again.configuration.get(name))
    if again.rungs and (training.bracket, training.rungs) != (again.bracket, again.rungs):
        return _other(training, "rungs", training.rungs, again.rungs)
    if training.provenance != again.provenance:
        return _other(training, "provenance", training.provenance, again.provenance)
    return ""


def _other(training: Training, what: str, was: object, now: object) -> str:
    return f"training {training.number}: {what} was {was!r} and is {now!r} now"
