"""What a decision asks for, as data. The handler turns it into writes of one commit and into calls after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tunewright_scheduler.core.facts import Fact
from tunewright_scheduler.core.job import Ask, Suggestion, TuningJob


@dataclass(frozen=True, slots=True)
class PutAsk:
    """Write the ask record; after the commit, ask the suggester."""

    ask: Ask


@dataclass(frozen=True, slots=True)
class RepeatAsk:
    """Ask the suggester again, from the record that is there."""

    number: int


@dataclass(frozen=True, slots=True)
class StartTraining:
    """Write a new training; after the commit, ring the doorbell."""

    number: int
    suggestion: Suggestion


@dataclass(frozen=True, slots=True)
class RepeatTraining:
    """Write a new training with the configuration of another; after the commit, ring the doorbell."""

    number: int
    of: int
    overrides: Mapping[str, str]
    """Static hyperparameters that differ from the definition's."""


@dataclass(frozen=True, slots=True)
class RetakeTurns:
    """Give those of the trainings that wait for their first claim new turns, in their order."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StopTrainings:
    numbers: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class WithholdTrainings:
    """Let those that nobody has claimed yet not be claimed; the others run on."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OfferTrainings:
    """Let those that were withheld be claimed, in their old order; after the commit, ring the doorbell."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Observe:
    """Append an ended training to the observation log."""

    fold_index: int
    number: int


@dataclass(frozen=True, slots=True)
class Tell:
    """Put a fact into the outbox."""

    fact: Fact


Effect = (
    PutAsk
    | RepeatAsk
    | StartTraining
    | RepeatTraining
    | RetakeTurns
    | StopTrainings
    | WithholdTrainings
    | OfferTrainings
    | Observe
    | Tell
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The next job and the effects, in order."""

    job: TuningJob
    effects: tuple[Effect, ...] = ()

    def then(self, step: Callable[[TuningJob], Decision]) -> Decision:
        """Decide on from this decision's job, keeping its effects in front."""
        following = step(self.job)
        return Decision(following.job, (*self.effects, *following.effects))
