"""Jobs and trainings as the SDK returns them."""

from __future__ import annotations

from tests.unit.core.specs import spec
from tunewright.client import TrainingJob, TuningJob
from tunewright.client.resources import TrainingCounters
from tunewright.core.spec import Direction, Limits, Objective
from tunewright.core.states import JobState, TrainingState

BEGAN = 1000.0


def training(number=1, state=TrainingState.COMPLETED, objective_value=None, **fields):
    defaults = {"configuration": {"lr": 0.012345678, "optimizer": "sgd"}, "started_at": BEGAN + 1}
    return TrainingJob(f"u/{number}", f"job-{number:03}-abc", number, state, objective_value=objective_value,
                       **(defaults | fields))  # fmt: skip


def job(ended=0, best=None, direction=Direction.MAXIMIZE, limits=None, **fields):
    whole = spec(name="digits", objective=Objective("acc", direction), limits=limits or Limits(2, 4))
    defaults = {"state": JobState.RUNNING, "created_at": BEGAN, "trainings": TrainingCounters(completed=ended)}
    return TuningJob("u", whole, best=best, **(defaults | fields))
