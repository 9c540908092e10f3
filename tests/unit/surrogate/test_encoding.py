"""Coordinates and features: every coordinate is a configuration, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.suggester.spaces import spaces
from tunewright.core.space import Choice, Float, Int, ScalingType, check_configuration, to_unit
from tunewright.surrogate.encoding import encoding_of


def cube(encoding, seed, rows=5):
    return np.random.default_rng(seed).random((rows, len(encoding.axes)))


@given(spaces(), st.integers(0, 1000))
def test_a_snapped_point_is_the_configuration_that_it_stands_for(space, seed):
    encoding = encoding_of(space)
    for u in encoding.snapped(cube(encoding, seed)):
        configuration = encoding.configuration(u)
        check_configuration(space, configuration)
        assert encoding.point(configuration) == pytest.approx(u, abs=1e-6)


@given(spaces(), st.integers(0, 1000))
def test_discrete_coordinates_have_one_spelling(space, seed):
    encoding = encoding_of(space)
    for u in encoding.snapped(cube(encoding, seed)):
        again = encoding.point(encoding.configuration(u))
        assert u[encoding.discrete].tobytes() == again[encoding.discrete].tobytes()


def test_coordinates_agree_with_the_scalar_map():
    space = {
        "rate": Float(1e-4, 1e-1),
        "momentum": Float(0.5, 0.999, ScalingType.REVERSE_LOGARITHMIC),
        "units": Int(8, 1024),
    }
    configuration = {"rate": 3e-3, "momentum": 0.97, "units": 100}
    expected = [to_unit(space[name], value) for name, value in configuration.items()]
    assert encoding_of(space).point(configuration) == pytest.approx(expected)


def test_what_cannot_be_placed_is_nan():
    space = {"rate": Float(1e-4, 1e-1), "kind": Choice(("a", "b"))}
    U = encoding_of(space).coordinates({"rate": (1e-2, -1.0, 1e-2), "kind": ("a", "b", None)}, 3)
    assert np.isnan(U).tolist() == [[False, False], [True, False], [False, True]]


def test_single_values_have_no_column_but_are_in_the_configuration():
    encoding = encoding_of({"a": Float(2.0, 2.0), "b": Int(1, 9), "c": Choice(("only",))})
    assert len(encoding.axes) == 1
    assert encoding.configuration(encoding.snapped(np.array([[0.5]]))[0]) == {"a": 2.0, "b": 5, "c": "only"}


def test_levels_of_a_long_range_reach_both_neighbours_and_far():
    encoding = encoding_of({"units": Int(0, 10**6, ScalingType.LINEAR)})
    here = encoding.point({"units": 500})
    reached = [encoding.configuration(np.array([u]))["units"] for u in encoding.levels(0, float(here[0]), 40)]
    assert {499, 500, 501} <= set(reached)
    assert max(reached) > 500_000
    assert len(reached) < 60
