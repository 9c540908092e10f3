"""Whose training is claimed next: start-time fair queueing (Goyal, Vin and Cheng 1996) of the jobs of one priority.

Each training gets a start tag when it is created: S = max(V, F), with F the finish tag of the job's training before and
V the virtual time of its pool, which is the tag of what was granted last. Its own finish tag is S + the seconds that it
is expected to run. The smallest tag is claimed first. So jobs that always have something ready share a pool's slots
evenly by time, however many trainings each has ready; one that comes late, or had nothing ready for a while, begins at
V: it waits for about one training of each other job, and gains nothing from having been idle.

How long a training runs is known only afterwards. It is taken for about the mean of the job's ended ones, and what it
was wrong by is added to F when it ends. What is ready was tagged by the estimate of its time: where that turns out to
be far off, as with a job's first trainings, all that is ready takes its turns anew. F runs ahead of V by no more than
the job can have in its slots, so that a job of several pools, whose V differ, is not kept waiting in one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tunewright.core.spec import TuningJobSpec
from tunewright_scheduler.core.job import UNKNOWN_S, Ending, TuningJob

PRIORITY_SPAN: Final = 1e11
"""Between the orders of two priorities: more virtual seconds than a thousand slots take in three years. At priorities
of ±100 a float64 still tells 2 ms apart."""
SHORTEST_S: Final = 0.1
"""A training takes its slot for so long at least."""
FAR_OFF: Final = 1.5
"""The estimate is left as it is until the mean differs from it by more than this factor."""


def take_turn(job: TuningJob, spec: TuningJobSpec, virtual_now: float) -> tuple[TuningJob, float]:
    """Return the job with its next training's turn taken, and that training's start tag."""
    furthest = virtual_now + spec.limits.max_parallel * max(job.turn_s, UNKNOWN_S)
    start = min(max(virtual_now, job.turn), furthest)
    return replace(job, turn=start + job.turn_s), start


def give_back(job: TuningJob, expected_s: Sequence[float]) -> TuningJob:
    """Return the job as if the turns of trainings that are ready had not been taken yet."""
    return replace(job, turn=job.turn - sum(expected_s))


def as_new(job: TuningJob) -> TuningJob:
    """Return the job without its past turns: those of another priority mean nothing."""
    return replace(job, turn=0.0)


def corrected(job: TuningJob, ending: Ending) -> TuningJob:
    """Count a training for what it has run, not for what was expected. It is counted in `observations` already."""
    ran_s = job.ran_s + ending.ran_s
    mean_s = max(SHORTEST_S, ran_s / job.observations)
    near = job.turn_s / FAR_OFF <= mean_s <= job.turn_s * FAR_OFF
    turn = job.turn + ending.ran_s - ending.expected_s
    return replace(job, ran_s=ran_s, turn=turn, turn_s=job.turn_s if near else mean_s)


def claim_order(start: float, priority: int) -> float:
    """Return the number that orders claims: higher priorities first, then smaller tags."""
    return start - priority * PRIORITY_SPAN


def of_claim_order(order: float) -> tuple[float, int]:
    """Return start tag and priority."""
    level, start = divmod(order, PRIORITY_SPAN)
    return start, -int(level)
