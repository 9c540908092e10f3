from __future__ import annotations

import math
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright_metrics.core.series import CURVE_POINTS, Curve
from tunewright_metrics.core.thinning import largest_triangles


@given(st.integers(1, 1500), st.floats(0, 0.5))
def test_a_curve_is_the_running_mean_at_a_few_steps_and_at_the_last(count: int, gap: float) -> None:
    values = [math.sin(step) for step in range(count)]
    emitted = [step for step in range(1, count + 1) if step % 10 >= gap * 10]
    curve = Curve().extended((step, values[step - 1]) for step in emitted)
    steps, means = curve.points()
    sums = dict(zip(emitted, accumulate(values[step - 1] for step in emitted), strict=True))
    counts = {step: number for number, step in enumerate(emitted, 1)}
    assert list(means) == pytest.approx([sums[step] / counts[step] for step in steps], abs=1e-9)
    assert list(steps) == sorted(set(steps))
    assert len(steps) <= CURVE_POINTS
    assert steps[-1:] == tuple(emitted[-1:])
    assert len(steps) >= min(len(emitted), CURVE_POINTS // 4)


def test_a_curve_of_huge_values_stays_finite() -> None:
    curve = Curve().extended([(1, 1.7e308), (2, -1.7e308)])
    assert curve.points()[1][-1] == pytest.approx(0, abs=1e300)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60), st.integers(1, 70))
def test_thinning_keeps_both_ends_and_the_order(y: list[float], count: int) -> None:
    kept = largest_triangles(range(len(y)), y, count)
    assert kept == sorted(set(kept))
    assert len(kept) == min(count, len(y))
    if count > 1:
        assert (kept[0], kept[-1]) == (0, len(y) - 1)


def test_thinning_keeps_the_peak() -> None:
    y = [0.0] * 1000
    y[637] = 5.0
    assert 637 in largest_triangles(range(1000), y, 20)


def test_thinning_leaves_out_what_is_not_finite_first() -> None:
    y = [0.0, math.nan, 1.0, math.inf, 2.0, 0.5]
    assert largest_triangles(range(6), y, 6) == [0, 1, 2, 3, 4, 5]
    assert largest_triangles(range(6), y, 4) == [0, 2, 4, 5]
    assert len(largest_triangles(range(6), y, 3)) == 3
