"""Warm start: what counts as evidence, what is never repeated, and whom the child believes."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.suggester.histories import CATEGORICAL, MIXED, SMALL, loss_of, observations_of
from tunewright.core.draws import configuration_at, random_configuration
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int, size
from tunewright.core.spec import Direction, HyperbandConfig, Strategy, WarmStartType
from tunewright_suggester.core.ask import Ask, DefinitionAsk, Observations, Outcome, Parent, Source
from tunewright_suggester.core.effort import effort_of
from tunewright_suggester.core.knowledge import knowledge_of
from tunewright_suggester.core.model import fit_model
from tunewright_suggester.core.recommendation import recommended
from tunewright_suggester.core.suggest import explain, suggest
from tunewright_suggester.core.transfer import ROOM, informed, rising_line, witnesses

IDENTICAL = WarmStartType.IDENTICAL_DATA_AND_ALGORITHM
TRANSFER = WarmStartType.TRANSFER_LEARNING
PLANE = {"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}


def bowl(at) -> float:
    return (at["x"] - 0.3) ** 2 + (at["y"] - 0.8) ** 2


def parent_of(space, loss, rows=20, seed=77, **fields) -> Parent:
    told = [random_configuration(space, seed, draw) for draw in range(rows)]
    return Parent(space, observations_of(space, told, [loss(one) for one in told]), **fields)


def child(space, *parents, kind=IDENTICAL, strategy=Strategy.BAYESIAN, observations=None, number=0, **fields) -> Ask:
    """Return an ask; what is no field of an ask is one of its definition."""
    own = {name: fields.pop(name) for name in ("static", "default_point", "pending") if name in fields}
    definition = DefinitionAsk(space, "", observations or Observations(), parents=parents, **own)
    return Ask(strategy, (definition,), number=number, started=number, warm_start=kind, **fields)


def tuned(space, loss, rounds, *parents, kind=TRANSFER, seed=0):
    """Run a sequential job; return what was tried."""
    told = []
    for number in range(rounds):
        observations = observations_of(space, told, [loss(one) for one in told])
        ask = child(space, *parents, kind=kind, observations=observations, number=number, seed=seed)
        told.append(suggest(ask).suggestions[0].configuration)
    return told


def keys(configurations):
    return {tuple(one.values()) for one in configurations}


def evidence(space, parent, **fields):
    """Return what of the parent counts as the child's own, by value."""
    knowledge = knowledge_of(child(space, parent, **fields).definitions[0], Direction.MINIMIZE, IDENTICAL)
    return knowledge.y.tolist()


def numbered(space, *rows) -> Observations:
    """Return observations whose values are 0, 1, 2, …"""
    return observations_of(space, [dict(zip(space, row, strict=True)) for row in rows], range(len(rows)))


class TestIdenticalData:
    def test_a_child_of_a_well_tried_parent_asks_its_model_at_once(self):
        suggestion = suggest(child(PLANE, parent_of(PLANE, bowl))).suggestions[0]
        assert suggestion.provenance.source in (Source.EXPLOIT, Source.EXPLORE)
        assert bowl(suggestion.configuration) < 0.02

    def test_few_observations_shorten_the_initial_design(self):
        suggestions = suggest(child(PLANE, parent_of(PLANE, bowl, rows=3), count=3)).suggestions
        assert [one.provenance.source for one in suggestions[:2]] == [Source.INITIAL] * 2
        assert suggestions[2].provenance.source in (Source.EXPLOIT, Source.EXPLORE)

    def test_the_user_s_default_still_comes_first_and_only_once(self):
        ask = child(PLANE, parent_of(PLANE, bowl), default_point={"x": 0.9}, count=2)
        first, second = suggest(ask).suggestions
        assert first.provenance.source is Source.DEFAULT
        assert first.configuration == {"x": 0.9, "y": 0.5}
        assert second.provenance.source is not Source.DEFAULT

    def test_observations_outside_the_child_s_ranges_count(self):
        """The parent has seen a slope that leads into the child's range."""
        wide, narrow = {"x": Float(0.0, 1.0)}, {"x": Float(0.8, 2.0)}
        parent = parent_of(wide, lambda at: (at["x"] - 1.0) ** 2, rows=12)
        told = tuned(narrow, lambda at: (at["x"] - 1.0) ** 2, 3, parent, kind=IDENTICAL)
        assert all(0.8 <= one["x"] <= 2.0 for one in told)
        assert min(abs(one["x"] - 1.0) for one in told) < 0.1

    def test_a_choice_no_longer_offered_is_left_out(self):
        before, now = {"kind": Choice(("a", "b", "c"))}, {"kind": Choice(("c", "a"))}
        parent = Parent(before, numbered(before, ("a",), ("b",), ("c",)))
        assert evidence(now, parent) == [0.0, 2.0]

    def test_a_static_that_became_tunable_has_its_static_value(self):
        now = {"x": Float(0.0, 1.0), "layers": Int(1, 8), "kind": Choice(("a", "b"))}
        before = {"x": Float(0.0, 1.0)}
        parent = Parent(before, numbered(before, (0.1,), (0.9,)), {"layers": "4", "kind": "b"})
        definition = child(now, parent).definitions[0]
        knowledge = knowledge_of(definition, Direction.MINIMIZE, IDENTICAL)
        assert [knowledge.encoding.configuration(u) for u in knowledge.U] == [
            {"x": 0.1, "layers": 4, "kind": "b"},
            {"x": 0.9, "layers": 4, "kind": "b"},
        ]

    def test_values_are_read_as_of_the_child_s_type(self):
        before, now = {"a": Int(1, 9), "b": Choice(("16", "x", "2.5"))}, {"a": Float(0.0, 10.0), "b": Int(1, 64)}
        parent = Parent(before, numbered(before, (3, "16"), (4, "x"), (5, "2.5")))
        knowledge = knowledge_of(child(now, parent).definitions[0], Direction.MINIMIZE, IDENTICAL)
        assert [knowledge.encoding.configuration(u) for u in knowledge.U] == [{"a": 3.0, "b": 16}]

    @pytest.mark.parametrize("text", ["many", "4.5", "nan", "inf", None])
    def test_a_static_that_cannot_be_read_is_left_out(self, text):
        before, now = {"x": Float(0.0, 1.0)}, {"x": Float(0.0, 1.0), "layers": Int(1, 8)}
        parent = Parent(before, numbered(before, (0.1,)), {} if text is None else {"layers": text})
        assert evidence(now, parent) == []

    def test_a_tunable_that_became_static_counts_where_it_had_that_value(self):
        before, now = {"x": Float(0.0, 1.0), "n": Int(1, 9)}, {"x": Float(0.0, 1.0)}
        parent = Parent(before, numbered(before, (0.1, 3), (0.2, 4), (0.3, 3)))
        assert evidence(now, parent, static={"n": "3"}) == [0.0, 2.0]
        assert evidence(now, parent) == []

    def test_a_range_of_one_value_is_like_a_static(self):
        before, now = {"x": Float(0.0, 1.0), "n": Int(1, 9)}, {"x": Float(0.0, 1.0), "n": Int(3, 3)}
        parent = Parent(before, numbered(before, (0.1, 3), (0.2, 4)))
        assert evidence(now, parent) == [0.0]

    def test_another_value_of_a_static_is_another_problem(self):
        parent = Parent(PLANE, numbered(PLANE, (0.1, 0.2)), {"epochs": "3", "path": "here"})
        assert evidence(PLANE, parent, static={"epochs": "3"}) == [0.0]
        assert evidence(PLANE, parent, static={"epochs": "30"}) == []

    def test_failed_and_infeasible_ones_count_as_the_worst_of_both(self):
        told = numbered(PLANE, (0.1, 0.1), (0.2, 0.2))
        failed = dataclasses.replace(told, outcomes=(Outcome.FAILED, Outcome.COMPLETED), values=(math.nan, 1.0))
        definition = child(PLANE, Parent(PLANE, failed), observations=numbered(PLANE, (0.5, 0.5))).definitions[0]
        assert sorted(knowledge_of(definition, Direction.MINIMIZE, IDENTICAL).y) == [0.0, 1.0, 1.0]

    @pytest.mark.parametrize("strategy", [Strategy.BAYESIAN, Strategy.RANDOM])
    def test_a_finite_space_is_exhausted_without_what_the_parent_tried(self, strategy):
        """Its observations outside the space take nothing away."""
        wide = {"depth": Int(1, 5), "kind": Choice(("a", "b", "c"))}
        tried = [(1, "a"), (5, "a"), (3, "b"), (4, "c")]
        parent = Parent(wide, numbered(wide, *tried))
        answer = suggest(child(SMALL, parent, strategy=strategy, count=9))
        assert answer.exhausted
        told = keys(one.configuration for one in answer.suggestions)
        assert len(answer.suggestions) == len(told) == 4
        assert not told & set(tried)

    def test_only_the_child_s_own_trainings_are_recommended_and_named_as_neighbours(self):
        own = numbered(PLANE, (0.9, 0.1), (0.8, 0.2))
        ask = child(PLANE, parent_of(PLANE, bowl), observations=own, number=2)
        assert recommended(ask) in (0, 1)
        assert {one.number for one in explain(ask, 0).neighbours} <= {1, 2}
        assert recommended(child(PLANE, parent_of(PLANE, bowl))) is None


class TestRandom:
    @given(st.integers(0, 2**32), st.lists(st.integers(0, 17), max_size=15, unique=True), st.permutations(range(3)))
    @settings(max_examples=60, deadline=None)
    def test_draws_are_of_what_is_left_each_once(self, seed, tried, order):
        space = {"depth": Int(1, 6), "kind": Choice(("a", "b", "c"))}
        rows = [tuple(configuration_at(space, index).values()) for index in tried]
        thirds = [Parent(space, numbered(space, *rows[start::3])) for start in range(3)]
        ask = child(space, *thirds, strategy=Strategy.RANDOM, seed=seed, count=18)
        answer = suggest(ask)
        told = [tuple(one.configuration.values()) for one in answer.suggestions]
        assert answer.exhausted is bool(tried)
        assert sorted(told + rows) == sorted(tuple(configuration_at(space, i).values()) for i in range(size(space)))
        parents = tuple(thirds[place] for place in order)
        assert suggest(child(space, *parents, strategy=Strategy.RANDOM, seed=seed, count=18)) == answer

    def test_a_child_of_the_same_seed_goes_other_ways(self):
        parent = parent_of(MIXED, loss_of, rows=30, seed=5)
        ask = child(MIXED, parent, strategy=Strategy.RANDOM, seed=5, count=40)
        told = [one.configuration for one in suggest(ask).suggestions]
        assert len(keys(told)) == 40
        assert not keys(told) & keys(random_configuration(MIXED, 5, draw) for draw in range(30))
        assert told[30:] == [random_configuration(MIXED, 5, draw) for draw in range(30, 40)]

    def test_draws_do_not_depend_on_how_many_are_asked_for_at_once(self):
        parent = parent_of(SMALL, lambda _: 1.0, rows=2, seed=5)
        at_once = suggest(child(SMALL, parent, strategy=Strategy.RANDOM, seed=5, count=4)).suggestions
        one_by_one = [
            suggest(child(SMALL, parent, strategy=Strategy.RANDOM, seed=5, number=number)).suggestions[0]
            for number in range(4)
        ]
        assert list(at_once) == one_by_one

    def test_a_transfer_parent_s_configuration_may_come_again(self):
        parent = parent_of(SMALL, lambda _: 1.0, rows=6)
        assert len(suggest(child(SMALL, parent, kind=TRANSFER, strategy=Strategy.RANDOM, count=6)).suggestions) == 6


class TestTransfer:
    def test_the_parent_s_best_comes_third_unless_the_first_two_refute_it(self):
        parent = parent_of(PLANE, bowl)
        *first, third = (suggest(child(PLANE, parent, kind=TRANSFER, count=3))).suggestions
        assert third.provenance.source is Source.PARENT
        assert bowl(third.configuration) == min(parent.observations.values)
        told = [one.configuration for one in first]
        for loss, sources in ((bowl, {Source.PARENT}), (lambda at: -bowl(at), {Source.INITIAL})):
            own = observations_of(PLANE, told, [loss(one) for one in told])
            ask = child(PLANE, parent, kind=TRANSFER, observations=own, number=2)
            assert {suggest(ask).suggestions[0].provenance.source} == sources

    def test_a_refuted_parent_leaves_the_job_as_it_is_without(self):
        """A negated one, from the first training to the tenth."""
        negated = parent_of(PLANE, lambda at: -bowl(at), rows=30)
        assert tuned(PLANE, bowl, 10, negated) == tuned(PLANE, bowl, 10, kind=None)

    def test_a_parent_of_the_same_problem_on_another_scale_leads_to_the_optimum(self):
        parent = parent_of(PLANE, lambda at: 1e4 * bowl(at) - 7e3)
        told = tuned(PLANE, bowl, 6, parent)
        assert min(map(bowl, told)) < 1e-3
        assert min(map(bowl, tuned(PLANE, bowl, 6))) > 1e-3

    def test_a_negated_parent_is_not_heard(self):
        """Once five trainings have spoken, the answer is that without parents, to the bit."""
        own = observations_of(PLANE, *told_and_values(PLANE, bowl, 5))
        misled = child(PLANE, parent_of(PLANE, lambda at: -bowl(at)), kind=TRANSFER, observations=own, number=5)
        assert suggest(misled) == suggest(child(PLANE, kind=None, observations=own, number=5))

    def test_of_several_parents_the_one_that_agrees_is_heard(self):
        """The misleading ones are asked in vain, in whatever order they are listed."""
        good = parent_of(PLANE, bowl)
        bad = [parent_of(PLANE, lambda at: -bowl(at), seed=seed) for seed in (5, 6)]
        own = observations_of(PLANE, *told_and_values(PLANE, bowl, 5))
        one, other = (
            suggest(child(PLANE, *parents, kind=TRANSFER, observations=own, number=5))
            for parents in ((good, *bad), (*reversed(bad), good))
        )
        assert one == other
        assert bowl(one.suggestions[0].configuration) < 0.01
        assert "parents" in explain(child(PLANE, good, kind=TRANSFER, observations=own, number=5), 0).text

    def test_direction_is_the_child_s(self):
        parents = parent_of(PLANE, bowl), parent_of(PLANE, lambda at: -bowl(at))
        lower = suggest(child(PLANE, parents[0], kind=TRANSFER, count=3)).suggestions[2]
        higher = suggest(child(PLANE, parents[1], kind=TRANSFER, count=3, direction=Direction.MAXIMIZE)).suggestions[2]
        assert lower.provenance.source is Source.PARENT
        assert lower.configuration == higher.configuration

    def test_several_asked_at_once_differ_and_pending_ones_are_accounted_for(self):
        own = observations_of(PLANE, *told_and_values(PLANE, bowl, 5))
        ask = child(PLANE, parent_of(PLANE, bowl), kind=TRANSFER, observations=own, number=5, count=4)
        answer = suggest(ask)
        assert len(keys(one.configuration for one in answer.suggestions)) == 4
        assert suggest(ask) == answer

    def test_what_a_parent_of_identical_data_saw_under_another_static_is_transferred(self):
        space = {**PLANE, "epochs": Int(1, 9)}
        parent = parent_of(space, lambda at: bowl(at) / at["epochs"], rows=30)
        third = suggest(child(PLANE, parent, static={"epochs": "50"}, count=3)).suggestions[2]
        assert third.provenance.source is Source.PARENT
        assert bowl(third.configuration) < 0.1

    @pytest.mark.parametrize("rows", [0, 1, 2])
    def test_a_parent_that_saw_next_to_nothing_changes_nothing(self, rows):
        own = observations_of(PLANE, *told_and_values(PLANE, bowl, 8))
        fields = {"observations": own, "number": 8}
        ask = child(PLANE, parent_of(PLANE, bowl, rows=rows), kind=TRANSFER, **fields)
        assert suggest(ask) == suggest(child(PLANE, kind=None, **fields))

    def test_a_model_with_parents_is_of_bounded_size_and_leaves_no_child_s_own_out(self):
        parents = [parent_of(MIXED, loss_of, rows=750, seed=seed) for seed in range(5)]
        own = observations_of(MIXED, *told_and_values(MIXED, loss_of, 10))
        definition = child(MIXED, *parents, kind=TRANSFER, observations=own).definitions[0]
        knowledge = knowledge_of(definition, Direction.MINIMIZE, TRANSFER)
        model = informed(fit_model(knowledge, effort_of("")), knowledge.y, witnesses(knowledge, effort_of("")))
        assert 10 < len(model.data.y) <= ROOM
        assert np.array_equal(model.data.X[:10], knowledge.encoding.features(knowledge.U))

    def test_where_the_child_has_seen_enough_itself_no_parent_is_asked(self):
        own = observations_of(PLANE, *told_and_values(PLANE, bowl, ROOM))
        fields = {"observations": own, "number": ROOM}
        ask = child(PLANE, parent_of(PLANE, bowl, rows=50), kind=TRANSFER, **fields)
        assert suggest(ask) == suggest(child(PLANE, kind=None, **fields))


def told_and_values(space, loss, rows):
    told = [random_configuration(space, 1, draw) for draw in range(rows)]
    return told, [loss(one) for one in told]


def test_a_line_through_noise_rises_or_is_none():
    x = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    assert rising_line(x, 2.0 * x + 1.0) == (1.0, 2.0)
    assert rising_line(x, np.array([1.0, 3.0, 5.0, 7.0, 1e9])) == (1.0, 2.0)
    assert rising_line(x, -x) is None
    assert rising_line(np.ones(3), np.arange(3.0)) is None


@pytest.mark.parametrize("strategy", [Strategy.GRID, Strategy.HYPERBAND])
def test_grid_and_hyperband_take_no_parents(strategy):
    ask = child(CATEGORICAL, parent_of(CATEGORICAL, lambda _: 1.0, rows=3), strategy=strategy)
    with pytest.raises(InvalidSpec) as refused:
        suggest(dataclasses.replace(ask, hyperband=HyperbandConfig(1, 9)))
    assert refused.value.field == "warm_start"


def test_parents_without_a_kind_of_warm_start_are_refused():
    with pytest.raises(InvalidSpec) as refused:
        suggest(child(PLANE, parent_of(PLANE, bowl), kind=None))
    assert refused.value.field == "warm_start"
