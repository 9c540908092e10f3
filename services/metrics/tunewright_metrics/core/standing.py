"""What the trainings of one definition of a tuning job have shown so far: what a further one is judged against.

A value. It holds the running means of the last trainings that completed, and per rung one value of every training that
has passed it, of running ones too. A standing that lacks the newest of them is a poorer one, never a wrong one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tunewright_metrics.core.series import CURVE_POINTS

CURVES_KEPT: Final = 256
"""Trainings that are compared with: the last that completed."""
FEWEST_COMPLETED: Final = 5
"""AMT does not say from how many on; Syne Tune takes as many."""
FIRST_STEP: Final = 2
WARM_UP: Final = 0.25
"""Share of a training's usual length before which it is not judged."""

BEYOND: Final = np.iinfo(np.int64).max
"""Step of the places of a row that no point fills."""
WIDTH: Final = CURVE_POINTS + 2
"""Of a row: a step 0 with the first mean, the points, and at least one place beyond with the last mean."""

Steps = NDArray[np.int64]
Means = NDArray[np.float64]
CurvePoints = tuple[int, Sequence[int], Sequence[float]]
"""Number of a training, at most CURVE_POINTS steps, and the running means there."""
NOBODY: Final[Mapping[int, float]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    completed: tuple[int, ...] = ()
    """Numbers of the trainings compared with, in the order in which they ended."""
    warm_up: int = FIRST_STEP
    """The first step at which a training is judged by its own curve or by the others'."""
    rungs: Mapping[int, Mapping[int, float]] = field(default_factory=dict)
    """By rung: each training's value there, by its number."""
    _steps: Steps = field(default_factory=lambda: np.empty((0, WIDTH), np.int64))
    _means: Means = field(default_factory=lambda: np.empty((0, WIDTH)))

    @property
    def speaks(self) -> bool:
        """Whether enough trainings have completed to compare a further one with."""
        return len(self.completed) >= FEWEST_COMPLETED

    def with_curve(self, number: int, steps: Sequence[int], means: Sequence[float]) -> Standing:
        """Add a completed training; see with_curves."""
        return self.with_curves([(number, steps, means)])

    def with_curves(self, curves: Sequence[CurvePoints]) -> Standing:
        """Add completed trainings, in the order in which they ended, each number once.

        The last point of each curve is of its last step. One that is known under its number is replaced.
        """
        added = {number for number, _, _ in curves}
        kept = [place for place, number in enumerate(self.completed) if number not in added]
        numbers = (*(self.completed[place] for place in kept), *(number for number, _, _ in curves))[-CURVES_KEPT:]
        steps = np.vstack([self._steps[kept], *(_steps_row(steps) for _, steps, _ in curves)])[-CURVES_KEPT:]
        means = np.vstack([self._means[kept], *(_means_row(means) for _, _, means in curves)])[-CURVES_KEPT:]
        # The last point of each row is its last step below BEYOND.
        lengths = np.where(steps < BEYOND, steps, 0).max(axis=1, initial=0)
        speaks = len(numbers) >= FEWEST_COMPLETED
        warm_up = max(FIRST_STEP, math.ceil(WARM_UP * float(np.median(lengths)))) if speaks else FIRST_STEP
        return replace(self, completed=numbers, warm_up=warm_up, _steps=steps, _means=means)

    def with_value(self, rung: int, number: int, value: float) -> Standing:
        """Note a training's value at a rung; a later attempt's replaces the earlier one's."""
        return replace(self, rungs={**self.rungs, rung: {**self.rungs.get(rung, NOBODY), number: value}})

    def with_values(self, rungs: Mapping[int, Mapping[int, float]]) -> Standing:
        """Take these values in place of those of all rungs."""
        return replace(self, rungs=rungs)

    def at_rung(self, rung: int) -> Mapping[int, float]:
        return self.rungs.get(rung, NOBODY)

    def means_at(self, step: int) -> Means:
        """Return the running mean of each completed training at a step, in the order of `completed`.

        Between the points that are kept it is interpolated; what was shorter counts with its whole average, and before
        its first point a curve has the mean of that.
        """
        rows = np.arange(len(self.completed))
        right = (self._steps < step).sum(axis=1)
        left = right - 1  # each row has a step 0
        before, after = self._means[rows, left], self._means[rows, right]
        begins = self._steps[rows, left]
        share = (step - begins) / (self._steps[rows, right] - begins)
        # Weighed, not by the difference, which may overflow; equal ones stay what they are to the last bit.
        between: Means = np.where(before == after, before, before * (1 - share) + after * share)
        return between


def _steps_row(steps: Sequence[int]) -> Steps:
    return np.array([0, *steps, *[BEYOND] * (WIDTH - 1 - len(steps))], np.int64)


def _means_row(means: Sequence[float]) -> Means:
    return np.array([means[0], *means, *[means[-1]] * (WIDTH - 1 - len(means))])
