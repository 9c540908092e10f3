"""PED-ANOVA: what sets the best apart."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.metrics.analysis.histories import additive, cube
from tunewright.core.space import Choice, Float, Int, ScalingType
from tunewright.surrogate.encoding import encoding_of
from tunewright_metrics.core.analysis.pedanova import ped_anova
from tunewright_metrics.core.analysis.sample import TooLittle

FOUR = encoding_of({name: Float(0.0, 1.0) for name in "abcd"})
TRUTH = np.array([0.68, 0.27, 0.05, 0.0])
"""Of the additive function, from 200,000 trainings, to one hundredth."""


def test_many_trainings_give_the_shares_that_the_densities_have():
    points = cube(0, 5000, 4)
    share, low, high = ped_anova(FOUR, points, additive(points))
    assert share == pytest.approx(TRUTH, abs=0.03)
    assert (low <= share).all()
    assert (share <= high).all()
    assert (high - low).max() < 0.1


@pytest.mark.parametrize("trainings", [30, 100])
def test_nine_of_ten_intervals_hold_the_truth_in_four_of_five_cases_at_least(trainings):
    held = []
    for seed in range(50):
        points = cube(seed, trainings, 4)
        _, low, high = ped_anova(FOUR, points, additive(points))
        held.append((low - 0.01 <= TRUTH) & (high + 0.01 >= TRUTH))
    assert np.mean(held, axis=0).min() >= 0.8


@pytest.mark.parametrize("seed", range(10))
def test_a_parameter_without_effect_may_have_no_share(seed):
    points = cube(seed, 60, 4)
    share, low, _ = ped_anova(FOUR, points, additive(points))
    assert low[3] < 0.01
    assert share[3] < 0.25


def test_a_rising_transform_of_the_objective_changes_no_bit():
    points = cube(4, 50, 4)
    y = additive(points)
    for transform in (np.exp, lambda value: 1e300 * value, lambda value: np.log(value) - 5.0):
        assert np.array_equal(ped_anova(FOUR, points, y), ped_anova(FOUR, points, transform(y)))


def test_names_do_not_matter_and_shares_follow_their_parameters():
    points = cube(5, 50, 4)
    y = additive(points)
    share = np.array(ped_anova(FOUR, points, y))
    renamed = encoding_of({name: Float(0.0, 1.0) for name in ("lr", "batch", "depth", "seed")})
    assert np.array_equal(ped_anova(renamed, points, y), share)
    assert np.array(ped_anova(FOUR, points[:, ::-1], y)) == pytest.approx(share[:, ::-1], abs=1e-12)


def test_equal_objectives_share_the_last_places_whatever_their_order():
    points = cube(6, 40, 4)
    y = np.floor(additive(points))
    order = np.random.default_rng(0).permutation(40)
    share = ped_anova(FOUR, points, y)[0]
    assert ped_anova(FOUR, points[order], y[order])[0] == pytest.approx(share, abs=1e-12)


def test_choices_and_scaled_numbers_are_judged_where_they_stand():
    space = {
        "optimizer": Choice(("sgd", "adam", "rmsprop")),
        "lr": Float(1e-5, 1.0, ScalingType.LOGARITHMIC),
        "momentum": Float(0.0, 0.999, ScalingType.REVERSE_LOGARITHMIC),
        "layers": Int(1, 4),
    }
    encoding = encoding_of(space)
    U = encoding.snapped(cube(7, 200, 4))
    y = (U[:, 0] != 1.0) + 3.0 * np.abs(U[:, 1] - 0.3)
    share, low, _ = ped_anova(encoding, U, y)
    assert share[:2].min() > 0.1
    assert share[2:].max() < 0.05
    assert low[2:].max() < 0.01


def test_what_is_not_above_chance_is_refused_or_unsure():
    surest = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        try:
            _, low, _ = ped_anova(FOUR, random.random((40, 4)), random.random(40))
        except TooLittle:
            continue
        surest.append(low.max())
    assert np.quantile(surest, 0.8) < 0.25
