from dataclasses import dataclass, field

import pytest
from bench.suggester.curves.policies import Hyperband
from bench.suggester.curves.problem import CurveProblem
from bench.suggester.curves.simulator import Ended, simulate, time_to

from tunewright.core.space import Float


def falling(configuration, epochs):
    """A loss that starts at x and falls by a tenth an epoch."""
    return tuple(configuration["x"] * 0.9**epoch for epoch in range(epochs))


@pytest.fixture
def problem():
    return CurveProblem("falling", {"x": Float(0.0, 1.0)}, 9, falling)


@dataclass
class Scripted:
    """Tries the given values in turn, and stops each training at its given step."""

    tries: list[tuple[float, int]]
    judged: list[tuple[int, int]] = field(default_factory=list)
    seen: list[tuple[int, int]] = field(default_factory=list)
    asked: int = 0

    def suggest(self):
        self.asked += 1
        return {"x": self.tries[(self.asked - 1) % len(self.tries)][0]}

    def judge(self, training, step, value):  # noqa: ARG002 - scripted
        self.judged.append((training, step))
        return step < self.tries[training % len(self.tries)][1]

    def ended(self, training, steps, value):  # noqa: ARG002 - only counted
        self.seen.append((training, steps))


def test_one_worker_takes_the_sum_of_all_epochs(problem):
    ended = list(simulate(problem, Scripted([(1.0, 9), (0.5, 2)]), workers=1, horizon=22))
    assert [(item.at, item.steps) for item in ended] == [(9, 9), (11, 2), (20, 9), (22, 2)]
    assert ended[1].value == pytest.approx(0.5 * 0.9)


def test_workers_train_side_by_side_and_a_freed_one_starts_the_next_at_once(problem):
    policy = Scripted([(1.0, 9), (0.5, 2), (0.7, 4)])
    ended = list(simulate(problem, policy, workers=2, horizon=9))
    assert [(item.at, item.steps) for item in ended] == [(2, 2), (6, 4), (9, 9)]
    assert policy.asked == 5


def test_nothing_that_ends_after_the_horizon_counts(problem):
    assert list(simulate(problem, Scripted([(1.0, 9)]), workers=3, horizon=8)) == []


def test_the_last_epoch_is_not_judged(problem):
    policy = Scripted([(1.0, 99)])
    list(simulate(problem, policy, workers=1, horizon=9))
    assert policy.judged == [(0, step) for step in range(1, 9)]
    assert policy.seen == [(0, 9)]


def test_the_time_to_a_target_is_when_a_training_first_ended_with_it():
    ended = [Ended(3, 0.9, 3), Ended(5, 0.2, 2), Ended(6, 0.1, 1)]
    assert time_to(ended, 0.2) == 5
    assert time_to(ended, 0.05) is None


def test_hyperband_spends_its_epochs_on_few_of_its_trainings(problem):
    ended = list(simulate(problem, Hyperband(problem, seed=3, workers=2), workers=2, horizon=60))
    assert {item.steps for item in ended} <= {1, 3, 9}
    assert sum(item.steps for item in ended) <= 2 * 60
    short = sum(item.steps < 9 for item in ended)
    assert short > len(ended) / 2
