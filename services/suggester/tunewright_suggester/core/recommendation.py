"""Which observed configuration to recommend: the one of the best posterior mean, which noise does not choose."""

from __future__ import annotations

import numpy as np

from tunewright.surrogate.model import Model
from tunewright_suggester.core.ask import Ask
from tunewright_suggester.core.effort import Effort, effort_of
from tunewright_suggester.core.knowledge import Knowledge, knowledge_of
from tunewright_suggester.core.model import FEWEST_TO_FIT, fit_model


def recommended(ask: Ask) -> int | None:
    """Return the row of the first definition's observations, None while there are too few to fit a model."""
    knowledge = knowledge_of(ask.definitions[0], ask.direction, ask.warm_start)
    if len(knowledge.y) < FEWEST_TO_FIT:
        return None
    effort = effort_of(ask.effort)
    best = best_own(fit_model(knowledge, effort), knowledge, effort)
    return None if best is None else int(knowledge.rows[best[0]])


def best_own(model: Model, knowledge: Knowledge, effort: Effort) -> tuple[int, float] | None:
    """Return the place in `knowledge` of the job's own best posterior mean, and the objective there as a loss.

    None: there is nothing of its own. Looked at are those that the model is conditioned on, the best half among them.
    """
    places = np.flatnonzero(knowledge.rows >= 0)
    if len(places) > effort.active_set:
        best = np.argsort(knowledge.y[places], kind="stable")[: effort.active_set // 2]
        places = places[np.sort(best)]
    if not len(places):
        return None
    means = model.posterior().mean(knowledge.encoding.features(knowledge.U[places]))[:, 0]
    place = int(np.argmin(means))
    return int(places[place]), model.objective_of(float(means[place]))
