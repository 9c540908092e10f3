"""What is learnt from hearsay: the posterior means of the parents' own models as prior mean of the child's.

A model is fitted to each parent in units of its own, so that scales may differ. The child's targets are then
t(x) = Σ w_j m_j(x) + f(x), w ≥ 0, with f the child's process fitted to what the parents leave unexplained. The weights
are built up one by one, each chosen from WEIGHTS by the child's leave-one-out density, among parents that rank the
child's observations better than chance; a parent that does not raise it by MARGIN gets none. Where none gets any, the
model is bit for bit the one without parents, so a misleading parent costs the first asks only.

Compared and dropped (bench/warm_start.py): mixtures of posteriors by ranking loss (Feurer et al. 2018, "Scalable
meta-learning for Bayesian optimization") and parents' observations as noisy ones of the child's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from tunewright_suggester.core.effort import Effort
from tunewright_suggester.core.encoding import Array
from tunewright_suggester.core.gp import Data, Posterior, condition, fit, leave_one_out, prior_median
from tunewright_suggester.core.knowledge import Knowledge
from tunewright_suggester.core.model import Model, fit_model
from tunewright_suggester.core.prior_mean import PriorMean

FEWEST_TO_LEARN_FROM: Final = 3
"""Observations of a parent."""
ACTIVE_SET: Final = 100
"""Observations of a parent that its model is fitted to, at most: five parents may be asked at every step."""
EVALUATIONS: Final = 15
"""Of a parent's likelihood."""
WEIGHTS: Final = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
MARGIN: Final = 1.0
"""By so much must the log density rise for a weight to be given."""
RECOMMENDED: Final = 2
"""First asks that follow the parents blindly, at most."""
APART: Final = 0.2
"""Distance between them, in features."""
SMALLEST_SHARE: Final = 0.1
"""Of the targets' deviation: what is left unexplained is never taken for less, few observations are too easily met."""


def surrogates(knowledge: Knowledge, effort: Effort) -> tuple[Posterior, ...]:
    """Return the posterior of each parent's targets (mean 0, variance 1)."""
    modest = replace(effort, active_set=min(effort.active_set, ACTIVE_SET), fit_starts=1, fit_evaluations=EVALUATIONS)
    heard = (parent for parent in knowledge.hearsay if len(parent.y) >= FEWEST_TO_LEARN_FROM)
    return tuple(fit_model(parent, modest).posterior() for parent in heard)


def informed(model: Model, parents: tuple[Posterior, ...], effort: Effort) -> Model:
    """Return the model with the parents' means in it, as far as they help."""
    if not parents:
        return model
    means = np.stack([parent.mean(model.data.X) for parent in parents], axis=1)
    weights = _weights(model, means)
    if not weights.any():
        return model
    left = model.data.y - means @ weights
    unit = max(float(left.std()), SMALLEST_SHARE)
    data = Data(model.data.X, left / unit, model.data.groups, model.data.extra_noise / unit**2)
    theta = fit(data, [model.theta, prior_median(data.parameters)], effort.fit_evaluations)
    bend = replace(model.bend, deviation=model.bend.deviation * unit)
    believed = np.flatnonzero(weights).tolist()
    prior = PriorMean(tuple(parents[place] for place in believed), tuple((weights[believed] / unit).tolist()))
    return Model(data, theta, bend, prior)


def _weights(model: Model, means: Array) -> Array:
    """Return the weights (k,) for the parents' means (n, k) at the child's observations."""
    posterior = model.posterior()
    weights = np.zeros(means.shape[1])
    best = float(leave_one_out(posterior, model.data.y[:, None])[0])
    for _ in weights:
        left = model.data.y - means @ weights
        found = None
        for place in np.flatnonzero(weights == 0):
            if _agreement(means[:, place], left) <= 0:
                continue
            densities = leave_one_out(posterior, left[:, None] - means[:, [place]] * np.array(WEIGHTS))
            choice = int(np.argmax(densities))
            if densities[choice] > best + MARGIN:
                best, found = float(densities[choice]), (place, WEIGHTS[choice])
                # later ones must beat this one
        if found is None:
            break
        weights[found[0]] = found[1]
    return weights


def _agreement(a: Array, b: Array) -> float:
    """Return the share of pairs that both rank alike less the share of pairs that they do not (Kendall's τ_a)."""
    rows, columns = np.triu_indices(len(a), 1)
    return float((np.sign(a[rows] - a[columns]) * np.sign(b[rows] - b[columns])).mean())


def recommended_by(parents: tuple[Posterior, ...], knowledge: Knowledge) -> Array:
    """Return the coordinates (at most RECOMMENDED, g), best first, that the parents agree on.

    Their own observations inside the child's space, ranked by the average of all parents' means, none nearer than
    APART to one before.
    """
    U = np.vstack([np.empty((0, len(knowledge.encoding.axes))), *(one.U[one.inside] for one in knowledge.hearsay)])
    if not parents or not len(U):
        return U[:0]
    X = knowledge.encoding.features(U)
    order = np.argsort(sum(parent.mean(X) for parent in parents), kind="stable")
    chosen: list[int] = []
    for place in order.tolist():
        if len(chosen) < min(RECOMMENDED, len(parents)) and all(
            np.sum((X[place] - X[one]) ** 2) >= APART**2 for one in chosen
        ):
            chosen.append(place)
    return U[chosen]
