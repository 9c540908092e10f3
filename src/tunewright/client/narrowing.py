"""What the SDK makes of metrics' proposal of other ranges: the specification of a child, and why it is as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tunewright.client.resources import TuningJob
from tunewright.core.errors import InvalidSpec
from tunewright.core.narrowing import Narrowed, narrowed_spec
from tunewright.core.spec import TuningJobSpec
from tunewright.platform.codec import from_message
from tunewright.v1 import metrics_service_pb2 as pb

NOISE: Final = "NOISE_LARGER_THAN_GAIN"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A job of other ranges, not created yet: give `spec` to `create`, as it is or changed."""

    spec: TuningJobSpec
    changes: tuple[Narrowed, ...]


def narrowing_of(job: TuningJob, told: pb.AnalyzeResponse, name: str, max_trainings: int | None) -> Narrowing:
    """Raises InvalidSpec: there is nothing to narrow, and why."""
    changes = tuple(from_message(item, Narrowed) for item in told.narrowed)
    if not changes and (why := _why_not(told)):
        raise InvalidSpec("job", why, "Let it run on, extend it, or give ranges yourself")
    best = None if job.best is None else job.best.configuration
    spec = narrowed_spec(job.spec, job.uid, changes, name=name, max_trainings=max_trainings, best=best)
    return Narrowing(spec, changes)


def _why_not(told: pb.AnalyzeResponse) -> str:
    refused = [item.reason for item in told.refused if item.analysis == pb.ANALYSIS_ADVICE]
    noise = [item.text for item in told.advice if item.kind == NOISE]
    return "; ".join(refused + noise)
