"""Judges what AMT does not have: priority, prices and the limit of the cost, re-evaluation."""

from __future__ import annotations

import math
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Reevaluation, Strategy, TuningJobSpec

HIGHEST_PRIORITY: Final = 100
MOST_REEVALUATED: Final = 32
"""So many of its best a job knows."""


def check_extensions(spec: TuningJobSpec) -> None:
    """Raises InvalidSpec."""
    if abs(spec.priority) > HIGHEST_PRIORITY:
        why = f"must be from {-HIGHEST_PRIORITY} to {HIGHEST_PRIORITY}, is {spec.priority}"
        raise InvalidSpec("priority", why, "Higher goes first; 0 is the usual one")
    _check_cost(spec)
    if spec.reevaluation is not None:
        _check_reevaluation(spec, spec.reevaluation)


def _check_cost(spec: TuningJobSpec) -> None:
    for name, price in spec.prices_per_second.items():
        if not 0 <= price < math.inf:
            raise InvalidSpec(f"prices_per_second.{name}", f"must be 0 or more, is {price}", "Give a price per second")
    limit = spec.limits.max_cost
    if limit is None:
        return
    if not 0 < limit < math.inf:
        raise InvalidSpec("limits.max_cost", f"must be above 0, is {limit}", "Leave it out for no limit")
    for definition in spec.definitions:
        kind = definition.resources.instance_type
        if not spec.prices_per_second.get(kind):
            why = f"has no price for {kind!r}, so nothing could be counted against the limit of the cost"
            raise InvalidSpec("prices_per_second", why, f"Give the price of a second: {kind}: 0.0001")


def _check_reevaluation(spec: TuningJobSpec, wanted: Reevaluation) -> None:
    if not 1 <= wanted.top <= MOST_REEVALUATED:
        raise InvalidSpec("reevaluation.top", f"must be from 1 to {MOST_REEVALUATED}, is {wanted.top}")
    if wanted.repeats < 1:
        raise InvalidSpec("reevaluation.repeats", f"must be at least 1, is {wanted.repeats}")
    if any(wanted.seed_parameter in definition.space for definition in spec.definitions):
        why = f"{wanted.seed_parameter!r} is tuned, and each repeat would change it"
        raise InvalidSpec("reevaluation.seed_parameter", why, "Name one that is not tuned, or none")
    limit = spec.limits.max_trainings
    if spec.strategy is Strategy.GRID:
        return  # its points are counted by themselves
    if limit is None:
        why = "the last trainings of the job's limit are for it, and there is no limit"
        raise InvalidSpec("reevaluation", why, "Limit the trainings")
    if wanted.trainings >= limit:
        why = f"{wanted.top} × {wanted.repeats} repeats leave nothing of {limit} trainings to search with"
        raise InvalidSpec("reevaluation", why, "Raise the limit of the trainings, or repeat less")
