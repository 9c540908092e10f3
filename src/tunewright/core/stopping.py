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


def had_all(evidence: StopEvidence | None) -> bool:
    """Say whether a training was stopped because it had all that one gets: to whoever judges it, it has completed."""
    return evidence is not None and evidence.rule == MAX_RESOURCE


def active(rule: EarlyStoppingRule) -> bool:
    """Say whether anything of it stops trainings."""
    extensions = (rule.percentile, rule.patience, rule.threshold)
    return rule.type is EarlyStopping.AUTO or any(item is not None for item in extensions)


def sentence(evidence: StopEvidence, metric: str, percentile: float | None = None) -> str:
    """Say why a training was stopped. `percentile` is the rule's, where that was it."""
    match evidence.rule:
        case _ if had_all(evidence):
            return f"stopped by Hyperband at value {evidence.step} of {metric}: that is its MaxResource"
        case "rung":
            return f"stopped early by Hyperband: {_why(evidence, metric, percentile)}"
        case rule:
            return f"stopped early by the {rule} rule: {_why(evidence, metric, percentile)}"


def _why(evidence: StopEvidence, metric: str, percentile: float | None) -> str:
    finite = math.isfinite(evidence.value)
    shown = f"at value {evidence.step} its {metric}{f' {evidence.value:.6g}' if finite else ', no finite number,'}"
    against = "nothing" if evidence.against is None else f"{evidence.against:.6g}"
    count = len(evidence.compared)
    of_completed = f"the running means of {count} completed training{'' if count == 1 else 's'}"
    match evidence.rule:
        case "median":
            return f"{shown} was worse than {against}, the median of {of_completed}"
        case "percentile":
            best = "the best" if percentile is None else f"the best {percentile:g} %"
            return f"{shown} was worse than {against}, where {best} of {of_completed} end"
        case "patience" if evidence.against is None:
            return f"none of its {evidence.step} values of {metric} was a finite number"
        case "patience":
            return f"up to value {evidence.step} its {metric} had been no better than {against} for too long"
        case "rung":
            others = f"{count} other training{'' if count == 1 else 's'}"
            return f"{shown} was not among the best third; {against}, of {others}, would have been"
        case _:
            return f"{shown} was worse than {against}"
