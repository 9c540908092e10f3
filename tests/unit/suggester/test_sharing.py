"""Several definitions in one job: whose turn it is."""

from __future__ import annotations

import dataclasses

import pytest

from tests.unit.suggester.histories import observations_of
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import Direction, Strategy
from tunewright_suggester.core.ask import Ask, DefinitionAsk
from tunewright_suggester.core.sharing import first_share
from tunewright_suggester.core.suggest import suggest

LINE = {"x": Float(0.0, 1.0)}
PLANE = {"x": Float(0.0, 1.0), "y": Float(0.0, 1.0), "kind": Choice(("a", "b"))}


def loss_of(name, at):
    """The forest's best is 0, the line's 1."""
    return (at["x"] - 0.3) ** 2 + (1.0 if name == "line" else (at["y"] - 0.6) ** 2 + (at["kind"] == "a"))


def run(spaces, rounds, *, budget=None, value=loss_of, direction=Direction.MINIMIZE, seed=0):
    """Run a sequential job; return the name of the definition of each training, and its value."""
    told = {name: [] for name in spaces}
    taken = []
    for number in range(rounds):
        definitions = tuple(
            DefinitionAsk(space, name, observations_of(space, told[name], [value(name, at) for at in told[name]]))
            for name, space in spaces.items()
        )
        left = None if budget is None else budget - number
        ask = Ask(Strategy.BAYESIAN, definitions, direction, seed, number, started=number, budget=left)
        suggestion = suggest(ask).suggestions[0]
        told[suggestion.definition_name].append(suggestion.configuration)
        taken.append((suggestion.definition_name, value(suggestion.definition_name, suggestion.configuration)))
    return taken


def test_each_definition_first_gets_its_share():
    names = [name for name, _ in run({"line": LINE, "plane": PLANE}, 12)]
    assert names[:8].count("line") == 4  # 2 (d + 1)
    assert names.count("plane") >= 8


def test_a_small_budget_keeps_two_thirds_for_the_competition():
    ask = Ask(Strategy.BAYESIAN, (DefinitionAsk(LINE), DefinitionAsk(PLANE)), started=4, budget=14)
    assert [first_share(ask, parameters) for parameters in (1, 2, 3)] == [3, 3, 3]
    assert first_share(dataclasses.replace(ask, budget=None), 3) == 8


def test_trainings_go_to_the_definition_that_can_still_be_the_best():
    names = [name for name, _ in run({"line": LINE, "plane": PLANE}, 30, budget=30)]
    assert names[10:].count("plane") >= 18


def test_the_better_definition_is_told_also_when_maximising():
    taken = run(
        {"line": LINE, "plane": PLANE}, 24, budget=24, value=lambda *of: -loss_of(*of), direction=Direction.MAXIMIZE
    )
    assert [name for name, _ in taken[10:]].count("plane") >= 12
    assert max(value for _, value in taken) > -0.05


def test_definitions_that_are_equally_good_share_alike():
    names = [name for name, _ in run({"one": PLANE, "two": PLANE}, 40, budget=40, value=lambda _, at: at["x"])]
    assert 10 <= names.count("one") <= 30


def test_an_exhausted_definition_leaves_the_rest_to_the_others():
    names = [name for name, _ in run({"few": {"k": Int(1, 3)}, "plane": PLANE}, 16, value=lambda _, at: len(at) * 1.0)]
    assert names.count("few") == 3
    assert names.count("plane") == 13


def test_all_exhausted_is_said():
    ask = Ask(Strategy.BAYESIAN, (DefinitionAsk({"k": Int(1, 2)}, "a"), DefinitionAsk({"k": Int(1, 2)}, "b")), count=9)
    answer = suggest(ask)
    assert answer.exhausted
    assert sorted(one.definition_name for one in answer.suggestions) == ["a", "a", "b", "b"]


@pytest.mark.parametrize("count", [1, 5])
def test_an_ask_for_several_counts_what_it_has_given(count):
    definitions = (DefinitionAsk(LINE, "line"), DefinitionAsk(PLANE, "plane"))
    names = [one.definition_name for one in suggest(Ask(Strategy.BAYESIAN, definitions, count=2 * count)).suggestions]
    assert names.count("line") == min(count, 4)
