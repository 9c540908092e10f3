"""Log expected improvement against its definition, in its far tail, and its slope."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import ndtr

from tests.unit.surrogate.test_gp import THETA, data_of
from tunewright.surrogate.gp import condition
from tunewright_suggester.core.acquisition import LogExpectedImprovement, log_h


def test_log_h_is_its_definition_where_that_can_be_computed():
    z = np.linspace(-5.0, 8.0, 200)
    expected = np.log(np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi) + z * ndtr(z))
    assert log_h(z) == pytest.approx(expected, rel=1e-8)


def test_log_h_is_finite_and_increasing_far_below():
    z = -np.logspace(8, -2, 500)
    values = log_h(z)
    assert np.isfinite(values).all()
    assert (np.diff(values) > 0).all()


@pytest.mark.parametrize("edge", [-1.0, -1e4])
def test_log_h_has_no_step_where_its_formula_changes(edge):
    below, above = log_h(np.array([edge * (1 + 1e-9), edge * (1 - 1e-9)]))
    assert below == pytest.approx(above, rel=1e-7)


def test_expected_improvement_is_the_mean_improvement():
    data = data_of(12)
    points = data_of(3, seed=5).X
    posterior = condition(data, THETA)
    mean, deviation = posterior.predict(points)
    best = np.array([float(data.y.min())])
    draws = mean + deviation[:, None] * np.random.default_rng(0).standard_normal((3, 400_000))
    expected = np.maximum(best - draws, 0).mean(1)
    assert np.exp(LogExpectedImprovement(posterior, best)(points)) == pytest.approx(expected, rel=0.03)


def test_slope_is_the_derivative_with_fantasies():
    data = data_of(12)
    columns = data.y[:, None] + 0.1 * np.random.default_rng(1).standard_normal((12, 3))
    posterior = condition(data, THETA, columns)
    acquisition = LogExpectedImprovement(posterior, columns.min(0))
    x = data_of(2, seed=7).X[0]
    value, slope = acquisition.with_slope(x, [0, 1])
    assert value == pytest.approx(acquisition(x[None, :])[0])
    expected = approx_fprime(x[:2], lambda u: float(acquisition(np.append(u, x[2:])[None, :])[0]), 1e-7)
    assert slope == pytest.approx(expected, rel=1e-3, abs=1e-4)
