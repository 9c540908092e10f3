"""The one entrance: an ask in, an answer out.

The same ask gives the same answer, bit for bit, on any replica of one build and CPU kind. Model code is imported where
a model is asked for, so that a process that never fits stays small.
"""

from __future__ import annotations

from typing import assert_never

from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Strategy, WarmStartType
from tunewright_suggester.core.ask import Answer, Ask, Explanation
from tunewright_suggester.core.drawing import draw_grid, draw_random
from tunewright_suggester.core.hyperband import has_model, suggest_hyperband


def suggest(ask: Ask) -> Answer:
    """Answer an ask. Raises: InvalidSpec: the strategy cannot serve this space or configuration."""
    _check(ask)
    match ask.strategy:
        case Strategy.RANDOM:
            return draw_random(ask)
        case Strategy.GRID:
            return draw_grid(ask)
        case Strategy.HYPERBAND:
            return suggest_hyperband(ask)
        case Strategy.BAYESIAN:
            from tunewright_suggester.core.sharing import suggest_bayesian

            return suggest_bayesian(ask)
        case _:
            assert_never(ask.strategy)


def explain(ask: Ask, index: int) -> Explanation:
    """Recompute suggestion `index` (from 0) of an ask and say what led to it. Raises: InvalidSpec: there is none."""
    _check(ask)
    if fits_model(ask):
        from tunewright_suggester.core.explanation import explain_modelled

        return explain_modelled(ask, index)
    suggestions = suggest(ask).suggestions
    if not 0 <= index < len(suggestions):
        raise InvalidSpec("index", f"the ask has {len(suggestions)} suggestions", "Count from 0")
    source = suggestions[index].provenance.source
    return Explanation(suggestions[index], f"{source}: follows from the seed and the number of trainings started")


def fits_model(ask: Ask) -> bool:
    """Say whether answering loads numpy, and costs tens of milliseconds instead of microseconds.

    Raises: InvalidSpec: as suggest.
    """
    return ask.strategy is Strategy.BAYESIAN or (ask.strategy is Strategy.HYPERBAND and has_model(ask))


def _check(ask: Ask) -> None:
    if not ask.definitions:
        raise InvalidSpec("definitions", "there is none", "Give at least one")
    if ask.count < 1:
        raise InvalidSpec("count", f"{ask.count} is below 1", "Ask for at least one configuration")
    _check_warm_start(ask)


def _check_warm_start(ask: Ask) -> None:
    if ask.warm_start is None and any(definition.parents for definition in ask.definitions):
        raise InvalidSpec("warm_start", "is missing, but there are parents", f"Choose from {', '.join(WarmStartType)}")
    if ask.warm_start is not None and ask.strategy in (Strategy.GRID, Strategy.HYPERBAND):
        raise InvalidSpec("warm_start", f"{ask.strategy} takes no parents", "Use Bayesian or Random, or leave it out")
