"""A Gaussian process with MAP hyperparameters.

Notation (Rasmussen and Williams 2006, chapters 2 and 5)

    X (n, p)  features of the observations          y (n,)  targets, mean 0 and variance 1
    S (n, p)  X divided by the lengthscales         K (n, n)  covariance of y, noise included
    L         lower Cholesky factor of K            A (n, q)  K⁻¹ Y for q columns of targets
    theta     (log l_1 … log l_g, log s², log e²): lengthscale per parameter, signal variance, noise variance

The mean is an unknown constant with a normal prior of variance CONSTANT_VARIANCE, which adds that number to all of K.
Work is counted in likelihood evaluations, never in time; equal input gives equal bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from tunewright.surrogate.encoding import Array
from tunewright.surrogate.kernel import matern52, matern52_and_slope, squared_distances
from tunewright.surrogate.triangular import diagonal, factor, inverse, solve, solve_lower

CONSTANT_VARIANCE: Final = 1.0
LENGTHSCALE_AT_ONE: Final = 0.3
"""Prior median of a lengthscale in one dimension; it grows with √g, as distances in the cube do (Hvarfner et al. 2024,
"Vanilla Bayesian optimization performs great in high dimensions", section 4)."""
LENGTHSCALE_SPREAD: Final = 1.0
SIGNAL_SPREAD: Final = 1.0
NOISE_MEDIAN: Final = 1e-3
NOISE_SPREAD: Final = 2.0
"""Spreads are standard deviations of the logarithms."""
BOUNDS: Final = {"lengthscale": (5e-3, 1e2), "signal": (5e-2, 2e1), "noise": (1e-6, 1.0)}


@dataclass(frozen=True, slots=True)
class Data:
    """What a model is fitted to."""

    X: Array
    y: Array
    groups: NDArray[np.intp]
    """(p,): which parameter a feature belongs to."""
    extra_noise: Array
    """(n,): noise variance known beforehand, in units of y²."""
    relation: Array | None = None
    """(n, n): factors of the covariances of the observations, where some are of other tasks; None: all are 1."""

    @property
    def parameters(self) -> int:
        return int(self.groups[-1]) + 1 if len(self.groups) else 0


@dataclass(frozen=True, slots=True)
class Posterior:
    """The process given its data, for q columns of targets that share their inputs."""

    theta: Array
    groups: NDArray[np.intp]
    S: Array
    L: Array
    A: Array

    @property
    def lengthscales(self) -> Array:
        ell: Array = np.exp(self.theta[:-2])
        return ell

    @property
    def signal(self) -> float:
        return float(np.exp(self.theta[-2]))

    @property
    def noise(self) -> float:
        return float(np.exp(self.theta[-1]))

    def scaled(self, X: Array) -> Array:
        S: Array = X / self.lengthscales[self.groups]
        return S

    def covariance(self, X: Array) -> Array:
        """Return the prior covariance (m, n) of points X (m, p) with the data."""
        K: Array = self.signal * matern52(squared_distances(self.scaled(X), self.S)) + CONSTANT_VARIANCE
        return K

    def mean(self, X: Array) -> Array:
        """Return means (m, q) of the objective at X (m, p)."""
        mean: Array = self.covariance(X) @ self.A
        return mean

    def predict(self, X: Array) -> tuple[Array, Array]:
        """Return means (m, q) and standard deviations (m,) of the noise-free objective at X (m, p)."""
        K = self.covariance(X)
        V = solve_lower(self.L, K.T)
        variance = self.signal + CONSTANT_VARIANCE - np.einsum("nm,nm->m", V, V)
        return K @ self.A, np.sqrt(np.maximum(variance, 1e-12))

    def predict_with_slope(self, x: Array, features: Sequence[int]) -> tuple[Array, float, Array, Array]:
        """Return mean (q,), deviation, and their derivatives (f, q) and (f,) along f features, at x (p,)."""
        ell = self.lengthscales[self.groups]
        k, slope = matern52_and_slope(squared_distances((x / ell)[None, :], self.S)[0])
        k = self.signal * k + CONSTANT_VARIANCE
        along = np.asarray(features, dtype=np.intp)
        dk = 2.0 * self.signal * slope * (((x / ell)[along, None] - self.S[:, along].T) / ell[along, None])
        v = solve_lower(self.L, k)
        w = solve_lower(self.L, v, transposed=True)
        variance = float(self.signal + CONSTANT_VARIANCE - v @ v)
        deviation = float(np.sqrt(max(variance, 1e-12)))
        return k @ self.A, deviation, dk @ self.A, -(dk @ w) / deviation

    def joint(self, X: Array) -> tuple[Array, Array]:
        """Return mean (m, q) and covariance (m, m) of the noise-free objective at X (m, p)."""
        K = self.covariance(X)
        S = self.scaled(X)
        V = solve_lower(self.L, K.T)
        prior = self.signal * matern52(squared_distances(S, S)) + CONSTANT_VARIANCE
        return K @ self.A, prior - V.T @ V


def fit(data: Data, starts: Sequence[Array], evaluations: int) -> Array:
    """Return theta of the largest posterior density found from the starts, each within so many evaluations."""
    best_theta, best_value = prior_median(data.parameters), np.inf
    for start in starts:
        found = minimize(
            negative_log_posterior,
            start,
            args=(data,),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds(data.parameters),
            options={"maxfun": evaluations, "maxiter": evaluations},
        )
        if found.fun < best_value:
            best_theta, best_value = found.x, found.fun
    return best_theta


def condition(data: Data, theta: Array, Y: Array | None = None) -> Posterior:
    """Return the posterior for hyperparameters theta; targets are Y (n, q), or y as the one column."""
    S = data.X / np.exp(theta[:-2])[data.groups]
    K = np.exp(theta[-2]) * matern52(squared_distances(S, S)) + CONSTANT_VARIANCE
    if data.relation is not None:
        K *= data.relation
    diagonal(K)[:] += np.exp(theta[-1]) + data.extra_noise
    L = factor(K)
    targets = data.y[:, None] if Y is None else Y
    return Posterior(theta, data.groups, S, L, solve(L, targets))


def prior_median(parameters: int) -> Array:
    """Return theta where each prior has its median."""
    ell = np.full(parameters, np.log(LENGTHSCALE_AT_ONE * np.sqrt(max(parameters, 1))))
    return np.append(ell, [0.0, np.log(NOISE_MEDIAN)])


def negative_log_posterior(theta: Array, data: Data) -> tuple[float, Array]:
    """Return -log p(y | theta) - log p(theta) up to a constant, and its gradient (eq. 5.8 and 5.9)."""
    S = data.X / np.exp(theta[:-2])[data.groups]
    signal, noise = np.exp(theta[-2:])
    correlation, slope = matern52_and_slope(squared_distances(S, S))
    K = signal * correlation + CONSTANT_VARIANCE
    if data.relation is not None:
        K *= data.relation
    diagonal(K)[:] += noise + data.extra_noise
    L = factor(K)
    W = inverse(L)
    alpha = W @ data.y
    W -= alpha[:, None] * alpha
    gradient = np.empty_like(theta)
    gradient[-1] = 0.5 * noise * np.trace(W)
    if data.relation is not None:
        W *= data.relation
    gradient[-2] = 0.5 * signal * np.vdot(W, correlation)
    slope *= W
    gradient[:-2] = signal * _lengthscale_gradient(slope, S, data)
    value = 0.5 * data.y @ alpha + np.log(diagonal(L)).sum()
    penalty, penalty_gradient = _penalty(theta)
    return float(value + penalty), gradient + penalty_gradient


def leave_one_out(posterior: Posterior, Y: Array) -> Array:
    """Return the log density (q,) of each column of Y (n, q) left out point by point, at its best scale.

    Rasmussen and Williams eq. 5.10 to 5.12; a common factor of the covariance is profiled out per column.
    """
    precision = inverse(posterior.L)
    own = diagonal(precision)
    scaled = (precision @ Y) ** 2 / own[:, None]
    density: Array = -0.5 * len(Y) * np.log(np.maximum(scaled.mean(0), 1e-12)) + 0.5 * np.log(own).sum()
    return density


def _lengthscale_gradient(G: Array, S: Array, data: Data) -> Array:
    """Sum G over squared differences without forming them: Σ_ab G_ab (s_a - s_b)² = 2 Σ_a s_a² Σ_b G_ab - 2 sᵀ G s."""
    per_feature = -2.0 * (G.sum(1) @ (S * S) - np.einsum("ap,ap->p", S, G @ S))
    gradient: Array = np.bincount(data.groups, weights=per_feature, minlength=data.parameters).astype(np.float64)
    return gradient


def _penalty(theta: Array) -> tuple[float, Array]:
    median, spread = _prior(len(theta) - 2)
    deviation = (theta - median) / spread
    return float(0.5 * deviation @ deviation), deviation / spread


@cache
def _prior(parameters: int) -> tuple[Array, Array]:
    """Return median and spread of theta's prior."""
    spread = np.append(np.full(parameters, LENGTHSCALE_SPREAD), [SIGNAL_SPREAD, NOISE_SPREAD])
    return prior_median(parameters), spread


def bounds(parameters: int) -> list[tuple[float, float]]:
    ends = [BOUNDS["lengthscale"]] * parameters + [BOUNDS["signal"], BOUNDS["noise"]]
    return [(float(np.log(low)), float(np.log(high))) for low, high in ends]
