"""Test functions of global optimisation in their authors' coordinates; x is (d,). Sources beside each.

Many have their optimum in the middle of the usual box or on its diagonal, where a first try of the middle finds it for
free; synthetic.py moves them.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HARTMANN_WEIGHTS: Final = np.array([1.0, 1.2, 3.0, 3.2])
HARTMANN_SLOPES: Final = np.array(
    [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ]
)
HARTMANN_CENTRES: Final = np.array(
    [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
        [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
        [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ]
)
BRANIN_OPTIMUM: Final = 0.39788735772973816
HARTMANN6_OPTIMUM: Final = -3.322368011415515
STYBLINSKI_OPTIMUM: Final = -39.16616570377142
"""Per dimension, at x = -2.903534."""


def branin(x: Array) -> float:
    """Branin and Hoo (Dixon and Szegö 1978), on [-5, 10] × [0, 15]; three optima of the same value."""
    valley = x[1] - 5.1 / (4 * math.pi**2) * x[0] ** 2 + 5 / math.pi * x[0] - 6
    return float(valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x[0]) + 10)


def hartmann6(x: Array) -> float:
    """Hartmann's in six dimensions (Dixon and Szegö 1978), on the unit cube."""
    exponents = (HARTMANN_SLOPES * (x - HARTMANN_CENTRES) ** 2).sum(1)
    return float(-HARTMANN_WEIGHTS @ np.exp(-exponents))


def rosenbrock(x: Array) -> float:
    """Rosenbrock 1960: a curved valley to the optimum 0 at (1, …, 1)."""
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


def ackley(x: Array) -> float:
    """Ackley 1987: a funnel with ripples; 0 at the origin."""
    funnel = -20 * math.exp(-0.2 * math.sqrt((x * x).mean()))
    return float(funnel - math.exp(np.cos(2 * math.pi * x).mean()) + 20 + math.e)


def levy(x: Array) -> float:
    """Levy and Montalvo 1985; 0 at (1, …, 1)."""
    w = 1 + (x - 1) / 4
    inner = ((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2)).sum()
    last = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
    return float(math.sin(math.pi * w[0]) ** 2 + inner + last)


def styblinski(x: Array) -> float:
    """Styblinski and Tang 1990, on [-5, 5]."""
    return float((x**4 - 16 * x**2 + 5 * x).sum() / 2)


def rastrigin(x: Array) -> float:
    """Rastrigin 1974: a bowl with a grid of pits; 0 at the origin."""
    return float((x * x + 10 * (1 - np.cos(2 * math.pi * x))).sum())


def oscillated(x: Array) -> Array:
    """Break the symmetry and regularity of coordinates near 0 (Hansen et al. 2009, BBOB, T_osz)."""
    magnitude = np.log(np.maximum(np.abs(x), 1e-300))
    quick = np.where(x > 0, 10.0, 5.5)
    slow = np.where(x > 0, 7.9, 3.1)
    bent: Array = np.sign(x) * np.exp(magnitude + 0.049 * (np.sin(quick * magnitude) + np.sin(slow * magnitude)))
    return np.where(x == 0, 0.0, bent)


def rotation(d: int, seed: int) -> Array:
    """Return a random orthogonal matrix (d, d), evenly distributed (Mezzadri 2007)."""
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))
    return np.asarray(q * np.sign(np.diag(r)))
