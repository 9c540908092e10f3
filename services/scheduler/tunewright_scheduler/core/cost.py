"""What a job costs, in the currency of its prices, and how many more trainings its limit lets start.

An attempt is paid when it has ended, so what runs is not in `spent` yet. It is taken to cost what trainings have cost
so far on average; nothing is started that would find the limit used up by that forecast. So the limit is exceeded by no
more than what was in flight when it was reached.
"""

from __future__ import annotations

import math

from tunewright.core.spec import Definition, TuningJobSpec
from tunewright.core.states import CLOSING_JOB_STATES
from tunewright_scheduler.core.job import TuningJob


def price_of(spec: TuningJobSpec, definition: Definition) -> float:
    """Return the price of a second of one training, all its instances together."""
    resources = definition.resources
    return spec.prices_per_second.get(resources.instance_type, 0.0) * resources.instance_count


def mean_cost(job: TuningJob) -> float | None:
    """Return what trainings have cost on average, None before the first process has ended."""
    paid = job.started - len(job.slots)
    return job.spent / paid if paid else None


def affordable(job: TuningJob, spec: TuningJobSpec) -> float:
    """Return how many more trainings the limit lets start: a whole number, or infinity."""
    limit, mean = spec.limits.max_cost, mean_cost(job)
    if limit is None or not mean:
        return math.inf
    worth = (limit - job.spent) / mean
    return max(0, math.ceil(worth) - len(job.slots)) if math.isfinite(worth) else math.inf


def used_up(job: TuningJob, spec: TuningJobSpec) -> str:
    """Say that the limit is spent; empty: it is not."""
    limit = spec.limits.max_cost
    spent = limit is not None and job.spent >= limit
    return f"the cost limit of {limit:g} is spent: {job.spent:.6g}" if spent else ""


def forecast(job: TuningJob, spec: TuningJobSpec) -> float | None:
    """Return what the whole job will have cost, None where that cannot be told."""
    if job.state.final:
        return job.spent
    mean, limit, most = mean_cost(job), spec.limits.max_cost, spec.limits.max_trainings
    if job.state in CLOSING_JOB_STATES:
        most = job.started
    if mean is None or most is None:
        return None
    expected = job.spent + mean * (len(job.slots) + max(0, most - job.started))
    return expected if limit is None else min(expected, max(limit, job.spent))


def max_instance_seconds(spec: TuningJobSpec) -> float | None:
    """Return AMT's estimate of the most that a job can take, None without a time limit."""
    if spec.limits.max_runtime_s is None:
        return None
    instances = max(definition.resources.instance_count for definition in spec.definitions)
    return float(spec.limits.max_runtime_s * spec.limits.max_parallel * instances)
