"""All rules over a job, what matters most first; and why some have not been asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tunewright.core.analysis import Advice, AdviceKind
from tunewright.core.spec import Definition
from tunewright.surrogate.bend import LARGEST
from tunewright_metrics.core.advice.edges import best_at_edge
from tunewright_metrics.core.advice.effects import no_effect
from tunewright_metrics.core.advice.evidence import Evidence, evidence_of
from tunewright_metrics.core.advice.failures import fails_in_region
from tunewright_metrics.core.advice.model import belief_of
from tunewright_metrics.core.advice.noise import noise_larger_than_gain
from tunewright_metrics.core.advice.parallelism import parallelism_too_high
from tunewright_metrics.core.advice.plateau import plateau
from tunewright_metrics.core.history import History

FEWEST: Final = 15
PER_AXIS: Final = 2
"""A model is asked from so many trainings with an objective on, and as many more per hyperparameter."""


@dataclass(frozen=True, slots=True)
class Untold:
    """A definition of which too little is known."""

    definition_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Advised:
    advice: tuple[Advice, ...]
    untold: tuple[Untold, ...]


def advise(history: History, definitions: Sequence[Definition] = ()) -> Advised:
    """Return advice on the job so far, on some definitions or all. Each takes a few hundred milliseconds."""
    advice, untold = parallelism_too_high(history), []
    for definition in definitions or history.spec.definitions:
        evidence = evidence_of(history, definition)
        advice += fails_in_region(evidence)
        reason = too_few(evidence)
        if reason:
            untold.append(Untold(evidence.definition_name, reason))
        else:
            advice += _of_model(evidence)
    order = list(AdviceKind)
    return Advised(tuple(sorted(advice, key=lambda item: order.index(AdviceKind(item.kind)))), tuple(untold))


def too_few(evidence: Evidence) -> str:
    """Say why a model has nothing to say; empty if it has."""
    axes = len(evidence.encoding.axes)
    needed = FEWEST + PER_AXIS * axes
    if axes == 0:
        return "no hyperparameter is tuned"
    if len(evidence.y) < needed:
        there = len(evidence.y)
        return f"advice on ranges needs {needed} trainings that ran to their end with an objective, and has {there}"
    if evidence.y.max() - evidence.y.min() <= 1.0 / LARGEST:
        return f"all {len(evidence.y)} objectives are the same, as if the program did not use its hyperparameters"
    return ""


def _of_model(evidence: Evidence) -> list[Advice]:
    """Where noise drowns the search, or an end of a range holds it up, the other rules have nothing to stand on."""
    belief = belief_of(evidence)
    if noisy := noise_larger_than_gain(evidence, belief):
        return noisy
    at_edge = best_at_edge(evidence, belief)
    return [*at_edge, *([] if at_edge else plateau(evidence, belief)), *no_effect(evidence, belief)]
