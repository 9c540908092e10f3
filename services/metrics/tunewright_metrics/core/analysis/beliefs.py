"""Which hyperparameters of the model the data allow: the suggester takes the likeliest, analyses say how sure it is.

With few observations two explanations compete, one rough and exact, one smooth and noisy; they give every parameter a
different share. So optima are sought from both sides, each is taken for a normal distribution (Laplace's method;
Rasmussen and Williams 2006, section 3.4), and hyperparameters are drawn from all of them by their evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tunewright.surrogate.encoding import Array
from tunewright.surrogate.gp import Data, bounds, fit, negative_log_posterior, prior_median

NOISY: Final = 0.3
"""Noise variance, of targets of variance 1, from which the noisy explanation is sought."""
SAME: Final = 0.1
"""Optima that differ by no more than this in any logarithm are one."""
STEP: Final = 1e-2
LEAST_CURVATURE: Final = 0.25
"""That of the prior of the noise, the widest there is."""


@dataclass(frozen=True, slots=True)
class Belief:
    """A normal distribution of theta."""

    centre: Array
    spread: Array
    """(k, k): of covariance spread spreadᵀ."""
    evidence: float
    """Logarithm, up to a constant."""


def drawn(data: Data, likeliest: Array, evaluations: int, count: int, random: np.random.Generator) -> list[Array]:
    """Return so many draws of theta; `likeliest` is the optimum that is known."""
    noisy = prior_median(data.parameters)
    noisy[-1] = np.log(NOISY)
    centres = [likeliest]
    other = fit(data, [noisy], evaluations)
    if np.abs(other - likeliest).max() > SAME:
        centres.append(other)
    beliefs = [_belief(data, centre) for centre in centres]
    evidence = np.array([belief.evidence for belief in beliefs])
    share = np.cumsum(np.exp(evidence - evidence.max()))
    chosen = np.searchsorted(share, share[-1] * (np.arange(count) + 0.5) / count)
    low, high = np.array(bounds(data.parameters)).T
    normals = random.standard_normal((count, len(likeliest)))
    return [
        np.clip(beliefs[place].centre + beliefs[place].spread @ normal, low, high)
        for place, normal in zip(chosen.tolist(), normals, strict=True)
    ]


def _belief(data: Data, centre: Array) -> Belief:
    """Return the normal distribution of the same curvature; that is found from differences of gradients."""
    value, _ = negative_log_posterior(centre, data)
    steps = STEP * np.eye(len(centre))
    slopes = [
        negative_log_posterior(centre + step, data)[1] - negative_log_posterior(centre - step, data)[1]
        for step in steps
    ]
    curvature = np.array(slopes) / (2.0 * STEP)
    eigenvalues, eigenvectors = np.linalg.eigh((curvature + curvature.T) / 2.0)
    eigenvalues = np.maximum(eigenvalues, LEAST_CURVATURE)
    evidence = -value - 0.5 * float(np.log(eigenvalues).sum())
    return Belief(centre, eigenvectors / np.sqrt(eigenvalues), evidence)
