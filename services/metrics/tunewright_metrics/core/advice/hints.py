"""A piece of advice, and the kinds there are, what matters most first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tunewright.core.spec import Parameter


class Kind(StrEnum):
    """Stable names for programs, in the order in which advice is given."""

    FAILS_IN_REGION = "FAILS_IN_REGION"
    BEST_AT_EDGE = "BEST_AT_EDGE"
    NOISE_LARGER_THAN_GAIN = "NOISE_LARGER_THAN_GAIN"
    PARALLELISM_TOO_HIGH = "PARALLELISM_TOO_HIGH"
    PLATEAU = "PLATEAU"
    NO_EFFECT = "NO_EFFECT"


def share_text(share: float) -> str:
    """Write a share or probability without claiming that anything is certain."""
    if share >= 0.995:
        return "over 99 %"
    return f"{share:.0%}".replace("%", " %") if share >= 0.01 else "under 1 %"


@dataclass(frozen=True, slots=True)
class Advice:
    kind: str
    text: str
    """A sentence, with the figures it rests on."""
    remedy: str
    definition_name: str = ""
    suggested: Parameter | None = None
    """The hyperparameter meant with the range to try; a range of one value: fix it there."""
