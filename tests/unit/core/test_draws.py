"""Random draws: inside the space, distinct while anything is left, and even on the scaled axes."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.suggester.spaces import finite_spaces, spaces
from tunewright.core.draws import configuration_at, permuted, random_configuration, uniform
from tunewright.core.errors import SpaceExhausted
from tunewright.core.space import Choice, Float, Int, ScalingType, check_configuration, size

SEEDS = st.integers(0, 2**63 - 1)
LOGARITHMIC = ScalingType.LOGARITHMIC


@given(spaces(), SEEDS, st.integers(0, 10**6))
def test_a_draw_lies_in_the_space_and_is_made_of_plain_values(space, seed, draw):
    total = size(space)
    configuration = random_configuration(space, seed, draw if total is None else draw % total)
    check_configuration(space, configuration)
    assert all(type(value) in (int, float, str) for value in configuration.values())


@given(finite_spaces(limit=120), SEEDS)
def test_the_draws_of_a_finite_space_are_its_configurations_each_once(space, seed):
    total = size(space)
    drawn = {tuple(random_configuration(space, seed, draw).values()) for draw in range(total)}
    assert drawn == {tuple(configuration_at(space, index).values()) for index in range(total)}
    assert len(drawn) == total
    with pytest.raises(SpaceExhausted):
        random_configuration(space, seed, total)


def test_draws_of_a_space_of_very_many_cells_differ():
    space = {name: Int(1, 1000, LOGARITHMIC) for name in "abcdefgh"}
    drawn = {tuple(random_configuration(space, 5, draw).values()) for draw in range(500)}
    assert len(drawn) == 500


def test_draws_differ_where_most_configurations_have_been_drawn():
    space = {"units": Int(1, 2**20, LOGARITHMIC)}
    late = [random_configuration(space, 5, draw)["units"] for draw in range(2**20 - 50, 2**20)]
    assert len(set(late)) == 50


@pytest.mark.parametrize("seed", [0, 1, 2**62])
def test_a_logarithmic_integer_is_drawn_evenly_per_octave(seed):
    space = {"units": Int(1, 1024, LOGARITHMIC), "kind": Choice(tuple("abcdefghijklmnopqrst"))}
    octaves = Counter(int(math.log2(random_configuration(space, seed, draw)["units"])) for draw in range(190))
    shares = [octaves[octave] / 190 for octave in range(9)]
    assert min(shares) > 0.05
    assert max(shares) < 0.16


def test_a_linear_integer_is_drawn_evenly():
    space = {"units": Int(1, 10**6, ScalingType.LINEAR)}
    drawn = [random_configuration(space, 3, draw)["units"] for draw in range(2000)]
    assert abs(sum(drawn) / 2000 / 10**6 - 0.5) < 0.03


def test_a_logarithmic_real_is_drawn_evenly_on_its_axis():
    space = {"rate": Float(1e-6, 1.0, LOGARITHMIC)}
    below = sum(random_configuration(space, 3, draw)["rate"] < 1e-3 for draw in range(2000))
    assert abs(below / 2000 - 0.5) < 0.04


def test_seeds_draw_differently_and_one_seed_draws_alike():
    space = {"a": Float(0.0, 1.0), "b": Int(1, 1000)}
    one, again, other = ([random_configuration(space, seed, draw) for draw in range(20)] for seed in (1, 1, 2))
    assert one == again
    assert all(left != right for left, right in zip(one, other, strict=True))


@given(st.integers(1, 150), st.text(max_size=8))
def test_permuted_is_a_permutation(total, key):
    assert sorted(permuted(index, total, key) for index in range(total)) == list(range(total))


def test_permuted_reaches_beyond_machine_words():
    total = 2**100 + 7
    images = {permuted(index, total, "k") for index in range(100)}
    assert len(images) == 100
    assert all(0 <= image < total for image in images)


def test_the_grid_varies_its_last_parameter_fastest():
    space = {"a": Choice(("x", "y")), "b": Int(3, 5)}
    walked = [tuple(configuration_at(space, index).values()) for index in range(6)]
    assert walked == [("x", 3), ("x", 4), ("x", 5), ("y", 3), ("y", 4), ("y", 5)]


@given(SEEDS, st.integers(0, 10**9), st.text(max_size=5))
def test_uniform_is_in_the_half_open_unit_interval(seed, draw, axis):
    assert 0.0 <= uniform(seed, draw, axis) < 1.0


def test_draws_stay_as_released():
    """A change here changes every seeded Random job: it needs a line in the changelog."""
    space = {"rate": Float(1e-4, 1e-1), "units": Int(8, 512, LOGARITHMIC), "kind": Choice(("a", "b"))}
    finite = {"units": Int(8, 512, LOGARITHMIC), "kind": Choice(("a", "b"))}
    assert random_configuration(space, 7, 0) == {"rate": pytest.approx(0.002431951079786861), "units": 124, "kind": "a"}
    drawn = [tuple(random_configuration(finite, 7, draw).values()) for draw in (0, 1, 40)]
    assert drawn == [(15, "a"), (40, "a"), (109, "b")]
