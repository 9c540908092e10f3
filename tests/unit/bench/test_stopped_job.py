"""What early stopping saves is counted over the job's own trainings, and stopping nothing saves nothing."""

from __future__ import annotations

import pytest
from bench.metrics.stopped_job import Listed, run
from bench.metrics.stoppers import Nothing, median_rule, rungs
from bench.suggester.curves.problem import CurveProblem

from tunewright.core.space import Float

EPOCHS = 20
LEVELS = [0.5, 0.4, 0.45, 0.55, 0.35, 0.9, 0.8, 0.1, 0.95, 0.85, 0.2, 0.99]
CONFIGURATIONS = [{"level": level} for level in LEVELS]


def losses(configuration, epochs):
    return tuple(configuration["level"] + 1 / step for step in range(1, epochs + 1))


PROBLEM = CurveProblem("levels", {"level": Float(0.0, 1.0)}, EPOCHS, losses)


class AtOnce(Nothing):
    def stops(self, *_):
        return True


def job(stopper):
    return run(PROBLEM, Listed(CONFIGURATIONS), stopper, len(LEVELS))


def test_without_stopping_every_training_runs_to_its_end():
    done = job(Nothing())
    assert done.epochs == EPOCHS * len(LEVELS)
    assert done.best == pytest.approx(0.1 + 1 / EPOCHS)


def test_what_is_stopped_at_once_has_one_epoch_and_its_value_counts():
    done = job(AtOnce())
    assert (done.epochs, done.best) == (len(LEVELS), pytest.approx(1.1))


def test_the_judge_stops_the_hopeless_and_keeps_the_best():
    """Four run at a time. Of the last four three are worse than most: they end at a quarter of their length."""
    done = job(median_rule(EPOCHS))
    assert done.epochs == EPOCHS * len(LEVELS) - 3 * (EPOCHS - EPOCHS // 4)
    assert done.best == job(Nothing()).best


def test_rungs_stop_most_and_a_loss_is_measured_on_the_spread_of_values():
    done = job(rungs(EPOCHS))
    assert done.epochs < job(median_rule(EPOCHS)).epochs
    assert job(Nothing()).scale > done.best


def test_the_judge_knows_long_curves_as_the_service_keeps_them():
    """Of 200 values it keeps no more than 64."""
    long = CurveProblem("long", {"level": Float(0.0, 1.0)}, 200, losses)
    done = run(long, Listed(CONFIGURATIONS), median_rule(200), len(LEVELS))
    assert done.epochs == 200 * len(LEVELS) - 3 * 150
