"""Asks that nobody should make, and some that somebody will: a proper answer, or an error that says what to do."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest

import tunewright_suggester as library
from tests.unit.suggester.histories import MIXED, SMALL, loss_of, mixed_ask, observations_of
from tests.unit.suggester.requests import request_of
from tunewright.core.draws import random_configuration
from tunewright.core.errors import InvalidSpec, SpaceExhausted
from tunewright.core.space import Choice, Float, Int, check_configuration, size
from tunewright.core.spec import HyperbandConfig, Parameter, Strategy
from tunewright.platform.codec import to_message
from tunewright.v1 import spec_pb2
from tunewright_suggester.core.ask import Ask, DefinitionAsk, Outcome
from tunewright_suggester.core.suggest import suggest
from tunewright_suggester.wire import read_ask

WIDE = {f"x{place}": Float(0.0, 1.0) for place in range(36)}
HUGE = {"n": Int(-(2**53), 2**53), "m": Int(1, 2**53), "x": Float(1e-300, 1e300)}
ALL_FAILED = [Outcome.FAILED] * 12
RESOURCES = HyperbandConfig(1, 27)


def after(space, rows, values=None, outcomes=None, **fields) -> Ask:
    """Return a Bayesian ask after random draws, whose objective is their number unless it is given."""
    told = [random_configuration(space, 3, draw) for draw in range(rows)]
    seen = observations_of(space, told, values or list(map(float, range(rows))), outcomes)
    definition = DefinitionAsk(space, "", seen, fields.pop("pending", ()))
    return Ask(Strategy.BAYESIAN, (definition,), number=rows, started=rows, **fields)


def with_errors(errors) -> Ask:
    ask = mixed_ask()
    (definition,) = ask.definitions
    return replace(
        ask, definitions=(replace(definition, observations=replace(definition.observations, errors=errors)),)
    )


ANSWERED = {
    "36 parameters": after(WIDE, 10),
    "integers as wide as they may be, reals from 1e-300 to 1e300": after(HUGE, 8),
    "30 choices of 30": after({name: Choice(tuple(map(str, range(30)))) for name in "abcde"}, 12),
    "nothing but parameters of one value beside a real one": after({"x": Float(0, 1), "y": Float(2, 2)}, 6),
    "all failed": mixed_ask(values=[math.nan] * 12),
    "all failed, and said so": after(MIXED, 12, [math.nan] * 12, ALL_FAILED),
    "all infinite": mixed_ask(values=[math.inf] * 12),
    "all tied": mixed_ask(values=[7.0] * 12),
    "all tied at nothing": mixed_ask(values=[0.0] * 12),
    "all but one tied": mixed_ask(values=[7.0] * 11 + [6.0]),
    "one value huge": mixed_ask(values=[1.0 + row for row in range(11)] + [1e300]),
    "one value infinite": mixed_ask(values=[1.0 + row for row in range(11)] + [math.inf]),
    "values of no magnitude": mixed_ask(values=[row * 1e-310 for row in range(12)]),
    "no standard error known": with_errors((math.nan,) * 12),
    "standard errors beyond reason": with_errors((1e300, 0.0) * 6),
    "no budget left": mixed_ask(budget=0),
    "an objective that the number of the training tells": mixed_ask(values=[1e9 + row for row in range(12)]),
}


@pytest.mark.parametrize("what", ANSWERED)
def test_it_is_answered_inside_the_space(what):
    ask = replace(ANSWERED[what], effort="fast")
    (suggestion,) = suggest(ask).suggestions
    check_configuration(ask.definitions[0].space, suggestion.configuration)
    for figure in (suggestion.provenance.mean, suggestion.provenance.deviation, suggestion.provenance.acquisition):
        assert figure is None or math.isfinite(figure)


def test_an_infinite_objective_is_never_the_best():
    """Under Maximize as little as under Minimize: it is what a diverged training prints."""
    for value in (math.inf, -math.inf):
        told = [{"x": place / 10} for place in range(11)]
        values = [value if one["x"] > 0.7 else -((one["x"] - 0.3) ** 2) for one in told]
        definition = DefinitionAsk({"x": Float(0.0, 1.0)}, "", observations_of({"x": None}, told, values))
        (suggestion,) = suggest(Ask(Strategy.BAYESIAN, (definition,), number=11, started=11)).suggestions
        assert suggestion.configuration["x"] < 0.7


def test_the_same_configuration_with_different_values_is_noise():
    """Two trainings of one configuration, 0 and 2: about 1 is expected of it, not either."""
    space = {"x": Float(0.0, 1.0)}
    told = [{"x": place / 4} for place in range(5)] * 2
    values = [one["x"] + (row >= 5) * 2.0 for row, one in enumerate(told)]
    (suggestion,) = suggest(
        Ask(Strategy.BAYESIAN, (DefinitionAsk(space, "", observations_of(space, told, values)),), number=10, started=10)
    ).suggestions
    assert 0.5 < suggestion.provenance.mean < 2.0
    assert suggestion.configuration not in told


def test_observations_far_outside_the_space_do_not_spoil_those_inside():
    """A parent's range was a thousand million times wider."""
    space = {"x": Float(0.0, 1.0)}
    told = [{"x": place / 10} for place in range(11)] + [{"x": 1e9 + place} for place in range(5)]
    values = [(one["x"] - 0.33) ** 2 if one["x"] <= 1 else 0.5 for one in told]
    definition = DefinitionAsk(space, "", observations_of(space, told, values))
    (suggestion,) = suggest(Ask(Strategy.BAYESIAN, (definition,), number=16, started=16)).suggestions
    assert suggestion.configuration["x"] == pytest.approx(0.33, abs=0.05)


@pytest.mark.parametrize("strategy", [Strategy.BAYESIAN, Strategy.HYPERBAND])
def test_exhausted_is_said_exactly_when_all_are_given_out(strategy):
    """Observed, failed and pending ones count; what lies outside the space does not, and neither does a second time."""
    points = [random_configuration(SMALL, 3, draw) for draw in range(size(SMALL))]
    outside = {"depth": 9, "kind": "a"}
    for left in range(3):
        given = points[: len(points) - left]
        observed, pending = [outside, given[0], *given[:3], {"depth": 1, "kind": None}], tuple(given[3:])
        outcomes = [Outcome.FAILED, Outcome.COMPLETED, Outcome.INFEASIBLE, *[Outcome.COMPLETED] * 3]
        seen = observations_of(SMALL, observed, [1.0, math.nan, 2.0, 3.0, math.nan, 0.0], outcomes)
        answer = suggest(
            replace(
                after(SMALL, 0, count=4),
                strategy=strategy,
                hyperband=RESOURCES,
                started=6,
                definitions=(DefinitionAsk(SMALL, "", seen, pending),),
            )
        )
        found = [one.configuration for one in answer.suggestions]
        assert answer.exhausted
        assert sorted(map(repr, found)) == sorted(map(repr, points[len(points) - left :]))


@pytest.mark.parametrize(
    ("parameter", "field"),
    [
        ("empty", "definitions[0].parameters[0].range.low"),
        ("choiceless", "definitions[0].parameters[0].range.values"),
        ("too wide", "definitions[0].parameters[0].range.high"),
    ],
)
def test_an_impossible_range_is_refused_with_its_place(parameter, field):
    request = request_of(space={"x": Float(0.0, 1.0), "c": Choice(("a",))})
    first = request.definitions[0].parameters[0]
    match parameter:
        case "empty":
            first.float_range.low = 2.0
        case "choiceless":
            first.choice_range.SetInParent()
        case "too wide":
            first.CopyFrom(to_message(Parameter("n", Int(0, 1)), spec_pb2.Parameter))
            first.int_range.high = 2**62
    with pytest.raises(InvalidSpec) as refused:
        read_ask(request)
    assert refused.value.field == field
    assert refused.value.remedy


def test_an_unknown_parameter_of_a_default_point_is_refused_with_those_that_are_known():
    request = request_of(rows=0)
    request.definitions[0].default_point["unitz"].int_value = 64
    with pytest.raises(InvalidSpec) as refused:
        read_ask(request)
    assert refused.value.field == "definitions[0].default_point.unitz"
    assert "units" in refused.value.remedy


def test_a_failed_training_is_worth_no_more_than_the_worst():
    told = [random_configuration(MIXED, 77, draw) for draw in range(12)]
    values = [math.nan if row < 6 else loss_of(one) for row, one in enumerate(told)]
    outcomes = [Outcome.FAILED] * 6 + [Outcome.COMPLETED] * 6
    definition = DefinitionAsk(MIXED, "", observations_of(MIXED, told, values, outcomes))
    (suggestion,) = suggest(Ask(Strategy.BAYESIAN, (definition,), number=12, started=12)).suggestions
    assert suggestion.provenance.mean < max(values[6:])


OK = {"rate": 1e-2, "batch": 64, "epochs": 10}
DOOR = {"rate": library.Float(1e-4, 1e-1), "batch": library.Choice(32, 64, 128), "epochs": library.Int(10, 50)}
HYPERBAND = {"strategy": "Hyperband", "max_resource": 27}


def optimizer(**given):
    return library.Optimizer(DOOR, seed=0, **given)


def asked_and_reported(step, value):
    tuned = optimizer(**HYPERBAND)
    tuned.report(tuned.ask(), step, value)


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("space", lambda: library.Optimizer(None)),
        ("space", lambda: library.Optimizer([library.Float(0, 1)])),
        ("space.a.low", lambda: library.Optimizer({"a": library.Float("0", "1")})),
        ("space.a.low", lambda: library.Optimizer({"a": library.Float(math.nan, 1)})),
        ("space.a.high", lambda: library.Optimizer({"a": library.Float(-1e308, 1e308)})),
        ("space.a.high", lambda: library.Optimizer({"a": library.Float(0, 10**400)})),
        ("space.a.low", lambda: library.Optimizer({"a": library.Int(0.5, 3)})),
        ("space.a.high", lambda: library.Optimizer({"a": library.Int(0, math.inf)})),
        ("space.a.high", lambda: library.Optimizer({"a": library.Int(0, 10**400)})),
        ("space.a.low", lambda: library.Optimizer({"a": library.Int(False, True)})),
        ("space.a.values", lambda: library.Optimizer({"a": library.Choice()})),
        ("strategy", lambda: optimizer(strategy=None)),
        ("direction", lambda: optimizer(direction=1)),
        ("seed", lambda: library.Optimizer(DOOR, seed="x")),
        ("budget", lambda: optimizer(budget="9")),
        ("budget", lambda: optimizer(budget=-1)),
        ("parallel", lambda: optimizer(parallel=0)),
        ("max_resource", lambda: optimizer(strategy="Hyperband", max_resource=27.5)),
        ("default", lambda: optimizer(default=[1])),
        ("default.rate", lambda: optimizer(default={"rate": None})),
        ("prior", lambda: optimizer(prior=[(OK, 1.0, 2.0)])),
        ("transfer", lambda: optimizer(transfer=[(OK, 1.0)])),
        ("transfer", lambda: optimizer(transfer=[[(OK, None)]])),
        ("configuration", lambda: optimizer().tell(None, 1.0)),
        ("configuration.rate", lambda: optimizer().tell({**OK, "rate": "0.01"}, 1.0)),
        ("configuration.rate", lambda: optimizer().tell({**OK, "rate": True}, 1.0)),
        ("configuration.rate", lambda: optimizer().tell({**OK, "rate": np.array([0.01])}, 1.0)),
        ("configuration.epochs", lambda: optimizer().tell({**OK, "epochs": math.nan}, 1.0)),
        ("configuration.epochs", lambda: optimizer().tell({**OK, "epochs": 10.5}, 1.0)),
        ("configuration.batch", lambda: optimizer().tell({**OK, "batch": np.array([32, 64])}, 1.0)),
        ("configuration.batch", lambda: optimizer().tell({**OK, "batch": "sixty-four"}, 1.0)),
        ("value", lambda: optimizer().tell(OK, "0.5")),
        ("value", lambda: optimizer().tell(OK, [[0.5]])),
        ("value", lambda: optimizer().tell(OK, [])),
        ("value", lambda: optimizer().tell(OK, [0.5, "0.6"])),
        ("error", lambda: optimizer().tell(OK, 0.5, error="small")),
        ("value", lambda: optimizer().tell(OK, True)),
        ("value", lambda: optimizer().tell(OK, 10**400)),
        ("value", lambda: optimizer().tell(OK, None)),
        ("failed", lambda: optimizer().tell(OK, failed=ValueError("diverged"))),
        ("step", lambda: optimizer().tell(OK, 0.5, step=0)),
        ("step", lambda: asked_and_reported(1.5, 0.5)),
        ("value", lambda: asked_and_reported(1, None)),
        ("configuration", lambda: optimizer(**HYPERBAND).report(OK, 1, 0.5)),
    ],
)
def test_the_front_door_refuses_with_the_argument_and_the_remedy(field, call):
    with pytest.raises(InvalidSpec) as refused:
        call()
    assert refused.value.field == field
    assert refused.value.remedy


@pytest.mark.parametrize("values", [[math.inf, -math.inf], [1e308, 1e308], [0.5, math.nan]])
def test_several_values_without_a_finite_mean_are_a_failure(values):
    tuned = optimizer()
    tuned.tell(OK, values)
    assert tuned.history[0].value is None
    assert tuned.history[0].failed


def test_a_refused_tell_leaves_the_configuration_pending():
    tuned = optimizer()
    asked = tuned.ask()
    with pytest.raises(InvalidSpec):
        tuned.tell(asked, "0.5")
    assert tuned.pending == (asked,)
    assert tuned.history == ()


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.array, np.int64])
def test_numbers_of_numpy_are_numbers(kind):
    tuned = library.Optimizer({"n": library.Int(kind(1), kind(9)), "x": library.Float(0, kind(5))}, seed=np.int64(3))
    tuned.tell({"n": kind(2), "x": kind(3)}, kind(4))
    assert tuned.history[0].configuration == {"n": 2, "x": 3.0}
    assert [type(one) for one in (*tuned.history[0].configuration.values(), tuned.history[0].value)] == [
        int,
        float,
        float,
    ]
    assert tuned.ask().keys() == {"n", "x"}


def test_telling_twice_keeps_both_and_what_was_never_asked_counts():
    tuned = optimizer()
    asked = tuned.ask()
    tuned.tell(asked, 1.0)
    tuned.tell(asked, 3.0)
    tuned.tell(OK, 2.0)
    assert [told.value for told in tuned.history] == [1.0, 3.0, 2.0]
    assert tuned.pending == ()
    assert tuned.ask() not in (asked, OK)


def test_arrays_and_other_objects_are_choices():
    values = [np.array([1, 2]), np.array([3, 4]), [5], {"six": 7}, math.nan, None]
    tuned = library.Optimizer({"c": library.Choice(values)}, seed=0)
    given = [tuned.ask() for _ in values]
    assert {id(one["c"]) for one in given} == {id(value) for value in values}
    tuned.tell({"c": np.array([3, 4])}, 1.0)
    assert tuned.best().configuration["c"] is values[1]
    for one in tuned.pending:
        tuned.tell(one, 2.0)
    with pytest.raises(SpaceExhausted):
        tuned.ask()


def test_after_5000_told_an_answer_takes_seconds():
    """The test's time limit is a minute; half of this one's own time goes into telling."""
    draws = (random_configuration(MIXED, 5, draw) for draw in range(5_000))
    tuned = library.Optimizer(
        {
            "rate": library.Float(1e-4, 1e-1),
            "units": library.Int(8, 1024),
            "kind": library.Choice("sgd", "adam", "rmsprop"),
            "decay": library.Float(0, 1),
        },
        seed=0,
        prior=[(one, loss_of(one)) for one in draws],
    )
    began = time.process_time()
    asked = tuned.ask()
    assert time.process_time() - began < 10
    assert loss_of(asked) < 0.2
