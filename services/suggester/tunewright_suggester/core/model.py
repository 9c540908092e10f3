"""The model of one definition at one ask."""

from __future__ import annotations

from typing import Final

from tunewright.surrogate.model import Model, Observed
from tunewright.surrogate.model import fit_model as fit_observed
from tunewright_suggester.core.effort import Effort
from tunewright_suggester.core.knowledge import Knowledge

FEWEST_TO_FIT: Final = 2
"""Observations."""


def fit_model(knowledge: Knowledge, effort: Effort) -> Model:
    """Fit to as many of the observations as the effort allows; see tunewright.surrogate.model."""
    fitted, kept = knowledge.kept(effort.fitted_rows), knowledge.kept(effort.active_set)
    return fit_observed(_observed(fitted), _observed(kept), effort.fit_starts, effort.fit_evaluations)


def _observed(knowledge: Knowledge) -> Observed:
    encoding = knowledge.encoding
    return Observed(encoding.features(knowledge.U), encoding.groups, knowledge.y, knowledge.errors)
