"""From objectives to targets: order kept, scale forgotten, what is unusable placed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.suggester.histories import observations_of
from tunewright.core.space import Float
from tunewright.core.spec import Direction
from tunewright.surrogate.bend import LARGEST, bends_of
from tunewright_suggester.core.ask import DefinitionAsk, Outcome
from tunewright_suggester.core.effort import effort_of
from tunewright_suggester.core.knowledge import knowledge_of
from tunewright_suggester.core.model import fit_model
from tunewright_suggester.core.targets import losses

OBJECTIVES = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=30).map(np.array)


@given(OBJECTIVES)
def test_bends_keep_the_order_and_standardise(y):
    for bend in bends_of(y):
        t = bend.apply(y)
        order = np.argsort(y, kind="stable")
        assert (np.diff(t[order]) >= 0).all()
        assert abs(t.mean()) < 1e-6
        assert t.std() == pytest.approx(1.0) or np.ptp(y) <= 1e-12 * np.abs(y).max() + 10.0 / LARGEST


def test_inverse_and_slope_belong_to_the_bend():
    y = np.array([0.1, 0.2, 0.3, 0.5, 1.0, 30.0])
    for bend in bends_of(y):
        assert [bend.invert(t) for t in bend.apply(y)] == pytest.approx(y)
        step = 1e-6
        expected = (bend.apply(y + step) - bend.apply(y - step)) / (2 * step)
        assert bend.slope(y) == pytest.approx(expected, rel=1e-3)


def test_scale_and_shift_are_forgotten():
    y = np.array([3.0, 1.0, 4.0, 1.5, 9.0, 2.6])
    for plain, moved in zip(bends_of(y), bends_of(1e6 * y + 1e9), strict=True):
        assert moved.apply(1e6 * y + 1e9) == pytest.approx(plain.apply(y), abs=1e-6)


def test_heavy_tails_are_bent_and_straight_data_is_not():
    space = {"x": Float(0.0, 1.0)}
    places = np.linspace(0.0, 1.0, 20)
    powers = []
    for values in (np.sin(3 * places), np.exp(12 * places)):
        seen = observations_of(space, [{"x": float(place)} for place in places], values.tolist())
        model = fit_model(knowledge_of(DefinitionAsk(space, "", seen), Direction.MINIMIZE), effort_of(""))
        powers.append(model.bend.power)
    assert powers[0] > powers[1]


def test_failures_stand_at_the_worst_and_stopped_ones_no_better_than_the_median():
    outcomes = [Outcome.COMPLETED] * 3 + [Outcome.FAILED, Outcome.INFEASIBLE, Outcome.STOPPED, Outcome.STOPPED]
    values = [1.0, 2.0, 3.0, math.nan, math.nan, 0.5, 2.5]
    observations = observations_of({}, [{}] * 7, values, outcomes)
    assert losses(observations, Direction.MINIMIZE)[0].tolist() == [1.0, 2.0, 3.0, 3.0, 3.0, 2.0, 2.5]
    assert losses(observations, Direction.MAXIMIZE)[0].tolist() == [-1.0, -2.0, -3.0, -0.5, -0.5, -0.5, -2.0]


def test_without_any_objective_there_is_nothing_to_learn():
    observations = observations_of({}, [{}] * 2, [math.nan] * 2, [Outcome.FAILED] * 2)
    assert np.isnan(losses(observations, Direction.MINIMIZE)[0]).all()
