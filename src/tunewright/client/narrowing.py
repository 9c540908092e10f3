"""What the SDK makes of metrics' proposal of other ranges: the specification of a child, and why it is as it is."""

from __future__ import annotations

from dataclasses import dataclass

from tunewright.client.resources import TuningJob
from tunewright.core.analysis import AdviceKind, Analyses, Analysis, Narrowed
from tunewright.core.errors import InvalidSpec
from tunewright.core.narrowing import narrowed_spec
from tunewright.core.spec import TuningJobSpec


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A job of other ranges, not created yet: give `spec` to `create`, as it is or changed."""

    spec: TuningJobSpec
    changes: tuple[Narrowed, ...]


def narrowing_of(job: TuningJob, told: Analyses, name: str, max_trainings: int | None) -> Narrowing:
    """Raises InvalidSpec: there is nothing to narrow, and why."""
    if not told.narrowed and (why := _why_not(told)):
        raise InvalidSpec("job", why, "Let it run on, extend it, or give ranges yourself")
    best = None if job.best is None else job.best.configuration
    spec = narrowed_spec(job.spec, job.uid, told.narrowed, name=name, max_trainings=max_trainings, best=best)
    return Narrowing(spec, told.narrowed)


def _why_not(told: Analyses) -> str:
    refused = [
        f"{item.definition_name}: {item.reason}" if item.definition_name else item.reason
        for item in told.refused
        if item.analysis is Analysis.ADVICE
    ]
    return "; ".join([*refused, *(item.text for item in told.advice if item.kind == AdviceKind.NOISE_LARGER_THAN_GAIN)])
