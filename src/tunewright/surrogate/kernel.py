"""Matérn-5/2 with a lengthscale per parameter (ARD), and its derivatives.

k(r) = (1 + a + a²/3) e^(-a) with a = √5 r (Rasmussen and Williams 2006, eq. 4.17); r² is the squared distance of
features divided by their lengthscales.
"""

from __future__ import annotations

import numpy as np

from tunewright.surrogate.encoding import Array


def squared_distances(A: Array, B: Array) -> Array:
    """Return r² (a, b) of scaled features A (a, p) and B (b, p)."""
    r2: Array = A @ B.T
    r2 *= -2.0
    r2 += np.einsum("ap,ap->a", A, A)[:, None]
    r2 += np.einsum("bp,bp->b", B, B)
    return np.maximum(r2, 0.0, out=r2)


def matern52(r2: Array) -> Array:
    return matern52_and_slope(r2)[0]


def matern52_and_slope(r2: Array) -> tuple[Array, Array]:
    """Return k and dk/d(r²) = -5/6 (1 + a) e^(-a); in place, for most of the time of a fit is spent here."""
    a: Array = np.sqrt(5.0 * r2)
    decay = np.exp(-a)
    a += 1.0
    a *= decay
    k = decay
    k *= r2
    k *= 5.0 / 3.0
    k += a
    a *= -5.0 / 6.0
    return k, a
