"""NOISE_LARGER_THAN_GAIN: a training repeated would differ by more than what the search has gained.

The noise is measured where configurations were run again. Else the model is asked with several noises, each with the
lengthscales that fit best to it and weighted by what the data say of it: roughness can look like noise, and noise like
roughness, and nothing is said where both may be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize

from tunewright.core.analysis import Advice, AdviceKind
from tunewright.core.gain import worthwhile_gain
from tunewright.surrogate.encoding import Array
from tunewright.surrogate.gp import (
    BOUNDS,
    NOISE_MEDIAN,
    NOISE_SPREAD,
    Data,
    condition,
    negative_log_posterior,
    prior_median,
)
from tunewright_metrics.core.advice.evidence import Evidence
from tunewright_metrics.core.advice.model import Belief, data_of

FEWEST_REPEATS: Final = 4
"""Degrees of freedom of a measured noise."""
VARIANCES: Final = (1e-5, 0.01, 0.1, 0.3, 0.6, 0.9)
"""Of the noise, in units of the targets'; held against the data one by one."""
EVALUATIONS: Final = 12
PLACES: Final = 128
SEED: Final = 10
LEAST: Final = 0.01
"""Of the objectives' standard deviation: noise below it is none, however little was gained."""
SURE: Final = 0.3
"""Healthy jobs come to 0.03 at most."""


@dataclass(frozen=True, slots=True)
class Guess:
    """One noise that may be, in units of the objective."""

    weight: float
    deviation: float
    gain: float
    """How much better the model's mean is at the best training than at the median place of the ranges."""


def noise_larger_than_gain(evidence: Evidence, belief: Belief) -> list[Advice]:
    measured, guesses = _of_repeats(evidence), guesses_of(evidence, belief)
    deviation = sum(guess.weight * guess.deviation for guess in guesses) if measured is None else measured
    gain = sum(guess.weight * guess.gain for guess in guesses)
    counted = _counted_by_criteria(evidence)
    least = LEAST * float(evidence.y.std())
    if _sure(guesses, measured, lambda guess: max(guess.gain, least)):
        what = (
            f"what the search has gained with noise taken out ({gain:.2g}, from the median of the ranges to the best)"
        )
    elif counted is not None and _sure(guesses, measured, lambda _: counted):
        what = f"what the criterion counts as an improvement ({counted:.2g})"
    else:
        return []
    how = "as the model sees it" if measured is None else "as repeated configurations show"
    text = (
        f"Noise (standard deviation {deviation:.2g}, {how}) is larger than {what}: single trainings cannot be ranked."
    )
    return [Advice(AdviceKind.NOISE_LARGER_THAN_GAIN, text, _remedy(evidence), evidence.definition_name)]


def guesses_of(evidence: Evidence, belief: Belief) -> list[Guess]:
    data, (median, spread) = data_of(evidence, belief.bend), (np.log(NOISE_MEDIAN), NOISE_SPREAD)
    thetas = [_refitted(data, belief.theta, float(np.log(variance))) for variance in VARIANCES]
    densities = [
        -negative_log_posterior(theta, data)[0] + 0.5 * ((theta[-1] - median) / spread) ** 2  # no prior of the noise
        for theta in thetas
    ]
    weights = np.exp(np.array(densities) - max(densities))
    slope = float(belief.bend.slope(np.array([np.median(evidence.y)]))[0])
    places = np.random.default_rng(SEED).random((PLACES, len(evidence.encoding.axes)))
    anywhere = evidence.encoding.features(evidence.encoding.snapped(places))
    found = []
    for theta, weight in zip(thetas, (weights / weights.sum()).tolist(), strict=True):
        posterior = condition(data, theta)
        best = float(posterior.mean(data.X).min())
        middle = float(np.median(posterior.mean(anywhere)))
        gain = float(np.subtract(*belief.losses(np.array([max(middle, best), best]))))
        found.append(Guess(weight, float(np.exp(theta[-1] / 2)) / slope, gain))
    return found


def _sure(guesses: list[Guess], measured: float | None, least: Callable[[Guess], float]) -> bool:
    """Whether the noise is larger than what each guess says of something."""
    larger = sum(
        guess.weight for guess in guesses if (guess.deviation if measured is None else measured) > least(guess)
    )
    return larger >= SURE


def _of_repeats(evidence: Evidence) -> float | None:
    """Return the pooled standard deviation of configurations that were run several times; None: too few were."""
    groups: dict[bytes, list[float]] = defaultdict(list)
    for u, y in zip(evidence.U, evidence.y.tolist(), strict=True):
        groups[u.tobytes()].append(y)
    several = [np.array(group) for group in groups.values() if len(group) > 1]
    freedom = sum(len(group) - 1 for group in several)
    if freedom < FEWEST_REPEATS:
        return None
    return float(np.sqrt(sum(((group - group.mean()) ** 2).sum() for group in several) / freedom))


def _counted_by_criteria(evidence: Evidence) -> float | None:
    """Return ε, where a criterion counts trainings that do not improve by it."""
    if evidence.history.spec.completion.max_not_improving is None:
        return None
    ascending = np.sort(evidence.sign * evidence.y).tolist()
    return worthwhile_gain(float(evidence.best_tried.value or 0.0), ascending)


def _refitted(data: Data, near: Array, noise: float) -> Array:
    """Return the likeliest hyperparameters with this noise, as far as a few evaluations find them."""

    def density(rest: Array) -> tuple[float, Array]:
        value, gradient = negative_log_posterior(np.append(rest, noise), data)
        return value, gradient[:-1]

    ends = [BOUNDS["lengthscale"]] * data.parameters + [BOUNDS["signal"]]
    bounds = [(float(np.log(low)), float(np.log(high))) for low, high in ends]
    found = [
        minimize(density, start[:-1], jac=True, method="L-BFGS-B", bounds=bounds, options={"maxfun": EVALUATIONS})
        for start in (near, prior_median(data.parameters))
    ]
    return np.append(min(found, key=lambda result: float(result.fun)).x, noise)


def _remedy(evidence: Evidence) -> str:
    again = evidence.history.spec.reevaluation is None
    first = (
        "Repeat the best configurations (reevaluation: {top: 3, repeats: 3} in the job file)"
        if again
        else "Repeat more"
    )
    return (
        f"{first}, take the mean of the last values (objective: reading: MeanOfLast), validate on more data, and trust "
        f"tunewright best --recommended {evidence.history.spec.name} instead of the best single value."
    )
