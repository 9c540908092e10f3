"""FAILS_IN_REGION: nearly all trainings beyond some value of a hyperparameter fail, and nearly none on this side.

The split of one axis that explains the failures best, judged by Fisher's exact test (1935) over all splits looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tunewright.core.analysis import Advice, AdviceKind
from tunewright.core.space import Choice, Range, from_unit, text_of
from tunewright.core.spec import Parameter
from tunewright.surrogate.encoding import Array, Axis
from tunewright_metrics.core.advice.evidence import Evidence
from tunewright_metrics.core.advice.ranges import within

FEWEST: Final = 5
"""Failures beyond."""
INSIDE: Final = 0.8
OUTSIDE: Final = 0.1
"""Shares of trainings that fail: at least beyond, at most on this side."""
BY_CHANCE: Final = 1e-3
LAST: Final = 2000
"""Trainings that are looked at."""
MOST_CUTS: Final = 64
"""Of an axis."""


@dataclass(frozen=True, slots=True)
class Region:
    axis: Axis
    rest: Range
    """The range without it."""
    where: str
    failed: int
    trainings: int
    failed_elsewhere: int
    elsewhere: int
    chance: float
    """That failures which have nothing to do with the axis lie so or worse."""

    @property
    def contrast(self) -> float:
        """Return by how much larger the share of failures is in it than elsewhere."""
        return self.failed / self.trainings - self.failed_elsewhere / max(self.elsewhere, 1)


def fails_in_region(evidence: Evidence) -> list[Advice]:
    if len(evidence.failed) < FEWEST:
        return []
    first = sorted(item.number for item in (*evidence.tried, *evidence.failed))[-LAST:][0]
    without = [item for item in evidence.failed if item.number >= first]
    good = evidence.U[[item.number >= first for item in evidence.tried]]
    columns = {name: [item.configuration[name] for item in without] for name in evidence.definition.space}
    U = np.vstack([good, evidence.encoding.coordinates(columns, len(without))])
    failed = np.arange(len(U)) >= len(good)
    regions = [
        region for place, axis in enumerate(evidence.encoding.axes) for region in _regions(axis, U[:, place], failed)
    ]
    splits = max(len(regions), len(U) * len(evidence.encoding.axes))
    likely = [region for region in regions if region.chance * splits < BY_CHANCE]
    if not likely:
        return []
    return [_advice(evidence, min(likely, key=lambda region: (region.chance, -region.contrast)))]


def _regions(axis: Axis, column: Array, failed: NDArray[np.bool_]) -> list[Region]:
    parameter = axis.parameter
    found = []
    if isinstance(parameter, Choice):
        for index, value in enumerate(parameter.values):
            rest = tuple(other for other in parameter.values if other != value)
            found.append(_region(axis, Choice(rest), f"with {axis.name}={value}", column == index, failed))
    else:
        ends = _cuts(column)
        for last, first in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            above, below = (text_of(_short(from_unit(parameter, end))) for end in (last, first))
            low, high = within(parameter, first, 1.0), within(parameter, 0.0, last)
            found.append(_region(axis, high, f"with {axis.name} above {above}", column > last, failed))
            found.append(_region(axis, low, f"with {axis.name} below {below}", column < first, failed))
    return [region for region in found if region is not None]


def _cuts(column: Array) -> Array:
    """Return the values between which the axis is cut, not more than MOST_CUTS of them."""
    ends = np.unique(column)
    return ends[np.linspace(0, len(ends) - 1, min(len(ends), MOST_CUTS)).astype(np.intp)]


def _region(axis: Axis, rest: Range, where: str, inside: NDArray[np.bool_], failed: NDArray[np.bool_]) -> Region | None:
    """Return the region if it has failures enough; None else."""
    both, trainings = int((inside & failed).sum()), int(inside.sum())
    others, total = int((~inside & failed).sum()), len(failed)
    if rest == axis.parameter or both < FEWEST or both < INSIDE * trainings or others > OUTSIDE * (total - trainings):
        return None
    chance = _at_least(both, trainings, both + others, total)
    return Region(axis, rest, where, both, trainings, others, total - trainings, chance)


def _at_least(both: int, drawn: int, marked: int, total: int) -> float:
    """Return the probability that of `drawn` out of `total` at least `both` are marked (hypergeometric)."""
    ways = sum(comb(marked, k) * comb(total - marked, drawn - k) for k in range(both, min(drawn, marked) + 1))
    return ways / comb(total, drawn)


def _short(value: float | str) -> float | int | str:
    return float(f"{value:.2g}") if isinstance(value, float) else value


def _advice(evidence: Evidence, region: Region) -> Advice:
    text = (
        f"{region.failed} of {region.trainings} trainings {region.where} failed, "
        f"and {region.failed_elsewhere} of {region.elsewhere} elsewhere."
    )
    name, job = region.axis.name, evidence.history.spec.name
    remedy = f"Try {name}={region.rest}: tunewright narrow {job} makes a job of it that knows these results."
    return Advice(AdviceKind.FAILS_IN_REGION, text, remedy, evidence.definition_name, Parameter(name, region.rest))
