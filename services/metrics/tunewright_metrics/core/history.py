"""What is known of a tuning job's trainings, as far as its analyses need it."""

from __future__ import annotations

from dataclasses import dataclass

from tunewright.core.space import Configuration
from tunewright.core.spec import Definition, TuningJobSpec
from tunewright.core.states import TrainingState


@dataclass(frozen=True, slots=True)
class Tried:
    """A training that has ended."""

    number: int
    definition_name: str
    configuration: Configuration
    state: TrainingState
    value: float | None
    """The objective; None: there is none."""
    steps: int
    """Objective values emitted."""
    created_at: float
    ended_at: float
    """Unix seconds."""
    source: str = ""
    """Where the configuration came from: initial, explore, exploit, random, enqueued … (Provenance.source)."""
    repeats: int | None = None
    """Number of the training whose configuration it repeats."""
    error: float | None = None
    """Standard error of the objective."""
    expected: float | None = None
    """What the model had expected of it when it was suggested, in units of the objective; None: there was no model."""


@dataclass(frozen=True, slots=True)
class History:
    spec: TuningJobSpec
    """As it stands now, amendments included."""
    tried: tuple[Tried, ...]
    """In the order in which they ended."""

    def of(self, definition: Definition) -> tuple[Tried, ...]:
        if len(self.spec.definitions) == 1:
            return self.tried
        return tuple(item for item in self.tried if item.definition_name == definition.name)
