"""Hyperband's rule: who goes on from a rung, who stops, and where the resources come from."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.specs import spec
from tunewright.core.check import with_resources
from tunewright.core.errors import InvalidSpec
from tunewright.core.rungs import Verdict, bracket_sizes, judged, passed, resources_of, rungs_of
from tunewright.core.spec import Direction, HyperbandConfig, Strategy

RUNGS = (1, 3, 9)


def verdict(value, others, at=3, direction=Direction.MINIMIZE):
    return judged(value, others, at=at, rungs=RUNGS, direction=direction)


def test_rungs_and_sizes_are_those_of_the_paper():
    assert rungs_of(0, 1, 27) == (1, 3, 9, 27)
    assert rungs_of(2, 1, 30) == (9, 27, 30)
    assert rungs_of(3, 1, 27) == (27,)
    assert bracket_sizes(1, 81) == (81, 34, 15, 8, 5)
    assert bracket_sizes(5, 5) == (1,)


def test_with_fewer_than_three_at_a_rung_all_go_on():
    assert verdict(9.0, []) is Verdict.GO_ON
    assert verdict(9.0, [1.0]) is Verdict.GO_ON
    assert verdict(9.0, [1.0, 2.0]) is Verdict.STOP_AT_RUNG


def test_the_best_third_goes_on_rounded_down():
    others = [float(one) for one in range(1, 8)]
    assert verdict(1.5, others) is Verdict.GO_ON  # second of 8, and 8 // 3 go on
    assert verdict(2.5, others) is Verdict.STOP_AT_RUNG
    assert verdict(2.5, [*others, 9.0]) is Verdict.GO_ON  # third of 9


def test_maximising_keeps_the_largest():
    assert verdict(0.9, [0.1, 0.2], direction=Direction.MAXIMIZE) is Verdict.GO_ON
    assert verdict(0.05, [0.1, 0.2], direction=Direction.MAXIMIZE) is Verdict.STOP_AT_RUNG


def test_at_max_resource_even_the_best_stops():
    assert verdict(0.0, [], at=9) is Verdict.STOP_AT_MAXIMUM
    assert verdict(0.0, [1.0] * 5, at=9) is Verdict.STOP_AT_MAXIMUM


def test_on_a_plateau_nobody_is_stopped_but_who_is_worse():
    assert verdict(0.1, [0.1] * 8) is Verdict.GO_ON
    assert verdict(0.2, [0.1] * 8) is Verdict.STOP_AT_RUNG


def test_what_is_no_number_is_worse_than_any():
    assert verdict(math.nan, [5.0, math.inf]) is Verdict.STOP_AT_RUNG
    assert verdict(5.0, [math.nan, math.nan]) is Verdict.GO_ON


@given(st.lists(st.integers(0, 9), min_size=2, max_size=30), st.integers(0, 9), st.randoms())
def test_the_order_of_arrival_does_not_matter_and_better_is_never_worse_off(others, value, random):
    shuffled = random.sample(others, len(others))
    assert verdict(value, others) is verdict(value, shuffled)
    if verdict(value, others) is Verdict.GO_ON:
        assert verdict(value - 1, others) is Verdict.GO_ON


def test_rungs_are_passed_once_however_late_one_looks():
    assert passed(RUNGS, 0, 2) == (1,)
    assert passed(RUNGS, 2, 20) == (3, 9)
    assert passed(RUNGS, 3, 8) == ()


@pytest.mark.parametrize("name", ["epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs"])
def test_max_resource_is_inferred_from_the_epochs_that_are_fixed(name):
    assert resources_of(None, {name: "50", "lr": "1"}) == (1, 50)
    assert resources_of(HyperbandConfig(2), {name: "50"}) == (2, 50)


def test_what_is_given_counts_before_what_could_be_inferred():
    assert resources_of(HyperbandConfig(3, 27), {"epochs": "50"}) == (3, 27)


@pytest.mark.parametrize(
    ("config", "static", "field"),
    [
        (None, {}, "hyperband.max_resource"),
        (HyperbandConfig(2), {"epochs": "many"}, "hyperband.max_resource"),
        (HyperbandConfig(None, 20_001), {}, "hyperband.max_resource"),
        (HyperbandConfig(None, 0), {}, "hyperband.max_resource"),
        (HyperbandConfig(9, 3), {}, "hyperband.min_resource"),
        (HyperbandConfig(0, 3), {}, "hyperband.min_resource"),
    ],
)
def test_impossible_resources_are_refused(config, static, field):
    with pytest.raises(InvalidSpec) as refused:
        resources_of(config, static)
    assert refused.value.field == field


def test_a_specification_is_filled_in_or_refused_in_amts_words():
    job = spec(strategy=Strategy.HYPERBAND, static_hyperparameters={"n_epochs": "81"})
    assert with_resources(job).hyperband == HyperbandConfig(1, 81)
    with pytest.raises(InvalidSpec) as refused:
        with_resources(spec(strategy=Strategy.HYPERBAND))
    assert (
        "MaxResource parameter is not provided and could not be inferred from provided static hyperparameters of "
        "TrainingJobDefinition."
    ) in str(refused.value)
