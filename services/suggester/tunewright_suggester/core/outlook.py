"""What is still to be gained: the figures that convergence detection reads."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import ndtr

from tunewright_suggester.core.acquisition import LogExpectedImprovement
from tunewright_suggester.core.ask import Outlook
from tunewright_suggester.core.encoding import Array
from tunewright_suggester.core.knowledge import Knowledge
from tunewright_suggester.core.model import Model

WORTHWHILE: Final = 0.01
"""A gain counts from this share of max(|best|, interquartile range of the losses)."""
HORIZON: Final = 10
"""Trainings looked ahead where there is no budget."""


def outlook_of(
    model: Model, acquisition: LogExpectedImprovement, knowledge: Knowledge, u: Array, budget: int | None
) -> Outlook:
    """Return the outlook at the point that is suggested next.

    The probability is as if each training left had the chance of the next one, independently: too hopeful as a rule, so
    that a job is not called converged too early.
    """
    mean, deviation = acquisition.posterior.predict(knowledge.encoding.features(u[None, :]))
    best = model.objective_of(float(acquisition.best.mean()))
    quartiles = np.quantile(knowledge.y, [0.25, 0.75])
    worthwhile = WORTHWHILE * max(abs(best), float(np.ptp(quartiles)))
    wanted = model.bend.apply(np.array([best - worthwhile]))[0]
    chance = float(ndtr((wanted - mean[0]) / deviation[0]).mean())
    left = HORIZON if budget is None else max(budget, 0)
    gain = model.deviation_of(
        float(acquisition.best.mean()), float(np.exp(acquisition(knowledge.encoding.features(u[None, :]))[0]))
    )
    return Outlook(float(-np.expm1(left * np.log1p(-min(chance, 1 - 1e-12)))), gain)
