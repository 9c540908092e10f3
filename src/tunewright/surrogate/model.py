"""A model of one objective: which bend of the targets, which hyperparameters, and what is pending.

Hyperparameters are fitted once to what was observed; what is pending enters as fantasies: columns of outcomes drawn
from the model's own joint prediction (Snoek, Larochelle and Adams 2012, section 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tunewright.surrogate.bend import Bend, bends_of
from tunewright.surrogate.encoding import Array
from tunewright.surrogate.gp import Data, Posterior, condition, fit, leave_one_out, prior_median
from tunewright.surrogate.triangular import factor

FULL_EFFORT_UP_TO: Final = 60
"""Observations; beyond, a likelihood costs more and gets fewer evaluations."""
FEWEST_EVALUATIONS: Final = 10
JITTER: Final = 1e-8
VAGUE: Final = 1e6
"""Standard errors beyond, in deviations of all targets, are taken for this: their squares must stay finite."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What a model is made from."""

    X: Array
    """(n, p): features."""
    groups: NDArray[np.intp]
    """(p,): which parameter a feature belongs to."""
    y: Array
    """(n,): losses, smaller is better."""
    errors: Array
    """(n,): standard errors of the losses, 0 where unknown."""

    def kept(self, limit: int) -> Observed:
        rows = kept_rows(self.y, limit)
        return Observed(self.X[rows], self.groups, self.y[rows], self.errors[rows])

    def data(self, bend: Bend) -> Data:
        extra_noise = np.minimum(self.errors * bend.slope(self.y), VAGUE) ** 2
        return Data(self.X, bend.apply(self.y), self.groups, extra_noise)


@dataclass(frozen=True, slots=True)
class Model:
    """Fitted to the observations alone."""

    data: Data
    theta: Array
    bend: Bend

    def posterior(self) -> Posterior:
        return condition(self.data, self.theta)

    def with_fantasies(self, pending: Array, normals: Array) -> Posterior:
        """Return the posterior given outcomes for pending features (m, p), one column per column of normals (m, q)."""
        if not len(pending):
            return self.posterior()
        mean, covariance = self.posterior().joint(pending)
        noise = np.exp(self.theta[-1])
        spread = factor(covariance + (noise + JITTER) * np.eye(len(pending)))
        columns = np.repeat(self.data.y[:, None], normals.shape[1], axis=1)
        X = np.vstack([self.data.X, pending])
        Y = np.vstack([columns, mean + spread @ normals])
        extra_noise = np.append(self.data.extra_noise, np.zeros(len(pending)))
        m = len(pending)
        relation = None if self.data.relation is None else np.pad(self.data.relation, (0, m), constant_values=1.0)
        return condition(Data(X, self.data.y, self.data.groups, extra_noise, relation), self.theta, Y)

    def objective_of(self, target: float) -> float:
        return self.bend.invert(target)

    def deviation_of(self, target: float, deviation: float) -> float:
        """Return a standard deviation at a target in units of the objective (first order)."""
        slope = self.bend.slope(np.array([self.bend.invert(target)]))[0]
        return float(deviation / slope)


def kept_rows(y: Array, limit: int) -> NDArray[np.intp]:
    """Return at most `limit` rows of losses y (n,): the best half of that, the others evenly along their order."""
    if len(y) <= limit:
        return np.arange(len(y))
    order = np.argsort(y, kind="stable")
    best, others = order[: limit // 2], np.sort(order[limit // 2 :])
    spread = others[np.linspace(0, len(others) - 1, limit - limit // 2).astype(np.intp)]
    return np.sort(np.concatenate([best, spread]))


def fit_model(fitted: Observed, conditioned: Observed, starts: int, evaluations: int) -> Model:
    """Fit with the logarithmic bend, choose the bend by leave-one-out density, fit again, then take all rows in.

    Hyperparameters are fitted to fewer rows than the model is conditioned on: they are known well long before the
    objective is. `evaluations` of the likelihood are meant per start; no `starts`: there is no second fit.
    """
    bends = bends_of(fitted.y)
    allowed = _evaluations(evaluations, len(fitted.y))
    first = fitted.data(bends[len(bends) // 2])
    median = prior_median(first.parameters)
    theta = fit(first, [median], allowed // 2)
    bend = _likeliest(bends, condition(first, theta), fitted.y)
    if starts:
        theta = fit(fitted.data(bend), [theta, *_starts(median, starts - 1)], allowed)
    return Model(conditioned.data(bend), theta, bend)


def _likeliest(bends: tuple[Bend, ...], posterior: Posterior, y: Array) -> Bend:
    Y = np.stack([bend.apply(y) for bend in bends], axis=1)
    jacobian = np.array([np.log(bend.slope(y)).sum() for bend in bends])
    return bends[int(np.argmax(leave_one_out(posterior, Y) + jacobian))]


def _starts(median: Array, count: int) -> list[Array]:
    """Return starts with lengthscales shorter and longer than the prior's median in turns, ever farther away."""
    starts = []
    for number in range(count):
        start = median.copy()
        start[:-2] += (-1.0) ** (number + 1) * (1 + number // 2)
        starts.append(start)
    return starts


def _evaluations(evaluations: int, rows: int) -> int:
    share: float = min(1.0, (FULL_EFFORT_UP_TO / max(rows, 1)) ** 1.5)
    return max(FEWEST_EVALUATIONS, round(evaluations * share))
