"""What a job remembers of its objectives: the best, how long it has stood, and a bounded record."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.scheduler.folding import folded
from tunewright.core.draws import uniform
from tunewright.core.spec import Direction
from tunewright.core.states import TrainingState
from tunewright_scheduler.core.improvement import SAMPLE_SIZE, TOP_SIZE

numbers = st.one_of(st.none(), st.sampled_from([0.5, 0.50001, 0.9]), st.floats(-1e3, 1e3))


@given(values=st.lists(numbers, max_size=60), direction=st.sampled_from(Direction))
def test_the_best_ones_are_kept_in_order_and_of_equals_the_first(values, direction):
    job = folded(values, direction)
    sign = -1 if direction is Direction.MAXIMIZE else 1
    ranked = sorted((sign * value, number) for number, value in enumerate(values, 1) if value is not None)
    assert [(sign * item.value, item.number) for item in job.top] == ranked[:TOP_SIZE]
    assert (job.best is None) == (not ranked)
    if job.best is not None:
        assert job.best == job.top[0]


@given(values=st.lists(numbers, max_size=40), direction=st.sampled_from(Direction), factor=st.sampled_from([0.25, 8.0]))
def test_neither_unit_nor_sign_changes_what_improves(values, direction, factor):
    other = Direction.MINIMIZE if direction is Direction.MAXIMIZE else Direction.MAXIMIZE
    turned = [None if value is None else -factor * value for value in values]
    job, mirrored = folded(values, direction), folded(turned, other)
    assert mirrored.not_improving == job.not_improving
    assert mirrored.unpromising == job.unpromising


@given(values=st.permutations([0.5] * 6 + [0.4] * 3))
def test_the_order_of_equal_values_does_not_matter(values):
    since_best = len(values) - 1 - values.index(0.5)
    assert folded(values, Direction.MAXIMIZE).not_improving == since_best


def test_trainings_without_an_objective_neither_count_nor_reset():
    assert folded([0.5, 0.4, None, None, 0.4], Direction.MAXIMIZE).not_improving == 2
    assert folded([0.5, None, 0.6, None], Direction.MAXIMIZE).not_improving == 0


def test_a_better_one_within_one_percent_is_the_best_and_yet_counts():
    job = folded([0.5, 0.504], Direction.MAXIMIZE)
    assert job.best is not None
    assert (job.best.number, job.best.value, job.not_improving) == (2, 0.504, 1)
    assert folded([0.5, 0.506], Direction.MAXIMIZE).not_improving == 0


def test_the_first_loss_of_zero_does_not_make_every_rounding_error_an_improvement():
    assert folded([1.0, 0.8, 0.6, 0.0, -1e-9], Direction.MINIMIZE).not_improving == 1


def test_what_was_stopped_may_be_best_but_does_not_say_how_completed_ones_spread():
    stopped = {2: TrainingState.STOPPED}
    job = folded([0.5, 0.9, 0.6], Direction.MAXIMIZE, states=stopped)
    assert (job.best and job.best.number, job.sample) == (2, (0.5, 0.6))


def test_the_record_stays_bounded_and_even_after_thousands_of_trainings():
    values = [uniform(3, number, "value") + number / 5000 for number in range(5000)]
    job = folded(values, Direction.MAXIMIZE)
    assert (len(job.sample), len(job.top), job.sampled_from) == (SAMPLE_SIZE, TOP_SIZE, 5000)
    assert list(job.sample) == sorted(job.sample)
    assert set(job.sample) <= set(values)
    exact = sorted(values)
    for share in (0.25, 0.5, 0.75):
        below = sum(value < exact[int(share * 5000)] for value in job.sample) / SAMPLE_SIZE
        assert below == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / SAMPLE_SIZE))


def test_the_sample_is_the_same_whoever_takes_the_decision_again():
    values = [math.sin(number) for number in range(600)]
    assert folded(values, Direction.MINIMIZE) == folded(values, Direction.MINIMIZE)
