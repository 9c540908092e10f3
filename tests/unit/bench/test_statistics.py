import math

import numpy as np
import pytest
from bench.suggester.references import PROBABILITIES
from bench.suggester.statistics import OFFSET, equivalent_draws, geometric_mean, normalised_regret, ratio


def regrets(values):
    return {problem: {seed: np.array([value]) for seed, value in enumerate(of)} for problem, of in values.items()}


def test_the_optimum_has_no_regret_and_the_median_draw_a_whole_one():
    assert normalised_regret(-3.0, optimum=-3.0, median=1.0) == 0.0
    assert normalised_regret(1.0, optimum=-3.0, median=1.0) == 1.0
    assert normalised_regret(-2.0, optimum=-3.0, median=1.0) == 0.25


@pytest.mark.parametrize("value", [None, math.nan, math.inf, 1e9])
def test_what_never_succeeded_or_is_worse_than_the_median_has_a_whole_regret(value):
    assert normalised_regret(value, optimum=0.0, median=1.0) == 1.0


def test_a_value_better_than_the_best_known_does_not_go_below_none():
    assert normalised_regret(-0.1, optimum=0.0, median=1.0) == 0.0


def test_every_problem_weighs_the_same_however_many_seeds_it_has():
    few, many = {"a": [0.09], "b": [0.99]}, {"a": [0.09] * 9, "b": [0.99]}
    expected = math.sqrt(0.1 * 1.0) - OFFSET
    assert geometric_mean(regrets(few))[0] == pytest.approx(expected)
    assert geometric_mean(regrets(many))[0] == pytest.approx(expected)


def test_an_optimiser_that_is_twice_as_good_everywhere_is_bounded_by_one_half():
    ours = {name: [0.24, 0.09] for name in "abc"}
    theirs = {name: [0.49, 0.19] for name in "abc"}
    found = ratio(regrets(ours), regrets(theirs))
    assert found.value[0] == pytest.approx(0.5)
    assert found.upper[0] == pytest.approx(0.5)
    assert (found.problems, found.pairs) == (3, 6)


def test_an_optimiser_that_is_better_on_half_of_the_problems_is_not_shown_better():
    ours, theirs = {"a": [0.1] * 5, "b": [0.5] * 5}, {"a": [0.5] * 5, "b": [0.1] * 5}
    found = ratio(regrets(ours), regrets(theirs))
    assert found.value[0] == pytest.approx(1.0)
    # The worst resample draws the lost problem twice, which a quarter of the resamples do.
    assert found.upper[0] == pytest.approx(0.51 / 0.11)


def test_the_bound_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        differences = random.normal(0, 0.3, (12, 1)) + random.normal(0, 0.3, (12, 5))
        ours = {str(i): list(np.exp(-2 + row) - OFFSET) for i, row in enumerate(differences)}
        theirs = {str(i): [math.exp(-2) - OFFSET] * 5 for i in range(12)}
        covered += ratio(regrets(ours), regrets(theirs), resamples=400).upper[0] >= 1.0
    assert covered >= 180


def test_only_what_both_have_is_compared():
    ours, theirs = regrets({"a": [0.1, 0.2, 0.3], "b": [0.1]}), regrets({"a": [0.1], "c": [0.9]})
    found = ratio(ours, theirs)
    assert (found.problems, found.pairs) == (1, 1)
    assert ratio(ours, regrets({"c": [0.5]})) is None


def test_a_value_at_the_median_of_the_best_of_ten_is_worth_ten_draws():
    probabilities = np.linspace(0, 1, 1001)
    best_of_ten = 1 - 0.5 ** (1 / 10)
    assert equivalent_draws(best_of_ten, probabilities, probabilities, 8192) == pytest.approx(10)
    assert equivalent_draws(0.5, probabilities, probabilities, 8192) == pytest.approx(1)


def test_what_no_draw_reached_is_worth_the_whole_design_and_a_failure_nothing():
    quantiles = [*np.linspace(5, 9, len(PROBABILITIES) - 1), math.inf]
    assert equivalent_draws(1.0, quantiles, PROBABILITIES, 768) == pytest.approx(768)
    assert equivalent_draws(None, quantiles, PROBABILITIES, 768) == 0.0
