"""The absence of what runs a trainer's programs: a container engine, a cluster."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunnerAbsence:
    """Fields as in v1.RunnerAbsence."""

    since: float
    """Unix seconds, by the trainer's clock."""
    why: str
    """For a person: who does not answer, and how."""
