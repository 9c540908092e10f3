"""PLATEAU: long without an improvement by ε, and the model holds none to be likely.

Asked as the suggester's outlook asks (Wilson 2024, "Stopping Bayesian optimization with probabilistic regret bounds"):
functions drawn from the model at what was observed, at places all over the space, and close to the best.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tunewright.core.analysis import Advice, AdviceKind
from tunewright.core.gain import worthwhile_gain
from tunewright.surrogate.encoding import Array
from tunewright_metrics.core.advice.evidence import Evidence
from tunewright_metrics.core.advice.model import Belief
from tunewright_metrics.core.advice.wording import share_text

FEWEST: Final = 15
SHARE: Final = 0.3
"""Trainings without a gain: so many, and this share of all."""
UNLIKELY: Final = 0.05
FUNCTIONS: Final = 256
EVERYWHERE: Final = 300
NEAR: Final = 30
SPREADS: Final = (0.2, 0.05, 0.01)
OBSERVED: Final = 40
SEED: Final = 9
JITTER: Final = 1e-8


def plateau(evidence: Evidence, belief: Belief) -> list[Advice]:
    least = worthwhile_gain(float(evidence.best_tried.value or 0.0), np.sort(evidence.sign * evidence.y).tolist())
    since = without_gain(evidence.y, least)
    if since < max(FEWEST, SHARE * len(evidence.y)):
        return []
    chance = chance_of_gain(evidence, belief, least)
    if chance > UNLIKELY:
        return []
    best = evidence.best_tried
    text = (
        f"None of the last {since} trainings improved on the best ({best.value:.4g}, training {best.number}) by more "
        f"than {least:.2g}, and the model expects none to: {share_text(chance)}."
    )
    name = evidence.history.spec.name
    remedy = (
        f"If it runs, end it: tunewright stop {name}; next time give --on-convergence. For more, tune other "
        "hyperparameters, or search wider ranges."
    )
    return [Advice(AdviceKind.PLATEAU, text, remedy, evidence.definition_name)]


def without_gain(y: Array, least: float) -> int:
    """Return how many trainings have ended since the last that improved on the best before by more than `least`."""
    best, last = np.inf, 0
    for place, loss in enumerate(y.tolist()):
        if loss < best - least or place == 0:
            best, last = loss, place
    return len(y) - 1 - last


def chance_of_gain(evidence: Evidence, belief: Belief, least: float) -> float:
    """Return the probability that somewhere the objective is better by more than `least` than where it was observed."""
    random = np.random.default_rng(SEED)
    observed = evidence.U[np.argsort(evidence.y, kind="stable")[:OBSERVED]]
    places = [random.random((EVERYWHERE, observed.shape[1]))]
    centres = _unit(evidence, evidence.U[evidence.best])
    centres = centres[np.arange(NEAR) % len(centres)]
    places += [np.clip(centres + spread * random.standard_normal(centres.shape), 0, 1) for spread in SPREADS]
    U = np.vstack([observed, evidence.encoding.snapped(np.vstack(places))])
    mean, covariance = belief.joint(U)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, JITTER))
    drawn = mean[:, None] + root @ random.standard_normal((len(U), FUNCTIONS))
    before = belief.losses(drawn[: len(observed)].min(0))
    after = belief.losses(drawn.min(0))
    return float((before - after > least).mean())


def _unit(evidence: Evidence, U: Array) -> Array:
    """Return coordinates with choices, too, in [0, 1], as `snapped` takes them."""
    unit = U.copy()
    for place in evidence.encoding.choices:
        unit[:, place] = (U[:, place] + 0.5) / (evidence.encoding.axes[place].levels or 1)
    return unit
