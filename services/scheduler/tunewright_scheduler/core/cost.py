"""What a job costs, in the currency of its prices, and how many more trainings its limit lets start.

An attempt is paid when it has ended, so what runs is not in `spent` yet. It is taken to cost what trainings have cost
so far on average; nothing is started that would find the limit used up by that forecast. So the limit is exceeded by no
more than what was in flight when it was reached.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tunewright.core.durations import duration_text
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
    limit = spec.limits.max_cost
    if limit is None or not (mean := mean_cost(job)):
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


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """The most that a job can take, before it has begun. Field names are those of the message CostEstimate."""

    max_trainings: int | None
    max_instance_seconds: float | None
    max_cost: float | None
    text: str


def estimate(spec: TuningJobSpec) -> CostEstimate:
    """Say the most that a checked job can take, by the tightest of its limits."""
    instance_seconds = max_instance_seconds(spec)
    most = spec.limits.max_trainings
    told = [
        f"At most {most} trainings, {spec.limits.max_parallel} at once." if most else "There is no limit of trainings.",
        _time_told(spec, instance_seconds),
    ]
    bounds = _bounds(spec) if _priced(spec) else {}
    dearest = min(bounds.values(), default=None)
    if dearest is None:
        told.append("Without prices there is no telling what it costs.")
    else:
        by = next(limit for limit, cost in bounds.items() if cost == dearest)
        told.append(f"By its prices that is at most {dearest:.6g}: {by}.")
    return CostEstimate(most, instance_seconds, dearest, " ".join(told))


def _time_told(spec: TuningJobSpec, instance_seconds: float | None) -> str:
    longest = duration_text(max(definition.stopping.max_runtime_s for definition in spec.definitions))
    if spec.limits.max_runtime_s is None or instance_seconds is None:
        return f"The job has no time limit, so no bound but that of each training, which may run for {longest}."
    limit = duration_text(spec.limits.max_runtime_s)
    return f"The job ends after {limit} at the latest: at most {instance_seconds / 3600:.6g} instance hours."


def _priced(spec: TuningJobSpec) -> bool:
    return all(definition.resources.instance_type in spec.prices_per_second for definition in spec.definitions)


def _bounds(spec: TuningJobSpec) -> dict[str, float]:
    """Return what each limit lets the job cost at most, by the limit in words."""
    limits = spec.limits
    second = max(price_of(spec, item) for item in spec.definitions)
    training = max(price_of(spec, item) * item.stopping.max_runtime_s for item in spec.definitions)
    bounds = {}
    if limits.max_runtime_s is not None:
        bounds["the job's time, with as many at once as may be"] = limits.max_runtime_s * limits.max_parallel * second
    if limits.max_trainings is not None:
        bounds["all trainings, each for as long as it may run"] = limits.max_trainings * training
    if limits.max_cost is not None:
        in_flight = limits.max_parallel * training
        bounds["the cost limit, and what may still run when it is spent"] = limits.max_cost + in_flight
    return bounds
