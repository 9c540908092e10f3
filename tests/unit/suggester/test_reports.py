"""Trainings that report to the library while they run."""

from __future__ import annotations

import math

import pytest

from tunewright.core.errors import InvalidSpec
from tunewright_suggester import Choice, Float, Optimizer
from tunewright_suggester.core.ask import Outcome

SPACE = {"rate": Float(1e-4, 1e-1, log=True), "batch": Choice(32, 64, 128)}
LONGEST = 27


def end_of(configuration) -> float:
    return (math.log10(configuration["rate"]) + 2) ** 2 + abs(configuration["batch"] - 64) / 64


def value_after(configuration, step) -> float:
    return end_of(configuration) + 4 * math.exp(-step / 3)


def trained(optimizer, configuration) -> int:
    """Train until told to stop, at most LONGEST steps; return after how many steps it ended."""
    for step in range(1, LONGEST + 1):
        if optimizer.report(configuration, step, value_after(configuration, step)):
            break
    optimizer.tell(configuration, value_after(configuration, step))
    return step


def hyperband(**settings) -> Optimizer:
    return Optimizer(SPACE, **{"strategy": "Hyperband", "max_resource": LONGEST, "seed": 1, **settings})


def test_hyperband_stops_most_early_and_finds_the_minimum():
    optimizer = hyperband()
    steps = [trained(optimizer, optimizer.ask()) for _ in range(40)]
    assert set(steps) <= {1, 3, 9, 27}
    assert sum(steps) < 0.7 * 40 * LONGEST
    assert steps.count(1) > 3
    assert end_of(optimizer.best().configuration) < 0.1


def test_who_starts_in_a_later_bracket_is_compared_with_all_at_its_rung():
    optimizer = hyperband()
    asked = [optimizer.ask() for _ in range(30)]
    early, late = ([one for one in asked if one.rungs[0] == rung] for rung in (1, 3))
    for one in early[:2]:
        assert not optimizer.report(one, 3, 1.0)
    assert not optimizer.report(late[0], 2, 9.0)
    assert optimizer.report(late[0], 3, 2.0)


def test_a_configuration_bears_its_rungs_and_is_never_stopped_between_them():
    optimizer = hyperband()
    for _ in range(12):
        configuration = optimizer.ask()
        assert configuration.rungs[-1] == LONGEST
        assert trained(optimizer, configuration) in configuration.rungs
    assert len({len(configuration.rungs) for configuration in (optimizer.ask() for _ in range(30))}) > 1


def test_min_resource_protects_the_beginning():
    optimizer = hyperband(min_resource=9)
    assert all(trained(optimizer, optimizer.ask()) >= 9 for _ in range(12))


def test_at_max_resource_a_training_has_ended_and_may_be_best():
    optimizer = hyperband()
    configuration = optimizer.ask()
    assert [optimizer.report(configuration, step, 1.0) for step in range(1, LONGEST + 1)] == [False] * 26 + [True]
    optimizer.tell(configuration, 1.0)
    assert optimizer.best().outcome is Outcome.COMPLETED
    assert optimizer.best().value == 1.0


def test_told_to_stop_is_stopped_without_saying_so_again():
    optimizer = hyperband()
    asked = [optimizer.ask() for _ in range(30)]
    first = [one for one in asked if one.rungs == (1, 3, 9, 27)]
    assert [optimizer.report(one, 1, float(value)) for value, one in enumerate(first[:4])] == [False, False, True, True]
    assert optimizer.report(first[2], 2, 0.0)  # it goes on all the same, and hears the same
    optimizer.tell(first[2], 2.0)
    assert optimizer.history[-1].outcome is Outcome.STOPPED
    assert optimizer.history[-1].step == 2


def test_the_value_at_the_rung_counts_however_seldom_one_reports():
    """Rung 3 is passed between reports at steps 2 and 4: the value at 2 is the last one up to it."""
    optimizer = hyperband(min_resource=3)
    first = [one for one in (optimizer.ask() for _ in range(30)) if one.rungs == (3, 9, 27)]
    for one in first[:2]:
        optimizer.report(one, 3, 1.0)
    late, worse = first[2:4]
    assert not optimizer.report(late, 2, 0.5)
    assert not optimizer.report(late, 4, 99.0)
    assert not optimizer.report(worse, 2, 5.0)
    assert optimizer.report(worse, 4, 0.0)


def test_a_training_that_diverged_is_stopped():
    optimizer = hyperband()
    first = [one for one in (optimizer.ask() for _ in range(30)) if one.rungs[0] == 1]
    stops = [optimizer.report(one, 1, value) for one, value in zip(first, (1.0, 2.0, math.nan), strict=False)]
    assert stops == [False, False, True]


def test_reports_of_other_strategies_only_make_curves():
    optimizer = Optimizer(SPACE, seed=1)
    configuration = optimizer.ask()
    assert not any(optimizer.report(configuration, step, float(step)) for step in range(1, 5))
    optimizer.tell(configuration, 4.0, step=4)
    assert optimizer.history[0].curve.means == (1.0, 1.5, 2.0, 2.5)


def test_what_a_stopped_training_would_have_reached_is_used():
    """Stopped at a value far above all ends, it is no outlier to a model that knows the curves."""

    def predicted(report: bool) -> float:
        optimizer = Optimizer(SPACE, seed=1)
        for number in range(12):
            configuration = optimizer.ask()
            stop = 4 if number % 3 == 2 else LONGEST
            for step in range(1, stop + 1):
                if report:
                    optimizer.report(configuration, step, 100 * value_after(configuration, step))
            early = {"step": stop} if stop < LONGEST else {}
            optimizer.tell(configuration, 100 * value_after(configuration, stop), **early)
        asked = optimizer.ask()
        return abs(optimizer.explain().suggestion.provenance.mean - 100 * value_after(asked, LONGEST))

    assert predicted(report=True) < 50


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: Optimizer(SPACE, strategy="Hyperband"), "hyperband.max_resource"),
        (lambda: hyperband(min_resource=28), "hyperband.min_resource"),
        (lambda: Optimizer(SPACE, max_resource=9), "max_resource"),
        (lambda: hyperband().report({"rate": 0.01, "batch": 64}, 1, 0.0), "configuration"),
    ],
)
def test_impossible_settings_and_reports_are_refused(call, field):
    with pytest.raises(InvalidSpec) as refused:
        call()
    assert refused.value.field == field


def test_a_step_is_reported_once_and_steps_count_from_one():
    optimizer = hyperband()
    configuration = optimizer.ask()
    optimizer.report(configuration, 3, 1.0)
    for step in (3, 2):
        with pytest.raises(InvalidSpec):
            optimizer.report(configuration, step, 1.0)
    with pytest.raises(InvalidSpec):
        optimizer.report(optimizer.ask(), 0, 1.0)


def test_reports_change_nothing_for_who_tells_the_same_again():
    """Same seed and same calls: the same configurations."""
    runs = []
    for _ in range(2):
        optimizer = hyperband(seed=7)
        for _ in range(12):
            trained(optimizer, optimizer.ask())
        runs.append([(told.configuration, told.step) for told in optimizer.history])
    assert runs[0] == runs[1]
