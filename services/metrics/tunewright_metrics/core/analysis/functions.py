"""The objective as a model sees it: its mean, and functions drawn from its posterior, anywhere in the space.

A draw is one of the prior plus what the data say against it (Matheron's rule; Wilson et al. 2020, "Efficiently sampling
functions from Gaussian process posteriors", eq. 13). The prior's draws are sums of cosines (Rahimi and Recht 2007),
whose frequencies follow the spectral density of Matérn-5/2, Student's t with 5 degrees of freedom (Rasmussen and
Williams 2006, eq. 4.15). Draws have hyperparameters of their own, as far as the data leave them open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tunewright.surrogate.bend import Bend
from tunewright.surrogate.encoding import Array, Encoding
from tunewright.surrogate.gp import CONSTANT_VARIANCE, Data, Posterior, condition
from tunewright.surrogate.model import Model, fit_model
from tunewright.surrogate.triangular import diagonal, inverse
from tunewright_metrics.core.analysis import beliefs
from tunewright_metrics.core.analysis.sample import Sample, TooLittle

DRAWS: Final = 64
MOST_PARTS: Final = 8
FEWEST_PARTS: Final = 2
ROWS_OF_PARTS: Final = 800
"""Of all parts together, about: with more observations hyperparameters are known better, and cost more."""
COSINES: Final = 256
FITTED_ROWS: Final = 200
ACTIVE_SET: Final = 300
"""Observations that hyperparameters are fitted to, and that the model is conditioned on, at most."""
EVALUATIONS: Final = 50
CHUNK: Final = 2048
"""Points evaluated together."""
LEAST_FORETOLD: Final = 0.1
"""Share of the variance of the observations that the model must foretell of those left out."""
SEED: Final = 2020


@dataclass(frozen=True, slots=True)
class Part:
    """Functions of the same hyperparameters: the posterior mean (column 0) and draws, as targets."""

    posterior: Posterior
    """For q columns: the targets, and what the data say against each draw."""
    frequencies: Array
    """(p, COSINES), of scaled features."""
    phases: Array
    weights: Array
    """(COSINES, q); 0 in column 0."""
    constants: Array
    """(q,)"""

    def __call__(self, X: Array) -> Array:
        """Return targets (m, q) at features X (m, p)."""
        return self.posterior.mean(X) + self.prior(X)

    def prior(self, X: Array) -> Array:
        phase = self.posterior.scaled(X) @ self.frequencies
        phase += self.phases
        prior: Array = np.cos(phase, out=phase) @ self.weights
        return prior + self.constants


@dataclass(frozen=True, slots=True)
class Functions:
    """The posterior mean (column 0) and DRAWS draws, in units of the objective."""

    encoding: Encoding
    bend: Bend
    sign: float
    highest: float
    """Targets beyond are taken for this where the bend is not straight: its inverse may have no end there."""
    parts: tuple[Part, ...]

    def __call__(self, points: Array) -> Array:
        """Return objectives (m, q) at points (m, g) of the cube."""
        return self.at(self.encoding.snapped(points))

    def at(self, U: Array) -> Array:
        """Return objectives (m, q) at coordinates U (m, g)."""
        chunks = [self._targets(self.encoding.features(U[start : start + CHUNK])) for start in range(0, len(U), CHUNK)]
        targets = np.vstack(chunks)
        if self.bend.power < 1:
            targets = np.minimum(targets, self.highest)
        return self.sign * self.bend.inverted(targets)

    def _targets(self, X: Array) -> Array:
        found = [part(X) for part in self.parts]
        mean = sum(targets[:, 0] for targets in found) / len(found)
        return np.column_stack([mean, *(targets[:, 1:] for targets in found)])


def functions_of(sample: Sample) -> Functions:
    """Fit the suggester's model to a sample. Raises TooLittle if it foretells nothing."""
    observed = sample.observed()
    fitted = observed.kept(FITTED_ROWS)
    model = fit_model(fitted, observed.kept(ACTIVE_SET), 1, EVALUATIONS)
    random = np.random.Generator(np.random.Philox(SEED))
    count = min(max(ROWS_OF_PARTS // len(model.data.y), FEWEST_PARTS), MOST_PARTS)
    thetas = beliefs.drawn(fitted.data(model.bend), model.theta, EVALUATIONS, count, random)
    foretold = [_foretold(model, condition(model.data, theta)) for theta in thetas]
    if float(np.median(foretold)) < LEAST_FORETOLD:
        raise TooLittle(
            "the model foretells the objective of a training left out no better than the mean of the others does"
        )
    parts = tuple(_part(model.data, theta, DRAWS // count, random) for theta in thetas)
    return Functions(sample.encoding, model.bend, sample.sign, float(model.data.y.max()), parts)


def _part(data: Data, theta: Array, draws: int, random: np.random.Generator) -> Part:
    unconditional = condition(data, theta)
    frequencies = random.standard_normal((data.X.shape[1], COSINES)) / np.sqrt(random.chisquare(5.0, COSINES) / 5.0)
    phases = random.uniform(0.0, 2.0 * np.pi, COSINES)
    weights = random.standard_normal((COSINES, draws)) * np.sqrt(2.0 * unconditional.signal / COSINES)
    constants = random.standard_normal(draws) * np.sqrt(CONSTANT_VARIANCE)
    noise = random.standard_normal((len(data.y), draws)) * np.sqrt(unconditional.noise + data.extra_noise)[:, None]
    drawn = Part(
        unconditional,
        frequencies,
        phases,
        np.column_stack([np.zeros(COSINES), weights]),
        np.append(0.0, constants),
    )
    against = data.y[:, None] - drawn.prior(data.X) - np.column_stack([np.zeros(len(data.y)), noise])
    return Part(condition(data, theta, against), frequencies, phases, drawn.weights, drawn.constants)


def _foretold(model: Model, posterior: Posterior) -> float:
    """Return the share of the targets' variance foretold of points left out (Rasmussen and Williams, eq. 5.12)."""
    y = model.data.y
    missed = posterior.A[:, 0] / diagonal(inverse(posterior.L))
    return 1.0 - float(missed @ missed) / max(float(((y - y.mean()) ** 2).sum()), 1e-300)
