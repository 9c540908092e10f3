"""Which observed configuration to recommend: the one of the best posterior mean, which noise does not choose."""

from __future__ import annotations

import numpy as np

from tunewright_suggester.core.ask import Ask
from tunewright_suggester.core.bayesian import FEWEST_TO_FIT
from tunewright_suggester.core.effort import effort_of
from tunewright_suggester.core.knowledge import knowledge_of
from tunewright_suggester.core.model import fit_model


def recommended(ask: Ask) -> int | None:
    """Return the row of the first definition's observations, None while there are too few to fit a model."""
    knowledge = knowledge_of(ask.definitions[0], ask.direction, ask.warm_start)
    own = np.flatnonzero(knowledge.rows >= 0)
    if len(knowledge.y) < FEWEST_TO_FIT or not len(own):
        return None
    posterior = fit_model(knowledge, effort_of(ask.effort)).posterior()
    mean, _ = posterior.predict(knowledge.encoding.features(knowledge.U[own]))
    return int(knowledge.rows[own[np.argmin(mean[:, 0])]])
