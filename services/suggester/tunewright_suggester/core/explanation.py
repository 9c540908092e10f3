"""Why a suggestion was made, recomputed from its ask."""

from __future__ import annotations

import numpy as np

from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Direction, Strategy
from tunewright.surrogate.gp import Posterior
from tunewright.surrogate.kernel import squared_distances
from tunewright.surrogate.model import Model
from tunewright_suggester.core import hyperband
from tunewright_suggester.core.ask import Ask, Explanation, Neighbour, Source
from tunewright_suggester.core.bayesian import Step
from tunewright_suggester.core.sharing import steps

NEIGHBOURS = 3
REASONS = {
    Source.DEFAULT: "the default point comes first",
    Source.INITIAL: "part of the initial design, before there is enough to fit a model",
    Source.PARENT: "the parents of the warm start found it best; the job's own objectives will tell whom to believe",
    Source.RANDOM: "a random draw: there are too few objectives to fit a model, or it is of Hyperband's random share",
    Source.EXPLOIT: "the model expects it to be better than the best so far",
    Source.EXPLORE: "the model is unsure here, and it may be better than the best so far",
}


def explain_modelled(ask: Ask, index: int) -> Explanation:
    """Recompute suggestion `index` (from 0) of Bayesian or Hyperband. Raises: InvalidSpec: there is none."""
    taken = list(hyperband.steps(ask) if ask.strategy is Strategy.HYPERBAND else steps(ask))
    if not 0 <= index < len(taken):
        raise InvalidSpec("index", f"the ask has {len(taken)} suggestions", "Count from 0")
    step = taken[index]
    text = REASONS[step.suggestion.provenance.source]
    if step.model is None:
        return Explanation(step.suggestion, text)
    if step.knowledge.told:
        text += f"; {step.knowledge.told} observations of parents in this space count as its own"
    if step.model.data.relation is not None:
        text += "; parents whose objectives agree with the job's own are heard"
    return _modelled(ask, step, step.model, text)


def _modelled(ask: Ask, step: Step, model: Model, text: str) -> Explanation:
    posterior = model.posterior()
    names = [axis.name for axis in step.knowledge.encoding.axes]
    return Explanation(
        step.suggestion,
        text,
        _neighbours(ask, step, posterior),
        dict(zip(names, posterior.lengthscales.tolist(), strict=True)),
        model.deviation_of(float(model.data.y.min()), float(np.sqrt(posterior.noise))),
    )


def _neighbours(ask: Ask, step: Step, posterior: Posterior) -> tuple[Neighbour, ...]:
    """Return the job's own trainings that are nearest; parents' have no number here."""
    knowledge = step.knowledge
    own = np.flatnonzero(knowledge.rows >= 0)
    here = posterior.scaled(knowledge.encoding.features(step.u[None, :]))
    there = posterior.scaled(knowledge.encoding.features(knowledge.U[own]))
    distances = np.sqrt(squared_distances(here, there)[0])
    sign = -1.0 if ask.direction is Direction.MAXIMIZE else 1.0
    nearest = np.argsort(distances, kind="stable")[:NEIGHBOURS]
    return tuple(
        Neighbour(knowledge.numbers[row], float(distance), sign * float(knowledge.y[row]))
        for row, distance in zip(own[nearest].tolist(), distances[nearest].tolist(), strict=True)
    )
