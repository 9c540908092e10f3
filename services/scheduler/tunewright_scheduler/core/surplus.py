"""Fewer at once: what was created for slots that an amendment has taken away is claimed only once there is room for it.

Nothing that runs is stopped. Of what nobody runs, so many as are too many are withheld, the newest first; they keep
their numbers and places, and are offered again, oldest first, as others end or more may run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import JobState
from tunewright.core.values import replace
from tunewright_scheduler.core.effects import Decision, OfferTrainings, WithholdTrainings
from tunewright_scheduler.core.job import TuningJob

WHY: Final = "its tuning job may run fewer at once by now"


def held_back(job: TuningJob, spec: TuningJobSpec, unclaimed: Sequence[int]) -> Decision:
    """Withhold what is too many, of `unclaimed`: trainings that are ready, not those that are held back already."""
    too_many = len(job.slots) - len(job.held_back) - spec.limits.max_parallel
    more = tuple(unclaimed[-too_many:]) if too_many > 0 else ()
    if not more:
        return Decision(job)
    return Decision(replace(job, held_back=tuple(sorted((*job.held_back, *more)))), (WithholdTrainings(more, WHY),))


def offered(job: TuningJob, spec: TuningJobSpec) -> Decision:
    """Offer what there is room for again."""
    if job.state is not JobState.RUNNING:
        return Decision(job)
    held = tuple(number for number in job.held_back if number in job.slots)  # one may have been stopped, or settled
    room = max(0, spec.limits.max_parallel - (len(job.slots) - len(held)))
    first = held[:room]
    return Decision(replace(job, held_back=held[room:]), (OfferTrainings(first),) if first else ())
