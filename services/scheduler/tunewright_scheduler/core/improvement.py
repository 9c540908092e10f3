"""How an objective changes what a job knows of its own: the best, whether it still improves, and a bounded record.

The record is what criteria are judged by: a sample of the objectives of completed trainings, for their spread, and the
best objectives, for their tail. Both are bounded, so that training 10,000 costs what training 10 does. Objectives of
parents never come here.
"""

from __future__ import annotations

from bisect import bisect, insort
from typing import Final

from tunewright.core.draws import uniform
from tunewright.core.gain import worthwhile_gain
from tunewright.core.spec import Direction
from tunewright.core.states import TrainingState
from tunewright.core.values import replace
from tunewright_scheduler.core.job import Best, Ending, TuningJob

SAMPLE_SIZE: Final = 256
"""Up to so many objectives the quartiles are exact; beyond, their standard error is below 3 % of the ranks."""

TOP_SIZE: Final = 32


def with_objective(job: TuningJob, direction: Direction, ending: Ending, value: float) -> TuningJob:
    """Take an ended training's objective into the job. ε is taken as it stood before."""
    new = Best(ending.number, value)
    better = job.best is None or direction.better(value, job.best.value)
    improved = job.best is None or (better and abs(value - job.best.value) > least_gain(job))
    completed = ending.state is TrainingState.COMPLETED
    return replace(
        job,
        best=new if better else job.best,
        not_improving=0 if improved else job.not_improving + 1,
        top=_ranked(job.top, direction, new),
        sample=_sampled(job, ending.number, value) if completed else job.sample,
        sampled_from=job.sampled_from + completed,
    )


def least_gain(job: TuningJob) -> float:
    """Return ε as it stands; 0 without a best."""
    return 0.0 if job.best is None else worthwhile_gain(job.best.value, job.sample)


def _ranked(top: tuple[Best, ...], direction: Direction, new: Best) -> tuple[Best, ...]:
    """Put an objective among the best ones; of equal ones the first stays in front."""
    sign = -1.0 if direction is Direction.MAXIMIZE else 1.0
    place = bisect(top, sign * new.value, key=lambda item: sign * item.value)
    if place == TOP_SIZE:
        return top
    return (*top[:place], new, *top[place:])[:TOP_SIZE]


def _sampled(job: TuningJob, number: int, value: float) -> tuple[float, ...]:
    """Keep an even sample of all objectives so far (Vitter 1985, "Random sampling with a reservoir", algorithm R).

    The draw is keyed with seed and training, so that a decision taken again is the same.
    """
    sample = list(job.sample)
    if len(sample) == SAMPLE_SIZE:
        place = int(uniform(job.seed, number, "/sample") * (job.sampled_from + 1))
        if place >= SAMPLE_SIZE:
            return job.sample
        del sample[place]
    insort(sample, value)
    return tuple(sample)
