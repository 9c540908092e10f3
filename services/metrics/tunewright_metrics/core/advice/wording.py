"""How shares and probabilities are written in advice."""

from __future__ import annotations


def share_text(share: float) -> str:
    """Write a share or probability without claiming that anything is certain."""
    if share >= 0.995:
        return "over 99 %"
    return f"{share:.0%}".replace("%", " %") if share >= 0.01 else "under 1 %"
