"""Sobol indices, against functions whose indices are known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.metrics.analysis.histories import (
    ADDITIVE,
    G_TOTAL,
    ISHIGAMI,
    ISHIGAMI_TOTAL,
    G,
    additive,
    cube,
    g_function,
    ishigami,
    job_of,
)
from tunewright.core.analysis import Analysis
from tunewright_metrics.core.analysis.analyses import analyse
from tunewright_metrics.core.analysis.functions import functions_of
from tunewright_metrics.core.analysis.sample import sample_of
from tunewright_metrics.core.analysis.sobol import bounded, sobol_indices


def fitted(job, **fields):
    """Return share, low and high of first-order and of total indices."""
    (definition,) = job.spec.definitions
    functions = functions_of(sample_of(job, definition))
    return tuple(bounded(indices) for indices in sobol_indices(functions, len(definition.parameters), **fields))


@pytest.mark.parametrize(
    ("function", "first", "total"),
    [(additive, ADDITIVE, ADDITIVE), (ishigami, ISHIGAMI, ISHIGAMI_TOTAL), (g_function, G, G_TOTAL)],
)
def test_indices_of_a_known_function_are_found_to_one_hundredth(function, first, total):
    found_first, found_total = sobol_indices(lambda points: function(points)[:, None], len(first))
    assert found_first[:, 0] == pytest.approx(first, abs=0.01)
    assert found_total[:, 0] == pytest.approx(total, abs=0.01)


def test_a_function_that_is_constant_has_no_shares():
    first, total = sobol_indices(lambda points: np.full((len(points), 1), 7.0), 2)
    assert not first.any()
    assert not total.any()


@pytest.mark.parametrize(
    ("function", "trainings", "first", "total", "tolerance"),
    [
        (additive, 60, ADDITIVE, ADDITIVE, 0.01),
        (g_function, 100, G, G_TOTAL, 0.06),
        (ishigami, 200, ISHIGAMI, ISHIGAMI_TOTAL, 0.08),
    ],
)
def test_a_model_of_some_trainings_has_the_indices_of_the_function(function, trainings, first, total, tolerance):
    found_first, found_total = fitted(job_of(function, cube(1, trainings, len(first))))
    assert found_first[0] == pytest.approx(first, abs=tolerance)
    assert found_total[0] == pytest.approx(total, abs=tolerance)


@pytest.mark.parametrize(
    ("function", "trainings", "noise", "truth"),
    [(additive, 30, 0.3, ADDITIVE), (g_function, 60, 0.0, G)],
)
def test_nine_of_ten_intervals_hold_the_truth_in_four_of_five_cases_at_least(function, trainings, noise, truth):
    held = []
    for seed in range(50):
        first, _ = fitted(job_of(function, cube(seed, trainings, len(truth)), noise, seed), evaluations=2048)
        held.append((first[1] <= truth) & (truth <= first[2]))
    assert np.mean(held, axis=0).min() >= 0.8


def test_an_interaction_counts_in_total_and_not_alone():
    first, total = fitted(job_of(lambda points: (points[:, 0] - 0.5) * (points[:, 1] - 0.5), cube(2, 80, 3)))
    assert first[0].max() < 0.1
    assert total[0][:2].min() > 0.8
    assert total[0][2] < 0.1


def test_equal_input_gives_equal_bits():
    job = job_of(g_function, cube(3, 30, 3))
    assert analyse(job, list(Analysis)) == analyse(job, list(Analysis))
