"""What stopped trainings are worth to Bayesian search: foretold from their curves, fed raw, or dropped.

Simulated jobs of 35 trainings in three parameters under AMT's median rule: from five completed trainings on, and from
step max(2, a quarter of their length), a training is stopped when its value is worse than the median of the running
means of the completed ones. Families of curves over a Branin-like bottom: `quick` ones are near their end when they are
stopped, `noisy` ones too but for the noise, `late` ones fall at a speed of their own, `crossing` ones are the slower
the better their end, `rising` ones grow, as what adds up or overfits does.

    python -m bench.suggester.stopped [seeds]

Regret is that of the best completed training's true final loss, geometric mean of (regret + 0.01) - 0.01.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Final

import numpy as np

from tunewright.core.draws import random_configuration
from tunewright.core.space import Float, Value
from tunewright.core.spec import Strategy
from tunewright_suggester.core.ask import Ask, Curve, DefinitionAsk, Observations, Outcome
from tunewright_suggester.core.encoding import Array
from tunewright_suggester.core.suggest import suggest

EPOCHS: Final = 27
TRAININGS: Final = 35
SPACE: Final = {name: Float(0.0, 1.0) for name in "xyz"}
FAMILIES: Final = ("quick", "noisy", "late", "crossing", "rising")
VARIANTS: Final = ("foretold", "without curves", "raw", "dropped")


def bottom(family: str, at: Mapping[str, Value]) -> float:
    """Return where a training's loss would end without noise; 0 at best."""
    x, y, z = (float(at[name]) for name in "xyz")
    u, v = 15 * x - 5, 15 * y
    branin = (v - 5.1 / (4 * math.pi**2) * u * u + 5 / math.pi * u - 6) ** 2
    loss = 0.5 * math.log1p(max(branin + 10 * (1 - 1 / (8 * math.pi)) * math.cos(u) + 10 - 0.397887, 0.0))
    match family:
        case "crossing":
            return loss + 2 * (z - 0.9) ** 2
        case _:
            return loss + 2 * (z - 0.6) ** 2


def series(family: str, at: Mapping[str, Value], seed: int) -> Array:
    """Return the losses (EPOCHS,) of a training."""
    x, y, z = (float(at[name]) for name in "xyz")
    random = np.random.default_rng([seed, int(1e9 * x), int(1e9 * y)])
    final, step = bottom(family, at), np.arange(1, EPOCHS + 1)
    slowness = {"late": 1 + 8 * random.random(), "crossing": 0.5 + 12 * z**2, "rising": 1.0}.get(family, 1.5)
    height = 0.5 + 1.5 * z + 0.3 * final if family == "crossing" else 0.5 + 0.7 * final
    grown = 0.3 + 0.7 * step / EPOCHS if family == "rising" else 1.0
    noise = (0.3 if family == "noisy" else 0.03) * random.standard_normal(EPOCHS)
    losses: Array = grown * final + height * np.exp(-step / slowness) + noise
    return losses


class Job:
    """Trainings one after the other under the median rule."""

    def __init__(self, family: str, seed: int) -> None:
        self.family, self.seed = family, seed
        self.configurations: list[Mapping[str, Value]] = []
        self.series: list[Array] = []
        self.ends: list[int] = []

    def train(self, configuration: Mapping[str, Value]) -> None:
        losses = series(self.family, configuration, self.seed)
        self.configurations.append(configuration)
        self.ends.append(self._end(losses))
        self.series.append(losses)

    @property
    def completed(self) -> list[int]:
        return [row for row, end in enumerate(self.ends) if end == EPOCHS]

    def observations(self, rows: list[int]) -> Observations:
        return Observations(
            columns={name: tuple(self.configurations[row][name] for row in rows) for name in SPACE},
            outcomes=tuple(Outcome.COMPLETED if self.ends[row] == EPOCHS else Outcome.STOPPED for row in rows),
            values=tuple(float(self.series[row][self.ends[row] - 1]) for row in rows),
            steps=tuple(self.ends[row] for row in rows),
            numbers=tuple(row + 1 for row in rows),
            curves=tuple(_curve(self.series[row][: self.ends[row]]) for row in rows),
        )

    def _end(self, losses: Array) -> int:
        if len(self.completed) < 5:
            return EPOCHS
        medians = np.median([_running(self.series[row]) for row in self.completed], axis=0)
        worse = np.flatnonzero((losses > medians)[max(2, math.ceil(EPOCHS / 4)) - 1 : -1])
        return int(worse[0]) + max(2, math.ceil(EPOCHS / 4)) if len(worse) else EPOCHS


def history(family: str, seed: int, trainings: int) -> tuple[Observations, Array]:
    """Return the observations of random trainings, and what each would have reached (n,)."""
    job = Job(family, seed)
    for draw in range(trainings):
        job.train(random_configuration(SPACE, seed, draw))
    return job.observations(list(range(trainings))), np.array([losses[-1] for losses in job.series])


def tuned(family: str, seed: int, variant: str) -> tuple[float, int]:
    """Return the regret of a job, and the epochs it took."""
    job = Job(family, seed)
    for number in range(TRAININGS):
        rows = job.completed if variant == "dropped" else list(range(number))
        definition = DefinitionAsk(SPACE, observations=_as_told(job.observations(rows), variant))
        ask = Ask(Strategy.BAYESIAN, (definition,), seed=seed, number=number, started=number, effort="fast")
        job.train(suggest(ask).suggestions[0].configuration)
    return min(bottom(family, job.configurations[row]) for row in job.completed), sum(job.ends)


def _as_told(observations: Observations, variant: str) -> Observations:
    if variant == "foretold":
        return observations
    outcomes = observations.outcomes if variant == "without curves" else (Outcome.COMPLETED,) * len(observations)
    return Observations(observations.columns, outcomes, observations.values, observations.steps, observations.numbers)


def _running(losses: Array) -> Array:
    means: Array = np.cumsum(losses) / np.arange(1, len(losses) + 1)
    return means


def _curve(losses: Array) -> Curve:
    return Curve(tuple(range(1, len(losses) + 1)), tuple(_running(losses).tolist()))


def _mean(regrets: list[float]) -> float:
    return math.exp(sum(math.log(regret + 0.01) for regret in regrets) / len(regrets)) - 0.01


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    print(f"regret after {TRAININGS} trainings, {seeds} seeds")
    print(f"{'':16}" + "".join(f"{family:>10}" for family in FAMILIES) + f"{'all':>10}{'epochs':>8}")
    for variant in VARIANTS:
        found = {family: [tuned(family, seed, variant) for seed in range(seeds)] for family in FAMILIES}
        regrets = {family: [regret for regret, _ in runs] for family, runs in found.items()}
        every = [regret for group in regrets.values() for regret in group]
        epochs = sum(spent for runs in found.values() for _, spent in runs) / len(every)
        cells = "".join(f"{_mean(group):10.3f}" for group in regrets.values())
        print(f"{variant:16}{cells}{_mean(every):10.3f}{epochs:8.0f}", flush=True)


if __name__ == "__main__":
    main()
