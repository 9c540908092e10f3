"""What trainings are doing, as their trainers tell it: AMT's SecondaryStatusTransitions.

While an attempt runs, its phases stand in its trainer's session, which is written once for all that the trainer holds.
When it has ended, they go into the training's own record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tunewright.core.values import replace

PENDING: Final = "Pending"
"""AMT's SecondaryStatus of a training that its trainer cannot start yet."""
INTERRUPTED: Final = "Interrupted"
"""AMT's SecondaryStatus of a training that was taken from its host and waits for another."""
LONGEST_MESSAGE: Final = 256
MOST_TOLD: Final = 16
"""Phases of one attempt; of more, the last ones."""
MOST_KEPT: Final = 32
"""Phases of a training: what is in a record that is written often."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Fields as in v1.Phase and v1.Transition."""

    status: str
    started_at: float
    message: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """The phases of one attempt, as its trainer has told them last."""

    training_id: str
    attempt: int
    phases: tuple[Phase, ...]


def told(phases: Sequence[Phase]) -> tuple[Phase, ...]:
    """Return the phases of an attempt, cut to what is kept of them."""
    return tuple(replace(phase, message=phase.message[:LONGEST_MESSAGE]) for phase in phases[-MOST_TOLD:])


def kept(before: Sequence[Phase], more: Sequence[Phase]) -> tuple[Phase, ...]:
    """Return the phases of all attempts together; of very many the last ones."""
    return (*before, *more)[-MOST_KEPT:]
