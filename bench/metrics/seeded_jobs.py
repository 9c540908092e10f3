"""Jobs with a known fault, and healthy ones, for the advisor: functions of which the truth is known, tried by the suggester.

A function lives on the unit cube and is 0 at its optimum; ranges, scales and directions are drawn by seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tunewright.core.space import Choice, Configuration, Float, Int, Range, ScalingType, Space, to_unit
from tunewright.core.spec import Definition, Direction, Limits, Objective, Parameter, Strategy, TuningJobSpec
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
    "bowl": bowl, "cone": cone, "dent": dent, "ramp": ramp, "valley": valley, "waves": waves,
}
RANGES: Final[tuple[Range, ...]] = (
    Float(1e-5, 1e-1, ScalingType.LOGARITHMIC),
    Float(-3.0, 5.0),
    Int(8, 512, ScalingType.LOGARITHMIC),
    Float(0.5, 20.0, ScalingType.LINEAR),
    Int(10, 90),
    Float(1e-6, 1e-2),
)


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    surface: str
    dimensions: int
    trainings: int
    seed: int
    strategy: Strategy = Strategy.RANDOM
    parallel: int = 1
    noise: float = 0.0
    """In standard deviations of the function over the space."""
    outside: float = 0.0
    """How far the optimum lies outside the first range, in its widths; below 0: beneath it."""
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
    pending: list[Configuration] = []
    best = np.inf
    for number in range(1, job.trainings + 1):
        while len(pending) < min(job.parallel, job.trainings - len(tried)):
            pending.append(_next(job, space, direction, tried, pending))
        configuration = pending.pop(0)
        loss = surface(np.array([to_unit(space[name], configuration[name]) for name in used]), centre)
        best = min(best, loss)
        value = sign * unit * (loss + job.noise * spread * random.standard_normal() + shift * spread)
        tried.append(_tried(number, configuration, value))
    history = History(_spec(job, space, direction), tuple(tried))
    return Ran(history, unit * (best - lowest), list(space)[-1] if job.dummy else used[0])


def _next(
    job: Job, space: Space, direction: Direction, tried: Sequence[Tried], pending: Sequence[Configuration]
) -> Configuration:
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
        definitions=(DefinitionAsk(space=space, observations=observations, pending=tuple(pending)),),
        direction=direction,
        seed=job.seed,
        number=len(tried) + len(pending),
        started=len(tried) + len(pending),
        budget=job.trainings - len(tried) - len(pending),
        parallel=job.parallel,
        effort="fast",
    )
    return suggest(ask).suggestions[0].configuration


def _space(job: Job, random: np.random.Generator) -> dict[str, Range]:
    drawn = [RANGES[place] for place in random.permutation(len(RANGES))]
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
        (Definition("file:///train.py", parameters=parameters),),
        Objective("loss", direction),
        Limits(max_parallel=job.parallel, max_trainings=job.trainings),
        job.strategy,
    )


def _tried(number: int, configuration: Configuration, value: float) -> Tried:
    return Tried(number, "", configuration, TrainingState.COMPLETED, value, 1, float(number), float(number + 1))
