"""What the surrogate model believes of one definition: means, joint uncertainty, noise.

Fitted as the suggester fits it, to a bounded number of trainings that are not alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tunewright.surrogate.bend import Bend
from tunewright.surrogate.encoding import Array, Encoding
from tunewright.surrogate.gp import Data, Posterior, negative_log_posterior
from tunewright.surrogate.kernel import matern52, squared_distances
from tunewright.surrogate.model import Observed, fit_model, kept_rows
from tunewright.surrogate.triangular import solve_lower
from tunewright_metrics.core.advice.evidence import Evidence

MOST_ROWS: Final = 120
"""Trainings that the model is fitted to: the best half of that, and the others evenly along the job."""
MOST_COMPARED: Final = 600
"""Trainings of which those that are alike are left out."""
CLOSE: Final = 0.02
"""Trainings whose hyperparameters all differ by no more than this share of their ranges are alike."""
STARTS: Final = 1
EVALUATIONS: Final = 40
"""Of the likelihood, per start."""


@dataclass(frozen=True, slots=True)
class Belief:
    encoding: Encoding
    data: Data
    theta: Array
    bend: Bend
    posterior: Posterior

    def joint(self, U: Array) -> tuple[Array, Array]:
        """Return mean (m,) and covariance (m, m) of the noise-free target at coordinates (m, g)."""
        mean, covariance = self.posterior.joint(self.encoding.features(U))
        return mean[:, 0], covariance

    def mean(self, U: Array) -> Array:
        mean: Array = self.posterior.mean(self.encoding.features(U))[:, 0]
        return mean

    def losses(self, targets: Array) -> Array:
        return np.array([self.bend.invert(target) for target in targets.tolist()])


def belief_of(evidence: Evidence) -> Belief:
    rows = _apart(evidence.U, kept_rows(evidence.y, MOST_COMPARED))
    observed = observed_of(evidence, rows).kept(MOST_ROWS)
    model = fit_model(observed, observed, STARTS, EVALUATIONS)
    return Belief(evidence.encoding, model.data, model.theta, model.bend, model.posterior())


def data_of(evidence: Evidence, bend: Bend) -> Data:
    """Return what a model is fitted to that must know of trainings that are alike, too: their differences are noise."""
    return observed_of(evidence, np.arange(len(evidence.y))).kept(MOST_ROWS).data(bend)


def observed_of(evidence: Evidence, rows: NDArray[np.intp]) -> Observed:
    errors = np.nan_to_num([evidence.tried[row].error or 0.0 for row in rows.tolist()])
    return Observed(evidence.encoding.features(evidence.U[rows]), evidence.encoding.groups, evidence.y[rows], errors)


def variance_along(posterior: Posterior, lines: Array) -> float:
    """Return the expected variance of the objective along a line, mean over lines (b, t, p) of features.

    For a function f of the posterior, E Var_t f = Var_t E f + mean_t Var f - mean_tt' Cov(f_t, f_t'): what the mean
    does, and what is not known of the function.
    """
    b, t, p = (int(size) for size in lines.shape)
    X = lines.reshape(b * t, p)
    K = posterior.covariance(X)
    mean = (K @ posterior.A)[:, 0].reshape(b, t)
    V = solve_lower(posterior.L, K.T)
    total = 0.0
    for line in range(b):
        S = posterior.scaled(lines[line])
        v = V[:, line * t : (line + 1) * t]
        covariance = posterior.signal * matern52(squared_distances(S, S)) - v.T @ v
        total += float(mean[line].var() + np.diagonal(covariance).mean() - covariance.mean())
    return max(float(total / b), 0.0)


def weighted(data: Data, thetas: list[Array]) -> Array:
    """Return the posterior weights of some hyperparameters, adding up to 1."""
    densities = np.array([-negative_log_posterior(theta, data)[0] for theta in thetas])
    weights: Array = np.exp(densities - densities.max())
    weights /= weights.sum()
    return weights


def _apart(U: Array, compared: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return some rows less those that lie close to one before.

    A search ends where its last trainings are hardly to be told apart, and their spread would become the unit in which
    all others are measured.
    """
    rows: list[int] = []
    for row in compared.tolist():
        if not rows or float(np.abs(U[rows] - U[row]).max(1).min()) > CLOSE:
            rows.append(row)
    return np.array(rows, dtype=np.intp)
