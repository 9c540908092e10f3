"""Has a job converged: is it unlikely to gain more than ε with the trainings that it has left?

It has at two successive verdicts under 5 %. Where there is a model, a verdict is what the suggester says of the whole
job when it is asked; it counts once the best has stood for ten trainings. Where there is none, it is said of every
ended training with an objective, from the record of objectives alone: n draws of one distribution, and m more to come.
Then

    P(some one of m beats the best of n by more than ε) = r m / (n + r m)

with r = P(a draw is beyond best - ε | it is beyond best). For r = 1 this is the theory of records: each of n + m
exchangeable draws is as likely the best (Glick 1978, "Breaking records and breaking boards"). In general the share of
draws beyond the best of n has the density n (1 - u)^(n - 1), and E[(1 - r u)^m] is n / (n + r m) for large n. Beyond a
high threshold the excesses of light-tailed objectives are about exponential (Pickands 1975; Weissman 1978), whence
r = exp(-ε / s) with s the mean excess of the best ones. Objectives with a smallest value have lighter tails still: the
rule is then slow to say that a job has converged, not rash.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from tunewright.core.spec import TuningJobSpec
from tunewright.core.values import replace
from tunewright_scheduler.core import reevaluation
from tunewright_scheduler.core.improvement import least_gain
from tunewright_scheduler.core.job import Outlook, TuningJob

UNLIKELY: Final = 0.05
SUCCESSIVE: Final = 2
"""Verdicts that must agree."""

STOOD: Final = 10
"""Trainings since the best was improved on before a model's word is taken: one that has just been wrong about where the
best is may be wrong again (measured in docs/adr/0017-what-counts-as-improving.md)."""

FEWEST_IN_TAIL: Final = 5


def with_outlook(job: TuningJob, outlook: Outlook | None, now: float) -> TuningJob:
    """Take in what the suggester has said. None: it has no model yet."""
    if outlook is None:
        return job
    unlikely = outlook.probability < UNLIKELY and job.not_improving >= STOOD
    return _with_verdict(replace(job, outlook=outlook), now, unlikely=unlikely)


def with_record(job: TuningJob, spec: TuningJobSpec, now: float) -> TuningJob:
    """Judge the record after an ended training with an objective, unless a model speaks for the job."""
    if job.outlook is not None or job.search_over:
        return job
    left = _trainings_left(job, spec, now)
    if left is None or left <= 0:
        return job
    probability = chance_of_gain([item.value for item in job.top], job.objectives.succeeded, left, least_gain(job))
    return job if probability is None else _with_verdict(job, now, unlikely=probability < UNLIKELY)


def chance_of_gain(best_first: Sequence[float], count: int, left: float, gain: float) -> float | None:
    """Return the probability that `left` more draws beat the best of `count` by more than `gain`.

    `best_first` holds the best of them, at least max(5, √count) + 1; None: there are fewer. Where those tie with the
    best, the tail is taken to begin at the first that does not; where all tie, nothing is known of it, and r is 1.
    """
    wanted = max(FEWEST_IN_TAIL, math.isqrt(count - 1) + 1 if count else 0)
    tail = min(wanted, len(best_first) - 1)
    if tail < FEWEST_IN_TAIL:
        return None
    excesses = [abs(value - best_first[0]) for value in best_first]
    tail = next((place for place in range(tail, len(excesses)) if excesses[place] > 0), None) or tail
    mean = sum(excesses[tail] - excess for excess in excesses[:tail]) / tail
    ratio = math.exp(-gain / mean) if mean > 0 else 1.0
    return ratio * left / (count + ratio * left)


def _trainings_left(job: TuningJob, spec: TuningJobSpec, now: float) -> float | None:
    """Return how many trainings are still to end: by the job's limit, else as many as fit in its time at its pace."""
    limits, ended = spec.limits, job.observations
    limit = reevaluation.search_limit(spec)
    if limit is not None:
        return float(limit - ended)
    if limits.max_runtime_s is None or now <= job.created_at:
        return None
    elapsed_s = now - job.created_at
    return ended * (limits.max_runtime_s - elapsed_s) / elapsed_s


def _with_verdict(job: TuningJob, now: float, *, unlikely: bool) -> TuningJob:
    unpromising = job.unpromising + 1 if unlikely else 0
    first = job.converged_at is None and unpromising >= SUCCESSIVE
    return replace(job, unpromising=unpromising, converged_at=now if first else job.converged_at)
