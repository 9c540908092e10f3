"""Hyperband's resources, brackets and rungs, and the rule by which a training goes on from a rung or stops (ASHA).

A resource is one objective value of one epoch. Brackets and rungs are Hyperband's (Li et al. 2018, "Hyperband",
algorithm 1); nothing waits and nothing that stopped is resumed: who arrives at a rung goes on if it is among the best
third of those that arrived so far (Li et al. 2020, "A system for massively parallel hyperparameter tuning", section 3).

Values are compared with *all* at the same rung, whichever bracket they started in; the rungs of all brackets are the
same resources. In Li et al. each bracket is a run by itself. But of a job's few dozen trainings each bracket would get
a handful, and the first two at every rung of every bracket go on unjudged, to the end: on simulated curves, also
crossing ones, brackets apart had 1.3 times the regret after 300 epochs at R = 27. What brackets are for stays: who
starts in a later one is not judged before it has shown more of its curve.

Whoever judges keeps, per rung, one value per training: the one *at* the rung, whenever it is judged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from tunewright.core.amt_texts import NO_MAX_RESOURCE
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Direction, HyperbandConfig

REDUCTION: Final = 3
"""Hyperband's η: one in so many goes on from a rung."""
LARGEST_RESOURCE: Final = 20_000
EPOCH_PARAMETERS: Final = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
"""Static hyperparameters from which the largest resource is inferred, in the order in which they are asked."""


class Verdict(StrEnum):
    GO_ON = "go on"
    STOP_AT_RUNG = "rung"
    STOP_AT_MAXIMUM = "max_resource"
    """The training has had all its resources; its objective is valid."""


def judged(value: float, others: Sequence[float], *, at: int, rungs: Sequence[int], direction: Direction) -> Verdict:
    """Judge a training by its value at the rung `at`, one of its `rungs` (ascending, the last is MaxResource).

    `others` are the values recorded at that rung before; NaN is worse than any number. With n values, its own among
    them, it goes on if fewer than ⌊n / η⌋ others are better, or if n < η. Equal values share a fate: on a plateau
    nothing tells them apart, and none is stopped for it.
    """
    if at >= rungs[-1]:
        return Verdict.STOP_AT_MAXIMUM
    count = len(others) + 1
    if count < REDUCTION:
        return Verdict.GO_ON
    own = _loss(value, direction)
    better = sum(_loss(other, direction) < own for other in others)
    return Verdict.GO_ON if better < count // REDUCTION else Verdict.STOP_AT_RUNG


def passed(rungs: Sequence[int], before: int, now: int) -> tuple[int, ...]:
    """Return the rungs that a training passed on its way from `before` values to `now`, ascending."""
    return tuple(rung for rung in rungs if before < rung <= now)


def rungs_of(bracket: int, minimum: int, maximum: int) -> tuple[int, ...]:
    """Return the resources at which a training of the bracket is judged: r η^s, r η^(s+1), … below R, and R."""
    rungs = []
    resource = minimum * REDUCTION**bracket
    while resource < maximum:
        rungs.append(resource)
        resource *= REDUCTION
    return (*rungs, maximum)


def bracket_sizes(minimum: int, maximum: int) -> tuple[int, ...]:
    """Return Hyperband's n_s for s = 0 …: how many trainings start in the bracket that skips the first s rungs.

    n = ⌈(s_max + 1) η^k / (k + 1)⌉ with k = s_max - s rungs before R (Li et al. 2018, algorithm 1, line 4, brackets
    counted the other way round: bracket 0 stops earliest).
    """
    last = 0
    while minimum * REDUCTION ** (last + 1) <= maximum:
        last += 1
    return tuple(-(-(last + 1) * REDUCTION**left // (left + 1)) for left in range(last, -1, -1))


def resources_of(config: HyperbandConfig | None, static: Mapping[str, str] | None = None) -> tuple[int, int]:
    """Return MinResource (1 where none is given) and MaxResource (inferred from static hyperparameters likewise).

    Raises: InvalidSpec: MaxResource is neither given nor to be inferred, in AMT's words, or one of them cannot be.
    """
    given = config or HyperbandConfig()
    minimum = 1 if given.min_resource is None else given.min_resource
    maximum = _inferred(static or {}) if given.max_resource is None else given.max_resource
    if not 1 <= maximum <= LARGEST_RESOURCE:
        raise InvalidSpec("hyperband.max_resource", f"{maximum} is not in 1 … {LARGEST_RESOURCE}", "Change it")
    if not 1 <= minimum <= maximum:
        raise InvalidSpec("hyperband.min_resource", f"{minimum} is not in 1 … {maximum}", "Lower it")
    return minimum, maximum


def _inferred(static: Mapping[str, str]) -> int:
    for name in EPOCH_PARAMETERS:
        if static.get(name, "").strip().isdecimal():
            return int(static[name])
    raise InvalidSpec(
        "hyperband.max_resource",
        NO_MAX_RESOURCE,
        f"Give the largest number of epochs of a training, or fix one of {', '.join(EPOCH_PARAMETERS)}",
    )


def _loss(value: float, direction: Direction) -> float:
    if math.isnan(value):
        return math.inf
    return -value if direction is Direction.MAXIMIZE else value
