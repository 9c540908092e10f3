"""Hyperband's choice of configurations: draws, then a model of the highest rung that enough trainings reached."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter

import pytest

from tests.unit.suggester.histories import MIXED, SMALL, curved, loss_of
from tunewright.core.draws import random_configuration
from tunewright.core.rungs import bracket_sizes, rungs_of
from tunewright.core.space import Float
from tunewright.core.spec import Direction, HyperbandConfig, Strategy
from tunewright_suggester.core.ask import DOUBT, Ask, Curve, DefinitionAsk, Outcome, Source
from tunewright_suggester.core.hyperband import RANDOM_SHARE, has_model
from tunewright_suggester.core.rung_values import at_rung, reached
from tunewright_suggester.core.suggest import explain, suggest
from tunewright_suggester.core.targets import losses

STOPPED = Outcome.STOPPED


def series_of(configuration, length):
    """A training that starts at 8 and comes down to its loss."""
    return [loss_of(configuration) + 8 * math.exp(-step / 2) for step in range(1, length + 1)]


def hyperband_ask(lengths, **fields) -> Ask:
    """Return an ask over MIXED after random draws that were stopped after so many epochs each."""
    told = [random_configuration(MIXED, 77, draw) for draw in range(len(lengths))]
    series = [series_of(one, length) for one, length in zip(told, lengths, strict=True)]
    observations = curved(MIXED, told, series, [STOPPED] * len(told))
    given = {"seed": 3, "number": len(told), "started": len(told), "hyperband": HyperbandConfig(1, 27), **fields}
    return Ask(Strategy.HYPERBAND, (DefinitionAsk(MIXED, "", observations),), Direction.MINIMIZE, **given)


def sources(ask):
    return Counter(one.provenance.source for one in suggest(ask).suggestions)


def test_until_a_rung_has_more_trainings_than_parameters_all_is_drawn():
    assert not has_model(hyperband_ask([3, 3, 1, 1]))
    assert sources(hyperband_ask([3, 3, 1, 1], count=9)) == {Source.RANDOM: 9}
    assert has_model(hyperband_ask([3, 3, 1, 1, 1]))


def test_a_share_stays_random_when_there_is_a_model():
    drawn = sources(hyperband_ask([27] * 6, count=30, effort="fast"))[Source.RANDOM]
    assert 1 <= drawn <= 3 * RANDOM_SHARE * 30


def test_brackets_and_rungs_go_on_as_they_would_without_a_model():
    ask = hyperband_ask([27] * 6, count=20, effort="fast")
    bare = dataclasses.replace(ask, definitions=(DefinitionAsk(MIXED),))
    given = [(one.bracket, one.rungs) for one in suggest(ask).suggestions]
    assert given == [(one.bracket, one.rungs) for one in suggest(bare).suggestions]
    assert all(rungs == rungs_of(bracket, 1, 27) for bracket, rungs in given)
    assert len({bracket for bracket, _ in given}) > 1
    assert all(bracket < len(bracket_sizes(1, 27)) for bracket, _ in given)


def test_the_value_at_a_rung_is_that_at_the_rung_wherever_the_training_ended():
    told = [random_configuration(MIXED, 77, draw) for draw in range(4)]
    series = [[9.0, 5.0, 4.0], [8.0, 7.0, 6.0, 1.0, 0.0], [3.0, 2.0], [7.0, 1.0]]
    outcomes = [STOPPED, STOPPED, STOPPED, Outcome.COMPLETED]
    observations = curved(MIXED, told, series, outcomes)
    assert dict(reached(observations, 3, 27)) == pytest.approx({0: 4.0, 1: 6.0, 3: 1.0})


def test_a_thinned_curve_tells_its_value_at_a_rung():
    observations = curved(MIXED, [random_configuration(MIXED, 77, 0)], [[1.0]], [STOPPED])
    observations = dataclasses.replace(observations, steps=(81,), curves=(Curve((16, 32, 81), (4.0, 3.0, 2.0)),))
    assert dict(reached(observations, 27, 243)) == pytest.approx({0: 2.0})
    assert dict(reached(observations, 81, 243)) == {0: 1.0}


def test_what_a_rung_stopped_is_believed_less_than_what_the_median_rule_stopped():
    ask = hyperband_ask([27] * 12 + [1] * 6)
    seen = ask.definitions[0].observations
    by_rungs = losses(at_rung(seen, 27, 27), Direction.MINIMIZE)[1]
    by_median = losses(dataclasses.replace(at_rung(seen, 27, 27), doubt=DOUBT), Direction.MINIMIZE)[1]
    assert (by_rungs[12:] > 2 * by_median[12:]).all()
    assert not by_rungs[:12].any()


def test_failures_and_unknown_lengths():
    told = [random_configuration(MIXED, 77, draw) for draw in range(3)]
    observations = curved(MIXED, told, [[1.0]] * 3, [Outcome.FAILED, Outcome.COMPLETED, STOPPED])
    observations = dataclasses.replace(observations, steps=(3, 0, 0), curves=())
    assert dict(reached(observations, 27, 27)) == {1: 1.0}
    assert not dict(reached(observations, 3, 27))
    assert at_rung(observations, 27, 27).outcomes == (Outcome.FAILED, Outcome.COMPLETED, STOPPED)


def test_the_model_predicts_the_highest_rung_with_enough_trainings():
    """At rung 3 the losses are about 1.8 above their ends, at rung 27 nothing."""
    for lengths, above in (([3] * 12, 8 * math.exp(-1.5)), ([3] * 6 + [27] * 6, 0.0)):
        ask = hyperband_ask(lengths, count=6, effort="fast")
        modelled = [one for one in suggest(ask).suggestions if one.provenance.mean is not None]
        assert modelled
        for one in modelled:
            assert abs(one.provenance.mean - above) < 1.5


def test_with_a_model_the_suggestions_are_better_than_draws():
    suggestions = suggest(hyperband_ask([27] * 15, count=12, effort="fast")).suggestions
    modelled = [loss_of(one.configuration) for one in suggestions if one.provenance.source is not Source.RANDOM]
    drawn = [loss_of(random_configuration(MIXED, 3, draw)) for draw in range(100)]
    assert sum(modelled) / len(modelled) < 0.5 * sum(drawn) / len(drawn)


def test_maximising_is_minimising_the_negative():
    ask = hyperband_ask([27] * 8, count=3, effort="fast")
    definition = ask.definitions[0]
    seen = definition.observations
    negated = dataclasses.replace(
        seen,
        values=tuple(-value for value in seen.values),
        curves=tuple(Curve(curve.steps, tuple(-mean for mean in curve.means)) for curve in seen.curves),
    )
    other = dataclasses.replace(
        ask, direction=Direction.MAXIMIZE, definitions=(dataclasses.replace(definition, observations=negated),)
    )
    assert [one.configuration for one in suggest(ask).suggestions] == [
        one.configuration for one in suggest(other).suggestions
    ]


def test_what_was_observed_or_is_pending_is_not_drawn_again():
    """Draws meet what somebody enqueued: the space has six configurations, four are known."""
    every = [{"depth": depth, "kind": kind} for depth in (1, 2, 3) for kind in ("a", "b")]
    definition = DefinitionAsk(SMALL, "", curved(SMALL, every[:2], [[1.0]] * 2, [STOPPED] * 2), tuple(every[2:4]))
    answer = suggest(Ask(Strategy.HYPERBAND, (definition,), count=9, hyperband=HyperbandConfig(1, 9)))
    assert answer.exhausted
    assert sorted(map(str, (one.configuration for one in answer.suggestions))) == sorted(map(str, every[4:]))


def test_definitions_have_a_model_each_and_take_turns():
    ask = hyperband_ask([27] * 6, count=12, effort="fast")
    other = DefinitionAsk({"x": Float(0.0, 1.0)}, "new")
    answer = suggest(dataclasses.replace(ask, definitions=(ask.definitions[0], other)))
    assert Counter(one.definition_name for one in answer.suggestions) == {"": 6, "new": 6}
    assert {one.provenance.source for one in answer.suggestions if one.definition_name == "new"} == {Source.RANDOM}


def test_an_explanation_says_draw_or_model():
    ask = hyperband_ask([27] * 8, count=4, effort="fast")
    for index, one in enumerate(suggest(ask).suggestions):
        explanation = explain(ask, index)
        assert explanation.suggestion == one
        assert bool(explanation.neighbours) == (one.provenance.mean is not None)
