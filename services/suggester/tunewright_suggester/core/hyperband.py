"""Hyperband: configurations in brackets with rungs, at which metrics judges them (see tunewright.core.rungs).

Configurations are random draws until a rung has been reached by more trainings than there are free parameters. Then a
model is fitted to the values at the highest such rung, the one nearest to the end (Falkner, Klein and Hutter 2018,
"BOHB", section 3.2, with the model of the Bayesian strategy in place of densities). A share of random draws stays,
whatever the model believes: Hyperband's guarantee rests on them.

The draws load no numpy: a process that is asked for a new job's first configurations stays small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from tunewright.core.draws import uniform
from tunewright.core.errors import SpaceExhausted
from tunewright.core.rungs import bracket_sizes, resources_of, rungs_of
from tunewright.core.space import Configuration, Space, Value, size
from tunewright_suggester.core.ask import Answer, Ask, DefinitionAsk, Provenance, Source, Suggestion
from tunewright_suggester.core.drawing import fresh_draw, turns
from tunewright_suggester.core.rung_values import at_rung, reached

if TYPE_CHECKING:
    from tunewright_suggester.core.bayesian import Step

RANDOM_SHARE: Final = 0.1
"""Of the configurations, once there is a model. A third, as in BOHB, had 1.5 times the regret of none after 600 epochs
of simulated curves (R = 27): the model explores by itself. A tenth is the price of the guarantee."""
Key = tuple[Value | None, ...]
"""A configuration's values in the order of its space; None: no longer offered."""


def suggest_hyperband(ask: Ask) -> Answer:
    """Answer an ask. Raises: InvalidSpec: the resources are missing or impossible, or there is no such effort tier."""
    modelled = has_model(ask)
    suggestions = tuple((step.suggestion for step in steps(ask)) if modelled else _draws(ask))
    return Answer(suggestions, exhausted=len(suggestions) < ask.count)


def has_model(ask: Ask) -> bool:
    """Say whether a model is fitted for this ask. Raises: InvalidSpec: the resources are missing or impossible."""
    resources = resources_of(ask.hyperband)
    return any(_model_rung(definition, resources) is not None for definition in ask.definitions)


def steps(ask: Ask) -> Iterator[Step]:
    """Yield the suggestions of an ask that has a model, with what led to them."""
    from tunewright_suggester.core.bayesian import Proposer

    resources = resources_of(ask.hyperband)
    rungs = [_model_rung(definition, resources) for definition in ask.definitions]
    proposers = [
        Proposer(ask, definition if rung is None else _seen_from(definition, rung, resources))
        for definition, rung in zip(ask.definitions, rungs, strict=True)
    ]
    for index, order in turns(ask):
        by_chance = uniform(ask.seed, index, "/share") < RANDOM_SHARE
        for place in order:
            proposer = proposers[place]
            chosen = by_chance or rungs[place] is None
            step = proposer.propose_by_chance() if chosen else proposer.propose_by_model()
            if step is not None:
                yield replace(step, suggestion=_in_bracket(step.suggestion, ask.seed, index, resources))
                break


def _draws(ask: Ask) -> Iterator[Suggestion]:
    resources = resources_of(ask.hyperband)
    known = [_known(definition) for definition in ask.definitions]
    for index, order in turns(ask):
        for place in order:
            definition = ask.definitions[place]
            drawn = _fresh(definition, ask.seed, index // len(order), known[place])
            if drawn is not None:
                known[place].add(_key(drawn, definition.space))
                suggestion = Suggestion(drawn, Provenance(Source.RANDOM), definition.name)
                yield _in_bracket(suggestion, ask.seed, index, resources)
                break


def _model_rung(definition: DefinitionAsk, resources: tuple[int, int]) -> int | None:
    """Return the highest rung that more trainings have reached than there are free parameters; None: there is none."""
    minimum, maximum = resources
    fewest = sum(size({name: parameter}) != 1 for name, parameter in definition.space.items()) + 1
    for rung in reversed(rungs_of(0, minimum, maximum)):
        if sum(1 for _ in islice(reached(definition.observations, rung, maximum), fewest)) == fewest:
            return rung
    return None


def _seen_from(definition: DefinitionAsk, rung: int, resources: tuple[int, int]) -> DefinitionAsk:
    return replace(definition, observations=at_rung(definition.observations, rung, resources[1]))


def _in_bracket(suggestion: Suggestion, seed: int, index: int, resources: tuple[int, int]) -> Suggestion:
    """Return the suggestion in the bracket that training `index` of the job falls into."""
    bracket = _bracket(bracket_sizes(*resources), uniform(seed, index, "/bracket"))
    return replace(suggestion, bracket=bracket, rungs=rungs_of(bracket, *resources))


def _bracket(sizes: tuple[int, ...], share: float) -> int:
    """Return the bracket in which `share` in [0, 1) of all trainings lies."""
    left = share * sum(sizes)
    for bracket, count in enumerate(sizes):
        left -= count
        if left < 0:
            return bracket
    return len(sizes) - 1


def _known(definition: DefinitionAsk) -> set[Key]:
    """Return what was observed or is pending."""
    space, observations = definition.space, definition.observations
    columns = [observations.columns[name] for name in space] if len(observations) else []
    return {*zip(*columns, strict=True), *(_key(pending, space) for pending in definition.pending)}


def _fresh(definition: DefinitionAsk, seed: int, draw: int, known: set[Key]) -> Configuration | None:
    space = definition.space
    try:
        return fresh_draw(space, seed, draw, lambda drawn: _key(drawn, space) in known, len(known))
    except SpaceExhausted:
        return None


def _key(configuration: Configuration, space: Space) -> Key:
    return tuple(configuration[name] for name in space)
