"""The ranges that a job's own trainings speak for: where the best fifth lies, and what the advice says of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Final

import numpy as np

from tunewright.core.analysis import Advice, AdviceKind, Narrowed
from tunewright.core.space import Choice
from tunewright.core.spec import Definition, Parameter
from tunewright_metrics.core.advice.advise import too_few
from tunewright_metrics.core.advice.evidence import Evidence, evidence_of
from tunewright_metrics.core.advice.ranges import good_span, within
from tunewright_metrics.core.history import History

UNLUCKY: Final = 0.05
"""A value of a list is left out if none of the best trainings had it, which chance would do less often than this."""
REASONS: Final = {
    AdviceKind.BEST_AT_EDGE: "the best lie at its end, and it still improves there",
    AdviceKind.FAILS_IN_REGION: "trainings beyond fail",
    AdviceKind.NO_EFFECT: "no effect: fixed as the best training has it",
}


def narrowed(
    history: History, advice: Sequence[Advice], definitions: Sequence[Definition] = ()
) -> tuple[Narrowed, ...]:
    """Return the hyperparameters whose range should be another; nothing where noise makes the best ones luck."""
    noisy = {item.definition_name for item in advice if item.kind == AdviceKind.NOISE_LARGER_THAN_GAIN}
    found: list[Narrowed] = []
    for definition in definitions or history.spec.definitions:
        evidence = evidence_of(history, definition)
        if evidence.definition_name not in noisy and not too_few(evidence):
            found += _of(evidence, advice)
    return tuple(found)


def _of(evidence: Evidence, advice: Sequence[Advice]) -> list[Narrowed]:
    name = evidence.definition_name
    advised = {
        item.suggested.name: item
        for item in reversed(advice)  # of several the first, which matters most
        if item.suggested is not None and item.definition_name == name
    }
    found = []
    for place, axis in enumerate(evidence.encoding.axes):
        known = advised.get(axis.name)
        if known is not None and known.suggested is not None:
            found.append(Narrowed(known.suggested, REASONS[AdviceKind(known.kind)], name))
        elif (parameter := _good(evidence, place)) is not None:
            count = len(evidence.best)
            found.append(Narrowed(parameter, f"holds the best {count} of {len(evidence.y)}, with a margin", name))
    return found


def _good(evidence: Evidence, place: int) -> Parameter | None:
    """Return a parameter with the range in which the best trainings lie; None: it hardly differs."""
    axis = evidence.encoding.axes[place]
    if isinstance(axis.parameter, Choice):
        kept = tuple(
            value for index, value in enumerate(axis.parameter.values) if not _without(evidence, place, float(index))
        )
        return Parameter(axis.name, Choice(kept)) if len(kept) < len(axis.parameter.values) else None
    range_ = within(axis.parameter, *good_span(evidence, place))
    same = (range_.low, range_.high) == (axis.parameter.low, axis.parameter.high)
    return None if same or range_.low == range_.high else Parameter(axis.name, range_)


def _without(evidence: Evidence, place: int, index: float) -> bool:
    """Say whether none of the best trainings has a value that chance would have given to one of them."""
    having = evidence.U[:, place] == index
    if having[evidence.best].any():
        return False
    total, best = len(evidence.y), len(evidence.best)
    return comb(total - int(np.count_nonzero(having)), best) / comb(total, best) < UNLUCKY
