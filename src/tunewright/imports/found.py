"""What was found elsewhere, as `import_job` takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tunewright.core.finished import FinishedTraining
from tunewright.core.spec import TuningJobSpec


@dataclass(frozen=True, slots=True)
class Found:
    spec: TuningJobSpec
    trainings: tuple[FinishedTraining, ...]
    origin: str
    """For people: it is told with the job."""
    notes: tuple[str, ...] = ()
    """What could not be carried, a sentence each."""


def counted(left_out: Mapping[str, Sequence[object]]) -> tuple[str, ...]:
    """Return a note for each reason for which something was left out, with how many there were."""
    return tuple(f"{len(items)} left out: {why}" for why, items in left_out.items() if items)
