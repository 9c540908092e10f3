"""PED-ANOVA: which hyperparameters set the best trainings apart from all.

Watanabe, Bansal and Hutter 2023, "PED-ANOVA: efficiently quantifying hyperparameter importance in arbitrary subspaces",
algorithm 1. Per hyperparameter the densities of the best quarter, p', and of all trainings, p, are estimated in one
dimension; its divergence is Pearson's, Σ (p' - p)² / p; its share is of the sum of the divergences. Only ranks of
objectives count, so any rising transform of the objective gives the same bits.

Departures from the paper, for jobs of tens of trainings:
- The square of an estimate is too large by its variance, so that a hyperparameter without effect would seem to have
  some. The variance of the mean of k kernels out of n is known, (1 - k/n) s²/k, and is taken off.
- Both densities have the same kernels (truncated to the range) and the same bandwidth, so that p'/p is at most n/k.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tunewright.surrogate.encoding import Array, Encoding
from tunewright_metrics.core.analysis.sample import TooLittle

BEST: Final = 0.25
"""Share of the trainings that are the best ones. A tenth, as in the paper, is three of thirty: too few to estimate."""
FEWEST_BEST: Final = 5
RESAMPLES: Final = 300
INTERVAL: Final = (0.05, 0.95)
PLACES: Final = 32
"""Of a numeric axis, at which densities are compared."""
NARROWEST: Final = 0.05
"""Bandwidth, in widths of the axis."""
SEED: Final = 2023


def ped_anova(encoding: Encoding, U: Array, y: Array) -> tuple[Array, Array, Array]:
    """Return share, low and high (g,) of the parameters, from coordinates U (n, g) and losses y (n,).

    The ends are those of the 90 % of RESAMPLES bootstrap samples of trainings that are in the middle. Raises TooLittle.
    """
    n = len(y)
    random = np.random.Generator(np.random.Philox(SEED))
    resampled = random.multinomial(n, np.full(n, 1.0 / n), size=RESAMPLES).astype(np.float64)
    kernels = [_kernels(encoding, place, U[:, place]) for place in range(len(encoding.axes))]
    found = np.maximum(_divergences(kernels, np.ones((1, n)), y, 1.0), 0.0)[:, 0]
    if not found.sum() > 0:
        raise TooLittle("the best trainings differ from the others by no more than chance, in any hyperparameter")
    # a resample has the noise of a sample twice: once as the sample has it, once of its own
    again = np.maximum(_divergences(kernels, resampled, y, 2.0), 0.0)
    share = found / found.sum()
    low, high = np.quantile(again / np.maximum(again.sum(0), 1e-300), INTERVAL, axis=1)
    return share, np.minimum(low, share), np.maximum(high, share)


def _divergences(kernels: list[Array], counts: Array, y: Array, noises: float) -> Array:
    """Return Pearson's divergence (g, b) for b samples that hold training i counts[b, i] times."""
    n = counts.shape[1]
    best = max(BEST * n, min(FEWEST_BEST, 0.5 * n))
    weights = _best(counts, y, best) / best
    noise = noises / (best - 1) * (1 - best / n)
    return np.array([_divergence(kernel, counts / n, weights, noise) for kernel in kernels])


def _divergence(kernel: Array, everyone: Array, best: Array, noise: float) -> Array:
    """Return Σ ((p' - p)² - noise · s'²) / p (b,) for weights (b, n) of kernels (n, places)."""
    p, above = everyone @ kernel, best @ kernel
    variance = best @ kernel**2 - above**2
    terms = np.divide((above - p) ** 2 - noise * variance, p, out=np.zeros_like(p), where=p > 0)
    divergence: Array = terms.sum(1)
    return divergence


def _best(counts: Array, y: Array, best: float) -> Array:
    """Return how often (b, n) each training is among the best; equal objectives share the last places evenly."""
    _, tied = np.unique(y, return_inverse=True)
    one_hot = np.zeros((len(y), tied.max() + 1))
    one_hot[np.arange(len(y)), tied] = 1.0
    together = counts @ one_hot
    before = np.cumsum(together, axis=1) - together
    taken = np.clip(best - before, 0.0, together)
    share = np.divide(taken, together, out=np.zeros_like(taken), where=together > 0)
    weights: Array = counts * share[:, tied]
    return weights


def _kernels(encoding: Encoding, place: int, u: Array) -> Array:
    """Return what each training adds to its parameter's density (n, places); rows add up to 1."""
    if place in encoding.choices:
        levels = encoding.axes[place].levels or 1
        one_hot: Array = (u[:, None] == np.arange(levels)).astype(np.float64)
        return one_hot
    at = (np.arange(PLACES) + 0.5) / PLACES
    bandwidth = max(0.53 * float(u.std()) * (BEST * len(u)) ** -0.2, NARROWEST)
    kernel: Array = np.exp(-0.5 * ((at - u[:, None]) / bandwidth) ** 2)
    kernel /= kernel.sum(1, keepdims=True)
    return kernel
