"""Histories of jobs whose objective is a known function."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tunewright.core.space import Configuration, Float, Range
from tunewright.core.spec import Definition, Direction, Objective, Parameter, TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright_metrics.core.history import History, Tried

SQUARE = {"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}


def definition(space: dict[str, Range], name: str = "", objective: Objective | None = None) -> Definition:
    parameters = tuple(Parameter(key, item) for key, item in space.items())
    return Definition("image", name=name, parameters=parameters, objective=objective)


def history(tried: Sequence[Tried], *definitions: Definition, direction: Direction = Direction.MINIMIZE) -> History:
    return History(TuningJobSpec("job", definitions, Objective("loss", direction)), tuple(tried))


def training(number: int, value: float | None, configuration: Configuration, **fields) -> Tried:
    defaults = {"definition_name": "", "state": TrainingState.COMPLETED, "steps": 1}
    times = {"created_at": float(number), "ended_at": number + 0.5}
    return Tried(number=number, value=value, configuration=configuration, **(defaults | times | fields))


def cube(seed: int, count: int, parameters: int) -> np.ndarray:
    return np.random.default_rng(seed).random((count, parameters))


def job_of(function: Callable, points: np.ndarray, noise: float = 0.0, seed: int = 0) -> History:
    """Return a job over x0, x1 … in [0, 1] that tried these points, with noise of this standard deviation."""
    names = [f"x{place}" for place in range(points.shape[1])]
    values = function(points) + noise * np.random.default_rng(seed).standard_normal(len(points))
    tried = [
        training(number, value, dict(zip(names, point, strict=True)))
        for number, (value, point) in enumerate(zip(values.tolist(), points.tolist(), strict=True), 1)
    ]
    return history(tried, definition(dict.fromkeys(names, Float(0.0, 1.0))))


def additive(points: np.ndarray) -> np.ndarray:
    """Shares of its variance: 9, 4, 1 and 0 fourteenths."""
    return points @ np.array([3.0, 2.0, 1.0, 0.0])


ADDITIVE = np.array([9.0, 4.0, 1.0, 0.0]) / 14.0


def ishigami(points: np.ndarray) -> np.ndarray:
    """Ishigami and Homma 1990, with a = 7 and b = 0.1."""
    x, y, z = np.pi * (2.0 * points.T - 1.0)
    return np.sin(x) + 7.0 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)


ISHIGAMI = np.array([0.3139, 0.4424, 0.0])
ISHIGAMI_TOTAL = np.array([0.5576, 0.4424, 0.2437])

G_WEIGHTS = np.array([0.0, 1.0, 4.5])


def g_function(points: np.ndarray) -> np.ndarray:
    """Sobol's g (Saltelli and Sobol 1995)."""
    return np.prod((np.abs(4.0 * points - 2.0) + G_WEIGHTS) / (1.0 + G_WEIGHTS), axis=1)


_PARTS = 1.0 / 3.0 / (1.0 + G_WEIGHTS) ** 2
_WHOLE = np.prod(1.0 + _PARTS) - 1.0
G = _PARTS / _WHOLE
G_TOTAL = np.array([part * np.prod(1.0 + np.delete(_PARTS, place)) for place, part in enumerate(_PARTS)]) / _WHOLE
