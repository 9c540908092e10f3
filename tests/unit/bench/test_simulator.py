from dataclasses import dataclass, field

import pytest
from bench.suggester.curves.policies import Drawn, Hyperband, running_means, worse_than_median
from bench.suggester.curves.problem import CurveProblem
from bench.suggester.curves.simulator import Emitted, simulate, time_to

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


def ends(problem, policy, workers, horizon):
    return [item for item in simulate(problem, policy, workers, horizon) if item.last]


def test_one_worker_takes_the_sum_of_all_epochs(problem):
    ended = ends(problem, Scripted([(1.0, 9), (0.5, 2)]), workers=1, horizon=22)
    assert [(item.at, item.step) for item in ended] == [(9, 9), (11, 2), (20, 9), (22, 2)]
    assert ended[1].value == pytest.approx(0.5 * 0.9)


def test_workers_train_side_by_side_and_a_freed_one_starts_the_next_at_once(problem):
    policy = Scripted([(1.0, 9), (0.5, 2), (0.7, 4)])
    ended = ends(problem, policy, workers=2, horizon=9)
    assert [(item.at, item.step) for item in ended] == [(2, 2), (6, 4), (9, 9)]
    assert policy.asked == 5


def test_every_value_is_emitted_in_order_of_time_up_to_the_horizon(problem):
    emitted = list(simulate(problem, Scripted([(1.0, 9), (0.5, 2)]), workers=2, horizon=3))
    assert [(item.at, item.training, item.step) for item in emitted] == [
        (1, 0, 1),
        (1, 1, 1),
        (2, 0, 2),
        (2, 1, 2),
        (3, 0, 3),
        (3, 2, 1),
    ]
    assert [item.last for item in emitted] == [False, False, False, True, False, False]


def test_a_training_ends_after_its_last_epoch_whatever_the_policy_says(problem):
    policy = Scripted([(1.0, 99)])
    list(simulate(problem, policy, workers=1, horizon=9))
    assert policy.judged == [(0, step) for step in range(1, 10)]
    assert policy.seen == [(0, 9)]


def test_a_target_is_reached_at_a_rung_or_at_an_end():
    emitted = [
        Emitted(2, 0, 2, 0.1, last=False),
        Emitted(3, 0, 3, 0.3, last=False),
        Emitted(5, 1, 2, 0.2, last=True),
        Emitted(9, 0, 9, 0.1, last=True),
    ]
    assert time_to(emitted, 0.3, (3, 9)) == 3
    assert time_to(emitted, 0.2, (3, 9)) == 5
    assert time_to(emitted, 0.1, (3, 9)) == 9
    assert time_to(emitted, 0.05, (3, 9)) is None


def test_hyperband_spends_its_epochs_on_few_of_its_trainings(problem):
    ended = ends(problem, Drawn(problem, seed=3, workers=2, trainings=60), workers=2, horizon=60)
    assert {item.step for item in ended} <= {1, 3, 9}
    assert sum(item.step < 9 for item in ended) > len(ended) / 2


def test_the_median_rule_stops_what_is_worse_than_the_median_of_means_once_five_have_ended():
    means = [running_means(falling({"x": x}, 12)) for x in (0.1, 0.2, 0.3, 0.4, 0.5)]
    median = means[2][5]
    assert worse_than_median(means, 6, median + 0.01, epochs=12)
    assert not worse_than_median(means, 6, median, epochs=12)
    assert not worse_than_median(means, 2, 9.9, epochs=12)
    assert not worse_than_median(means[:4], 6, 9.9, epochs=12)


def test_what_hyperband_stopped_is_told_with_its_curve(problem):
    """The model is asked only of what it was told: with it, later suggestions differ from draws alone."""
    tried = [
        [item.value for item in ends(problem, making(problem, 3, 2, 30), workers=2, horizon=30)]
        for making in (Hyperband, Drawn)
    ]
    assert tried[0][:2] == tried[1][:2]
    assert min(tried[0]) < min(tried[1])
