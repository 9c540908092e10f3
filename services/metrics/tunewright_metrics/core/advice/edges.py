"""BEST_AT_EDGE: the best trainings crowd at an end of a range, and the model sees the objective improve towards it.

Where a strategy put its trainings proves nothing: a model tries ends of ranges just because they are far from all else.
So the judge is the model's mean along the hyperparameter, around the best trainings, with its joint uncertainty.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tunewright.core.analysis import Advice, AdviceKind
from tunewright.core.gain import worthwhile_gain
from tunewright.core.space import Choice, Float, Int, text_of
from tunewright.core.spec import Parameter
from tunewright.surrogate.encoding import Array, Axis
from tunewright_metrics.core.advice.evidence import Evidence
from tunewright_metrics.core.advice.model import Belief
from tunewright_metrics.core.advice.ranges import extended, good_span
from tunewright_metrics.core.advice.wording import share_text

FEWEST_LEVELS: Final = 3
NEAR: Final = 0.25
"""Half of the best trainings lie so near to the end, as a share of the range on its scaled axis."""
STEPS: Final = np.array([0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0])
"""Distances from the end at which the model is asked."""
SURE: Final = 0.95
FUNCTIONS: Final = 512
SEED: Final = 6
GAINS: Final = 1.0
"""What the objective gains over the last fifth of the range must be worth so many ε (tunewright.core.gain)."""


def best_at_edge(evidence: Evidence, belief: Belief) -> list[Advice]:
    found = []
    for place, axis in enumerate(evidence.encoding.axes):
        if isinstance(axis.parameter, Choice) or (axis.levels or FEWEST_LEVELS) < FEWEST_LEVELS:
            continue
        for upper in (False, True):
            advice = _at(evidence, belief, place, axis.parameter, upper=upper)
            if advice is not None:
                found.append(advice)
    return found


def _at(evidence: Evidence, belief: Belief, place: int, parameter: Float | Int, *, upper: bool) -> Advice | None:
    axis, best = evidence.encoding.axes[place], evidence.U[evidence.best]
    distances = 1.0 - best[:, place] if upper else best[:, place]
    if np.median(distances) > max(NEAR, 0.51 * own_share(axis)):
        return None
    probability = _improving(evidence, belief, place, best, upper=upper)
    if probability < SURE:
        return None
    low, high = good_span(evidence, place)
    wider = extended(axis.name, parameter, low, high, upper=upper)
    if wider is None:
        return None
    value = text_of(parameter.high if upper else parameter.low)
    end = f"{'upper' if upper else 'lower'} end of {axis.name} ({value})"
    text = (
        f"The best {len(best)} of {len(evidence.y)} trainings crowd at the {end}: half of them within "
        f"{max(float(np.median(distances)), 0.01):.0%} of the range, and the objective still improves towards it "
        f"({share_text(probability)} sure)."
    )
    job = evidence.history.spec.name
    remedy = f"Try {axis.name}={wider}: tunewright narrow {job} makes a job of it that knows these results."
    return Advice(AdviceKind.BEST_AT_EDGE, text, remedy, evidence.definition_name, Parameter(axis.name, wider))


def own_share(axis: Axis) -> float:
    """Return the share of the axis that each value owns; 0: it is a continuum."""
    return 1.0 / axis.levels if axis.levels else 0.0


def _improving(evidence: Evidence, belief: Belief, place: int, best: Array, *, upper: bool) -> float:
    """Return the probability that the objective is best at the end, and by enough, around the best trainings."""
    own = own_share(evidence.encoding.axes[place]) / 2
    inward = own + STEPS * (1.0 - 2 * own)
    steps = 1.0 - inward if upper else inward
    lines = np.repeat(best[:, None, :], len(steps), axis=1)
    lines[:, :, place] = steps
    mean, covariance = belief.joint(lines.reshape(-1, best.shape[1]))
    average = np.kron(np.full((1, len(best)), 1.0 / len(best)), np.eye(len(steps)))
    profile, spread = average @ mean, average @ covariance @ average.T
    ordered = np.sort(evidence.sign * evidence.y)
    least = worthwhile_gain(float(evidence.best_tried.value or 0.0), ordered.tolist())
    at = float(belief.losses(profile[:1])[0])
    needed = float(belief.bend.apply(np.array([at + GAINS * least]))[0]) - float(belief.bend.apply(np.array([at]))[0])
    values, vectors = np.linalg.eigh(spread)
    normals = np.random.default_rng(SEED).standard_normal((len(steps), FUNCTIONS))
    drawn = profile[:, None] + vectors @ (np.sqrt(np.maximum(values, 0.0))[:, None] * normals)
    improves = (drawn[0] < drawn[1:].min(0)) & (drawn[2] - drawn[0] > needed)
    return float(improves.mean())
