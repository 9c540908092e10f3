"""NO_EFFECT: a hyperparameter along which the objective hardly varies, all that is not known of it included.

What counts is the expected variance along it, of all functions that the model holds possible and of all lengthscales
along it, weighted by their posterior density: over the whole space, and around the best trainings. Too few trainings
leave that variance large, so that nothing is said.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tunewright.core.analysis import Advice, AdviceKind
from tunewright.core.space import Choice, text_of
from tunewright.core.spec import Parameter
from tunewright.surrogate.encoding import Array
from tunewright.surrogate.gp import condition
from tunewright_metrics.core.advice.evidence import Evidence
from tunewright_metrics.core.advice.model import Belief, variance_along, weighted
from tunewright_metrics.core.advice.ranges import fixed

NO_SHARE: Final = 0.003
"""Of the variance of the objective over the space: less is no effect."""
LENGTHSCALES: Final = np.log([0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0])
PLACES: Final = 48
VALUES: Final = 7
"""Along a real or whole number."""
SEED: Final = 8


def no_effect(evidence: Evidence, belief: Belief) -> list[Advice]:
    if len(evidence.encoding.axes) < 2:
        return []
    places = np.random.default_rng(SEED).random((PLACES, len(evidence.encoding.axes)))
    everywhere = evidence.encoding.snapped(places)
    mean, covariance = belief.joint(everywhere)
    whole = float(mean.var() + np.diagonal(covariance).mean() - covariance.mean())
    found: list[Advice] = []
    for place in range(len(evidence.encoding.axes)):
        share = max(share_of(belief, place, at, whole) for at in (everywhere, evidence.U[evidence.best]))
        if share < NO_SHARE and len(found) < len(evidence.encoding.axes) - 1:
            found.append(_advice(evidence, place, share))
    return found


def share_of(belief: Belief, place: int, at: Array, whole: float) -> float:
    """Return the expected share of the objective's variance along one axis, at the others' coordinates `at` (b, g).

    1 if the likeliest lengthscales alone show an effect: then nobody asks how large it is.
    """
    axis = belief.encoding.axes[place]
    if isinstance(axis.parameter, Choice):
        values = np.arange(len(axis.parameter.values), dtype=np.float64)
    else:
        values = (np.arange(VALUES) + 0.5) / VALUES
    lines = np.repeat(at[:, None, :], len(values), axis=1)
    lines[:, :, place] = values
    shape = (len(at), len(values), -1)
    features = belief.encoding.features(lines.reshape(-1, at.shape[1])).reshape(shape)
    thetas = [_with(belief.theta, place, length) for length in (*LENGTHSCALES.tolist(), belief.theta[place])]
    weights = weighted(belief.data, thetas)
    if variance_along(belief.posterior, features) >= NO_SHARE * whole:
        return 1.0
    variance = sum(
        weight * variance_along(condition(belief.data, theta), features)
        for weight, theta in zip(weights.tolist(), thetas, strict=True)
        if weight > 1e-4
    )
    return float(variance) / whole


def _with(theta: Array, place: int, length: float) -> Array:
    changed = theta.copy()
    changed[place] = length
    return changed


def _advice(evidence: Evidence, place: int, share: float) -> Advice:
    axis = evidence.encoding.axes[place]
    value = evidence.best_tried.configuration[axis.name]
    text = (
        f"{axis.name} has no effect that {len(evidence.y)} trainings could show: it is expected to explain "
        f"{100 * share:.1g} % of the objective's variance, what is not known of it included."
    )
    job = evidence.history.spec.name
    best = text_of(value)
    remedy = f"Fix it at {best}, as the best training has it: tunewright narrow {job}, or --set {axis.name}={best}."
    suggested = Parameter(axis.name, fixed(axis.parameter, value))
    return Advice(AdviceKind.NO_EFFECT, text, remedy, evidence.definition_name, suggested)
