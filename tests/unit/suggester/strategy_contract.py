"""What every strategy promises, whatever it looks at."""

from __future__ import annotations

import dataclasses
import math

import pytest

from tests.unit.suggester.histories import curved, fresh_ask, observations_of
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import check_configuration, size
from tunewright.core.spec import Strategy
from tunewright_suggester.core.ask import Outcome
from tunewright_suggester.core.suggest import explain, suggest


class StrategyContract:
    strategy: Strategy
    space: dict
    finite: dict

    def ask(self, space, **fields):
        return fresh_ask(self.strategy, space, **fields)

    def run(self, space, rounds, value=lambda _: 1.0, **fields):
        """Ask one by one, telling each value at once; return what was suggested."""
        told, ask = [], self.ask(space, **fields)
        for number in range(rounds):
            observations = curved(space, told, [(2.0, 1.5, value(one)) for one in told])
            definition = dataclasses.replace(ask.definitions[0], observations=observations)
            answer = suggest(dataclasses.replace(ask, definitions=(definition,), number=number, started=number))
            told.extend(suggestion.configuration for suggestion in answer.suggestions)
        return told

    def test_suggestions_lie_in_the_space_and_are_plain_values(self):
        for configuration in self.run(self.space, 8):
            check_configuration(self.space, configuration)
            assert all(type(value) in (int, float, str) for value in configuration.values())

    def test_the_same_ask_gives_the_same_answer(self):
        ask = self.ask(self.space, count=3, seed=5)
        assert suggest(ask) == suggest(ask)

    def test_as_many_are_suggested_as_asked_for(self):
        assert len(suggest(self.ask(self.space, count=4)).suggestions) == 4

    def test_suggestions_of_one_ask_differ(self):
        suggestions = suggest(self.ask(self.space, count=4)).suggestions
        assert len({tuple(one.configuration.values()) for one in suggestions}) == 4

    def test_a_finite_space_is_given_out_once_and_then_is_exhausted(self):
        total = size(self.finite)
        told = self.run(self.finite, total + 2)
        assert len(told) == total
        assert len({tuple(one.values()) for one in told}) == total

    def test_more_than_is_left_is_answered_with_what_is_left(self):
        total = size(self.finite)
        answer = suggest(self.ask(self.finite, count=total + 3))
        assert answer.exhausted
        assert len(answer.suggestions) == total

    def test_a_space_of_a_single_point_is_answered_once(self):
        assert len(self.run({"kind": self.single}, 3)) == 1

    def test_failed_trainings_do_not_stop_it(self):
        ask = self.ask(self.space, started=8, number=8)
        configurations = self.run(self.space, 8)
        failed = observations_of(self.space, configurations, [math.nan] * 8, [Outcome.FAILED] * 8)
        ask = dataclasses.replace(ask, definitions=(dataclasses.replace(ask.definitions[0], observations=failed),))
        answer = suggest(ask)
        assert answer.exhausted or len(answer.suggestions) == 1

    def test_every_suggestion_can_be_explained_and_no_other(self):
        ask = self.ask(self.space, count=2)
        suggestions = suggest(ask).suggestions
        assert [explain(ask, index).suggestion for index in (0, 1)] == list(suggestions)
        with pytest.raises(InvalidSpec):
            explain(ask, 2)

    def test_an_ask_for_nothing_is_refused(self):
        with pytest.raises(InvalidSpec) as refused:
            suggest(self.ask(self.space, count=0))
        assert refused.value.field == "count"
