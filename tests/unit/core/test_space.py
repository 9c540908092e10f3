"""Ranges: what they refuse, and how values stand on the unit axis."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.suggester.spaces import ranges
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import (
    Choice,
    Float,
    Int,
    ScalingType,
    check_configuration,
    from_unit,
    resolved_scaling,
    size,
    text_of,
    to_unit,
)


@given(ranges(), st.floats(0, 1))
def test_every_unit_gives_a_value_of_the_range(parameter, unit):
    assert parameter.contains(from_unit(parameter, unit))


@given(ranges(), st.floats(0, 1))
def test_to_unit_and_back_gives_the_value(parameter, unit):
    value = from_unit(parameter, unit)
    again = from_unit(parameter, to_unit(parameter, value))
    if isinstance(parameter, Float):
        assert math.isclose(again, value, rel_tol=1e-9, abs_tol=1e-9 * max(abs(parameter.low), abs(parameter.high)))
    else:
        assert again == value


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Float(1.0, 0.0), "low"),
        (lambda: Float(math.nan, 1.0), "low"),
        (lambda: Float(0.0, math.inf), "low"),
        (lambda: Float(0.0, 1.0, ScalingType.LOGARITHMIC), "scaling"),
        (lambda: Float(0.5, 1.0, ScalingType.REVERSE_LOGARITHMIC), "scaling"),
        (lambda: Int(0, 8, ScalingType.LOGARITHMIC), "scaling"),
        (lambda: Int(1, 8, ScalingType.REVERSE_LOGARITHMIC), "scaling"),
        (lambda: Int(0, 2**53 + 1), "high"),
        (lambda: Choice(()), "values"),
        (lambda: Choice(("a", "a")), "values"),
    ],
)
def test_an_impossible_range_is_refused_with_its_field(make, field):
    with pytest.raises(InvalidSpec) as refused:
        make()
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("parameter", "scaling"),
    [
        (Float(1e-4, 1e-1), ScalingType.LOGARITHMIC),
        (Float(0.01, 0.99), ScalingType.LINEAR),
        (Float(0.0, 1e6), ScalingType.LINEAR),
        (Int(1, 100), ScalingType.LOGARITHMIC),
        (Int(1, 99), ScalingType.LINEAR),
    ],
)
def test_auto_is_logarithmic_from_a_ratio_of_a_hundred(parameter, scaling):
    assert resolved_scaling(parameter) is scaling


def test_size_counts_what_is_distinct():
    assert size({"a": Int(1, 3), "b": Choice(("x", "y")), "c": Float(2.0, 2.0)}) == 6
    assert size({"a": Int(1, 3), "c": Float(2.0, 2.5)}) is None


@pytest.mark.parametrize(
    ("configuration", "field"),
    [
        ({"a": 1}, "configuration.b"),
        ({"a": 1, "b": "x", "c": 1}, "configuration.c"),
        ({"a": 9, "b": "x"}, "configuration.a"),
        ({"a": 1.5, "b": "x"}, "configuration.a"),
        ({"a": 1, "b": "z"}, "configuration.b"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused_with_its_field(configuration, field):
    with pytest.raises(InvalidSpec) as refused:
        check_configuration({"a": Int(1, 3), "b": Choice(("x", "y"))}, configuration)
    assert refused.value.field == field


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_text_keeps_every_bit_of_a_number(value):
    assert float(text_of(value)) == value


@pytest.mark.parametrize("range_", [Float(0.0, 1.0), Int(0, 1), Choice(("True",))])
def test_a_truth_value_is_no_value_of_a_range(range_):
    assert not range_.contains(True)
