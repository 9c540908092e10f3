"""From objectives of any scale and shape to targets that a Gaussian process can fit.

Objectives, turned so that smaller is better, are measured in robust units (median 0), bent by a one-parameter family,
and standardised. The family compresses the bad side, where real models have plateaus and heavy tails. The map is
increasing, so the order of observations never changes. Equal up to rounding for y and a·y + b with a > 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tunewright.surrogate.encoding import Array

BENDS: Final = (1.0, 0.5, 0.0, -1.0)
"""λ of the upper half: 1 is straight, 0 the logarithm, below it bounded."""

LARGEST: Final = 1e100
"""Objectives beyond are taken for this: their squares must stay finite. Spreads below its inverse are none."""


@dataclass(frozen=True, slots=True)
class Bend:
    """t(z) = z below 0, ((1 + z)^λ - 1) / λ above (the upper half of Yeo and Johnson 2000, eq. 2.1)."""

    centre: float
    unit: float
    power: float
    mean: float
    deviation: float

    def apply(self, y: Array) -> Array:
        t: Array = (_bent((y - self.centre) / self.unit, self.power) - self.mean) / self.deviation
        return t

    def invert(self, t: float) -> float:
        """Return the objective at target t; a target beyond the range of a bounded bend gives its supremum's edge."""
        z = t * self.deviation + self.mean
        if z > 0:
            z = float(np.expm1(z)) if self.power == 0 else max(1 + self.power * z, 1e-9) ** (1 / self.power) - 1
        return z * self.unit + self.centre

    def inverted(self, t: Array) -> Array:
        """Return the objectives at targets t (…), each as `invert` does."""
        z = t * self.deviation + self.mean
        above = np.maximum(z, 0.0)
        if self.power == 0:
            upper = np.expm1(above)
        else:
            upper = np.maximum(1 + self.power * above, 1e-9) ** (1 / self.power) - 1
        return np.where(z > 0, upper, z) * self.unit + self.centre

    def slope(self, y: Array) -> Array:
        """Return dt/dy."""
        z = (y - self.centre) / self.unit
        bent: Array = (1.0 + np.maximum(z, 0.0)) ** (self.power - 1.0)
        return bent / (self.unit * self.deviation)


def bends_of(y: Array) -> tuple[Bend, ...]:
    """Return the family fitted to objectives y (n,), the straight one first."""
    centre = float(np.median(y))
    unit = _robust_unit(y, centre)
    bends = []
    for power in BENDS:
        bent = _bent((y - centre) / unit, power)
        deviation = float(bent.std())
        bends.append(Bend(centre, unit, power, float(bent.mean()), deviation if deviation > 1e-12 else 1.0))
    return tuple(bends)


def _bent(z: Array, power: float) -> Array:
    above = np.maximum(z, 0.0)
    upper = np.log1p(above) if power == 0 else ((1.0 + above) ** power - 1.0) / power
    return np.where(z > 0, upper, z)


def _robust_unit(y: Array, centre: float) -> float:
    """Return the distance from the median to the best quarter, or the nearest spread that is not nothing."""
    smallest = 1e-9 * float(np.ptp(y)) + 1e-15 * abs(centre) + 1.0 / LARGEST
    for unit in (centre - float(np.quantile(y, 0.25)), float(np.ptp(np.quantile(y, [0.25, 0.75]))), float(y.std())):
        if unit > smallest:
            return unit
    return 1.0
