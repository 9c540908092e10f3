"""The strategies that need no model, Random and Grid, and what the others share with them: turns and draws.

Random and Grid look at no observation: draw and grid index follow from the number of trainings started. No numpy, so
that a process that answers only these stays small and quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tunewright.core.draws import configuration_at, random_configuration
from tunewright.core.errors import InvalidSpec, SpaceExhausted
from tunewright.core.space import Choice, Configuration, Space, size
from tunewright.core.turns import turn
from tunewright_suggester.core.ask import Answer, Ask, Provenance, Source, Suggestion
from tunewright_suggester.core.warm_start import fresh_configuration, places_of, tried_by_parents


def draw_random(ask: Ask) -> Answer:
    """Answer with the draws `started`, `started` + 1, …; definitions take turns. What parents tried is left out."""
    spaces = [definition.space for definition in ask.definitions]
    tried = [places_of(tried_by_parents(definition, ask.warm_start)) for definition in ask.definitions]
    left = [
        None if (total := size(space)) is None else total - len(known)
        for space, known in zip(spaces, tried, strict=True)
    ]

    def draw(place: int, number: int) -> Configuration:
        return fresh_configuration(spaces[place], ask.seed, number, tried[place])

    return _drawn(ask, Source.RANDOM, left, draw)


def draw_grid(ask: Ask) -> Answer:
    """Answer with the next configurations of the categorical product, each once, in a fixed order.

    Raises: InvalidSpec: a range is numeric.
    """
    for definition in ask.definitions:
        for name, parameter in definition.space.items():
            if not isinstance(parameter, Choice):
                raise InvalidSpec(f"ranges.{name}", "Grid takes categorical ranges only", "List the values to try")
    spaces = [definition.space for definition in ask.definitions]
    return _drawn(
        ask, Source.GRID, list(map(size, spaces)), lambda place, number: configuration_at(spaces[place], number)
    )


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


def _drawn(ask: Ask, source: Source, sizes: Sequence[int | None], draw: Callable[[int, int], Configuration]) -> Answer:
    """Answer with draws that `draw` makes from the place of a definition and a number of its own."""
    suggestions: list[Suggestion] = []
    for index in range(ask.started, ask.started + ask.count):
        try:
            place, number = turn(sizes, index)
        except SpaceExhausted:
            return Answer(tuple(suggestions), exhausted=True)
        suggestions.append(Suggestion(draw(place, number), Provenance(source), ask.definitions[place].name))
    return Answer(tuple(suggestions))
