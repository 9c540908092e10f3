"""What counts as an improvement: ε, whatever the unit, the sign and the order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright.core.gain import SHARE, worthwhile_gain

values = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=40).map(sorted)
POWERS = st.sampled_from([2.0**-30, 0.25, 8.0, 2.0**30])
"""Factors that float64 multiplies by exactly."""


@given(ascending=values, best=st.floats(-1e6, 1e6, allow_subnormal=False), factor=POWERS)
def test_a_gain_is_counted_in_any_unit(ascending, best, factor):
    scaled = worthwhile_gain(best * factor, [value * factor for value in ascending])
    assert scaled == pytest.approx(factor * worthwhile_gain(best, ascending), rel=1e-12)


@given(ascending=values, best=st.floats(-1e6, 1e6))
def test_maximising_counts_like_minimising_the_negative(ascending, best):
    turned = sorted(-value for value in ascending)
    largest = max(map(abs, ascending))
    assert worthwhile_gain(-best, turned) == pytest.approx(
        worthwhile_gain(best, ascending), rel=1e-12, abs=1e-13 * largest
    )


@given(ascending=values)
def test_the_spread_is_the_interquartile_range(ascending):
    expected = SHARE * np.ptp(np.quantile(ascending, [0.25, 0.75]))
    assert worthwhile_gain(0.0, ascending) == pytest.approx(expected, abs=1e-9)


def test_a_best_near_zero_is_measured_by_the_spread_and_a_tight_one_by_its_size():
    assert worthwhile_gain(1e-9, [1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(0.02)
    assert worthwhile_gain(200.0, [200.0, 200.1]) == pytest.approx(2.0)
    assert worthwhile_gain(0.5, []) == pytest.approx(0.005)


def test_the_largest_numbers_there_are_do_not_overflow():
    assert worthwhile_gain(1e308, [-1.7e308, -1.7e308, 1.7e308, 1.7e308]) == pytest.approx(3.4e306)
