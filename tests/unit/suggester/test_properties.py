"""What holds of every ask, whatever was observed: properties over random spaces, histories and seeds."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.unit.suggester.asks import MODELLED, asks, parents
from tests.unit.suggester.histories import observations_of
from tests.unit.suggester.messages import request_from
from tunewright.core.draws import random_configuration
from tunewright.core.space import Float, check_configuration
from tunewright.core.spec import Direction, Strategy, WarmStartType
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright_suggester.core.ask import Ask, DefinitionAsk, Source
from tunewright_suggester.core.suggest import suggest
from tunewright_suggester.prefixes import Prefixes
from tunewright_suggester.wire import read_ask

WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""An ask takes tens of milliseconds: a failing one is shown as it was found, not after minutes."""


def examples(count):
    return settings(max_examples=count, deadline=None, phases=WITHOUT_SHRINKING)


@examples(70)
@given(asks())
def test_suggestions_are_plain_fresh_distinct_and_inside_the_space(ask):
    definitions = {definition.name: definition for definition in ask.definitions}
    answer = suggest(ask)
    for suggestion in answer.suggestions:
        definition = definitions[suggestion.definition_name]
        check_configuration(definition.space, suggestion.configuration)
        assert all(type(value) in (int, float, str) for value in suggestion.configuration.values())
        if ask.strategy in MODELLED:
            seen = definition.observations
            assert suggestion.configuration not in [seen.configuration(row) for row in range(len(seen))]
            assert suggestion.configuration not in definition.pending
    assert answer.exhausted or len(answer.suggestions) == ask.count
    given_out = [(one.definition_name, *one.configuration.values()) for one in answer.suggestions]
    assert len(set(given_out)) == len(given_out)
    assert suggest(ask) == answer


@examples(30)
@given(asks(strategies=MODELLED), st.data())
def test_cold_is_warm(ask, data):
    """All at once, or a tail onto a prefix that is known: bit for bit the same, whatever order columns stand in."""
    whole = request_from(ask)
    low = data.draw(st.integers(0, min(len(one.observations) for one in ask.definitions)))
    prefixes = Prefixes()
    _, digest = completed(prefixes, cut(whole, 0, low))
    tail = cut(whole, low, None)
    tail.prefix_digest, tail.prefix_length = digest, low * len(ask.definitions)
    for definition in tail.definitions:
        reorder(definition.observations.columns, data)
        reorder(definition.pending, data)
    warm, _ = completed(prefixes, tail)
    assert suggest(warm) == suggest(completed(Prefixes(), whole)[0])


def completed(prefixes, request):
    return prefixes.completed(request, read_ask(request))


def cut(request, low, high):
    """Return the request with the rows from `low` to before `high` only."""
    part = pb.SuggestRequest.FromString(request.SerializeToString())
    for definition in part.definitions:
        seen = definition.observations
        starts = [sum(seen.curve_lengths[:row]) for row in range(len(seen.curve_lengths) + 1)]
        if seen.curve_lengths:
            for name in ("curves", "curve_steps"):
                keep(seen, name, starts[low], starts[-1 if high is None else high])
        for name in ("outcomes", "values", "steps", "numbers", "errors", "curve_lengths"):
            keep(seen, name, low, high)
        for column in seen.columns:
            for name in ("floats", "ints", "choices"):
                keep(column, name, low, high)
    return part


def keep(message, name, low, high):
    kept = list(getattr(message, name))[low:high]
    message.ClearField(name)
    getattr(message, name).extend(kept)


def reorder(messages, data):
    shuffled = data.draw(st.permutations(list(messages)))
    del messages[:]
    messages.extend(shuffled)


@examples(25)
@given(asks(strategies=(Strategy.BAYESIAN, Strategy.RANDOM), definitions=1), st.data())
def test_the_order_of_parents_changes_nothing(ask, data):
    (definition,) = ask.definitions
    given = data.draw(st.lists(parents(definition.space), min_size=2, max_size=3))
    kind = data.draw(st.sampled_from(WarmStartType))
    orders = [given, data.draw(st.permutations(given))]
    one, other = (
        suggest(replace(ask, warm_start=kind, definitions=(replace(definition, parents=tuple(order)),)))
        for order in orders
    )
    assert one == other


@examples(25)
@given(st.integers(0, 10**6), st.integers(0, 12), st.sampled_from([1e6, -1e6, 1e-6, -3.0]))
def test_scale_shift_and_direction_of_the_objective_change_nothing(seed, rows, scale):
    """1e6 y + 1e9 is rounded to 1e-7 or so, a 1e-13th of y's own spread: what is chosen is worth the same to 1e-4.

    Where it is, moves by next to nothing, and by a little more where the acquisition is flat.
    """
    ask = smooth_ask(seed, rows + 3)
    moved = turned(ask, scale, 1e9 if abs(scale) > 1 else 0.0)
    (one,), (other,) = suggest(ask).suggestions, suggest(moved).suggestions
    assert one.provenance.source is other.provenance.source
    assert abs(one.configuration["x"] - other.configuration["x"]) < 5e-3
    if one.provenance.source in (Source.EXPLOIT, Source.EXPLORE):
        assert abs(one.provenance.acquisition - other.provenance.acquisition) < 1e-4


def smooth_ask(seed, rows):
    """Return an ask over one axis: the acquisition has few maxima, and the largest is found whatever the rounding."""
    space = {"x": Float(0.0, 1.0)}
    told = [random_configuration(space, seed, draw) for draw in range(rows)]
    values = [math.sin(9.0 * one["x"]) + one["x"] for one in told]
    definition = DefinitionAsk(space, "", observations_of(space, told, values))
    return Ask(Strategy.BAYESIAN, (definition,), Direction.MINIMIZE, seed, rows, started=rows, effort="fast")


def turned(ask, scale, shift):
    (definition,) = ask.definitions
    values = tuple(scale * value + shift for value in definition.observations.values)
    seen = replace(definition.observations, values=values)
    direction = ask.direction if scale > 0 else Direction.MAXIMIZE
    return replace(ask, direction=direction, definitions=(replace(definition, observations=seen),))
