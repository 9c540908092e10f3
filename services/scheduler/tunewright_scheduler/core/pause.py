"""Pausing a job: nothing more of it is started, what runs goes on, and the job's clock too.

A training that nobody has claimed yet is withheld: it stays READY, keeps its number and its place in the order of
claims, but cannot be claimed. What Random and Grid have proposed stays ahead, in order, and their open ask stays open:
the answer is kept for later. A model's open ask is closed, for what it proposes now would be stale.
"""

from __future__ import annotations

from typing import Final

from tunewright.core.errors import IllegalTransition
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import JobState, move_job
from tunewright.core.values import replace
from tunewright_scheduler.core.asking import MODELLED
from tunewright_scheduler.core.effects import Decision, OfferTrainings, WithholdTrainings, tell_changed
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.training import JOB_PAUSED

PAUSED: Final = "paused by its user"
RESUMED: Final = "resumed by its user"


def check_pausable(job: TuningJob) -> None:
    """Raise IllegalTransition unless the job can be paused or resumed: it runs, or is paused already."""
    if job.state not in {JobState.RUNNING, JobState.PAUSED}:
        state = {JobState.BLOCKED: "parked after a fault of ours"}.get(job.state, job.state.shown)
        state = state if job.state.final or job.state is JobState.BLOCKED else "closing"
        raise IllegalTransition(f"tuning job {job.name}", state, "be paused or resumed")


def paused(job: TuningJob, spec: TuningJobSpec, now: float) -> Decision:
    """Pause a job that runs; any other stays as it is."""
    if job.state is not JobState.RUNNING:
        return Decision(job)
    ask = None if spec.strategy in MODELLED else job.ask
    moved = replace(job, state=move_job(job.name, job.state, JobState.PAUSED), reason=PAUSED, ask=ask)
    withhold = (WithholdTrainings(job.slots, JOB_PAUSED),) if job.slots else ()
    return Decision(moved, (tell_changed(moved, now, PAUSED), *withhold))


def resumed(job: TuningJob, now: float) -> Decision:
    """Resume a job that is paused; any other stays as it is."""
    if job.state is not JobState.PAUSED:
        return Decision(job)
    moved = replace(job, state=move_job(job.name, job.state, JobState.RUNNING), reason="")
    there = tuple(number for number in job.slots if number not in job.held_back)
    offer = (OfferTrainings(there),) if there else ()
    return Decision(moved, (tell_changed(moved, now, RESUMED), *offer))
