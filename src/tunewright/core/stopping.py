"""Why a training was stopped early: the evidence, and the sentence that says it everywhere alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from tunewright.core.spec import EarlyStopping, EarlyStoppingRule

COMPARED_KEPT: Final = 256
"""So many trainings are named as those that one was compared with."""
MAX_RESOURCE: Final = "max_resource"


@dataclass(frozen=True, slots=True)
class StopEvidence:
    """Field names are those of the message StopEvidence."""

    rule: str
    """median, percentile, patience, threshold, rung or max_resource."""
    step: int
    """The value that was judged: from 1, in order of emission."""
    value: float
    against: float | None = None
    """What it was held against; None: nothing."""
    compared: tuple[int, ...] = ()
    """Numbers of the trainings that `against` came from, ascending."""
    text: str = ""
    """All this in a sentence."""


def active(rule: EarlyStoppingRule) -> bool:
    """Say whether anything of it stops trainings."""
    extensions = (rule.percentile, rule.patience, rule.threshold)
    return rule.type is EarlyStopping.AUTO or any(item is not None for item in extensions)


def sentence(evidence: StopEvidence, metric: str, percentile: float | None = None) -> str:
    """Say why a training was stopped. `percentile` is the rule's, where it was that."""
    at, value = f"at value {evidence.step}", f"its {metric} {_number(evidence.value)}"
    against, count = _number(evidence.against), _trainings(len(evidence.compared))
    match evidence.rule:
        case "median":
            why = f"{at} {value} was worse than {against}, the median of the running means of {count} that completed"
        case "percentile":
            best = "the best" if percentile is None else f"the best {percentile:g} %"
            why = f"{at} {value} was worse than {against}, where {best} of the running means of {count} end"
        case "threshold":
            why = f"{at} {value} was worse than {against}"
        case "patience" if evidence.against is None:
            why = f"none of the {evidence.step} values of {metric} so far was a finite number"
        case "patience":
            why = f"{at} {value} was no better than {against}, its best, and none since that had been"
        case "rung":
            why = f"{at} {value} was not among the best third of {count} before it; {against} would have been"
            return f"stopped early by Hyperband: {why}"
        case "max_resource":
            return f"stopped by Hyperband {at}: it has had its MaxResource; {value} counts"
        case _:
            why = f"{at}, with {value}"
    return f"stopped early by the {evidence.rule} rule: {why}"


def _number(value: float | None) -> str:
    if value is None:
        return "nothing"
    return f"{value:.6g}" if math.isfinite(value) else "that is no finite number"


def _trainings(count: int) -> str:
    return f"{count} training{'' if count == 1 else 's'}"
