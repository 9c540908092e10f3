"""All strategies under one contract, and what is particular to those without a model."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter

import pytest

from tests.unit.suggester.histories import CATEGORICAL, MIXED, SMALL, fresh_ask
from tests.unit.suggester.strategy_contract import StrategyContract
from tunewright.core.draws import random_configuration
from tunewright.core.errors import InvalidSpec
from tunewright.core.rungs import bracket_sizes, rungs_of
from tunewright.core.space import Choice, Int
from tunewright.core.spec import HyperbandConfig, Strategy
from tunewright_suggester.core.ask import Ask, DefinitionAsk, Source
from tunewright_suggester.core.suggest import suggest


class TestRandom(StrategyContract):
    strategy, space, finite, single = Strategy.RANDOM, MIXED, SMALL, Int(4, 4)

    def test_draws_are_those_that_the_scheduler_falls_back_to(self):
        suggestions = suggest(self.ask(MIXED, seed=9, started=6, count=2)).suggestions
        assert [one.configuration for one in suggestions] == [random_configuration(MIXED, 9, k) for k in (6, 7)]

    def test_definitions_take_turns(self):
        ask = Ask(Strategy.RANDOM, (DefinitionAsk(MIXED, "a"), DefinitionAsk(SMALL, "b")), count=4, started=1)
        assert [one.definition_name for one in suggest(ask).suggestions] == ["b", "a", "b", "a"]


class TestGrid(StrategyContract):
    strategy, space, finite, single = Strategy.GRID, CATEGORICAL, CATEGORICAL, Choice(("only",))
    takes_parents = False

    def test_the_order_is_that_of_the_lists(self):
        suggestions = suggest(self.ask(CATEGORICAL, count=3, seed=99)).suggestions
        assert [tuple(one.configuration.values()) for one in suggestions] == [("a", "l1"), ("a", "l2"), ("b", "l1")]

    def test_a_numeric_range_is_refused(self):
        with pytest.raises(InvalidSpec) as refused:
            suggest(self.ask(SMALL))
        assert refused.value.field == "ranges.depth"


class TestHyperband(StrategyContract):
    strategy, space, finite, single = Strategy.HYPERBAND, MIXED, SMALL, Int(4, 4)
    takes_parents = False

    def test_brackets_are_drawn_in_proportion_to_their_sizes(self):
        suggestions = suggest(self.ask(MIXED, count=600)).suggestions
        drawn = Counter(one.bracket for one in suggestions)
        sizes = bracket_sizes(1, 27)
        for bracket, count in enumerate(sizes):
            assert math.isclose(drawn[bracket] / 600, count / sum(sizes), abs_tol=0.06)
        assert all(one.rungs == rungs_of(one.bracket, 1, 27) for one in suggestions)

    def test_without_max_resource_it_is_refused(self):
        with pytest.raises(InvalidSpec) as refused:
            suggest(Ask(Strategy.HYPERBAND, (DefinitionAsk(MIXED),), hyperband=HyperbandConfig()))
        assert refused.value.field == "hyperband.max_resource"


class TestBayesian(StrategyContract):
    strategy, space, finite, single = Strategy.BAYESIAN, MIXED, SMALL, Int(4, 4)

    def test_a_finite_space_is_exhausted_whatever_order_its_values_make(self):
        told = self.run(SMALL, 8, value=lambda one: one["depth"] + (one["kind"] == "b"))
        assert len({tuple(one.values()) for one in told}) == 6

    def test_definitions_take_turns_and_go_on_when_one_is_exhausted(self):
        tiny = {"kind": Choice(("x", "y"))}
        ask = Ask(Strategy.BAYESIAN, (DefinitionAsk(tiny, "tiny"), DefinitionAsk(MIXED, "mixed")), count=6)
        assert Counter(one.definition_name for one in suggest(ask).suggestions) == {"tiny": 2, "mixed": 4}


def test_random_configurations_carry_their_provenance():
    for strategy, source in ((Strategy.RANDOM, Source.RANDOM), (Strategy.GRID, Source.GRID)):
        assert suggest(fresh_ask(strategy, CATEGORICAL)).suggestions[0].provenance.source is source


def test_answering_without_a_model_loads_no_numpy():
    """The process that serves everything stays small only if this holds."""
    program = (
        "import sys; import tunewright_suggester.servicer, tunewright_suggester.core.suggest as s;"
        "from tests.unit.suggester.histories import *;"
        "s.suggest(fresh_ask(Strategy.RANDOM, MIXED)); s.suggest(fresh_ask(Strategy.GRID, CATEGORICAL));"
        "s.suggest(fresh_ask(Strategy.HYPERBAND, MIXED));"
        "sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
