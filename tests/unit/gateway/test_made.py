"""Requests made from botocore's model: what is meant to be right is right, and nothing that is spoilt is taken."""

from __future__ import annotations

import json
import random

import pytest
from bench.gateway.hostile import KINDS
from bench.gateway.made import FAULTS, Maker
from botocore.validate import ParamValidator

from tunewright_gateway.core.model.requests import request_of
from tunewright_gateway.core.model.service import input_shape
from tunewright_gateway.core.refusals import Refusal

OPERATIONS = (
    "AddTags",
    "CreateHyperParameterTuningJob",
    "CreateTrainingJob",
    "DeleteHyperParameterTuningJob",
    "DeleteTags",
    "DeleteTrainingJob",
    "DescribeHyperParameterTuningJob",
    "DescribeTrainingJob",
    "ListHyperParameterTuningJobs",
    "ListTags",
    "ListTrainingJobs",
    "ListTrainingJobsForHyperParameterTuningJob",
    "Search",
    "StopHyperParameterTuningJob",
    "StopTrainingJob",
)
SEEDS = range(40)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_right_request_passes_botocore_s_own_check_and_ours(operation):
    for seed in SEEDS:
        tree = Maker(seed).right(operation)
        assert not ParamValidator().validate(tree, input_shape(operation)).has_errors()
        assert request_of(operation, json.dumps(tree).encode()) == tree


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_request_with_one_thing_wrong_is_refused(operation):
    for seed in SEEDS:
        tree, fault = Maker(seed).wrong(operation)
        with pytest.raises(Refusal) as caught:
            request_of(operation, json.dumps(tree).encode())
        serialized = fault in {"wrong type", "nested", "too large a number"}
        assert (caught.value.code == "SerializationException") == serialized, (tree, fault)


def test_every_kind_of_fault_is_made():
    made = {Maker(seed).wrong(operation)[1] for operation in OPERATIONS for seed in range(100)}
    assert made == {fault.name for fault in FAULTS}


def test_the_same_seed_makes_the_same_request():
    first, second = (Maker(5).wrong("CreateTrainingJob") for _ in range(2))
    assert first == second
    assert first != Maker(6).wrong("CreateTrainingJob")


@pytest.mark.parametrize("number", range(len(KINDS)))
def test_a_hostile_body_is_no_request(number):
    body = json.dumps(Maker(1).right("CreateTrainingJob")).encode()
    with pytest.raises(Refusal) as caught:
        request_of("CreateTrainingJob", KINDS[number](random.Random(1), body))  # noqa: S311 - seeded
    assert caught.value.code == "SerializationException"
