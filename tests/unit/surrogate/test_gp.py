"""The Gaussian process against closed forms, brute force and finite differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from tunewright.surrogate.gp import (
    CONSTANT_VARIANCE,
    Data,
    condition,
    fit,
    leave_one_out,
    negative_log_posterior,
    prior_median,
)
from tunewright.surrogate.kernel import matern52, matern52_and_slope, squared_distances

GROUPS = np.array([0, 1, 2, 2, 2])
"""Two numeric parameters and a choice of three."""


def data_of(rows: int, seed: int = 0) -> Data:
    random = np.random.default_rng(seed)
    choice = np.eye(3)[random.integers(3, size=rows)] * np.sqrt(0.5)
    X = np.hstack([random.random((rows, 2)), choice])
    y = np.sin(4 * X[:, 0]) + X[:, 2] + 0.1 * random.standard_normal(rows)
    return Data(X, (y - y.mean()) / y.std(), GROUPS, np.full(rows, 1e-3))


THETA = np.array([-0.5, 0.3, 0.1, 0.2, -4.0])


def covariance(A, B, theta):
    ell = np.exp(theta[:-2])[GROUPS]
    r = np.sqrt((((A[:, None] - B[None]) / ell) ** 2).sum(2))
    k = (1 + np.sqrt(5) * r + 5 * r**2 / 3) * np.exp(-np.sqrt(5) * r)
    return np.exp(theta[-2]) * k + CONSTANT_VARIANCE


def test_two_different_choices_are_at_distance_one():
    X = np.eye(3) * np.sqrt(0.5)
    assert squared_distances(X, X) == pytest.approx(1 - np.eye(3))


def test_kernel_slope_is_the_derivative():
    r2 = np.linspace(0.05, 30.0, 50)
    step = 1e-6
    expected = (matern52(r2 + step) - matern52(r2 - step)) / (2 * step)
    assert matern52_and_slope(r2)[1] == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_likelihood_gradient_is_the_derivative():
    data = data_of(15)
    _, gradient = negative_log_posterior(THETA, data)
    expected = approx_fprime(THETA, lambda theta: negative_log_posterior(theta, data)[0], 1e-6)
    assert gradient == pytest.approx(expected, rel=1e-4, abs=1e-4)


def with_another_task(discrepancy: float, rows: int = 15, own: int = 6) -> Data:
    relation = np.ones((rows, rows))
    relation[own:, own:] += discrepancy
    return replace(data_of(rows), relation=relation)


def test_likelihood_gradient_is_the_derivative_beside_another_task():
    data = with_another_task(0.4)
    _, gradient = negative_log_posterior(THETA, data)
    expected = approx_fprime(THETA, lambda theta: negative_log_posterior(theta, data)[0], 1e-6)
    assert gradient == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_another_task_tells_as_much_as_its_discrepancy_allows():
    """None: as observations of the task itself. Beyond all bounds: as if there were none."""
    data, X = data_of(15), data_of(8, seed=1).X
    own = Data(data.X[:6], data.y[:6], GROUPS, data.extra_noise[:6])
    deviation_with, deviation_alone = (condition(one, THETA).predict(X)[1] for one in (data, own))
    assert condition(with_another_task(0.0), THETA).predict(X)[1] == pytest.approx(deviation_with)
    assert condition(with_another_task(1e9), THETA).predict(X)[1] == pytest.approx(deviation_alone, rel=1e-4)
    between = condition(with_another_task(0.5), THETA).predict(X)[1]
    assert ((deviation_with < between) & (between < deviation_alone)).all()


def test_likelihood_is_the_normal_density():
    data = data_of(9)
    K = covariance(data.X, data.X, THETA) + np.diag(np.exp(THETA[-1]) + data.extra_noise)
    expected = 0.5 * data.y @ np.linalg.solve(K, data.y) + 0.5 * np.linalg.slogdet(K)[1]
    penalty = negative_log_posterior(THETA, Data(data.X[:0], data.y[:0], GROUPS, data.extra_noise[:0]))[0]
    assert negative_log_posterior(THETA, data)[0] == pytest.approx(expected + penalty)


def test_prediction_is_the_closed_form():
    data, points = data_of(12), data_of(4, seed=1).X
    K = covariance(data.X, data.X, THETA) + np.diag(np.exp(THETA[-1]) + data.extra_noise)
    k = covariance(points, data.X, THETA)
    mean, deviation = condition(data, THETA).predict(points)
    assert mean[:, 0] == pytest.approx(k @ np.linalg.solve(K, data.y))
    joint = covariance(points, points, THETA) - k @ np.linalg.solve(K, k.T)
    assert deviation == pytest.approx(np.sqrt(np.diagonal(joint)))
    joint_mean, joint_covariance = condition(data, THETA).joint(points)
    assert joint_mean == pytest.approx(mean)
    assert joint_covariance == pytest.approx(joint)


def test_prediction_slopes_are_the_derivatives():
    posterior = condition(data_of(12), THETA)
    x = data_of(2, seed=3).X[0]

    def predicted(u: np.ndarray, part: int) -> float:
        return float(posterior.predict(np.append(u, x[2:])[None, :])[part].ravel()[0])

    mean, deviation, mean_slope, deviation_slope = posterior.predict_with_slope(x, [0, 1])
    assert mean[0] == pytest.approx(predicted(x[:2], 0))
    assert deviation == pytest.approx(predicted(x[:2], 1))
    assert mean_slope[:, 0] == pytest.approx(approx_fprime(x[:2], lambda u: predicted(u, 0), 1e-7), rel=1e-4)
    assert deviation_slope == pytest.approx(approx_fprime(x[:2], lambda u: predicted(u, 1), 1e-7), rel=1e-4)


def test_leave_one_out_is_what_refitting_without_each_point_gives():
    data = data_of(8)
    density = leave_one_out(condition(data, THETA), data.y[:, None])[0]
    scaled, precisions = [], []
    for left in range(8):
        kept = np.arange(8) != left
        part = Data(data.X[kept], data.y[kept], GROUPS, data.extra_noise[kept])
        mean, deviation = condition(part, THETA).predict(data.X[left][None, :])
        variance = deviation[0] ** 2 + np.exp(THETA[-1]) + data.extra_noise[left]
        scaled.append((data.y[left] - mean[0, 0]) ** 2 / variance)
        precisions.append(1 / variance)
    expected = -0.5 * 8 * np.log(np.mean(scaled)) + 0.5 * np.log(precisions).sum()
    assert density == pytest.approx(expected)


def test_a_fit_finds_the_parameter_that_matters():
    random = np.random.default_rng(2)
    X = random.random((40, 3))
    y = np.sin(6 * X[:, 0])
    data = Data(X, (y - y.mean()) / y.std(), np.arange(3), np.zeros(40))
    theta = fit(data, [prior_median(3)], 60)
    assert theta[0] < theta[1] - 1
    assert theta[0] < theta[2] - 1
    assert negative_log_posterior(theta, data)[0] < negative_log_posterior(prior_median(3), data)[0]


def test_a_fit_tells_noise_from_signal():
    random = np.random.default_rng(2)
    X = random.random((60, 1))
    clean = np.sin(6 * X[:, 0])
    noises = []
    for spread in (0.0, 0.3):
        y = clean + spread * random.standard_normal(60)
        data = Data(X, (y - y.mean()) / y.std(), np.arange(1), np.zeros(60))
        noises.append(np.exp(fit(data, [prior_median(1)], 60)[-1]))
    assert noises[0] < 1e-3
    assert 0.05 < noises[1] < 0.4
