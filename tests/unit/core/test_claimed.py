"""Definitions whose trainings are claimed: what they may say, where their trainings wait, what a loop is given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.core.specs import spec
from tunewright.core.alone import spec_of_training
from tunewright.core.check import check
from tunewright.core.claimed import CLAIMED, ELSEWHERE, OWN, claimed_job, pool_of, runs_elsewhere, typed
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import Channel, Definition, Parameter, Resources


def claimed(**fields):
    return _with(**{"image": CLAIMED, "environment": {}} | fields)


def _with(**fields):
    plain = spec()
    return replace(plain, definitions=(replace(plain.definitions[0], **fields),))


def refused(wrong):
    with pytest.raises(InvalidSpec) as caught:
        check(wrong)
    return caught.value.field


@pytest.mark.parametrize("image", OWN)
def test_a_definition_without_a_trainer_is_right(image):
    assert check(claimed(image=image)) == claimed(image=image)
    assert check(claimed(resources=Resources("ml.m5.large"), max_retries=2))


@pytest.mark.parametrize("image", OWN)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("environment", {"A": "b"}),
        ("channels", (Channel("train", "file:///data"),)),
        ("output_uri", "s3://models/here"),
        ("pool", "mine"),
        ("checkpoint_uri", "s3://models/checkpoints"),
        ("spot", True),
        ("network_isolation", True),
    ],
)
def test_what_only_a_trainer_does_is_refused_by_name(image, field, value):
    assert refused(claimed(image=image, **{field: value})) == f"definitions[0].{field}"


@pytest.mark.parametrize("image", OWN)
def test_other_images_and_pools_are_not_taken_for_it(image):
    two = claimed(image=image, resources=Resources(instance_count=2))
    assert refused(two) == "definitions[0].resources.instance_count"
    assert refused(_with(image=f"{image}me")) == "definitions[0].image"
    assert refused(_with(pool=pool_of(Definition(image), "u"))) == "definitions[0].pool"
    assert refused(spec_of_training("alone", Definition(image))) == "definitions[0].image"


def test_trainings_wait_in_a_pool_of_their_job_and_others_in_their_own():
    assert claimed_job(pool_of(Definition(CLAIMED), "u")) == "u"
    assert pool_of(Definition("image", pool="gpu"), "u") == "gpu"
    assert claimed_job("gpu") is None
    assert runs_elsewhere(pool_of(Definition(ELSEWHERE), "u"))
    assert claimed_job(pool_of(Definition(ELSEWHERE), "u")) is None


@pytest.mark.parametrize(
    ("range_", "text", "value"),
    [
        (Float(0.0, 1.0), "1e-05", 1e-5),
        (Float(0.0, 1.0), "1", 1.0),
        (Int(1, 9), "3", 3),
        (Choice(("32", "64")), "64", 64),
        (Choice(("0.1", "1")), "1", 1.0),
        (Choice(("true", "false")), "false", False),
        (Choice(("1", "all")), "1", "1"),
        (Choice(("1", "2")), "auto", "auto"),  # the range has been widened meanwhile
    ],
)
def test_what_a_loop_is_given_has_the_type_of_its_range(range_, text, value):
    definition = Definition(CLAIMED, parameters=(Parameter("x", range_),))
    (found,) = typed({"x": text, "_tuning_objective_metric": "loss"}, definition).values()
    assert (found, type(found)) == (value, type(value))
