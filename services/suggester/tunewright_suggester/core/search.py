"""Finds the configuration of the largest acquisition, by gradients over reals, exactly over integers and choices.

A finite space of few configurations is enumerated. Otherwise: random candidates and neighbours of the best
observations, then from the best of them ascent in turns, L-BFGS along the real-valued axes and an exact search along
each discrete one. Every point that is looked at is a configuration; nothing is rounded after the fact. A known
configuration is never the answer. Work is bounded by Effort, in counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from scipy.optimize import minimize

from tunewright.surrogate.encoding import Array, Encoding
from tunewright_suggester.core.acquisition import LogExpectedImprovement
from tunewright_suggester.core.effort import Effort

ENUMERATED_SIZE_LIMIT: Final = 2048
NEIGHBOUR_SPREADS: Final = (0.1, 0.02)
"""Standard deviations, on the unit axis, of candidates around the best observations."""
DISCRETE_REACH: Final = 40
"""Discrete axes of at most so many values are tried value by value."""
ASCENT_TOLERANCE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Found:
    u: Array
    """(g,)"""
    value: float
    """log EI"""


@dataclass(frozen=True, slots=True)
class Search:
    encoding: Encoding
    acquisition: LogExpectedImprovement
    effort: Effort
    known: frozenset[bytes]
    """Coordinates that are not to be answered, as bytes."""

    def run(self, anchors: Array, random: np.random.Generator) -> Found | None:
        """Return the best configuration found; None: all are known. `anchors` (k, g) are the best observations."""
        if enumerable(self.encoding):
            return self._best_of(enumerated(self.encoding))
        candidates = self._candidates(anchors, random)
        values = self._values(candidates)
        chosen = np.argsort(-values, kind="stable")[: self.effort.ascents]
        ends = [self._ascend(candidates[place], values[place]) for place in chosen]
        best = max(ends, key=lambda found: found.value)
        if key_of(best.u) not in self.known:
            return best
        return self._best_of(np.vstack([*(end.u[None, :] for end in ends), candidates]))

    def _values(self, U: Array) -> Array:
        return self.acquisition(self.encoding.features(U))

    def _best_of(self, U: Array) -> Found | None:
        fresh = np.array([key_of(u) not in self.known for u in U], dtype=bool)
        if not fresh.any():
            return None
        U = U[fresh]
        values = self._values(U)
        place = int(np.argmax(values))
        return Found(U[place], float(values[place]))

    def _candidates(self, anchors: Array, random: np.random.Generator) -> Array:
        axes = len(self.encoding.axes)
        parts = [self.encoding.snapped(random.random((self.effort.candidates, axes)))]
        if len(anchors):
            parts.extend(self._around(anchors, spread, random) for spread in NEIGHBOUR_SPREADS)
        return np.vstack(parts)

    def _around(self, anchors: Array, spread: float, random: np.random.Generator) -> Array:
        """Move anchors along a random part of their axes: real numbers and integers near by, choices to any other."""
        centres = anchors[random.integers(len(anchors), size=self.effort.neighbours)]
        moved = random.random(centres.shape) < max(0.3, 1.5 / centres.shape[1])
        near = np.clip(centres + spread * random.standard_normal(centres.shape), 0.0, 1.0)
        anywhere = self.encoding.snapped(random.random(centres.shape))
        snapped = self.encoding.snapped(near)
        choices = self.encoding.choices
        snapped[:, choices] = anywhere[:, choices]
        return np.where(moved, snapped, centres)

    def _ascend(self, u: Array, value: float) -> Found:
        found = Found(u, value)
        for _ in range(self.effort.rounds):
            climbed = self._along_continuous(found)
            found = self._along_discrete(climbed)
            if found.value <= climbed.value + ASCENT_TOLERANCE:
                break
        return found

    def _along_continuous(self, start: Found) -> Found:
        places = self.encoding.continuous
        if not places:
            return start
        features = [self.encoding.feature_of(place) for place in places]
        x = self.encoding.features(start.u[None, :])[0]

        def negative(coordinates: Array) -> tuple[float, Array]:
            x[features] = coordinates
            value, slope = self.acquisition.with_slope(x, features)
            return -value, -slope

        found = minimize(
            negative,
            start.u[places],
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, 1.0)] * len(places),
            options={"maxfun": self.effort.steps, "maxiter": self.effort.steps},
        )
        u = start.u.copy()
        u[places] = found.x
        return Found(u, -float(found.fun)) if -found.fun > start.value else start

    def _along_discrete(self, found: Found) -> Found:
        for place in self.encoding.discrete:
            levels = self.encoding.levels(place, float(found.u[place]), DISCRETE_REACH)
            U = np.repeat(found.u[None, :], len(levels), axis=0)
            U[:, place] = levels
            best = self._best_of(U)
            if best is not None and best.value > found.value:
                found = best
        return found


def key_of(u: Array) -> bytes:
    return u.tobytes()


def enumerable(encoding: Encoding) -> bool:
    total = 1
    for axis in encoding.axes:
        if axis.levels is None:
            return False
        total *= axis.levels
    return total <= ENUMERATED_SIZE_LIMIT


def enumerated(encoding: Encoding) -> Array:
    """Return the coordinates (m, g) of all configurations of a small finite space."""
    columns = [encoding.levels(place, 0.0, ENUMERATED_SIZE_LIMIT) for place in range(len(encoding.axes))]
    return np.array(list(product(*columns))).reshape(-1, len(columns))
