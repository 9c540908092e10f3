"""What autotune makes of a hint, and that nothing that the user has given is changed by it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.specs import PLACE, amt_body, spec
from tunewright.core.amt import from_amt, to_amt
from tunewright.core.autotune import range_for, with_choices
from tunewright.core.check import check
from tunewright.core.errors import InvalidSpec
from tunewright.core.jobfile import from_jobfile
from tunewright.core.space import Float, Int, ScalingType
from tunewright.core.spec import (
    Completion,
    EarlyStopping,
    EarlyStoppingRule,
    HyperbandConfig,
    Limits,
    Parameter,
    Strategy,
)

LOG, LINEAR, REVERSE = ScalingType.LOGARITHMIC, ScalingType.LINEAR, ScalingType.REVERSE_LOGARITHMIC
HINTS = {"lr": "0.01", "batch": "32", "optimizer": "adam", "seed": "7"}


def auto(**fields):
    return spec(**{"autotune": True, "auto_parameters": HINTS, "parameters": (), "limits": Limits(2)} | fields)


RANGES = [
    ("lr", "0.01", Float(0.0001, 1.0, LOG), 0.01),
    ("lr", "1e-3", Float(1e-5, 0.1, LOG), 0.001),
    ("width", "1e3", Float(10.0, 1e5, LOG), 1000.0),
    ("batch", "32", Int(1, 3200, LOG), 32),
    ("units", "1000", Int(10, 100_000, LOG), 1000),
    ("layers", "1", Int(1, 100, LOG), 1),
    ("dropout", "0.5", Float(0.005, 0.999, LOG), 0.5),
    ("dropout_rate", "0", Float(0.0, 0.999, LINEAR), 0.0),
    ("subsample", "1", Float(0.01, 1.0, LOG), 1.0),
    ("l2", "0.0", Float(0.0, 1.0, LINEAR), 0.0),
    ("shift", "-3.5", Float(-7.0, 7.0, LINEAR), -3.5),
    ("beta", "4.0", Float(0.04, 400.0, LOG), 4.0),
]


@pytest.mark.parametrize(("name", "hint", "range_", "value"), RANGES, ids=[f"{row[0]}={row[1]}" for row in RANGES])
def test_a_number_becomes_a_range_around_it(name, hint, range_, value):
    assert range_for(name, hint) == (range_, value)


@pytest.mark.parametrize(
    ("name", "hint"), [("momentum", "0.9"), ("beta2", "0.999"), ("adam_beta1", "0.9"), ("momentum", "0.0")]
)
def test_momentum_is_varied_by_how_far_it_is_from_one(name, hint):
    range_, value = range_for(name, hint)
    assert (range_.scaling, range_.contains(value)) == (REVERSE, True)
    assert 1 - range_.high == pytest.approx((1 - value) / 100)
    assert range_.low < 0.9 + 1e-9


NOT_TUNED = [
    ("optimizer", "adam"), ("amsgrad", "true"), ("n_jobs", "-1"), ("resume", "0"), ("seed", "42"),
    ("random_state", "3"), ("lr", "nan"), ("lr", "1e400"), ("lr", "5e-324"), ("n", "9" * 30), ("lr", ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "hint"), NOT_TUNED)
def test_what_is_no_number_to_tune_stays_static(name, hint):
    assert range_for(name, hint) is None


@given(
    st.sampled_from(["lr", "dropout", "momentum", "beta_1", "subsample"]),
    st.floats().map(repr) | st.integers().map(str),
)
def test_a_hint_lies_in_its_range_and_shares_below_one(name, hint):
    found = range_for(name, hint)
    if found is not None:
        range_, value = found
        assert range_.contains(value)
        if name != "lr" and 0 < value < 1:
            assert 0 < range_.low <= range_.high < 1


def test_what_is_left_open_is_chosen_and_the_hint_comes_first():
    chosen = with_choices(auto())
    (definition,) = chosen.definitions
    assert [(item.name, item.hint) for item in definition.parameters] == [("lr", 0.01), ("batch", 32)]
    assert definition.static_hyperparameters == {"optimizer": "adam", "seed": "7"}
    assert (chosen.limits, chosen.completion.on_convergence) == (Limits(2, 20), True)
    assert (definition.max_retries, chosen.strategy) == (3, Strategy.BAYESIAN)


def test_trainings_grow_with_what_is_tuned():
    names = {f"x{i}": "0.5" for i in range(40)}
    chosen = with_choices(auto(auto_parameters=names))
    assert (len(chosen.definitions[0].parameters), chosen.limits.max_trainings) == (30, 300)
    assert chosen.definitions[0].static_hyperparameters == {f"x{i}": "0.5" for i in range(30, 40)}


@pytest.mark.parametrize(
    ("fields", "type_"),
    [
        ({}, EarlyStopping.AUTO),
        ({"strategy": Strategy.RANDOM}, EarlyStopping.AUTO),
        ({"strategy": Strategy.HYPERBAND, "hyperband": HyperbandConfig(1, 9)}, None),
        ({"early_stopping": EarlyStoppingRule(EarlyStopping.OFF)}, EarlyStopping.OFF),
        ({"early_stopping": EarlyStoppingRule(patience=3)}, None),
    ],
)
def test_early_stopping_is_auto_where_nobody_has_said_otherwise(fields, type_):
    assert check(auto(**fields)).early_stopping.type is type_


def test_what_is_given_stays():
    given_ = auto(
        parameters=(Parameter("lr", Float(0.005, 0.02)),),
        static_hyperparameters={"batch": "64"},
        max_retries=1,
        limits=Limits(2, 7),
        completion=Completion(on_convergence=False),
    )
    chosen = with_choices(given_)
    assert chosen.definitions[0].parameters == (Parameter("lr", Float(0.005, 0.02), hint=0.01),)
    assert chosen.definitions[0].static_hyperparameters["batch"] == "64"
    assert (chosen.limits, chosen.completion.on_convergence) == (given_.limits, False)
    assert chosen.definitions[0].max_retries == 1


def test_random_begins_with_the_hints_too():
    once = with_choices(auto(strategy=Strategy.RANDOM))
    assert [dict(item.configuration) for item in once.enqueued] == [{"lr": 0.01, "batch": 32}]
    assert with_choices(once) == once


def test_a_hint_outside_the_given_range_is_not_tried():
    chosen = with_choices(auto(parameters=(Parameter("lr", Float(0.1, 0.2)),)))
    assert chosen.definitions[0].parameters[0].hint is None


def test_what_was_chosen_is_chosen_again():
    once = with_choices(auto())
    assert with_choices(once) == once
    echoed = with_choices(from_amt(to_amt(once)))
    assert [(item.name, item.range, item.hint) for item in echoed.definitions[0].parameters] == [
        (item.name, item.range, item.hint) for item in once.definitions[0].parameters
    ]
    assert echoed.limits == once.limits


WRONG = [
    (auto(auto_parameters={"opt": "adam"}), "auto_parameters", "nothing can be tuned: opt=adam"),
    (auto(auto_parameters={}), "auto_parameters", "no hints"),
    (spec(auto_parameters=HINTS), "auto_parameters", "autotune is off"),
    (auto(definitions=auto().definitions * 2), "autotune", "one definition"),
]


@pytest.mark.parametrize(("wrong", "field", "why"), WRONG)
def test_what_is_refused(wrong, field, why):
    with pytest.raises(InvalidSpec) as caught:
        with_choices(wrong)
    assert (caught.value.field, why in caught.value.why, bool(caught.value.remedy)) == (field, True, True)


def test_a_job_file_gives_hints_instead_of_ranges():
    tree = {"script": "train.py", "maximize": "acc", "autotune": {"lr": 0.01, "batch": 32, "opt": "adam"}}
    chosen = check(from_jobfile(tree, PLACE))
    assert [item.name for item in chosen.definitions[0].parameters] == ["lr", "batch"]
    assert chosen.limits.max_trainings == 20


def test_amts_auto_parameters_are_read_and_echoed_with_the_ranges_chosen():
    hints = [{"Name": "lr", "ValueHint": "0.01"}, {"Name": "batch", "ValueHint": "32"}]
    body = amt_body("HyperParameterTuningJobConfig/ParameterRanges", {"AutoParameters": hints})
    body["Autotune"] = {"Mode": "Enabled"}
    echo = to_amt(with_choices(from_amt(body)))
    ranges = echo["HyperParameterTuningJobConfig"]["ParameterRanges"]
    assert ranges["AutoParameters"] == hints
    assert ranges["ContinuousParameterRanges"][0]["MaxValue"] == "1.0"
    assert ranges["IntegerParameterRanges"][0] == {
        "Name": "batch", "MinValue": "1", "MaxValue": "3200", "ScalingType": "Logarithmic"
    }  # fmt: skip
    assert echo["TrainingJobDefinition"]["RetryStrategy"] == {"MaximumRetryAttempts": 3}


WRONG_HINTS = [
    ([{"Name": "lr"}], "[0].ValueHint", "is missing"),
    ([{"Name": "lr", "ValueHint": 0.1}], "[0].ValueHint", "must be a text"),
    ([{"Name": "lr", "ValueHint": "1", "Min": "0"}], "[0].Min", "not known"),
    ([{"Name": "lr", "ValueHint": "1"}] * 2, "[1].Name", "listed twice"),
]


@pytest.mark.parametrize(("hints", "place", "why"), WRONG_HINTS)
def test_wrong_hints_are_refused_by_amts_path(hints, place, why):
    body = amt_body("HyperParameterTuningJobConfig/ParameterRanges/AutoParameters", hints)
    with pytest.raises(InvalidSpec) as caught:
        from_amt(body)
    assert caught.value.field.endswith(f"ParameterRanges.AutoParameters{place}")
    assert why in caught.value.why
