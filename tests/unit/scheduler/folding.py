"""A job folded by `decide` alone: no store, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.unit.scheduler.world import UID, spec
from tunewright.core.spec import Completion, Direction, Limits, Objective, Strategy, TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright_scheduler.core.decide import TrainingEnded, decide
from tunewright_scheduler.core.effects import Decision
from tunewright_scheduler.core.job import Ending, TuningJob


def wanted(
    direction: Direction = Direction.MAXIMIZE, completion: Completion | None = None, **limits: int
) -> TuningJobSpec:
    return spec(
        objective=Objective("acc", direction),
        completion=completion or Completion(),
        limits=Limits(**({"max_parallel": 1, "max_trainings": 10_000} | limits)),
        strategy=Strategy.RANDOM,
    )


def new_job() -> TuningJob:
    return TuningJob(UID, "job", "owner", created_at=0.0, modified_at=0.0, seed=7)


def ended(
    job: TuningJob,
    job_spec: TuningJobSpec,
    value: float | None,
    now: float = 1.0,
    state: TrainingState = TrainingState.COMPLETED,
    *,
    retryable: bool = False,
    reason: str = "",
) -> Decision:
    """Let one more training start and end at once."""
    number = job.started + 1
    running = _with_slot(job, number)
    return decide(running, job_spec, TrainingEnded(Ending(number, state, retryable, value, reason)), now)


def folded(
    values: Sequence[float | None], direction: Direction, states: Mapping[int, TrainingState] | None = None
) -> TuningJob:
    """Return a job of these objectives, in order; states of those that did not complete, by number."""
    job, job_spec = new_job(), wanted(direction)
    for number, value in enumerate(values, 1):
        job = ended(job, job_spec, value, float(number), (states or {}).get(number, TrainingState.COMPLETED)).job
    return job


def _with_slot(job: TuningJob, number: int) -> TuningJob:
    return replace(job, started=number, slots=(*job.slots, number), ask=None)
