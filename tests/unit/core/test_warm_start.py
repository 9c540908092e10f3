"""Which jobs may be parents of which: every restriction is refused by the field that differs, with both values."""

from __future__ import annotations

import pytest

from tests.unit.core.specs import definition, spec
from tunewright.core.check import check
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import (
    Channel,
    Direction,
    Limits,
    MetricDefinition,
    Objective,
    ObjectiveReading,
    Parameter,
    Resources,
    StoppingCondition,
    Strategy,
    WarmStart,
    WarmStartType,
)
from tunewright.core.warm_start import changes, check_parent

IDENTICAL = WarmStart(("p",), WarmStartType.IDENTICAL_DATA_AND_ALGORITHM)
TRANSFER = WarmStart(("p",), WarmStartType.TRANSFER_LEARNING)
LR, EPOCHS, OPTIMIZER = definition().parameters


def child(**fields):
    return spec(**{"warm_start": IDENTICAL} | fields)


def refusal(wrong, parent=None, index=0):
    with pytest.raises(InvalidSpec) as caught:
        check(wrong) if parent is None else check_parent(wrong, parent, index)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("kind", WarmStartType)
@pytest.mark.parametrize("strategy", [Strategy.BAYESIAN, Strategy.RANDOM])
def test_one_to_five_parents_of_either_type(kind, strategy):
    for count in (1, 5):
        wanted = child(warm_start=WarmStart(tuple(f"p{i}" for i in range(count)), kind), strategy=strategy)
        assert check(wanted) == wanted


REQUESTS = [
    ((), "warm_start.parents", "1 to 5, are 0"),
    (tuple("abcdef"), "warm_start.parents", "1 to 5, are 6"),
    (("a", "A"), "warm_start.parents[1]", "'A' is named twice"),
    (("a", ""), "warm_start.parents[1]", "is empty"),
]


@pytest.mark.parametrize(("parents", "field", "why"), REQUESTS)
def test_what_is_wrong_whatever_the_parents_are(parents, field, why):
    error = refusal(child(warm_start=WarmStart(parents, WarmStartType.TRANSFER_LEARNING)))
    assert error.field == field
    assert why in error.why


def test_grid_takes_no_parents():
    grid = child(strategy=Strategy.GRID, parameters=(OPTIMIZER,), limits=Limits(2))
    assert (refusal(grid).field, "Grid takes no parents" in refusal(grid).why) == ("warm_start", True)


MAY_DIFFER = {
    "image": "file:///another",
    "channels": (Channel("train", "file:///data"),),
    "output_uri": "file:///models",
    "role_arn": "arn:aws:iam::1:role/r",
    "resources": Resources("ml.m5.large"),
    "stopping": StoppingCondition(60),
    "checkpoint_uri": "file:///checkpoints",
    "spot": True,
    "max_retries": 3,
    "pool": "gpu",
    "metric_definitions": (MetricDefinition("acc", "accuracy: (.*)"),),
    "parameters": (Parameter("lr", Float(1e-6, 1.0)), Parameter("epochs", Int(1, 5)), OPTIMIZER),
    "environment": {"TUNEWRIGHT_PYTHON": "/venv/bin/python", "TUNEWRIGHT_WORKDIR": "/work"},
    "static_hyperparameters": {"sagemaker_job_name": "job-2", "_tuning_objective_metric": "acc"},
}


@pytest.mark.parametrize("field", MAY_DIFFER)
@pytest.mark.parametrize("kind", [IDENTICAL, TRANSFER])
def test_what_may_differ(field, kind):
    check_parent(child(warm_start=kind, **{field: MAY_DIFFER[field]}), spec(), 0)


MAY_NOT = [
    (child(environment={"A": "2"}), spec(environment={"A": "1"}), "definitions[0].environment.A", ("'2'", "'1'")),
    (child(environment={"A": "2"}), spec(), "definitions[0].environment.A", ("'2'", "not given")),
    (child(entrypoint=("run",)), spec(), "definitions[0].entrypoint", ("('run',)", "not given")),
    (child(arguments=("--fast",)), spec(arguments=("--slow",)), "definitions[0].arguments", ("--fast", "--slow")),
    (child(), spec(objective=Objective("loss")), "objective.metric_name", ("acc", "loss")),
    (child(), spec(objective=Objective("acc", Direction.MINIMIZE)), "objective.direction", ("Maximize", "Minimize")),
    (
        child(),
        spec(objective=Objective("acc", reading=ObjectiveReading.BEST)),
        "objective.reading",
        ("is Last here", "Best in parent job digits-1"),
    ),
    (
        child(),
        spec(parameters=(Parameter("lr", Choice(("0.1", "0.2"))), EPOCHS, OPTIMIZER)),
        "definitions[0].parameters[0].range",
        ("lr is continuous here", "categorical in parent job"),
    ),
    (
        child(),
        spec(parameters=(LR, Parameter("epochs", Float(1, 5)), OPTIMIZER)),
        "definitions[0].parameters[1].range",
        ("epochs is integer here", "continuous in parent job"),
    ),
    (
        child(static_hyperparameters={"depth": "3"}),
        spec(static_hyperparameters={"width": "8"}),
        "definitions[0].parameters",
        ("The set of tunable plus static HyperParameter names is not the same", "only here: depth", "width"),
    ),
    (child(), spec(definitions=(definition(name="a"), definition(name="b"))), "warm_start.parents[0]", ("2 def",)),
]


@pytest.mark.parametrize(("wanted", "parent", "field", "said"), MAY_NOT, ids=[row[2] for row in MAY_NOT])
def test_what_may_not_differ_is_named_with_both_values(wanted, parent, field, said):
    error = refusal(wanted, parent)
    assert error.field == field
    assert [part for part in said if part not in error.why] == []


def test_another_reading_of_the_same_metric_can_be_learnt_from():
    check_parent(child(warm_start=TRANSFER), spec(objective=Objective("acc", reading=ObjectiveReading.BEST)), 0)


def test_static_becomes_tuned_and_back():
    fixed = spec(parameters=(LR, EPOCHS), static_hyperparameters={"optimizer": "sgd"})
    check_parent(child(), fixed, 0)
    check_parent(child(parameters=(LR, EPOCHS), static_hyperparameters={"optimizer": "sgd"}), spec(), 0)


def test_changes_are_counted_as_amt_does():
    two = Parameter("optimizer", Choice(("sgd", "adam")))
    parent = definition(parameters=(LR, EPOCHS, two), static_hyperparameters={"depth": "3", "seed": "1"})
    made_static = definition(
        parameters=(LR, EPOCHS), static_hyperparameters={"depth": "3", "seed": "1", two.name: "sgd"}
    )
    other_value = definition(parameters=(LR, EPOCHS, two), static_hyperparameters={"depth": "4", "seed": "1"})
    tuned = definition(
        parameters=(LR, EPOCHS, two, Parameter("depth", Int(1, 9))), static_hyperparameters={"seed": "1"}
    )
    counts = [changes(one, parent) for one in (parent, made_static, other_value, tuned)]
    assert counts == [0, 2, 2, 0]


def test_more_than_ten_changes_are_refused_and_told():
    names = [f"s{i}" for i in range(6)]
    before = spec(static_hyperparameters=dict.fromkeys(names, "1"))
    check_parent(child(static_hyperparameters=dict.fromkeys(names, "1") | dict.fromkeys(names[:5], "2")), before, 0)
    error = refusal(child(static_hyperparameters=dict.fromkeys(names, "2")), before, 3)
    assert error.field == "warm_start.parents[3]"
    assert "differ in 12 places" in error.why
    assert "s5 was '1'" in error.why
