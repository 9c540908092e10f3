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
        """Add a completed training by its running means, at most CURVE_POINTS; the last one is of its last step.

        One that is known under this number is replaced.
        """
        kept = [place for place, other in enumerate(self.completed) if other != number][1 - CURVES_KEPT :]
        left = WIDTH - 1 - len(steps)
        row = np.array([0, *steps, *[BEYOND] * left], np.int64)
        values = np.array([means[0], *means, *[means[-1]] * left])
        stacked = np.vstack([self._steps[kept], row])
        # The last point of each row is the last step below BEYOND.
        lengths = np.where(stacked < BEYOND, stacked, 0).max(axis=1)
        usual = float(np.median(lengths))
        spoken = len(kept) + 1 >= FEWEST_COMPLETED
        return replace(
            self,
            completed=(*(self.completed[place] for place in kept), number),
            warm_up=max(FIRST_STEP, math.ceil(WARM_UP * usual)) if spoken else FIRST_STEP,
            _steps=stacked,
            _means=np.vstack([self._means[kept], values]),
        )

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
