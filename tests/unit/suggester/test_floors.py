"""What a job must reach at least: with five trainings at once, and in epochs against random draws."""

from __future__ import annotations

import math
from statistics import fmean

from tests.unit.suggester.histories import MIXED, loss_of
from tests.unit.suggester.test_bayesian import branin
from tunewright.core.draws import random_configuration
from tunewright_suggester import Choice, Float, Int, Optimizer

CURVED = {
    "rate": Float(1e-4, 1e-1),
    "units": Int(8, 1024),
    "kind": Choice("sgd", "adam", "rmsprop"),
    "decay": Float(0.0, 1.0),
}
EPOCHS, LONGEST = 270, 27


def test_branin_is_nearly_solved_in_30_trainings_with_five_at_once():
    """Asynchronous: as soon as one of five has ended, the next starts; the median random evaluation is about 35 off."""
    optimizer = Optimizer({"x": Float(-5.0, 10.0), "y": Float(0.0, 15.0)}, seed=0, parallel=5)
    running = [optimizer.ask() for _ in range(5)]
    for _ in range(30):
        ended = running.pop(0)
        optimizer.tell(ended, branin(ended))
        running.append(optimizer.ask())
    assert optimizer.best().value < 0.397887 + 0.1


def epoch_loss(configuration, epoch):
    """A slow start for small rates, and then the way down to the loss of the configuration."""
    pace = 3.0 - math.log10(configuration["rate"])
    return loss_of(configuration) + 6.0 * math.exp(-epoch / pace)


def spent(seed):
    """Return the best final loss that Hyperband reaches within EPOCHS epochs of all trainings together."""
    optimizer = Optimizer(CURVED, strategy="Hyperband", max_resource=LONGEST, seed=seed)
    left, ends = EPOCHS, [math.inf]
    while left > 0:
        asked = optimizer.ask()
        for epoch in range(1, min(left, LONGEST) + 1):
            value = epoch_loss(asked, epoch)
            if optimizer.report(asked, epoch, value):
                break
        left -= epoch
        optimizer.tell(asked, value)
        ends.append(value)
    return min(ends)


def drawn(seed):
    """Return the best final loss of random draws that are trained to the end, within the same epochs."""
    draws = (random_configuration(MIXED, seed, draw) for draw in range(EPOCHS // LONGEST))
    return min(epoch_loss(one, LONGEST) for one in draws)


def test_hyperband_gets_farther_than_random_draws_in_as_many_epochs():
    by_hyperband = fmean(spent(seed) for seed in range(3))
    by_chance = fmean(drawn(seed) for seed in range(30))
    assert by_hyperband < 0.3 * by_chance
