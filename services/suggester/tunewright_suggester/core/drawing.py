"""The strategies that need no model, Random and Grid, and what the others share with them: turns and draws.

Random and Grid look at no observation: draw and grid index follow from the number of trainings started. No numpy, so
that a process that answers only these stays small and quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tunewright.core.draws import configuration_at, random_configuration
from tunewright.core.errors import InvalidSpec, SpaceExhausted
from tunewright.core.space import Choice, Configuration, Space, size
from tunewright_suggester.core.ask import Answer, Ask, DefinitionAsk, Provenance, Source, Suggestion
from tunewright_suggester.core.warm_start import Row, fresh_configuration, places_of, tried_by_parents


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


def turns(ask: Ask) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield, for every configuration wanted, its number in the job and the definitions in the order of their turns."""
    definitions = tuple(range(len(ask.definitions)))
    for index in range(ask.started, ask.started + ask.count):
        turn = index % len(definitions)
        yield index, definitions[turn:] + definitions[:turn]


def fresh_draw(space: Space, seed: int, draw: int, known: Callable[[Configuration], bool], most: int) -> Configuration:
    """Return the first draw from number `draw` on, counting on from 0 at the end, that is not known.

    `most` is how many configurations are known at most. A space of n configurations has a fresh one among its n draws.
    Raises: SpaceExhausted: all are known.
    """
    total = size(space)
    for attempt in range(draw, draw + most + 1):
        configuration = random_configuration(space, seed, attempt if total is None else attempt % total)
        if not known(configuration):
            return configuration
    raise SpaceExhausted(total or 0)


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


def _turn(ask: Ask, index: int) -> tuple[DefinitionAsk, int]:
    """Return whose turn draw `index` of the job is, and its number there; the scheduler's fallback counts alike."""
    return ask.definitions[index % len(ask.definitions)], index // len(ask.definitions)


def _grid_point(definition: DefinitionAsk, place: int) -> Configuration:
    total = size(definition.space) or 0
    if place >= total:
        raise SpaceExhausted(total)
    return configuration_at(definition.space, place)
