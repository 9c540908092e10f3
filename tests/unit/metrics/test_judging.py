"""The rules of early stopping against a slow reading of their definitions."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright.core.spec import Direction, EarlyStopping, EarlyStoppingRule
from tunewright_metrics.core.judging import Judged, Rules, Stop, is_compared_at, judge, quantile, worse
from tunewright_metrics.core.series import CURVE_POINTS, Curve
from tunewright_metrics.core.standing import CURVES_KEPT, Standing

MEDIAN = EarlyStoppingRule(EarlyStopping.AUTO)
VALUES = st.floats(-1e6, 1e6) | st.integers(-2, 2).map(float)
DIRECTIONS = st.sampled_from(Direction)
CURVES = st.lists(st.lists(VALUES, min_size=1, max_size=40), max_size=12)
NO_NUMBERS = [math.nan, math.inf, -math.inf]


def standing_of(curves: Sequence[Sequence[float]]) -> Standing:
    standing = Standing()
    for number, values in enumerate(curves, start=1):
        curve = Curve()
        for step, value in enumerate(values, start=1):
            curve = curve.extended([(step, value)])
        standing = standing.with_curve(number, *curve.points())
    return standing


def shown(values: Sequence[float], rules: Rules, standing: Standing, number: int = 99) -> Judged:
    judged = Judged()
    for step, value in enumerate(values, start=1):
        judged = judge(judged, rules, standing, number, step, value)
    return judged


def stop_of(
    values: Sequence[float], rule: EarlyStoppingRule, others: Sequence[Sequence[float]] = (), **fields: object
) -> Stop | None:
    return shown(values, Rules(rule, **fields), standing_of(others)).stop


def mean_at(values: Sequence[float], step: int) -> float:
    """The running mean up to a step; of a shorter training, of all its values."""
    means = [total / count for count, total in enumerate(accumulate(values), start=1)]
    return means[min(step, len(means)) - 1]


@given(CURVES, st.lists(VALUES, min_size=1, max_size=40), DIRECTIONS)
def test_the_median_rule_is_amts(others, values, direction):
    """Slowly: each value, against the median of all means at its step."""
    stop = stop_of(values, MEDIAN, others, direction=direction)
    expected = None
    if len(others) >= 5:
        first = max(2, math.ceil(0.25 * statistics.median(map(len, others))))
        for step, value in enumerate(values, start=1):
            median = statistics.median(mean_at(other, step) for other in others)
            if step >= first and direction.better(median, value) and not math.isclose(median, value, abs_tol=1e-6):
                expected = step
                break
            if step >= first and stop is not None and stop.step == step:
                assert math.isclose(median, value, abs_tol=1e-6)  # a tie but for rounding
                return
    assert (stop.step if stop else None) == expected
    if stop is not None:
        median = statistics.median(mean_at(other, stop.step) for other in others)
        assert (stop.rule, stop.value) == ("median", values[stop.step - 1])
        assert stop.against == pytest.approx(median, abs=1e-6)
        assert stop.compared == tuple(range(1, len(others) + 1))


@given(st.lists(VALUES, min_size=1, max_size=40), st.floats(0.01, 1), DIRECTIONS)
def test_a_quantile_has_its_share_of_the_values_before_it(values, share, direction):
    standing = standing_of([[value] for value in values])
    bound = quantile(standing.means_at(1), share, direction)
    passing = sum(not worse(value, bound, direction) for value in values)
    assert math.floor(share * (len(values) - 1)) + 1 <= passing
    if len(set(values)) == len(values):
        rounded = bound in values  # between neighbours among floats there is nothing
        assert passing <= share * (len(values) - 1) + 1 + rounded
    assert quantile(standing.means_at(1), 0.5, direction) == pytest.approx(statistics.median(values))


@given(CURVES, st.lists(VALUES, min_size=1, max_size=20), DIRECTIONS)
def test_the_50th_percentile_is_the_median_rule(others, values, direction):
    median = stop_of(values, MEDIAN, others, direction=direction)
    percentile = stop_of(values, EarlyStoppingRule(percentile=50), others, direction=direction)
    assert (median and (median.step, median.against)) == (percentile and (percentile.step, percentile.against))


@given(st.integers(1, 300), st.integers(1, 10**6), st.data())
def test_means_between_kept_points_are_near_and_a_short_curve_counts_whole(length, step, data):
    """A straight line has a straight running mean, which interpolation finds wherever points were kept."""
    slope = data.draw(st.integers(-3, 3))
    (mean,) = standing_of([[slope * at for at in range(1, length + 1)]]).means_at(step)
    first = 1 << max(length.bit_length() - 6, 0)
    at = min(max(step, first), length)
    assert mean == pytest.approx(slope * (at + 1) / 2, abs=1e-9)


def test_a_training_is_compared_where_its_own_curve_keeps_a_point():
    curve = Curve()
    for step in range(1, 3000):
        curve = curve.extended([(step, 1.0)])
        assert is_compared_at(step) == (step in curve.steps)
    compared = sum(map(is_compared_at, range(1, 64_001)))
    assert compared <= CURVE_POINTS + 32 * math.ceil(math.log2(64_000 / CURVE_POINTS))


def test_fewer_than_five_stop_nobody_and_five_do():
    good = [[1.0] * 8] * 5
    assert stop_of([0.0] * 8, MEDIAN, good[:4]) is None
    assert stop_of([0.0] * 8, MEDIAN, good) == Stop("median", 2, 0.0, 1.0, (1, 2, 3, 4, 5))


def test_nobody_is_judged_before_a_quarter_of_the_usual_length():
    lengths = [4, 40, 41, 400, 4000]
    stop = stop_of([0.0] * 50, MEDIAN, [[1.0] * length for length in lengths])
    assert stop.step == math.ceil(41 / 4)


def test_the_value_itself_is_compared_not_its_mean():
    others = [[1.0, 1.0, 1.0]] * 5
    assert stop_of([9.0, 9.0, 0.9], MEDIAN, others).step == 3
    assert stop_of([0.0, 1.0, 1.0], MEDIAN, others) is None


def test_only_the_last_256_are_compared_with():
    standing = standing_of([[5.0, 5.0]] * 300)
    assert standing.completed == tuple(range(300 - CURVES_KEPT + 1, 301))
    stop = shown([1.0, 1.0], Rules(MEDIAN), standing).stop
    assert (len(stop.compared), stop.compared[0]) == (CURVES_KEPT, 45)


def test_a_training_that_ran_again_counts_once():
    standing = standing_of([[5.0, 5.0]] * 5).with_curve(3, (1, 2), (7.0, 8.0))
    assert standing.completed == (1, 2, 4, 5, 3)
    assert list(standing.means_at(2)) == [5, 5, 5, 5, 8]


@pytest.mark.parametrize("value", NO_NUMBERS)
@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize(
    "rule",
    [MEDIAN, EarlyStoppingRule(percentile=99), EarlyStoppingRule(threshold=0.0)],
    ids=["median", "percentile", "threshold"],
)
def test_what_is_no_finite_number_is_worse_than_any(rule, direction, value):
    others = [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [-1e300, -1e300], [1e300, 1e300]]
    assert stop_of([1.0, value], rule, others, direction=direction).step == 2


@pytest.mark.parametrize("direction", Direction)
def test_on_a_plateau_nobody_is_stopped(direction):
    for value in (0.1, 1 / 3, 1e-300, 1.1e17):
        others = [[value] * length for length in (100, 130, 170, 190, 200)]
        for rule in (MEDIAN, EarlyStoppingRule(percentile=37)):
            assert stop_of([value] * 200, rule, others, direction=direction) is None


def test_huge_values_do_not_overflow():
    others = [[sign * 1.7e308] * 100 for sign in (1, -1, 1, -1, 1, -1)]
    stop = stop_of([-1.7e308] * 30, MEDIAN, others)
    assert math.isfinite(stop.against)


def test_patience_counts_values_without_a_better_one():
    rule = EarlyStoppingRule(patience=3)
    assert stop_of([1.0, 2.0, 3.0, 4.0, 5.0], rule) is None
    assert stop_of([1.0, 2.0, 2.0, 1.0, 2.0, 9.0], rule) == Stop("patience", 5, 2.0, 2.0)
    assert stop_of([math.nan] * 3, rule) == Stop("patience", 3, pytest.approx(math.nan, nan_ok=True), None)


def test_patience_and_threshold_wait_for_the_warm_up():
    others = [[1.0] * 40] * 5
    assert stop_of([0.0] * 40, EarlyStoppingRule(patience=2), others).step == 10
    assert stop_of([0.0] * 40, EarlyStoppingRule(threshold=0.5), others).step == 10
    assert stop_of([0.0] * 40, EarlyStoppingRule(threshold=0.5), others[:4]).step == 2


def test_rules_add_to_each_other():
    rule = EarlyStoppingRule(EarlyStopping.AUTO, patience=4, threshold=-1.0)
    others = [[1.0] * 8] * 5
    assert stop_of([2.0, 0.5], rule, others).rule == "median"
    assert stop_of([2.0, -2.0], rule, others[:4]).rule == "threshold"
    assert stop_of([2.0] * 6, rule, others).rule == "patience"


def rungs_standing(values: Sequence[float], rung: int = 1) -> Standing:
    standing = Standing()
    for number, value in enumerate(values, start=1):
        standing = standing.with_value(rung, number, value)
    return standing


def test_at_a_rung_the_best_third_goes_on():
    rules, standing = Rules(rungs=(1, 3, 9)), rungs_standing([0.1, 0.2, 0.3, 0.4, 0.5])
    assert shown([0.5], rules, standing).stop is None
    assert shown([0.4], rules, standing).stop is None
    assert shown([0.3], rules, standing).stop == Stop("rung", 1, 0.3, 0.4, (1, 2, 3, 4, 5))


def test_a_training_is_not_compared_with_its_own_earlier_attempt():
    rules, standing = Rules(rungs=(1, 9)), rungs_standing([0.1, 0.9, 0.3])
    assert shown([0.5], rules, standing, number=2).stop is None
    assert shown([0.5], rules, standing, number=7).stop.against == 0.9


def test_between_rungs_nothing_is_judged_and_the_last_ends_the_training():
    rules, standing = Rules(MEDIAN, rungs=(2, 4)), rungs_standing([9.0] * 9, rung=3)
    assert shown([0.0, 0.0, 0.0], rules, standing).stop is None
    assert shown([0.0] * 6, rules, standing).stop == Stop("max_resource", 4, 0.0)


@pytest.mark.parametrize("value", NO_NUMBERS)
@pytest.mark.parametrize("direction", Direction)
def test_no_finite_number_leaves_a_rung(value, direction):
    rules, standing = Rules(direction=direction, rungs=(1, 9)), rungs_standing([1.0, math.nan, 3.0])
    best = 3.0 if direction is Direction.MAXIMIZE else 1.0
    assert shown([value], rules, standing).stop.against == best


def test_a_decision_is_never_revised():
    rules = Rules(EarlyStoppingRule(threshold=1.0))
    judged = shown([0.0, 0.0, 0.0, 5.0], rules, Standing())
    assert (judged.stop.step, judged.best) == (2, 0.0)
