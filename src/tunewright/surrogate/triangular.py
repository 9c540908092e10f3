"""Cholesky factors and what is solved with them, straight from LAPACK.

scipy.linalg's own functions check and convert at each call, which costs more than the algebra at a few dozen rows.
Matrices are symmetric, so C and Fortran order are the same and nothing is copied.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri, dpotrs, dtrtrs

from tunewright.surrogate.encoding import Array


def factor(K: Array) -> Array:
    """Return the lower Cholesky factor L of K = L Lᵀ, in the place of K. Raises: LinAlgError: not positive definite."""
    L, info = dpotrf(K.T, lower=1, clean=1, overwrite_a=1)
    if info:
        raise np.linalg.LinAlgError(f"the leading minor of order {info} is not positive definite")
    lower: Array = L
    return lower


def solve(L: Array, B: Array) -> Array:
    """Return K⁻¹ B for B (n,) or (n, q)."""
    solution: Array = dpotrs(L, B, lower=1)[0]
    return solution


def solve_lower(L: Array, B: Array, *, transposed: bool = False) -> Array:
    """Return L⁻¹ B, or L⁻ᵀ B, for B (n,) or (n, q)."""
    solution: Array = dtrtrs(L, B, lower=1, trans=int(transposed))[0]
    return solution


def inverse(L: Array) -> Array:
    """Return K⁻¹. LAPACK gives its lower half and leaves the upper one as it is in L: nothing."""
    lower = dpotri(L, lower=1)[0]
    whole: Array = lower + lower.T
    diagonal(whole)[:] *= 0.5
    return whole


def diagonal(K: Array) -> Array:
    """Return the diagonal of a contiguous matrix, to be read or written."""
    return K.reshape(-1, order="A")[:: len(K) + 1]
