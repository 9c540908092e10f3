"""Continuous test functions, moved so that neither the middle nor the diagonal gives the optimum away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from bench.suggester.problems import functions as f
from bench.suggester.problems.functions import Array
from bench.suggester.problems.problem import Kind, Problem, failing
from tunewright.core.space import Configuration, Float, ScalingType, Space

ACTIVE: Final = 4
"""How many parameters matter in the spaces of many."""
CONDITIONING: Final = 10.0
"""Of the rotated Rastrigin's ellipsoid, as in BBOB's f15."""


def problems() -> Iterator[Problem]:
    yield boxed("branin", f.branin, ((-5.0, 10.0), (0.0, 15.0)), f.BRANIN_OPTIMUM)
    hartmann6 = boxed("hartmann6", f.hartmann6, [(0.0, 1.0)] * 6, f.HARTMANN6_OPTIMUM)
    yield hartmann6
    yield moved("rosenbrock4", f.rosenbrock, 4, -3.0, 5.0, spread=1.5, seed=4)
    yield moved("ackley5", f.ackley, 5, -12.0, 12.0, spread=6.0, seed=1)
    yield moved("rastrigin5-rotated", rotated_rastrigin(5, seed=15), 5, -5.0, 5.0, spread=4.0, seed=2)
    yield moved("levy6", f.levy, 6, -10.0, 10.0, spread=5.0, seed=3)
    yield moved("styblinski5", f.styblinski, 5, -5.0, 5.0, spread=0.8, seed=6, optimum=5 * f.STYBLINSKI_OPTIMUM)
    yield embedded("rosenbrock4-in-20", f.rosenbrock, 20, -3.0, 5.0, seed=20)
    yield embedded("ackley4-in-30", f.ackley, 30, -12.0, 12.0, seed=30)
    yield failing(hartmann6, "hartmann6-failing", outside_of_four_fifths)
    yield diverging()


def boxed(
    name: str,
    function: Callable[[Array], float],
    ends: tuple[tuple[float, float], ...] | list[tuple[float, float]],
    optimum: float | None,
) -> Problem:
    space: Space = {f"x{i}": Float(low, high, ScalingType.LINEAR) for i, (low, high) in enumerate(ends)}
    return Problem(name, Kind.SYNTHETIC, space, lambda configuration: function(vector(space, configuration)), optimum)


def moved(
    name: str,
    function: Callable[[Array], float],
    d: int,
    low: float,
    high: float,
    *,
    spread: float,
    seed: int,
    optimum: float = 0.0,
) -> Problem:
    """Return the function with its origin moved by up to `spread` along each axis."""
    shift = np.random.default_rng(seed).uniform(-spread, spread, d)
    return boxed(name, lambda x: function(x - shift), [(low, high)] * d, optimum)


def embedded(name: str, function: Callable[[Array], float], d: int, low: float, high: float, *, seed: int) -> Problem:
    """Return the function of ACTIVE of d parameters; the others do nothing."""
    random = np.random.default_rng(seed)
    active = np.sort(random.permutation(d)[:ACTIVE])
    shift = random.uniform(low, high, ACTIVE) / 4
    return boxed(name, lambda x: function(x[active] - shift), [(low, high)] * d, 0.0)


def rotated_rastrigin(d: int, seed: int) -> Callable[[Array], float]:
    """Return a rotated, irregular, ill-conditioned Rastrigin function (after Hansen et al. 2009, BBOB f15)."""
    first, second = f.rotation(d, seed), f.rotation(d, seed + 1)
    scales = np.sqrt(CONDITIONING) ** np.linspace(0, 1, d)

    def value(x: Array) -> float:
        return f.rastrigin(first @ (scales * (second @ f.oscillated(first @ x))))

    return value


def outside_of_four_fifths(configuration: Configuration) -> bool:
    """Fail for the fifth of Hartmann's cube beyond a slanted plane, which passes just behind the optimum (0.932)."""
    return float(configuration["x2"]) + float(configuration["x5"]) - float(configuration["x0"]) > 0.94


def diverging() -> Problem:
    """Gradient descent with momentum on a quadratic, 50 steps: beyond a learning rate it diverges.

    Divergence is reported as a huge loss, the same everywhere: a plateau over a quarter of the space.
    """
    space: Space = {
        "learning_rate": Float(1e-4, 10.0, ScalingType.LOGARITHMIC),
        "momentum": Float(0.0, 0.99, ScalingType.LINEAR),
        "weight_decay": Float(1e-6, 1.0, ScalingType.LOGARITHMIC),
    }
    curvatures = np.geomspace(0.05, 5.0, 8)
    goal = np.linspace(1.0, -2.0, 8)

    def value(configuration: Configuration) -> float:
        rate, momentum, decay = (float(configuration[name]) for name in space)
        x, velocity = np.zeros(8), np.zeros(8)
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(50):
                velocity = momentum * velocity - rate * (curvatures * (x - goal) + decay * x)
                x = x + velocity
            loss = 0.01 + float((curvatures * (x - goal) ** 2).sum())
        return float(np.fmin(loss, 1e4))  # also of one that is not a number

    return Problem("descent-diverging", Kind.SYNTHETIC, space, value)


def vector(space: Space, configuration: Configuration) -> Array:
    return np.array([configuration[name] for name in space], dtype=np.float64)
