"""What every strategy promises, whatever it looks at."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter

import pytest

from tests.unit.suggester.histories import curved, fresh_ask, observations_of
from tests.unit.suggester.messages import request_from
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import check_configuration, size
from tunewright.core.spec import Direction, Strategy, WarmStartType
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright_suggester.core.ask import DefinitionAsk, Outcome, Parent
from tunewright_suggester.core.suggest import explain, suggest
from tunewright_suggester.wire import read_ask

IDENTICAL = WarmStartType.IDENTICAL_DATA_AND_ALGORITHM


def configurations(ask):
    return [one.configuration for one in suggest(ask).suggestions]


class StrategyContract:
    strategy: Strategy
    takes_parents = True
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
        for ask in (self.ask(self.space, count=2), self.later(count=2)):
            suggestions = suggest(ask).suggestions
            assert len(suggestions) == 2
            assert [explain(ask, index).suggestion for index in (0, 1)] == list(suggestions)
            for index in (-1, 2):
                with pytest.raises(InvalidSpec) as refused:
                    explain(ask, index)
                assert refused.value.field == "index"

    def test_maximising_is_minimising_the_negative(self):
        least = self.later(direction=Direction.MINIMIZE)
        most = self.later(direction=Direction.MAXIMIZE, sign=-1.0)
        assert configurations(least) == configurations(most)

    def test_what_is_pending_is_not_given_out_again_whatever_order_it_is_listed_in(self):
        """`started` counts what is pending; the order in which a caller lists it is that of its training numbers."""
        first = suggest(self.later(count=2))
        pending = tuple(one.configuration for one in first.suggestions)
        ask = self.with_pending(self.later(count=2), pending)
        permuted = request_from(ask)
        (definition,) = permuted.definitions
        listed = [pb.Pending.FromString(one.SerializeToString()) for one in reversed(definition.pending)]
        del definition.pending[:]
        definition.pending.extend(listed)
        given = configurations(ask)
        assert not [one for one in given if one in pending]
        assert configurations(read_ask(permuted)) == given

    def test_columns_may_be_listed_in_any_order(self):
        ask = self.later(count=2)
        request = request_from(ask)
        columns = request.definitions[0].observations.columns
        columns.reverse()
        assert configurations(read_ask(request)) == configurations(ask)

    def test_each_of_several_definitions_gets_configurations_of_its_own_space(self):
        spaces = {"a": self.space, "b": self.finite}
        definitions = tuple(DefinitionAsk(space, name) for name, space in spaces.items())
        answer = suggest(dataclasses.replace(self.ask(self.space, count=4), definitions=definitions))
        assert Counter(one.definition_name for one in answer.suggestions) == {"a": 2, "b": 2}
        for one in answer.suggestions:
            check_configuration(spaces[one.definition_name], one.configuration)

    def test_what_parents_tried_is_not_tried_again_or_parents_are_refused(self):
        told = self.run(self.finite, 3)
        parent = Parent(self.finite, curved(self.finite, told, [(1.0, 2.0)] * 3))
        definition = DefinitionAsk(self.finite, parents=(parent,))
        count = size(self.finite)
        ask = dataclasses.replace(self.ask(self.finite, count=count), definitions=(definition,), warm_start=IDENTICAL)
        if not self.takes_parents:
            with pytest.raises(InvalidSpec) as refused:
                suggest(ask)
            assert refused.value.field == "warm_start"
            return
        answer = suggest(ask)
        assert answer.exhausted
        assert len(answer.suggestions) == count - 3
        assert not [one for one in answer.suggestions if one.configuration in told]

    def later(self, *, sign=1.0, **fields):
        """Return an ask after three trainings."""
        told = self.run(self.space, 3)
        seen = curved(self.space, told, [(sign * 2.0, sign * 1.5, sign * (1.0 + row)) for row in range(3)])
        ask = self.ask(self.space, started=3, number=3, **fields)
        return dataclasses.replace(ask, definitions=(DefinitionAsk(self.space, "", seen),))

    @staticmethod
    def with_pending(ask, pending):
        definition = dataclasses.replace(ask.definitions[0], pending=pending)
        started = ask.started + len(pending)
        return dataclasses.replace(ask, definitions=(definition,), started=started, number=started)

    def test_an_ask_for_nothing_is_refused(self):
        with pytest.raises(InvalidSpec) as refused:
            suggest(self.ask(self.space, count=0))
        assert refused.value.field == "count"
