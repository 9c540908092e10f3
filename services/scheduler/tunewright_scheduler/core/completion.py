"""When a tuning job is over. The first criterion that is met ends it; every verdict names its reason.

Where one message meets several, the first of these is named: too many failures, target, not improving, convergence,
runtime, cost, everything used up. A paused job ends like a running one: what runs on may meet a criterion, and time
passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tunewright.core.spec import Direction, TuningJobSpec
from tunewright.core.states import JobState
from tunewright_scheduler.core import cost, reevaluation
from tunewright_scheduler.core.improvement import least_gain
from tunewright_scheduler.core.job import TuningJob

FAILURES_ALLOWED: Final = 5
"""A job without any success fails with this many failed trainings, as in AMT."""

OPEN: Final = frozenset({JobState.RUNNING, JobState.PAUSED})
"""States in which a criterion ends a job."""

FINAL_OF: Final = {
    JobState.COMPLETING: JobState.COMPLETED,
    JobState.STOPPING: JobState.STOPPED,
    JobState.FAILING: JobState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    state: JobState
    reason: str
    of_search: bool = False
    """It ends the search; what is to be run again may still come before the job's end."""


def verdict(job: TuningJob, spec: TuningJobSpec, now: float) -> Verdict | None:
    """Say which end an open job has come to, None if none."""
    if spec.alone:
        return _alone(job)
    return (
        _failed(job)
        or _target(job, spec)
        or _not_improving(job, spec)
        or _converged(job, spec)
        or _runtime(job, spec, now)
        or _cost(job, spec)
        or _search_over(job, spec)
        or _used_up(job, spec)
    )


def _alone(job: TuningJob) -> Verdict | None:
    """What stands for one training ends with it, and as it did."""
    if job.in_flight or not job.started:
        return None
    if job.trainings.completed:
        return Verdict(JobState.COMPLETING, "its training has ended")
    if job.trainings.stopped:
        return Verdict(JobState.STOPPING, "its training was stopped")
    return Verdict(JobState.FAILING, job.first_failure)


def _failed(job: TuningJob) -> Verdict | None:
    failures = job.trainings.retryable_error + job.trainings.non_retryable_error
    if failures < FAILURES_ALLOWED or job.trainings.completed or job.objectives.succeeded:
        return None
    return _none_succeeded(job, failures)


def _target(job: TuningJob, spec: TuningJobSpec) -> Verdict | None:
    target = spec.completion.target
    if target is None or job.best is None:
        return None
    value = job.best.value
    reached = value >= target if spec.objective.direction is Direction.MAXIMIZE else value <= target
    return Verdict(JobState.COMPLETING, f"the objective reached its target {target}: {value}") if reached else None


def _not_improving(job: TuningJob, spec: TuningJobSpec) -> Verdict | None:
    limit = spec.completion.max_not_improving
    if limit is None or job.best is None or job.not_improving < limit or job.search_over:
        return None
    return Verdict(
        JobState.COMPLETING,
        f"the best objective has not improved by more than {least_gain(job):.3g} in {job.not_improving} trainings",
        of_search=True,
    )


def _converged(job: TuningJob, spec: TuningJobSpec) -> Verdict | None:
    if not spec.completion.on_convergence or job.converged_at is None or job.search_over:
        return None
    return Verdict(
        JobState.COMPLETING,
        f"converged: a gain of more than {least_gain(job):.3g} is unlikely in the trainings that are left",
        of_search=True,
    )


def _runtime(job: TuningJob, spec: TuningJobSpec, now: float) -> Verdict | None:
    limit_s = spec.limits.max_runtime_s
    if limit_s is None or now < job.created_at + limit_s:
        return None
    return Verdict(JobState.COMPLETING, f"the job's time limit of {limit_s} s has passed")


def _cost(job: TuningJob, spec: TuningJobSpec) -> Verdict | None:
    reason = cost.used_up(job, spec)
    return Verdict(JobState.COMPLETING, reason) if reason else None


def _search_over(job: TuningJob, spec: TuningJobSpec) -> Verdict | None:
    """What has ended the search stays the reason, whatever comes out of the repeats."""
    return Verdict(JobState.COMPLETING, reevaluation.reason_of(job, spec), of_search=True) if job.search_over else None


def _used_up(job: TuningJob, spec: TuningJobSpec) -> Verdict | None:
    """Every training that may be started has ended."""
    if job.in_flight:
        return None
    limit = reevaluation.search_limit(spec)
    if limit is not None and job.started >= limit:
        lowered = f"; their limit was lowered to {limit}" if job.started > limit else ""
        return _all_ended(job, f"all {job.started} trainings have ended{lowered}")
    if job.ask is None and job.exhausted and not job.ahead and job.enqueued >= len(spec.enqueued):
        return _all_ended(job, f"all {job.started} distinct configurations have been tried")
    return None


def _all_ended(job: TuningJob, reason: str) -> Verdict:
    succeeded = job.trainings.completed + job.trainings.stopped + job.objectives.succeeded
    if succeeded or not job.started:
        return Verdict(JobState.COMPLETING, reason, of_search=True)
    return _none_succeeded(job, job.started)


def _none_succeeded(job: TuningJob, attempts: int) -> Verdict:
    """The first sentences are AMT's."""
    text = (
        f"No training job succeeded after {attempts} attempts. For additional details, please take a look at the "
        f"training job failures by listing training jobs for the hyperparameter tuning job. "
        f"The first failure: {job.first_failure}"
    )
    return Verdict(JobState.FAILING, text)
