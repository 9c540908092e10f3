"""PARALLELISM_TOO_HIGH: so many trainings at once that a model hardly sees results before the budget is spent.

A training is chosen without the results of those beside it. How much worse the best becomes, measured with the
suggester itself, stands in docs/advice.md; the threshold comes from there.
"""

from __future__ import annotations

from typing import Final

from tunewright.core.analysis import Advice, AdviceKind
from tunewright.core.spec import Strategy
from tunewright_metrics.core.history import History

FEWEST_ROUNDS: Final = 4
"""max_trainings / max_parallel; below, the model has seen too little when the last trainings are chosen."""
ROUNDS_TO_TRY: Final = 10
FEWEST_PARALLEL: Final = 4
"""Fewer at once are never too many."""


def parallelism_too_high(history: History) -> list[Advice]:
    limits, spec = history.spec.limits, history.spec
    budget = limits.max_trainings
    learns = spec.strategy is Strategy.BAYESIAN and spec.warm_start is None
    if not learns or budget is None or _all_without_objective(history):
        return []
    parallel = min(limits.max_parallel, budget)
    if parallel < FEWEST_PARALLEL or budget >= FEWEST_ROUNDS * parallel:
        return []
    wanted = max(1, budget // ROUNDS_TO_TRY)
    text = (
        f"{parallel} of {budget} trainings are chosen before the model has seen a single result: with "
        f"{parallel} at once, Bayesian search is little more than random."
    )
    remedy = (
        f"Try --parallel {wanted} (tunewright amend {spec.name} --parallel {wanted} while it runs), "
        "or --strategy Random, which loses nothing by it."
    )
    return [Advice(AdviceKind.PARALLELISM_TOO_HIGH, text, remedy)]


def _all_without_objective(history: History) -> bool:
    """Whether something else is wrong, and first: trainings have ended, and none has taught the model anything."""
    return bool(history.tried) and all(item.value is None for item in history.tried)
