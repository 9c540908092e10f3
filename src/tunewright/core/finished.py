"""A training that has run elsewhere, as an import tells of it.

Field names equal those of proto/tunewright/v1/tuning_service.proto; check_import.py says what is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tunewright.core.space import Value
from tunewright.core.states import TrainingState


@dataclass(frozen=True, slots=True)
class FinishedTraining:
    """A training that has run elsewhere. Times are Unix seconds."""

    state: TrainingState
    """COMPLETED, FAILED or STOPPED."""
    configuration: Mapping[str, Value] = field(default_factory=dict)
    objective_value: float | None = None
    """None: it has no objective, as every failed one."""
    name: str = ""
    """As it was called there."""
    definition_name: str = ""
    reason: str = ""
    steps: int = 0
    """Objective values that it emitted."""
    started_at: float | None = None
    ended_at: float | None = None
