"""Setting a job aside after a fault of ours, until a person lets it go on.

What runs goes on, and what ends meanwhile is counted; nothing is started or asked, and no criterion ends the job.
"""

from __future__ import annotations

from tunewright.core.states import JobState, move_job
from tunewright.core.values import replace
from tunewright_scheduler.core.effects import Decision, tell_changed
from tunewright_scheduler.core.job import TuningJob


def parked(job: TuningJob, reason: str, now: float) -> Decision:
    """Set a job aside; one that was already is so for another reason now."""
    if job.state is JobState.BLOCKED:
        return Decision(replace(job, reason=reason))
    moved = replace(
        job,
        state=move_job(job.name, job.state, JobState.BLOCKED),
        reason=reason,
        ask=None,
        blocked_in=job.state,
        blocked_over=job.reason,
        blocked_at=now,
    )
    return Decision(moved, (tell_changed(moved, now, moved.reason),))


def unparked(job: TuningJob, now: float) -> Decision:
    """Go back to where it was; what it wanted to ask then, it asks anew."""
    if job.state is not JobState.BLOCKED:
        return Decision(job)
    state = move_job(job.name, job.state, job.blocked_in or JobState.RUNNING)
    moved = replace(forgotten(job), state=state, reason=job.blocked_over)
    return Decision(moved, (tell_changed(moved, now, moved.reason),))


def forgotten(job: TuningJob) -> TuningJob:
    """Return the job without a note of where it was before it was parked."""
    return replace(job, blocked_in=None, blocked_over="", blocked_at=None)
