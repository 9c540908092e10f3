"""What trainings report while they run, and Hyperband's word on whether they go on."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.rungs import Verdict, judged, passed
from tunewright.core.spec import Direction
from tunewright_suggester.core.ask import Curve

CURVE_POINTS: Final = 64
"""As many as a training's curve has elsewhere."""


@dataclass(slots=True)
class Progress:
    """One training's reports: steps ascending from 1, a value each."""

    rungs: tuple[int, ...] = ()
    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    stopped: bool = False
    """It was told to stop."""

    @property
    def last_step(self) -> int:
        return self.steps[-1] if self.steps else 0

    def add(self, step: int, value: float) -> None:
        """Raises: InvalidSpec: the step is not beyond the last one."""
        if step <= self.last_step:
            raise InvalidSpec("step", f"{step} is not beyond {self.last_step}", "Report each step once, counted from 1")
        self.steps.append(step)
        self.values.append(value)

    def value_at(self, rung: int) -> float:
        """Return the last value up to the rung; where the first report came later, that one."""
        return self.values[max(bisect_right(self.steps, rung) - 1, 0)]

    def curve(self) -> Curve:
        return curve_of(self.steps, self.values)


class RungJudge:
    """Keeps the values at each rung, and tells who stops."""

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self._recorded: defaultdict[int, list[float]] = defaultdict(list)

    def stops(self, progress: Progress) -> bool:
        """Judge a training at the rungs that its last report passed; they may be several, or none."""
        before = progress.steps[-2] if len(progress.steps) > 1 else 0
        for rung in passed(progress.rungs, before, progress.last_step):
            value, recorded = progress.value_at(rung), self._recorded[rung]
            verdict = judged(value, recorded, at=rung, rungs=progress.rungs, direction=self._direction)
            recorded.append(value)
            if verdict is not Verdict.GO_ON:
                return True
        return False


def curve_of(steps: Sequence[int], values: Sequence[float]) -> Curve:
    """Return the running mean of the finite values, each standing for the steps since the one before.

    Where there are more than CURVE_POINTS, points at multiples of a power of two are kept, and the last one.
    """
    finite = [(step, value) for step, value in zip(steps, values, strict=True) if math.isfinite(value)]
    points, total = [], 0.0
    for (before, _), (step, value) in pairwise([(0, 0.0), *finite]):
        total += value * (step - before)
        points.append((step, total / step))
    stride, kept = 1, points
    while len(kept) > CURVE_POINTS:
        stride *= 2
        kept = [point for point in points[:-1] if point[0] % stride == 0] + points[-1:]
    return Curve(tuple(step for step, _ in kept), tuple(mean for _, mean in kept))
