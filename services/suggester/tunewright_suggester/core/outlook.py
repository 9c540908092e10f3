"""What is still to be gained: the figures that convergence detection reads.

Whether anything better by more than ε is left is asked of the model by drawing functions from it, at once at what the
job has observed and at places all over the space and close to its best (Wilson 2024, "Stopping Bayesian optimization
with probabilistic regret bounds"). Where that probability is small, it is what comes true on the bench's problems; the
chance of the next training, taken for all those left, was a ninth of it (docs/adr/0017-what-counts-as-improving.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from tunewright.core.gain import worthwhile_gain
from tunewright.core.spec import Direction
from tunewright.surrogate.bend import LARGEST
from tunewright.surrogate.encoding import Array
from tunewright.surrogate.gp import Posterior
from tunewright.surrogate.model import Model
from tunewright.surrogate.triangular import factor
from tunewright_suggester.core.ask import Ask, Outcome, Outlook
from tunewright_suggester.core.knowledge import Knowledge

FUNCTIONS: Final = 256
"""Drawn from the model; the probability's resolution."""
EVERYWHERE: Final = 600
"""Places drawn all over the space."""
NEAR: Final = 40
"""Places drawn around the best ones, per spread."""
SPREADS: Final = (0.2, 0.05, 0.01)
BEST: Final = 5
OBSERVED: Final = 60
"""Best observations that a drawn function is compared with, at most."""
FOUND: Final = 0.1
"""What is left to gain, a training finds with this probability at least: a model that is surer of the next place than
this has been wrong too often."""
JITTERS: Final = (1e-8, 1e-6, 1e-4, 1e-2)


def outlook_of(
    ask: Ask, model: Model, posterior: Posterior, knowledge: Knowledge, u: Array, random: np.random.Generator
) -> Outlook | None:
    """Return the outlook of an ask whose next suggestion is u (g,); None: nothing of the job's own was observed yet.

    A gain must be there and be found. That the trainings left find it is as if each did with the same chance,
    independently; without a budget it is taken for certain.
    """
    own = knowledge.inside & (knowledge.rows >= 0)
    least = least_gain(ask)
    if least is None or not own.any():
        return None
    observed = knowledge.U[own][np.argsort(knowledge.y[own], kind="stable")[:OBSERVED]]
    places = np.vstack([observed, u[None, :], knowledge.P, _elsewhere(knowledge, observed[:BEST], random)])
    drawn = _functions(posterior, knowledge.encoding.features(places), random)
    best = _objectives(model, drawn[: len(observed)].min(0))
    gained = best - _objectives(model, drawn.min(0))
    next_one = float((drawn[len(observed)] < model.bend.apply(best - least)).mean())
    there = float((gained > least).mean())
    return Outlook(there * _found(next_one / there, ask.budget) if there else 0.0, float(gained.mean()))


def several(outlooks: Sequence[Outlook | None]) -> Outlook | None:
    """Return the outlook of a job of several definitions, each with its own; None: one of them is still unknown.

    Each is of its own definition's best, which is easier to improve on than the best of all.
    """
    known = [outlook for outlook in outlooks if outlook is not None]
    if not known or len(known) < len(outlooks):
        return None
    nothing = math.prod(1.0 - outlook.probability for outlook in known)
    return known[0] if len(known) == 1 else Outlook(1.0 - nothing, max(outlook.gain for outlook in known))


def least_gain(ask: Ask) -> float | None:
    """Return ε of the job as it stands, by the rule that its scheduler counts with; None: it has no objective yet."""
    values = list(_values(ask, (Outcome.COMPLETED, Outcome.STOPPED)))
    if not values:
        return None
    best = max(values) if ask.direction is Direction.MAXIMIZE else min(values)
    return worthwhile_gain(best, sorted(_values(ask, (Outcome.COMPLETED,))))


def _values(ask: Ask, outcomes: tuple[Outcome, ...]) -> Iterator[float]:
    for definition in ask.definitions:
        told = definition.observations
        for value, outcome in zip(told.values, told.outcomes, strict=True):
            if outcome in outcomes and math.isfinite(value):
                yield min(max(value, -LARGEST), LARGEST)


def _elsewhere(knowledge: Knowledge, best: Array, random: np.random.Generator) -> Array:
    """Return places (m, g) all over the space and close to the best ones."""
    encoding = knowledge.encoding
    drawn = [random.random((EVERYWHERE, len(encoding.axes)))]
    for spread in SPREADS:
        centres = best[np.arange(NEAR) % len(best)]
        drawn.append(np.clip(centres + spread * random.standard_normal(centres.shape), 0.0, 1.0))
    return encoding.snapped(np.vstack(drawn))


def _functions(posterior: Posterior, X: Array, random: np.random.Generator) -> Array:
    """Return targets (m, FUNCTIONS) at features X (m, p); columns of fantasies take turns."""
    mean, covariance = posterior.joint(X)
    columns = np.arange(FUNCTIONS) % mean.shape[1]
    drawn: Array = mean[:, columns] + _root(covariance) @ random.standard_normal((len(X), FUNCTIONS))
    return drawn


def _root(covariance: Array) -> Array:
    """Return its Cholesky factor; places that say the same need a little more on the diagonal than others."""
    for jitter in JITTERS:
        try:
            return factor(covariance + jitter * np.eye(len(covariance)))
        except np.linalg.LinAlgError:
            continue
    return np.diag(np.sqrt(np.maximum(np.diagonal(covariance), 0.0)))


def _objectives(model: Model, targets: Array) -> Array:
    return np.array([model.objective_of(target) for target in targets.tolist()])


def _found(chance: float, budget: int | None) -> float:
    """Return the probability that trainings find what is there, if one does with this chance."""
    if budget is None:
        return 1.0
    return float(-np.expm1(max(budget, 0) * np.log1p(-min(max(chance, FOUND), 1 - 1e-12))))
