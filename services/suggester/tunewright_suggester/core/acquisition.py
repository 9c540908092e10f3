"""Logarithm of the expected improvement, and its gradient; for minimisation.

log EI = log s + log h(z) with h(z) = φ(z) + z Φ(z), z = (best - m) / s at mean m and deviation s, evaluated without
underflow (Ament et al. 2023, "Unexpected improvements to expected improvement", eq. 8 and 9). With q columns of targets
(fantasies of what is pending) it is the logarithm of the mean over columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

from tunewright.surrogate.encoding import Array
from tunewright.surrogate.gp import Posterior

LOG_SQRT_TWO_PI: Final = 0.5 * np.log(2.0 * np.pi)
SQRT_HALF_PI: Final = np.sqrt(0.5 * np.pi)
SQRT_HALF: Final = np.sqrt(0.5)
DIRECT_FROM: Final = -1.0
ASYMPTOTIC_BELOW: Final = -1e4
"""Here 1 + z √(π/2) erfcx(-z/√2) has lost half its digits; h(z) = φ(z) / z² is exact to 1e-8."""


@dataclass(frozen=True, slots=True)
class LogExpectedImprovement:
    posterior: Posterior
    best: Array
    """(q,): what is to be improved on."""

    def __call__(self, X: Array) -> Array:
        """Return log EI (m,) at features X (m, p)."""
        mean, deviation = self.posterior.predict(X)
        z = (self.best - mean) / deviation[:, None]
        value: Array = np.log(deviation) + _log_mean(log_h(z))
        return value

    def with_slope(self, x: Array, features: Sequence[int]) -> tuple[float, Array]:
        """Return log EI at x (p,) and its derivative (f,) along f features."""
        mean, deviation, mean_slope, deviation_slope = self.posterior.predict_with_slope(x, features)
        z = (self.best - mean) / deviation
        log_values = log_h(z)
        weight = np.exp(log_values - log_values.max())
        weight /= weight.sum()
        cumulative = np.exp(log_ndtr(z) - log_values)
        density = np.exp(-0.5 * z * z - LOG_SQRT_TWO_PI - log_values)
        slope = (deviation_slope * (weight @ density) - mean_slope @ (weight * cumulative)) / deviation
        return float(np.log(deviation) + _log_mean(log_values)), slope


def log_h(z: Array) -> Array:
    """Return log(φ(z) + z Φ(z)), finite for every finite z."""
    direct, far = z > DIRECT_FROM, z < ASYMPTOTIC_BELOW
    if direct.all():
        return _log_h_direct(z)
    middle = ~(direct | far)
    if middle.all():
        return _log_h_middle(z)
    result = np.empty_like(z)
    result[direct] = _log_h_direct(z[direct])
    result[middle] = _log_h_middle(z[middle])
    u = z[far]
    result[far] = -0.5 * u * u - LOG_SQRT_TWO_PI - 2.0 * np.log(-u)
    return result


def _log_h_direct(z: Array) -> Array:
    value: Array = np.log(np.exp(-0.5 * z * z - LOG_SQRT_TWO_PI) + z * ndtr(z))
    return value


def _log_h_middle(z: Array) -> Array:
    value: Array = np.log1p(z * SQRT_HALF_PI * erfcx(-z * SQRT_HALF)) - 0.5 * z * z - LOG_SQRT_TWO_PI
    return value


def _log_mean(values: Array) -> Array:
    """Return the logarithm of the mean over the last axis of what `values` are the logarithms of."""
    if values.shape[-1] == 1:
        only: Array = values[..., 0]
        return only
    largest = values.max(axis=-1, keepdims=True)
    mean: Array = largest[..., 0] + np.log(np.exp(values - largest).mean(axis=-1))
    return mean
