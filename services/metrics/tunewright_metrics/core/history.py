"""What is known of a tuning job's trainings, as far as its analyses need it."""

from __future__ import annotations

from dataclasses import dataclass

from tunewright.core.space import Configuration
from tunewright.core.spec import Definition, Direction, TuningJobSpec
from tunewright.core.states import TrainingState


@dataclass(frozen=True, slots=True)
class Tried:
    """A training that has ended."""

    number: int
    definition_name: str
    configuration: Configuration
    state: TrainingState
    """COMPLETED also where Hyperband stopped it because it had all that one training gets."""
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

    def label(self, definition: Definition) -> str:
        """Return the definition's name as answers give it: empty where there is only one."""
        return definition.name if len(self.spec.definitions) > 1 else ""

    def sign(self, definition: Definition) -> float:
        """Return what turns its objectives into losses, of which smaller ones are better, and back."""
        return -1.0 if self.spec.objective_of(definition.name).direction is Direction.MAXIMIZE else 1.0

    def of(self, definition: Definition) -> tuple[Tried, ...]:
        if len(self.spec.definitions) == 1:
            return self.tried
        return tuple(item for item in self.tried if item.definition_name == definition.name)
