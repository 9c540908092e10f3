"""Curves as blocks."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright.cli.blocks import BLOCKS, WIDTH, sparkline


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([], ""),
        ([math.nan], ""),
        ([5], "▅"),
        ([5, 5, 5], "▅▅▅"),
        ([0, 1, 2, 3, 4, 5, 6, 7], BLOCKS),
        ([7, 0, math.nan, 7], "█▁ █"),
        ([-1.7e308, 1.7e308], "▁█"),
    ],
)
def test_a_curve_is_drawn_from_its_least_value_to_its_greatest(values: list[float], drawn: str) -> None:
    assert sparkline(range(1, len(values) + 1), values) == drawn


def test_steps_that_are_far_apart_are_drawn_far_apart() -> None:
    assert sparkline([1, 2, 3, 31], [0, 1, 2, 7]) == "▃▃▃█"
    assert sparkline([*range(1, 33), 640], [7.0] * 32 + [0.0]) == "█" * 31 + "▁"


@given(st.lists(st.floats(-1e300, 1e300) | st.just(math.inf), min_size=1, max_size=100))
def test_a_curve_is_never_wider_than_its_place(values: list[float]) -> None:
    drawn = sparkline(range(len(values)), values)
    assert len(drawn) in {0, min(len(values), WIDTH)}
    assert set(drawn) <= set(BLOCKS + " ")
