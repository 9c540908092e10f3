"""One attempt of a training, as it is kept once the training waits for another: who ran it, when, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tunewright.core.states import EndCause

MOST_KEPT: Final = 16
"""Attempts of a training: what is in a record that is written often."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Fields as in v1.TrainingAttempt."""

    number: int
    trainer_id: str
    host: str = ""
    """As its trainer has named it; empty: before this was kept."""
    granted_at: float | None = None
    started_at: float | None = None
    """Of its process, by the trainer's clock; None: not known, or nothing was begun."""
    ended_at: float | None = None
    end_cause: EndCause | None = None
    """None: it has not ended, or a person ended it."""
    exit_code: int | None = None
    reason: str = ""


def kept(before: Sequence[Attempt], one_more: Attempt) -> tuple[Attempt, ...]:
    """Return the attempts with one that has ended; of very many the last ones."""
    return (*before, one_more)[-MOST_KEPT:]
