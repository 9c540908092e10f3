"""What the world is told on tuning.events. Field names equal those of proto/tunewright/events/v1/facts.proto."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CommandAccepted:
    command_id: str
    uid: str


@dataclass(frozen=True, slots=True)
class CommandRejected:
    command_id: str
    reason: str
    """Of tunewright.core.errors."""
    field: str
    message: str


Answer = CommandAccepted | CommandRejected
"""What a command is answered; not of a job's own making, so no Fact."""


@dataclass(frozen=True, slots=True)
class TuningJobCreated:
    uid: str
    name: str
    owner: str
    spec_revision: int
    at: float


@dataclass(frozen=True, slots=True)
class TuningJobChanged:
    uid: str
    name: str
    state: str
    reason: str
    spec_revision: int
    at: float


@dataclass(frozen=True, slots=True)
class TuningJobEnded:
    uid: str
    name: str
    state: str
    reason: str
    best_training_name: str
    best_value: float | None
    trainings: int
    at: float


@dataclass(frozen=True, slots=True)
class TuningJobDeleted:
    uid: str
    name: str
    at: float


@dataclass(frozen=True, slots=True)
class TrainingJobCreated:
    uid: str
    number: int
    training_name: str
    at: float


@dataclass(frozen=True, slots=True)
class TrainingJobGranted:
    uid: str
    number: int
    attempt: int
    holder: str
    at: float
    training_name: str = ""
    definition_name: str = ""
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    objective_metric: str = ""
    due_at: float | None = None


@dataclass(frozen=True, slots=True)
class TrainingJobStopRequested:
    """To another system that runs it."""

    uid: str
    number: int
    attempt: int
    training_name: str
    reason: str
    due_at: float
    at: float


@dataclass(frozen=True, slots=True)
class TrainingJobExited:
    uid: str
    number: int
    attempt: int
    cause: str
    exit_code: int | None
    at: float


@dataclass(frozen=True, slots=True)
class TrainingJobLost:
    uid: str
    number: int
    attempt: int
    holder: str
    at: float


@dataclass(frozen=True, slots=True)
class TrainingJobEnded:
    uid: str
    number: int
    training_name: str
    state: str
    objective_value: float | None
    reason: str
    at: float


Fact = (
    TuningJobCreated
    | TuningJobChanged
    | TuningJobEnded
    | TuningJobDeleted
    | TrainingJobCreated
    | TrainingJobGranted
    | TrainingJobStopRequested
    | TrainingJobExited
    | TrainingJobLost
    | TrainingJobEnded
)
