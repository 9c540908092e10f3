"""The Bayesian strategy: what it finds, what it starts from, and what must not change its answer."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from tests.unit.suggester.histories import MIXED, loss_of, mixed_ask, observations_of
from tunewright.core.draws import random_configuration
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import Direction, Strategy
from tunewright_suggester.core.ask import Ask, DefinitionAsk, Outcome, Source
from tunewright_suggester.core.suggest import explain, suggest


def minimised(space, loss, rounds, seed=0):
    """Run a sequential job; return the best loss."""
    told, values = [], []
    for number in range(rounds):
        definition = DefinitionAsk(space, "", observations_of(space, told, values))
        ask = Ask(Strategy.BAYESIAN, (definition,), seed=seed, number=number, started=number)
        told.append(suggest(ask).suggestions[0].configuration)
        values.append(loss(told[-1]))
    return min(values)


def branin(at):
    x, y = at["x"], at["y"]
    bowl = (y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6) ** 2
    return bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


HARTMANN_A = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
HARTMANN_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann6(at):
    x = np.array(list(at.values()))
    return -float(np.array([1, 1.2, 3, 3.2]) @ np.exp(-(HARTMANN_A * (x - HARTMANN_P) ** 2).sum(1)))


def test_branin_is_nearly_solved_in_25_trainings():
    """The median random evaluation is about 35 above the optimum."""
    space = {"x": Float(-5.0, 10.0), "y": Float(0.0, 15.0)}
    assert minimised(space, branin, 25) < 0.397887 + 0.1


def test_hartmann6_is_nearly_solved_in_40_trainings():
    space = {name: Float(0.0, 1.0) for name in "abcdef"}
    assert minimised(space, hartmann6, 40) < -3.1


def test_a_mixed_space_is_solved_exactly_in_its_discrete_part():
    best = minimised(MIXED, loss_of, 30)
    assert best < 0.02


def test_the_default_point_comes_first_whole_or_in_part():
    given = {"rate": 0.05, "kind": "rmsprop"}
    first = suggest(Ask(Strategy.BAYESIAN, (DefinitionAsk(MIXED, default_point=given),))).suggestions[0]
    assert first.provenance.source is Source.DEFAULT
    assert first.configuration["rate"] == pytest.approx(0.05)
    assert first.configuration["kind"] == "rmsprop"
    assert first.configuration["decay"] == pytest.approx(0.5)


def test_without_a_default_the_scaled_middle_comes_first():
    space = {"rate": Float(1e-4, 1e-2), "units": Int(1, 9), "kind": Choice(("a", "b"))}
    first = suggest(Ask(Strategy.BAYESIAN, (DefinitionAsk(space),))).suggestions[0]
    assert first.configuration == {"rate": pytest.approx(1e-3), "units": 5, "kind": "a"}


def test_the_initial_design_spreads_over_every_axis():
    suggestions = suggest(Ask(Strategy.BAYESIAN, (DefinitionAsk({"x": Float(0.0, 1.0)}),), count=5)).suggestions
    quarters = sorted(int(4 * one.configuration["x"]) for one in suggestions[1:])
    assert quarters == [0, 1, 2, 3]


@pytest.mark.parametrize(("scale", "shift"), [(1e6, 1e9), (1e-6, 0.0), (1.0, -1e3)])
def test_scale_and_shift_of_the_objective_change_nothing(scale, shift):
    configurations = [random_configuration(MIXED, 77, draw) for draw in range(12)]
    plain = suggest(mixed_ask()).suggestions[0].configuration
    moved = suggest(mixed_ask(values=[scale * loss_of(one) + shift for one in configurations])).suggestions[0]
    assert moved.configuration["kind"] == plain["kind"]
    assert moved.configuration["units"] == plain["units"]
    assert moved.configuration["rate"] == pytest.approx(plain["rate"], rel=0.02)


def test_maximising_is_minimising_the_negative():
    configurations = [random_configuration(MIXED, 77, draw) for draw in range(12)]
    negated = mixed_ask(values=[-loss_of(one) for one in configurations], direction=Direction.MAXIMIZE)
    one, other = suggest(mixed_ask()).suggestions[0], suggest(negated).suggestions[0]
    assert one.configuration == other.configuration
    assert one.provenance.mean == pytest.approx(-other.provenance.mean)


def test_what_is_pending_is_not_suggested_again_and_moves_the_next_suggestion():
    first = suggest(mixed_ask()).suggestions[0].configuration
    second = suggest(mixed_ask(pending=(first,))).suggestions[0].configuration
    assert second != first


def test_several_at_once_are_spread():
    suggestions = suggest(mixed_ask(count=4)).suggestions
    assert len({tuple(one.configuration.values()) for one in suggestions}) == 4


def test_seeds_and_ask_numbers_have_streams_of_their_own():
    asks = [mixed_ask(seed=1), mixed_ask(seed=2), mixed_ask(number=99)]
    assert len({tuple(suggest(ask).suggestions[0].configuration.values()) for ask in asks}) == 3


def test_a_failing_region_is_avoided():
    """Half of the space fails: the model learns to stay out of it."""
    space = {"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}
    told, values, outcomes = [], [], []
    for number in range(25):
        definition = DefinitionAsk(space, "", observations_of(space, told, values, outcomes))
        ask = Ask(Strategy.BAYESIAN, (definition,), number=number, started=number)
        at = suggest(ask).suggestions[0].configuration
        failed = at["x"] > 0.5
        told.append(at)
        values.append(math.nan if failed else (at["x"] - 0.4) ** 2 + (at["y"] - 0.7) ** 2)
        outcomes.append(Outcome.FAILED if failed else Outcome.COMPLETED)
    assert outcomes[10:].count(Outcome.FAILED) <= 5
    assert np.nanmin(values) < 0.01


def test_equal_objectives_are_borne():
    answer = suggest(mixed_ask(values=[3.0] * 12))
    assert len(answer.suggestions) == 1
    assert math.isfinite(answer.suggestions[0].provenance.mean)


def test_a_value_no_longer_offered_is_left_out():
    ask = mixed_ask()
    observations = ask.definitions[0].observations
    columns = {**observations.columns, "kind": (None, *observations.columns["kind"][1:])}
    changed = dataclasses.replace(observations, columns=columns)
    ask = dataclasses.replace(ask, definitions=(dataclasses.replace(ask.definitions[0], observations=changed),))
    assert len(suggest(ask).suggestions) == 1


@pytest.mark.parametrize("space", [{"n": Int(0, 2**53 - 1)}, {f"c{i}": Choice(tuple("abcdefghij")) for i in range(12)}])
def test_huge_finite_spaces_are_searched(space):
    told = [random_configuration(space, 1, draw) for draw in range(8)]
    definition = DefinitionAsk(space, "", observations_of(space, told, [float(k % 5) for k in range(8)]))
    ask = Ask(Strategy.BAYESIAN, (definition,), number=8, started=8)
    assert suggest(ask).suggestions[0].configuration not in told


def test_the_outlook_fades_when_nothing_is_left_to_gain():
    space = {"x": Float(0.0, 1.0)}
    told = [{"x": place / 20} for place in range(21)]
    flat = observations_of(space, told, [(one["x"] - 0.5) ** 2 for one in told])
    few = observations_of(space, told[::4], [(one["x"] - 0.45) ** 2 for one in told[::4]])
    late, early = (
        suggest(Ask(Strategy.BAYESIAN, (DefinitionAsk(space, "", seen),), number=30, started=30, budget=5)).outlook
        for seen in (flat, few)
    )
    assert late.probability < early.probability
    assert late.gain < early.gain


def test_an_explanation_names_neighbours_and_what_matters():
    ask = mixed_ask(rows=30)
    explanation = explain(ask, 0)
    assert explanation.suggestion == suggest(ask).suggestions[0]
    assert max(explanation.lengthscales, key=explanation.lengthscales.__getitem__) == "decay"
    distances = [one.distance for one in explanation.neighbours]
    assert distances == sorted(distances)
    for one in explanation.neighbours:
        assert one.value == pytest.approx(ask.definitions[0].observations.values[one.number - 1])


def test_an_unknown_effort_is_refused():
    with pytest.raises(InvalidSpec) as refused:
        suggest(mixed_ask(effort="heroic"))
    assert refused.value.field == "effort"


@pytest.mark.parametrize("effort", ["fast", "thorough"])
def test_other_efforts_answer_too(effort):
    assert len(suggest(mixed_ask(effort=effort)).suggestions) == 1


def test_more_observations_than_the_active_set_are_answered():
    assert len(suggest(mixed_ask(rows=700, effort="fast")).suggestions) == 1


def noisy_twins(direction=Direction.MINIMIZE):
    """Return an ask over pairs of neighbours of a bowl, in which one poor training was lucky."""
    space = {"x": Float(0.0, 1.0)}
    told = [{"x": place / 20 + twin * 1e-3} for place in range(20) for twin in range(4)]
    sign = 1.0 if direction is Direction.MINIMIZE else -1.0
    values = [sign * ((one["x"] - 0.5) ** 2 + 0.02 * (-1) ** index) for index, one in enumerate(told)]
    values[0] = -sign
    definition = DefinitionAsk(space, "", observations_of(space, told, values))
    return Ask(Strategy.BAYESIAN, (definition,), direction, seed=3, number=80, started=80), told


@pytest.mark.parametrize("direction", list(Direction))
def test_what_is_recommended_is_the_best_of_the_model_and_not_of_luck(direction):
    ask, told = noisy_twins(direction)
    number = suggest(ask).recommended
    assert number is not None
    assert abs(told[number - 1]["x"] - 0.5) < 0.15


def test_the_best_of_all_definitions_is_recommended_by_its_training_number():
    space = {"x": Float(0.0, 1.0)}
    told = [{"x": place / 10} for place in range(10)]
    good = observations_of(space, told, [(one["x"] - 0.3) ** 2 for one in told])
    poor = observations_of(space, told, [5.0 + one["x"] for one in told])
    poor = dataclasses.replace(poor, numbers=tuple(range(11, 21)))
    definitions = (DefinitionAsk(space, "poor", poor), DefinitionAsk(space, "good", good))
    answer = suggest(Ask(Strategy.BAYESIAN, definitions, seed=3, number=20, started=20, budget=10))
    assert answer.recommended == 4


def test_without_a_model_nothing_is_recommended():
    assert suggest(mixed_ask(1)).recommended is None
    assert suggest(dataclasses.replace(mixed_ask(12), strategy=Strategy.RANDOM)).recommended is None
