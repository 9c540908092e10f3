"""Jobs with a known fault, and healthy ones, for the advisor: functions of known truth, tried by the suggester.

A function lives on the unit cube and is 0 at its optimum; ranges, scales and directions are drawn by seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tunewright.core.space import Choice, Configuration, Float, Int, Range, ScalingType, Space, to_unit
from tunewright.core.spec import (
    Definition,
    Direction,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    Strategy,
    TuningJobSpec,
)
from tunewright.core.states import TrainingState
from tunewright_metrics.core.history import History, Tried
from tunewright_suggester.core.ask import Ask, DefinitionAsk, Observations, Outcome
from tunewright_suggester.core.suggest import suggest

Surface = Callable[[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.float64]]], float]
"""Loss of a point of the unit cube, given the place of the optimum."""


def bowl(u: Any, c: Any) -> float:
    return float(((u - c) ** 2).sum())


def cone(u: Any, c: Any) -> float:
    return float((np.abs(u - c) ** 1.3).sum())


def dent(u: Any, c: Any) -> float:
    """Flat far from the optimum."""
    return float(1.0 - np.exp(-2.5 * ((u - c) ** 2).sum()))


def ramp(u: Any, c: Any) -> float:
    """Much worse beyond the optimum than before it, as learning rates are."""
    return float(((u - c) ** 2 + 3.0 * np.maximum(u - c, 0.0) ** 2).sum())


def valley(u: Any, c: Any) -> float:
    """Curved and coupled."""
    v = u - c
    return float((v**2).sum() + 2.0 * sum((v[i + 1] - v[i] ** 2 - 0.5 * v[i]) ** 2 for i in range(len(v) - 1)))


def waves(u: Any, c: Any) -> float:
    """With smaller dents beside the great one."""
    return float(((u - c) ** 2 + 0.03 * (1.0 - np.cos(4 * np.pi * (u - c)))).sum())


SURFACES: Final[dict[str, Surface]] = {
    "bowl": bowl,
    "cone": cone,
    "dent": dent,
    "ramp": ramp,
    "valley": valley,
    "waves": waves,
}
RANGES: Final[tuple[Range, ...]] = (
    Float(1e-5, 1e-1, ScalingType.LOGARITHMIC),
    Float(-3.0, 5.0),
    Int(8, 512, ScalingType.LOGARITHMIC),
    Float(0.5, 20.0, ScalingType.LINEAR),
    Int(10, 90),
    Float(1e-6, 1e-2),
)


LOSS: Final = MetricDefinition("loss", "loss=(.*)")
BOUND: Final = (RANGES[3], RANGES[4])
"""Ranges that can hardly go on at their lower end, on the scale that they have."""


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    surface: str
    dimensions: int
    trainings: int
    seed: int
    strategy: Strategy = Strategy.RANDOM
    parallel: int = 1
    """As the specification says; trainings are run one by one."""
    said: Strategy | None = None
    """What the specification says, where trainings are drawn otherwise: a model without results draws at random."""
    noise: float = 0.0
    """In standard deviations of the function over the space."""
    outside: float = 0.0
    """How far the optimum lies outside the first range, in its widths; below 0: beneath it."""
    early: bool = False
    """The best came first."""
    dummy: bool = False
    """One more hyperparameter, which the function does not use."""


@dataclass(frozen=True, slots=True)
class Ran:
    history: History
    left: float
    """What is still to be gained within the ranges, in units of the objective."""
    faulty: str = ""
    """The hyperparameter with the fault."""


def ran(job: Job) -> Ran:
    """Run the job."""
    random = np.random.default_rng([job.seed, job.dimensions, job.trainings, len(job.surface)])
    space = _space(job, random)
    surface, centre = SURFACES[job.surface], random.uniform(0.25, 0.75, job.dimensions)
    if job.outside:
        centre[0] = job.outside if job.outside < 0 else 1.0 + job.outside
    used = list(space)[: job.dimensions]
    lowest = surface(np.clip(centre, 0.0, 1.0), centre)
    spread = float(np.std([surface(random.random(job.dimensions), centre) for _ in range(400)]))
    direction = Direction.MAXIMIZE if random.random() < 0.5 else Direction.MINIMIZE
    sign = -1.0 if direction is Direction.MAXIMIZE else 1.0
    unit, shift = 10.0 ** random.uniform(-2, 2), random.uniform(-2, 2)
    tried: list[Tried] = []
    best = np.inf
    for number in range(1, job.trainings + 1):
        configuration = _next(job, space, direction, tried)
        if configuration is None:
            break  # a finite space is used up
        loss = surface(np.array([to_unit(space[name], configuration[name]) for name in used]), centre)
        best = min(best, loss)
        value = sign * unit * (loss + job.noise * spread * random.standard_normal() + shift * spread)
        tried.append(_tried(number, configuration, value))
    if job.early:
        first = min(tried, key=lambda item: sign * (item.value or 0.0))
        tried = [first, *(item for item in tried if item is not first)]
    history = History(_spec(job, space, direction), tuple(tried))
    return Ran(history, unit * (best - lowest), list(space)[-1] if job.dummy else used[0])


def _next(job: Job, space: Space, direction: Direction, tried: Sequence[Tried]) -> Configuration | None:
    """Ask the suggester, at its cheapest tier."""
    observations = Observations(
        columns={name: tuple(item.configuration[name] for item in tried) for name in space},
        outcomes=(Outcome.COMPLETED,) * len(tried),
        values=tuple(math.nan if item.value is None else item.value for item in tried),
        steps=(1,) * len(tried),
        numbers=tuple(item.number for item in tried),
    )
    ask = Ask(
        strategy=job.strategy,
        definitions=(DefinitionAsk(space=space, observations=observations),),
        direction=direction,
        seed=job.seed,
        number=len(tried),
        started=len(tried),
        budget=job.trainings - len(tried),
        effort="fast",
    )
    return next((suggestion.configuration for suggestion in suggest(ask).suggestions), None)


def _space(job: Job, random: np.random.Generator) -> dict[str, Range]:
    drawn = [RANGES[place] for place in random.permutation(len(RANGES))]
    drawn.sort(key=lambda range_: bool(job.outside) and range_ in BOUND)
    names = [f"p{place}" for place in range(job.dimensions)]
    space: dict[str, Range] = dict(zip(names, drawn, strict=False))
    if job.dummy:
        others: list[Range] = [Float(0.0, 1.0), Float(1e-4, 1.0), Int(1, 9), Choice(("adam", "sgd", "lion"))]
        space["dummy"] = others[job.seed % len(others)]
    return space


def _spec(job: Job, space: dict[str, Range], direction: Direction) -> TuningJobSpec:
    parameters = tuple(Parameter(name, range_) for name, range_ in space.items())
    return TuningJobSpec(
        job.name,
        (Definition("file:///train.py", parameters=parameters, metric_definitions=(LOSS,)),),
        Objective("loss", direction),
        Limits(max_parallel=job.parallel, max_trainings=job.trainings),
        job.said or job.strategy,
    )


def _tried(number: int, configuration: Configuration, value: float) -> Tried:
    return Tried(number, "", configuration, TrainingState.COMPLETED, value, 1, float(number), float(number + 1))


Many = tuple[Job, ...]
BAYESIAN, RANDOM = Strategy.BAYESIAN, Strategy.RANDOM


def outside(count: int, strategy: Strategy = RANDOM) -> Many:
    """The optimum lies 0.3 to 0.6 widths beyond an end of the first range."""
    return tuple(
        Job("edge", _surface(n), 1 + n % 3, (40, 50, 60)[n % 3], n, strategy, outside=(-0.3, 0.3, 0.6, -0.5)[n % 4])
        for n in range(count)
    )


def dummies(count: int, strategy: Strategy = RANDOM) -> Many:
    """One hyperparameter of two to four is not used."""
    return tuple(
        Job("dummy", _surface(n), 1 + n % 3, (50, 60, 80)[n % 3], n, strategy, dummy=True) for n in range(count)
    )


def noisy(count: int, strategy: Strategy = RANDOM) -> Many:
    """Noise of two or three standard deviations of the function."""
    return tuple(
        Job("noise", _surface(n), 1 + n % 3, (50, 80, 120)[n % 3], n, strategy, noise=(2.0, 3.0)[n % 2])
        for n in range(count)
    )


def crowded(count: int) -> Many:
    """50 of 60 trainings at once, and the like."""
    return tuple(
        Job(
            "crowd",
            _surface(n),
            1 + n % 6,
            (60, 20, 100)[n % 3],
            n,
            RANDOM,
            parallel=(50, 10, 30)[n % 3],
            said=BAYESIAN,
        )
        for n in range(count)
    )


def flat(count: int, strategy: Strategy = RANDOM) -> Many:
    """Of one hyperparameter, long found."""
    return tuple(Job("plateau", _surface(n), 1, (80, 100, 120)[n % 3], n, strategy, early=True) for n in range(count))


def healthy(count: int, strategy: Strategy = RANDOM, largest: int = 100) -> Many:
    """Of one to six hyperparameters, 20 to 100 trainings, without noise or with a little."""
    return tuple(
        Job(
            "healthy",
            _surface(n),
            1 + (n // 2) % 6,
            min(largest, (20, 30, 45, 60, 100)[n % 5]),
            100 + n,
            strategy,
            parallel=(1, 2, 4)[n % 3],
            noise=(0.0, 0.05, 0.2)[(n // 3) % 3],
        )
        for n in range(count)
    )


def _surface(number: int) -> str:
    return tuple(SURFACES)[number % len(SURFACES)]
