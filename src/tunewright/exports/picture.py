"""A job in a picture, whatever draws it: each training's objective, the best so far, what matters how much."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

from tunewright.client.resources import TrainingJob, TuningJob
from tunewright.core.analysis import Analyses, Importance, Method
from tunewright.core.spec import Direction

FENCE: Final = 1.5
"""Interquartile ranges beyond the quartile from which a bad objective is an outlier (Tukey 1977)."""
ENOUGH_FOR_FENCES: Final = 4
METHODS: Final = (Method.SOBOL_TOTAL, Method.SOBOL, Method.PED_ANOVA)
"""The first that is known is drawn: with what a hyperparameter does together with others."""


@dataclass(frozen=True, slots=True)
class Point:
    """A training that has an objective."""

    number: int
    value: float
    completed: bool = True
    """Else it was stopped, early or by somebody."""


@dataclass(frozen=True, slots=True)
class Picture:
    job: str
    metric: str
    direction: Direction
    points: tuple[Point, ...] = ()
    """By number."""
    importances: tuple[Importance, ...] = ()
    """By share, the largest first."""
    refused: str = ""
    """Why there is no importance."""

    @property
    def best(self) -> tuple[Point, ...]:
        """Return the points that were the best so far, in order."""
        found: list[Point] = []
        for point in self.points:
            if not found or self.direction.better(point.value, found[-1].value):
                found.append(point)
        return tuple(found)

    def span(self) -> tuple[float, float]:
        """Return the objectives to be shown: all but bad outliers, which would press the rest into a line."""
        values = [point.value for point in self.points]
        low, high = min(values), max(values)
        if len(values) >= ENOUGH_FOR_FENCES:
            first, _, third = quantiles(values, n=4)
            reach = FENCE * (third - first)
            if self.direction is Direction.MAXIMIZE:
                low = max(low, min(first - reach, high))
            else:
                high = min(high, max(third + reach, low))
        return low, high

    def beyond(self) -> int:
        """Return how many trainings are too bad to be shown where they are."""
        low, high = self.span()
        return sum(not low <= point.value <= high for point in self.points)


def picture_of(job: TuningJob, trainings: Iterable[TrainingJob], told: Analyses) -> Picture:
    """Put a job into a picture. Of several definitions the importances are those of the one with the best training."""
    points = [
        Point(item.number, item.objective_value, item.stopped_early is None)
        for item in sorted(trainings, key=lambda item: item.number)
        if item.objective_value is not None and math.isfinite(item.objective_value)
    ]
    shown = job.best.definition_name if job.best is not None else ""
    refusals = [item.reason for item in told.refused if item.definition_name == shown]
    importances = _importances([item for item in told.importances if item.definition_name == shown])
    spec = job.spec
    metric = spec.objective.metric_name if not shown else spec.objective_of(shown).metric_name
    return Picture(
        job.name,
        metric,
        spec.objective.direction,
        tuple(points),
        importances,
        "" if importances else next(iter(refusals), "nothing is known of it yet"),
    )


def _importances(items: Sequence[Importance]) -> tuple[Importance, ...]:
    for method in METHODS:
        found = [item for item in items if item.method == method]
        if found:
            return tuple(sorted(found, key=lambda item: -item.share))
    return ()
