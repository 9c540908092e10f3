"""A request is told again as it was given, and what has changed since is told as it is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.amt_bodies import TRAININGS, TUNING_JOBS
from tests.unit.core.specs import ABSENT, AMT_BODY, amt_body, spec
from tunewright.core.amt import from_amt, from_training, to_amt, told, told_training
from tunewright.core.amt.patch import LONGEST, difference, patched, read_patch, without_nulls
from tunewright.core.autotune import with_choices
from tunewright.core.check import check
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Float, ScalingType

CONFIG = "HyperParameterTuningJobConfig"
DEFINITION = "TrainingJobDefinition"
SCALARS = st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0]) | st.text("ab=0", max_size=2)
KEYS = st.sampled_from(["a", "b", "0", "1", "="])
TREES = st.recursive(SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3))
BODIES = st.dictionaries(KEYS, TREES, max_size=3)


def exactly(tree):
    """JSON, which tells true from 1; a whole number is the same with a point."""
    match tree:
        case dict():
            return {name: exactly(value) for name, value in tree.items()}
        case list():
            return [exactly(item) for item in tree]
        case bool():
            return str(tree)
        case _:
            return tree


@given(BODIES, BODIES)
def test_the_difference_of_any_two_trees_makes_one_of_the_other(written, given_):
    patch = json.loads(json.dumps(difference(written, given_)))
    assert exactly(patched(written, patch)) == exactly(given_)


@given(BODIES, BODIES, BODIES)
def test_a_patch_of_something_else_breaks_nothing(written, given_, other):
    patched(other, difference(written, given_))


@given(BODIES)
def test_what_is_equal_needs_no_patch(tree):
    assert difference(tree, tree) == {}


@given(TUNING_JOBS)
def test_any_tuning_job_is_told_as_it_was_asked_for(body):
    assert exactly(told(from_amt(body))) == exactly(without_nulls(body))


@given(TRAININGS)
def test_any_training_job_is_told_as_it_was_asked_for(body):
    assert exactly(told_training(from_training(body))) == exactly(without_nulls(body))


def test_a_body_that_says_no_more_than_the_specification_has_no_patch():
    body = amt_body(f"{DEFINITION}/HyperParameterTuningResourceConfig", ABSENT)
    body[DEFINITION]["ResourceConfig"] = AMT_BODY[DEFINITION]["HyperParameterTuningResourceConfig"]
    assert from_amt(body).amt_patch == ""


def amended(body, **limits):
    read = from_amt(body)
    (definition,) = read.definitions
    wider = replace(definition.parameters[0], range=Float(1e-6, 1.0, ScalingType.AUTO), low_text="1e-06", high_text="1")
    definition = replace(definition, parameters=(wider, *definition.parameters[1:]))
    return told(replace(read, definitions=(definition,), limits=replace(read.limits, **limits)))


def listed_body():
    body = amt_body()
    config, definition = body[CONFIG], body.pop(DEFINITION)
    definition |= {
        "DefinitionName": "first",
        "TuningObjective": config.pop("HyperParameterTuningJobObjective"),
        "HyperParameterRanges": config.pop("ParameterRanges"),
        "VpcConfig": {"Subnets": ["s"], "SecurityGroupIds": []},
    }
    return body | {"TrainingJobDefinitions": [definition]}


def test_an_amended_limit_and_a_widened_range_are_told_as_they_are_now():
    now = amended(amt_body("Tags", []), max_trainings=50)
    assert now[CONFIG]["ResourceLimits"] == {"MaxNumberOfTrainingJobs": 50, "MaxParallelTrainingJobs": 2}
    ranges = now[CONFIG]["ParameterRanges"]
    assert ranges["ContinuousParameterRanges"][0] == {
        "Name": "lr", "MinValue": "1e-06", "MaxValue": "1", "ScalingType": "Auto",
    }  # fmt: skip
    assert ranges["IntegerParameterRanges"] == now["Tags"] == []
    assert "HyperParameterTuningResourceConfig" in now[DEFINITION]


def test_a_widened_range_shows_inside_a_list_of_definitions_beside_what_is_only_kept():
    (definition,) = amended(listed_body())["TrainingJobDefinitions"]
    assert definition["HyperParameterRanges"]["ContinuousParameterRanges"][0]["MaxValue"] == "1"
    assert definition["VpcConfig"] == {"Subnets": ["s"], "SecurityGroupIds": []}


def test_what_was_not_asked_for_and_was_then_chosen_is_told():
    body = amt_body(f"{CONFIG}/ParameterRanges", {"AutoParameters": [{"Name": "batch", "ValueHint": "32"}]})
    del body[CONFIG]["ResourceLimits"]["MaxNumberOfTrainingJobs"]
    del body[CONFIG]["TrainingJobEarlyStoppingType"]
    now = told(with_choices(from_amt(body | {"Autotune": {"Mode": "Enabled"}})))
    assert now[CONFIG]["ParameterRanges"]["IntegerParameterRanges"][0]["MaxValue"] == "3200"
    assert now[CONFIG]["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 20


def test_a_value_of_a_framework_estimator_keeps_its_quotes():
    body = amt_body(
        f"{CONFIG}/ParameterRanges/CategoricalParameterRanges", [{"Name": "opt", "Values": ['"adam"', '"sgd"']}]
    )
    read = from_amt(body)
    assert read.definitions[0].space["opt"].values == ('"adam"', '"sgd"')
    assert told(read) == body


def test_a_member_that_is_null_is_absent():
    body = amt_body("WarmStartConfig", None)
    body[DEFINITION] |= {"VpcConfig": None, "Environment": None}
    assert told(from_amt(body)) == AMT_BODY


def test_what_is_kept_only_to_be_told_has_a_size():
    kept = {"Subnets": ["s" * LONGEST], "SecurityGroupIds": []}
    with pytest.raises(InvalidSpec, match="at most 262144 can be"):
        from_amt(amt_body(f"{DEFINITION}/VpcConfig", kept))


@pytest.mark.parametrize("text", ["[]", "{", "3", "[" * 200_000, "{" + " " * LONGEST + "}"])
def test_a_patch_that_is_none_is_refused_with_the_specification(text):
    with pytest.raises(InvalidSpec) as caught:
        check(spec(amt_patch=text))
    assert caught.value.field == "amt_patch"


def test_a_patch_that_nobody_could_have_made_spoils_nothing():
    odd = replace(spec(), amt_patch=json.dumps({CONFIG: ["a"], DEFINITION: 3, "Tags": {"0": {}}, "More": {"a": 1}}))
    assert told(odd) == to_amt(odd)
    assert read_patch("") == {}
