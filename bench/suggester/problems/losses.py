"""The loss of a scikit-learn model on data that comes with scikit-learn, by cross-validation on fixed folds."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import StandardScaler

LARGEST_RATIO: Final = 10.0
"""A loss beyond so many times the trivial model's counts as that: diverged is diverged."""


class Metric(StrEnum):
    SQUARED = "mean squared error, in variances of the target"
    ERROR = "share of wrong answers"
    LOG = "negative log likelihood"


Data = tuple[NDArray[np.float64], NDArray[Any]]


@functools.cache
def data(name: str, rows: int | None = None) -> Data:
    """Return standardised features (n, p) and targets (n,) of a bundled set, shuffled, at most `rows` of them."""
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))[:rows]
    X, y = StandardScaler().fit_transform(X[order]), y[order]
    return X, (y - y.mean()) / y.std() if y.dtype.kind == "f" else y


@functools.cache
def folds(name: str, rows: int | None, count: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    X, y = data(name, rows)
    kind = KFold if y.dtype.kind == "f" else StratifiedKFold
    return list(kind(count, shuffle=True, random_state=1).split(X, y))


def cross_validated(
    make: Callable[[], Any], name: str, metric: Metric, *, rows: int | None = None, count: int = 3
) -> float:
    """Return the mean loss over the folds, at most LARGEST_RATIO times the trivial model's."""
    X, y = data(name, rows)
    largest = LARGEST_RATIO * trivial_loss(y, metric)
    losses = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for train, test in folds(name, rows, count):
            try:
                loss = held_out_loss(make().fit(X[train], y[train]), X[test], y[test], metric)
            except (ValueError, FloatingPointError):  # the weights became infinite
                loss = math.inf
            losses.append(loss if math.isfinite(loss) else largest)
    return min(float(np.mean(losses)), largest)


def held_out_loss(model: Any, X: NDArray[np.float64], y: NDArray[Any], metric: Metric) -> float:
    match metric:
        case Metric.SQUARED:
            return float(np.mean((model.predict(X) - y) ** 2))
        case Metric.ERROR:
            return float(np.mean(model.predict(X) != y))
        case Metric.LOG:
            chances = model.predict_proba(X)[np.arange(len(y)), np.searchsorted(model.classes_, y)]
            return float(-np.mean(np.log(np.clip(chances, 1e-7, 1.0))))


def trivial_loss(y: NDArray[Any], metric: Metric) -> float:
    """Return the loss of a model that ignores its features."""
    match metric:
        case Metric.SQUARED:
            return 1.0
        case Metric.ERROR:
            return float(1 - np.unique(y, return_counts=True)[1].max() / len(y))
        case Metric.LOG:
            shares = np.unique(y, return_counts=True)[1] / len(y)
            return float(-(shares * np.log(shares)).sum())
