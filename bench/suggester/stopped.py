"""What stopped trainings are worth to Bayesian search: foretold from their curves, fed raw, or dropped.

    python -m bench.suggester.stopped [--seeds 5]

Simulated jobs of 35 trainings in three parameters, one after the other, under AMT's median rule. Families of curves
over a Branin-like bottom: `quick` ones are near their end when they are stopped, `noisy` ones too but for the noise,
`late` ones fall at a speed of their own, `crossing` ones are the slower the better their end, `rising` ones grow, as
what adds up or overfits does. Regret is that of the best completed training's true final loss, geometric mean of
(regret + 0.01) - 0.01.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
from collections.abc import Mapping, Sequence
from concurrent.futures import as_completed
from typing import Final

import numpy as np

from bench.rows import Row, report
from bench.suggester.curves.policies import running_means, worse_than_median
from bench.suggester.workers import pool, progress
from tunewright.core.draws import random_configuration
from tunewright.core.space import Float, Value
from tunewright.core.spec import Strategy
from tunewright.surrogate.encoding import Array
from tunewright_suggester.core.ask import Ask, Curve, DefinitionAsk, Observations, Outcome
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
        means = [running_means(self.series[row].tolist()) for row in self.completed]
        steps = range(1, EPOCHS)
        return next((step for step in steps if worse_than_median(means, step, losses[step - 1], EPOCHS)), EPOCHS)


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


def _curve(losses: Array) -> Curve:
    return Curve(tuple(range(1, len(losses) + 1)), running_means(losses.tolist()))


def rows_of(found: Mapping[tuple[str, str], Sequence[tuple[float, int]]]) -> list[Row]:
    """Return a row for each variant, given regrets and epochs of the jobs of each variant and family."""
    means = {variant: _mean([job for family in FAMILIES for job in found[variant, family]]) for variant in VARIANTS}
    return [_row(variant, means, found) for variant in VARIANTS]


def _row(variant: str, means: Mapping[str, float], found: Mapping[tuple[str, str], Sequence[tuple[float, int]]]) -> Row:
    of_families = ", ".join(f"{family} {_mean(found[variant, family]):.3f}" for family in FAMILIES)
    epochs = statistics.mean(spent for family in FAMILIES for _, spent in found[variant, family])
    beside = f"{of_families}; {epochs:.0f} epochs"
    ratio = (means["foretold"] + 0.01) / (means[variant] + 0.01)
    name = f"Regret, stopped trainings {variant}"
    if variant in ("raw", "dropped"):
        return Row(name, means[variant], "", beside, ratio, "foretold / this < 1", ratio < 1)
    return Row(name, means[variant], "", beside, ratio, "", True)


def _mean(jobs: Sequence[tuple[float, int]]) -> float:
    return math.exp(statistics.mean(math.log(regret + 0.01) for regret, _ in jobs)) - 0.01


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.suggester.stopped")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    found: dict[tuple[str, str], list[tuple[float, int]]] = {(v, f): [] for v in VARIANTS for f in FAMILIES}
    with progress(len(found) * given.seeds, 0) as advance, pool(given.processes) as workers:
        jobs = {workers.submit(tuned, f, seed, v): (v, f) for v, f in found for seed in range(given.seeds)}
        for future in as_completed(jobs):
            found[jobs[future]].append(future.result())
            advance(" ".join(jobs[future]))
    report(rows_of(found))


if __name__ == "__main__":
    main()
