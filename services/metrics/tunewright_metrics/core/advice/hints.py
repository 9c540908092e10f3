"""The kinds of advice there are, what matters most first, and how shares are written."""

from __future__ import annotations

from enum import StrEnum


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
