"""A Gaussian process whose prior mean is a weighted sum of other processes' posterior means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tunewright_suggester.core.encoding import Array
from tunewright_suggester.core.gp import Posterior


@dataclass(frozen=True, slots=True)
class PriorMean:
    parents: tuple[Posterior, ...]
    weights: tuple[float, ...]
    """In units of the process that they inform."""

    def __call__(self, X: Array) -> Array:
        """Return the mean (m,) at features X (m, p)."""
        total = np.zeros(len(X))
        for weight, parent in zip(self.weights, self.parents, strict=True):
            total += weight * parent.mean(X)
        return total

    def with_slope(self, x: Array, features: Sequence[int]) -> tuple[float, Array]:
        """Return the mean at x (p,) and its derivative (f,) along f features."""
        total, slope = 0.0, np.zeros(len(features))
        for weight, parent in zip(self.weights, self.parents, strict=True):
            mean, _, mean_slope, _ = parent.predict_with_slope(x, features)
            total += weight * float(mean[0])
            slope += weight * mean_slope[:, 0]
        return total, slope


@dataclass(frozen=True, slots=True)
class Informed(Posterior):
    """The posterior of what the prior mean leaves unexplained, which `joint` is about; predictions are of the whole."""

    prior: PriorMean

    def predict(self, X: Array) -> tuple[Array, Array]:
        mean, deviation = Posterior.predict(self, X)
        return mean + self.prior(X)[:, None], deviation

    def predict_with_slope(self, x: Array, features: Sequence[int]) -> tuple[Array, float, Array, Array]:
        mean, deviation, mean_slope, deviation_slope = Posterior.predict_with_slope(self, x, features)
        prior, prior_slope = self.prior.with_slope(x, features)
        return mean + prior, deviation, mean_slope + prior_slope[:, None], deviation_slope


def informed_by(left: Posterior, prior: PriorMean | None) -> Posterior:
    """Return the process of the whole, given that of what the prior mean leaves unexplained."""
    return left if prior is None else Informed(left.theta, left.groups, left.S, left.L, left.A, prior)
