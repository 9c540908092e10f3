"""What stopped trainings are taken for: closed cases, and jobs whose ends are known."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from bench.suggester.stopped import history

from tests.unit.suggester.histories import curved, observations_of
from tunewright.core.spec import Direction
from tunewright_suggester.core.ask import DOUBT, Curve, Outcome
from tunewright_suggester.core.targets import losses

MINIMIZE = Direction.MINIMIZE
COMPLETED, STOPPED = Outcome.COMPLETED, Outcome.STOPPED


def job(completed, stopped):
    """Return the observations of series that completed, then of series that were stopped."""
    series = [*completed, *stopped]
    return curved({}, [{}] * len(series), series, [COMPLETED] * len(completed) + [STOPPED] * len(stopped))


def falling(final, length=10, start=10.0):
    """A series that starts `start` above its end and is there at step 10."""
    return [final + start * (10 - step) / 9 for step in range(1, 11)][:length]


def foretold(completed, stopped):
    values, errors = losses(job(completed, stopped), MINIMIZE)
    return values[len(completed) :], errors[len(completed) :]


def test_a_value_that_is_still_falling_is_taken_for_where_it_will_be():
    finals = np.linspace(0.0, 4.0, 81)
    values, errors = foretold([falling(final) for final in finals], [falling(2.52, 5), falling(3.33, 8)])
    assert values == pytest.approx([2.52, 3.33], abs=0.1)  # raw they are 8.1 and 5.6
    assert (errors > 0).all()
    assert (errors < 0.3).all()


def test_it_is_never_better_than_the_best_and_never_far_beyond_the_worst():
    finals = np.linspace(0.0, 4.0, 41)
    completed = [falling(final) for final in finals]
    values, _ = foretold(completed, [falling(-50.0, 5), falling(4.1, 5), falling(1e9, 5)])
    assert values[0] >= 0.0
    assert 4.0 <= values[1] < 4.3
    assert values[1] < values[2] <= 4.0 + 2.0 + 1e-9


def test_better_at_the_stop_step_is_never_foretold_worse():
    random = np.random.default_rng(3)
    completed = [falling(final) for final in random.normal(size=30)]
    values, _ = foretold(completed, [falling(final, 5) for final in np.linspace(0.0, 3.0, 40)])
    assert (np.diff(values) >= 0).all()


def test_trainings_that_tie_share_what_is_foretold():
    values, _ = foretold([[1.0, final] for final in (0.0, 1.0, 2.0)] + [[3.0, 9.0]] * 20, [[1.0], [1.0]])
    assert values[0] == values[1]
    assert 0.5 < values[0] < 2.5


def test_where_early_ranks_say_nothing_the_error_is_that_of_a_guess():
    random = np.random.default_rng(1)
    finals = random.normal(size=60)
    ranked, unranked = (
        [[start, final] for start, final in zip(starts, finals, strict=True)]
        for starts in (finals + 5.0, random.normal(size=60) + 5.0)
    )
    _, sure = foretold(ranked, [[5.5]])
    _, unsure = foretold(unranked, [[5.5]])
    assert sure[0] < 0.3 * DOUBT * finals.std()
    assert unsure[0] > 0.8 * DOUBT * finals.std()


def test_with_few_completed_it_stays_near_the_median_rule():
    """One completed training says no more than that the stopped one was worse."""
    values, errors = foretold([falling(1.0)], [falling(2.0, 5)])
    assert 1.0 <= values[0] <= falling(2.0, 5)[-1]
    assert errors[0] > 0


@pytest.mark.parametrize(
    "curves", [(), (Curve(),) * 4, (Curve(), Curve(), Curve(), Curve((1, 2), (0.5, 0.5)))], ids=["none", "empty", "own"]
)
def test_without_curves_of_completed_trainings_the_median_rule_holds(curves):
    observations = observations_of({}, [{}] * 4, [1.0, 2.0, 3.0, 0.5], [COMPLETED] * 3 + [STOPPED])
    values, errors = losses(dataclasses.replace(observations, curves=curves), MINIMIZE)
    assert values.tolist() == [1.0, 2.0, 3.0, 2.0]
    assert errors.tolist() == [0.0] * 4


def test_a_stopped_training_without_a_curve_is_compared_by_its_last_value():
    observations = job([falling(final) for final in np.linspace(0.0, 4.0, 41)], [falling(2.5, 5)])
    bare = dataclasses.replace(observations, curves=(*observations.curves[:-1], Curve()))
    assert losses(bare, MINIMIZE)[0][-1] == pytest.approx(losses(observations, MINIMIZE)[0][-1], abs=0.6)


def test_known_standard_errors_are_kept_and_added():
    observations = dataclasses.replace(
        job([falling(1.0), falling(2.0)], [falling(3.0, 4)]), errors=(0.5, math.nan, 0.5)
    )
    bare = losses(dataclasses.replace(observations, errors=()), MINIMIZE)[1]
    errors = losses(observations, MINIMIZE)[1]
    assert errors[:2].tolist() == [0.5, 0.0]
    assert errors[2] == pytest.approx(math.hypot(0.5, bare[2]))


def sample(seed=0):
    random = np.random.default_rng(seed)
    return job(
        [falling(final, 10, 3 + random.random()) for final in random.normal(size=12)],
        [falling(final, int(random.integers(2, 9))) for final in 1 + random.normal(size=9)],
    )


def remade(observations, value_of):
    curves = [Curve(one.steps, tuple(map(value_of, one.means))) for one in observations.curves]
    return dataclasses.replace(observations, values=tuple(map(value_of, observations.values)), curves=tuple(curves))


@pytest.mark.parametrize(("scale", "shift"), [(1e6, 1e9), (1e-3, -7.0)])
def test_scale_and_shift_change_nothing(scale, shift):
    plain, errors = losses(sample(), MINIMIZE)
    moved, moved_errors = losses(remade(sample(), lambda value: scale * value + shift), MINIMIZE)
    assert (moved - shift) / scale == pytest.approx(plain, abs=1e-5)
    assert moved_errors / scale == pytest.approx(errors, abs=1e-5)


def test_maximising_is_minimising_the_negative():
    values, errors = losses(sample(), MINIMIZE)
    negated, negated_errors = losses(remade(sample(), lambda value: -value), Direction.MAXIMIZE)
    assert negated == pytest.approx(values)
    assert negated_errors == pytest.approx(errors)


def test_the_order_of_rows_does_not_matter():
    observations = sample()
    order = np.random.default_rng(5).permutation(len(observations)).tolist()
    shuffled = dataclasses.replace(
        observations,
        **{
            name: tuple(getattr(observations, name)[row] for row in order)
            for name in ("outcomes", "values", "steps", "numbers", "curves")
        },
    )
    for one, other in zip(losses(observations, MINIMIZE), losses(shuffled, MINIMIZE), strict=True):
        assert other == pytest.approx(one[order])


def test_only_the_latest_completed_trainings_are_looked_at():
    old = [falling(100.0 + number) for number in range(50)]
    latest = [falling(final) for final in np.linspace(0.0, 4.0, 256)]
    values, _ = losses(job([*old, *latest], [falling(2.5, 5)]), MINIMIZE)
    assert values[-1] == pytest.approx(2.5, abs=0.2)


def root_mean_square(values):
    return math.sqrt(np.mean(np.square(values)))


@pytest.mark.parametrize(
    ("family", "share"), [("quick", 1.6), ("noisy", 1.2), ("late", 0.7), ("crossing", 1.0), ("rising", 0.95)]
)
def test_what_is_foretold_misses_less_than_raw_values_and_its_errors_are_honest(family, share):
    """Root mean square over jobs of 40 random trainings under the median rule, in deviations of the true finals."""
    missed, raw, surprise = [], [], []
    for seed in range(10):
        observations, truth = history(family, seed, 40)
        values, errors = losses(observations, MINIMIZE)
        stopped = np.array([outcome is STOPPED for outcome in observations.outcomes])
        missed.extend((values - truth)[stopped] / truth.std())
        raw.extend((np.array(observations.values) - truth)[stopped] / truth.std())
        surprise.extend(DOUBT * (values - truth)[stopped] / errors[stopped])
    assert root_mean_square(missed) < share * root_mean_square(raw)  # quick and noisy ones are as good as ended
    assert 0.2 < root_mean_square(surprise) < 2
