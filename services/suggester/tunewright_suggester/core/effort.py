"""How much work an ask may cost, in counts of likelihood and acquisition evaluations, never in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tunewright.core.errors import InvalidSpec


@dataclass(frozen=True, slots=True)
class Effort:
    fit_starts: int
    """Of the fit after the bend of the targets is chosen; 0: there is none, the fit before the choice stands."""
    fit_evaluations: int
    """Of the likelihood, per start."""
    candidates: int
    neighbours: int
    """Per spread around the best observations."""
    ascents: int
    steps: int
    """Acquisition gradients per ascent and round."""
    rounds: int
    """Of continuous and discrete ascent in turns."""
    fantasies: int
    fitted_rows: int
    """Observations that hyperparameters are fitted to, at most."""
    active_set: int
    """Observations that a model is conditioned on, at most."""


TIERS: Final = {
    "fast": Effort(1, 10, 128, 32, 1, 8, 2, 4, 60, 120),
    "standard": Effort(1, 50, 512, 128, 2, 25, 4, 8, 200, 600),
    "thorough": Effort(4, 100, 2048, 512, 10, 60, 8, 16, 400, 1000),
}
DEFAULT_TIER: Final = "standard"


def effort_of(tier: str) -> Effort:
    """Return the counts of a tier; empty is the default. Raises: InvalidSpec: there is no such tier."""
    if (tier or DEFAULT_TIER) not in TIERS:
        raise InvalidSpec("effort", f"{tier!r} is not a tier", f"Known: {', '.join(TIERS)}")
    return TIERS[tier or DEFAULT_TIER]
