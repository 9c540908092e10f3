"""What is read from curves, whole and thinned."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.suggester.histories import curve_through
from tunewright_suggester.core.ask import Curve
from tunewright_suggester.core.curves import mean_between, value_at
from tunewright_suggester.library.reports import CURVE_POINTS, curve_of

SERIES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


@given(SERIES)
def test_every_value_of_a_whole_curve_is_recovered(series):
    curve = curve_through(series)
    for step, value in enumerate(series, 1):
        assert value_at(curve, step) == pytest.approx(value, rel=1e-6, abs=1e-3)
    assert value_at(curve, len(series) + 1) is None


@given(SERIES)
def test_reports_of_every_step_make_the_running_mean(series):
    curve = curve_of(range(1, len(series) + 1), series)
    assert curve.steps == curve_through(series).steps
    assert curve.means == pytest.approx(curve_through(series).means, rel=1e-9, abs=1e-6)


def test_between_the_points_of_a_thinned_curve_stands_the_segment_s_mean():
    curve = Curve((4, 8), (1.0, 3.0))
    assert [value_at(curve, step) for step in (1, 4, 5, 8)] == [1.0, 1.0, 5.0, 5.0]
    assert mean_between(curve, 2, 6) == 3.0


@pytest.mark.parametrize("length", [CURVE_POINTS, 65, 500, 20_000])
def test_a_long_curve_keeps_its_last_point_and_few_others(length):
    curve = curve_of(range(1, length + 1), [float(step) for step in range(1, length + 1)])
    assert len(curve.steps) <= CURVE_POINTS
    assert curve.steps[-1] == length
    assert curve.means == pytest.approx([(step + 1) / 2 for step in curve.steps])


def test_reports_at_every_fifth_step_stand_for_five():
    curve = curve_of([5, 10], [10.0, 4.0])
    assert [value_at(curve, step) for step in (5, 6, 10)] == [10.0, 4.0, 4.0]


def test_what_is_no_number_is_no_part_of_a_curve():
    assert curve_of([1, 2, 3], [1.0, math.nan, math.inf]) == Curve((1,), (1.0,))
    assert curve_of([1], [math.nan]) == Curve()
