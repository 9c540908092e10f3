"""Sobol indices: how much of a function's variance each parameter causes, over the whole space.

With all parameters independent and uniform on their scaled axes, the first-order index of parameter i is
V(E[f | x_i]) / V(f), its total index 1 - V(E[f | all but x_i]) / V(f) (Sobol 1993; Homma and Saltelli 1996). Estimated
from A and B, two halves of one low-discrepancy sequence, and A with column i of B: first order by Saltelli et al. 2010,
"Variance based sensitivity analysis of model output", eq. (b) of table 2; total by Jansen 1999, eq. (f) there. Of draws
from a Gaussian process each has its own indices, whose spread says how far the data fix them (Marrel et al. 2009,
"Calculations of Sobol indices for the Gaussian process metamodel", section 3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.stats import qmc

from tunewright.surrogate.encoding import Array

EVALUATIONS: Final = 16_384
"""Of the function, at most."""
SEED: Final = 1967
INTERVAL: Final = (0.05, 0.5, 0.95)
WIDENED: Final = 1.5
"""By how much the spread of the draws is multiplied. As it is, it is that of a model that is right: it held the known
indices of additive functions, of Ishigami's and of Sobol's g in 45 to 100 % of the cases (see docs/analysis.md)."""
ERROR: Final = 0.005
"""Of the estimate of an index itself."""


def sobol_indices(
    function: Callable[[Array], Array], parameters: int, evaluations: int = EVALUATIONS
) -> tuple[Array, Array]:
    """Return first-order and total indices (g, q) of a function from the cube (m, g) to q values (m, q)."""
    power = int(np.log2(evaluations // (parameters + 2)))
    points = cube(2 * parameters, power)
    A, B = points[:, :parameters], points[:, parameters:]
    of_A, of_B = function(A), function(B)
    centre = (of_A.mean(0) + of_B.mean(0)) / 2
    variance = ((of_A - centre) ** 2).mean(0) / 2 + ((of_B - centre) ** 2).mean(0) / 2
    first, total = np.zeros((2, parameters, of_A.shape[1]))
    for place in range(parameters):
        mixed = A.copy()
        mixed[:, place] = B[:, place]
        change = function(mixed) - of_A
        first[place] = ((of_B - centre) * change).mean(0)
        total[place] = (change**2).mean(0) / 2
    scale = np.where(variance > 0, variance, np.inf)
    return first / scale, total / scale


def bounded(indices: Array) -> Array:
    """Return share, low and high (3, g) from the indices (g, q) of a mean (column 0) and of draws.

    The share is the mean's: draws from few data have more interaction than what they are drawn to resemble. How far
    they lie apart says how sure it is. Shares of negative estimates are 0.
    """
    share = indices[:, 0].clip(0.0, 1.0)
    low, middle, high = np.quantile(indices[:, 1:].clip(0.0, 1.0), INTERVAL, axis=1)
    below, above = WIDENED * (middle - low) + ERROR, WIDENED * (high - middle) + ERROR
    return np.stack([share, np.maximum(share - below, 0.0), np.minimum(share + above, 1.0)])


def cube(dimensions: int, power: int) -> Array:
    """Return 2^power points (m, dimensions) of a scrambled Sobol sequence, always the same ones."""
    points: Array = qmc.Sobol(dimensions, scramble=True, seed=SEED).random_base2(power)
    return points
