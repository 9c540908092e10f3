"""What the surrogate model believes of one definition: means, joint uncertainty, noise.

Fitted as the suggester fits it: a bend of the objectives chosen by leave-one-out density, hyperparameters at the largest
posterior density, on a bounded number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tunewright.surrogate.bend import Bend, bends_of
from tunewright.surrogate.encoding import Array, Encoding
from tunewright.surrogate.gp import Data, Posterior, condition, fit, leave_one_out, negative_log_posterior, prior_median
from tunewright.surrogate.kernel import matern52, squared_distances
from tunewright.surrogate.triangular import solve_lower
from tunewright_metrics.core.advice.evidence import Evidence

MOST_ROWS: Final = 120
"""Trainings that the model is fitted to: the best half of that, and the others evenly along the job."""
CLOSE: Final = 0.02
"""Trainings whose hyperparameters all differ by no more than this share of their ranges are alike."""
EVALUATIONS: Final = 40
"""Of the likelihood, per fit."""
VAGUE: Final = 1e6
"""Standard errors beyond, in deviations of all targets, are taken for this: their squares must stay finite."""


@dataclass(frozen=True, slots=True)
class Belief:
    encoding: Encoding
    data: Data
    theta: Array
    bend: Bend
    posterior: Posterior
    rows: NDArray[np.intp]
    """Of the evidence: what the model was fitted to."""

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
    rows = _kept(evidence.y, _apart(evidence.U))
    y = evidence.y[rows]
    bends = bends_of(y)
    first = _data(evidence, bends[len(bends) // 2], rows)
    median = prior_median(first.parameters)
    theta = fit(first, [median], EVALUATIONS)
    densities = leave_one_out(condition(first, theta), np.stack([bend.apply(y) for bend in bends], axis=1))
    bend = bends[int(np.argmax(densities + [np.log(bend.slope(y)).sum() for bend in bends]))]
    data = _data(evidence, bend, rows)
    theta = fit(data, [theta, median], EVALUATIONS)
    return Belief(evidence.encoding, data, theta, bend, condition(data, theta), rows)


def data_of(evidence: Evidence, bend: Bend) -> Data:
    """Return what a model is fitted to that must know of trainings that are alike, too: their differences are noise."""
    return _data(evidence, bend, _kept(evidence.y, np.arange(len(evidence.y))))


def variance_along(posterior: Posterior, lines: Array) -> float:
    """Return the expected variance of the objective along a line, mean over lines (b, t, p) of features.

    For a function f of the posterior, E Var_t f = Var_t E f + mean_t Var f - mean_tt' Cov(f_t, f_t'): what the mean does,
    and what is not known of the function.
    """
    b, t, p = lines.shape
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
    return max(total / b, 0.0)


def weighted(data: Data, thetas: list[Array]) -> Array:
    """Return the posterior weights of some hyperparameters, adding up to 1."""
    densities = np.array([-negative_log_posterior(theta, data)[0] for theta in thetas])
    weights: Array = np.exp(densities - densities.max())
    return weights / weights.sum()


def _data(evidence: Evidence, bend: Bend, rows: NDArray[np.intp]) -> Data:
    y = evidence.y[rows]
    errors = np.array([evidence.tried[row].error or 0.0 for row in rows.tolist()])
    extra_noise = np.minimum(np.nan_to_num(errors) * bend.slope(y), VAGUE) ** 2
    return Data(evidence.encoding.features(evidence.U[rows]), bend.apply(y), evidence.encoding.groups, extra_noise)


def _apart(U: Array) -> NDArray[np.intp]:
    """Return rows less those that lie close to one before.

    A search ends where its last trainings are hardly to be told apart, and their spread would become the unit in which
    all others are measured.
    """
    rows: list[int] = []
    for row in range(len(U)):
        if not rows or float(np.abs(U[rows] - U[row]).max(1).min()) > CLOSE:
            rows.append(row)
    return np.array(rows, dtype=np.intp)


def _kept(y: Array, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return at most MOST_ROWS of some rows, in order: the best half of that, and the others evenly along the job."""
    if len(rows) <= MOST_ROWS:
        return rows
    order = rows[np.argsort(y[rows], kind="stable")]
    half = MOST_ROWS // 2
    others = np.sort(order[half:])
    spread = others[np.linspace(0, len(others) - 1, MOST_ROWS - half).astype(np.intp)]
    return np.sort(np.concatenate([order[:half], spread]))
