"""Judges what is to stop trainings early: AMT's median rule, what adds to it, and what goes with neither.

goes with …       Auto, percentile                              threshold, patience
Hyperband         no: it stops trainings itself                 no
several           no: they compare trainings of one algorithm   yes: each is about one training alone
definitions
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import EarlyStopping, EarlyStoppingRule, Strategy, TuningJobSpec

MOST_PATIENCE: Final = 1_000_000
FIELDS: Final = ("percentile", "patience", "threshold")


def with_early_stopping(spec: TuningJobSpec) -> TuningJobSpec:
    """Return the specification as it is to be stopped early: Auto where autotune may choose it. Raises InvalidSpec."""
    rule = spec.early_stopping
    if spec.autotune and rule == EarlyStoppingRule() and spec.strategy is not Strategy.HYPERBAND:
        rule = EarlyStoppingRule(EarlyStopping.AUTO)
    _check_ranges(rule)
    if spec.strategy is Strategy.HYPERBAND:
        _refuse(rule, "Hyperband stops trainings early itself: TrainingJobEarlyStoppingType must be Off", "Use Off")
    if len(spec.definitions) > 1:
        why = "compares trainings of one algorithm with each other; this job has several definitions"
        _refuse(replace(rule, patience=None, threshold=None), why, "Use Off, or give one definition")
    return replace(spec, early_stopping=rule)


def check_hyperband(spec: TuningJobSpec) -> None:
    """Refuse Hyperband's resources where another strategy would ignore them. Raises InvalidSpec."""
    if spec.hyperband is not None and spec.strategy is not Strategy.HYPERBAND:
        why = f"is given, but the strategy is {spec.strategy.value}"
        raise InvalidSpec("hyperband", why, "Choose Hyperband, or leave it out")


def _check_ranges(rule: EarlyStoppingRule) -> None:
    if rule.percentile is not None:
        if not 0 < rule.percentile <= 100:
            why = f"must be above 0 and at most 100, is {rule.percentile}"
            raise InvalidSpec("early_stopping.percentile", why, "50 is the median; lower stops more")
        if rule.type is EarlyStopping.AUTO:
            why = "stands beside Auto, which compares with the median: the percentile 50"
            raise InvalidSpec("early_stopping.percentile", why, "Give one of the two")
    if rule.patience is not None and not 1 <= rule.patience <= MOST_PATIENCE:
        why = f"must be from 1 to {MOST_PATIENCE}, is {rule.patience}"
        raise InvalidSpec("early_stopping.patience", why, "Give how many values may pass without a better one")
    if rule.threshold is not None and not math.isfinite(rule.threshold):
        raise InvalidSpec("early_stopping.threshold", f"must be a finite number, is {rule.threshold}", "Give a value")


def _refuse(rule: EarlyStoppingRule, why: str, remedy: str) -> None:
    """Raises InvalidSpec where the rule stops anything."""
    if rule.type is EarlyStopping.AUTO:
        raise InvalidSpec("early_stopping.type", why, remedy)
    for name in FIELDS:
        if getattr(rule, name) is not None:
            raise InvalidSpec(f"early_stopping.{name}", why, "Leave it out")
