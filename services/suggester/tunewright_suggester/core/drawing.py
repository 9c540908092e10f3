"""The strategies that need no model: random, grid, and Hyperband's random draws with rungs.

They look at no observation: draw and grid index follow from the number of trainings started. No numpy, so that a
process that answers only these stays small and quick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tunewright.core.draws import configuration_at, random_configuration, uniform
from tunewright.core.errors import InvalidSpec, SpaceExhausted
from tunewright.core.space import Choice, Configuration, size
from tunewright.core.spec import HyperbandConfig
from tunewright_suggester.core.ask import Answer, Ask, DefinitionAsk, Provenance, Source, Suggestion
from tunewright_suggester.core.warm_start import Row, fresh_configuration, places_of, tried_by_parents

REDUCTION: Final = 3
"""Hyperband's η: one in so many goes on from a rung."""


def draw_random(ask: Ask) -> Answer:
    """Answer with the draws `started`, `started` + 1, …; definitions take turns. What parents tried is left out."""
    if ask.warm_start is None:
        return _drawn(ask, lambda index: _random(ask, index))
    tried = [places_of(tried_by_parents(definition, ask.warm_start)) for definition in ask.definitions]
    return _drawn(ask, lambda index: _fresh(ask, index, tried[index % len(tried)]))


def draw_grid(ask: Ask) -> Answer:
    """Answer with the next configurations of the categorical product, each once, in a fixed order.

    Raises: InvalidSpec: a range is numeric.
    """
    for definition in ask.definitions:
        for name, parameter in definition.space.items():
            if not isinstance(parameter, Choice):
                raise InvalidSpec(f"ranges.{name}", "Grid takes categorical ranges only", "List the values to try")
    return _drawn(ask, lambda index: _grid(ask, index))


def draw_hyperband(ask: Ask) -> Answer:
    """Answer with random draws, each in a bracket with rungs at which metrics judges it (ASHA, stop-only).

    Li et al. 2018, "Hyperband", algorithm 1, for the brackets; Li et al. 2020, "A system for massively parallel
    hyperparameter tuning", for rungs without synchronisation.
    Raises: InvalidSpec: no MaxResource.
    """
    minimum, maximum = _resources(ask.hyperband)
    return _drawn(ask, lambda index: _in_bracket(ask, index, minimum, maximum))


def rungs_of(bracket: int, minimum: int, maximum: int) -> tuple[int, ...]:
    """Return the resources at which a training of the bracket is judged: r η^s, r η^(s+1), … below R, and R."""
    rungs = []
    resource = minimum * REDUCTION**bracket
    while resource < maximum:
        rungs.append(resource)
        resource *= REDUCTION
    return (*rungs, maximum)


def bracket_sizes(minimum: int, maximum: int) -> tuple[int, ...]:
    """Return Hyperband's n_s for s = 0 …: how many trainings start in the bracket that skips the first s rungs.

    n = ⌈(s_max + 1) η^k / (k + 1)⌉ with k = s_max - s rungs before R (algorithm 1, line 4, brackets counted the other
    way round: bracket 0 stops earliest).
    """
    last = 0
    while minimum * REDUCTION ** (last + 1) <= maximum:
        last += 1
    return tuple(-(-(last + 1) * REDUCTION**left // (left + 1)) for left in range(last, -1, -1))


def _drawn(ask: Ask, draw: Callable[[int], Suggestion]) -> Answer:
    suggestions = []
    try:
        for index in range(ask.started, ask.started + ask.count):
            suggestions.append(draw(index))  # noqa: PERF401 - what was drawn before the end is kept
    except SpaceExhausted:
        return Answer(tuple(suggestions), exhausted=True)
    return Answer(tuple(suggestions))


def _random(ask: Ask, index: int) -> Suggestion:
    definition, draw = _turn(ask, index)
    configuration = random_configuration(definition.space, ask.seed, draw)
    return Suggestion(configuration, Provenance(Source.RANDOM), definition.name)


def _fresh(ask: Ask, index: int, tried: Mapping[Row, int]) -> Suggestion:
    definition, draw = _turn(ask, index)
    configuration = fresh_configuration(definition.space, ask.seed, draw, tried)
    return Suggestion(configuration, Provenance(Source.RANDOM), definition.name)


def _grid(ask: Ask, index: int) -> Suggestion:
    definition, place = _turn(ask, index)
    return Suggestion(_grid_point(definition, place), Provenance(Source.GRID), definition.name)


def _in_bracket(ask: Ask, index: int, minimum: int, maximum: int) -> Suggestion:
    drawn = _random(ask, index)
    bracket = _bracket(bracket_sizes(minimum, maximum), uniform(ask.seed, index, "/bracket"))
    return Suggestion(
        drawn.configuration, drawn.provenance, drawn.definition_name, bracket, rungs_of(bracket, minimum, maximum)
    )


def _turn(ask: Ask, index: int) -> tuple[DefinitionAsk, int]:
    """Return whose turn draw `index` of the job is, and its number there; the scheduler's fallback counts alike."""
    return ask.definitions[index % len(ask.definitions)], index // len(ask.definitions)


def _grid_point(definition: DefinitionAsk, place: int) -> Configuration:
    total = size(definition.space) or 0
    if place >= total:
        raise SpaceExhausted(total)
    return configuration_at(definition.space, place)


def _resources(config: HyperbandConfig | None) -> tuple[int, int]:
    if config is None or config.max_resource is None:
        raise InvalidSpec("hyperband.max_resource", "is missing", "Give the largest number of epochs of a training")
    minimum = config.min_resource or 1
    if not 1 <= minimum <= config.max_resource:
        raise InvalidSpec("hyperband.min_resource", f"{minimum} is not in 1 … {config.max_resource}", "Lower it")
    return minimum, config.max_resource


def _bracket(sizes: tuple[int, ...], share: float) -> int:
    """Return the bracket in which `share` in [0, 1) of all trainings lies."""
    left = share * sum(sizes)
    for bracket, count in enumerate(sizes):
        left -= count
        if left < 0:
            return bracket
    return len(sizes) - 1
