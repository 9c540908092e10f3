"""The trainings of one definition as numbers, and whether they are enough to say anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri

from tunewright.core.spec import Definition
from tunewright.core.states import TrainingState
from tunewright.surrogate.bend import LARGEST
from tunewright.surrogate.encoding import Array, Encoding, encoding_of
from tunewright.surrogate.model import Observed
from tunewright_metrics.core.history import History, Tried

FEWEST: Final = 10
"""Configurations that ran to their end."""
FEWEST_PER_PARAMETER: Final = 2
FEWEST_REPEATS: Final = 3
"""Repeats beyond the first runs, from which on noise is judged by them."""


class TooLittle(Exception):  # noqa: N818 - a fact about a job, told as a refusal
    """There is too little to say; the text says why, and what it takes."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Of trainings with a finite objective and a place in the space, in the order of their numbers."""

    encoding: Encoding
    U: Array
    """(n, g): coordinates."""
    y: Array
    """(n,): losses, smaller is better. A training stopped early has one no better than the median of those that ran to
    their end: its value is of fewer steps, and a rule found it hopeless."""
    errors: Array
    """(n,): standard errors, 0 where unknown."""
    configurations: NDArray[np.intp]
    """(n,): the same number for the same configuration, from 0."""
    completed: NDArray[np.bool_]
    """(n,): which ran to their end."""
    sign: float
    """-1 where the objective is maximised: objective = sign * loss."""
    outside: int
    """Trainings with an objective whose configuration has no place in the space."""

    def averaged(self) -> tuple[Array, Array]:
        """Return coordinates (m, g) and mean losses (m,) by configuration."""
        count = np.bincount(self.configurations)
        _, first = np.unique(self.configurations, return_index=True)
        y = np.bincount(self.configurations, weights=self.y / count[self.configurations])
        return self.U[first], y.astype(np.float64)

    def observed(self) -> Observed:
        """Return what a model is made from. Repeats stand apart: how they differ tells it the noise."""
        return Observed(self.encoding.features(self.U), self.encoding.groups, self.y, self.errors)


def sample_of(history: History, definition: Definition) -> Sample:
    encoding, sign = encoding_of(definition.space), history.sign(definition)
    valued = sorted((item for item in history.of(definition) if has_objective(item)), key=lambda item: item.number)
    columns = {axis.name: [item.configuration.get(axis.name) for item in valued] for axis in encoding.axes}
    U = encoding.coordinates(columns, len(valued))
    completed = np.array([item.state is not TrainingState.STOPPED for item in valued], dtype=bool)
    configurations = _numbered(U)
    used = encoding.inside(U) & (completed | ~np.isin(configurations, configurations[completed]))
    y = sign * np.array([item.value for item in valued], dtype=np.float64).clip(-LARGEST, LARGEST)
    errors = np.array([item.error or 0.0 for item in valued], dtype=np.float64)
    ran = used & completed
    if ran.any():
        y = np.where(completed, y, np.maximum(y, np.median(y[ran])))
    return Sample(
        encoding,
        U[used],
        y[used],
        np.nan_to_num(errors[used], posinf=0.0).clip(0.0, LARGEST),
        _numbered(U[used]),
        completed[used],
        sign,
        int((~encoding.inside(U)).sum()),
    )


def has_objective(item: Tried) -> bool:
    return item.value is not None and bool(np.isfinite(item.value)) and item.state is not TrainingState.FAILED


def check_enough(sample: Sample) -> None:
    """Raises TooLittle."""
    free = len(sample.encoding.axes)
    if not free:
        raise TooLittle("no hyperparameter has more than one value, so none can make a difference")
    ran = len(np.unique(sample.configurations[sample.completed]))
    needed = max(FEWEST, FEWEST_PER_PARAMETER * free)
    if ran < needed:
        outside = f"; {sample.outside} more are outside the ranges" if sample.outside else ""
        raise TooLittle(
            f"{ran} configurations ran to their end with an objective{outside}; it takes {needed}:"
            f" {FEWEST}, and {FEWEST_PER_PARAMETER} for each of the {free} hyperparameters"
        )
    y = sample.y[sample.completed]
    if np.ptp(y) <= 1e-12 * np.abs(y).max():
        raise TooLittle(
            f"all {len(y)} objectives are {sample.sign * y[0]:.6g}: nothing tells one configuration from another"
        )
    _check_above_noise(sample)


def _check_above_noise(sample: Sample) -> None:
    """Raises TooLittle if configurations differ no more than noise may make them (F test at 5 %), where it is known."""
    rows = np.flatnonzero(sample.completed)
    y, groups = sample.y[rows], np.unique(sample.configurations[rows], return_inverse=True)[1]
    count = np.bincount(groups)
    mean = np.bincount(groups, weights=y / count[groups])
    freedom = len(y) - len(count)
    reported = float((sample.errors[rows] ** 2).mean())
    repeated = float(((y - mean[groups]) ** 2).sum() / freedom) if freedom >= FEWEST_REPEATS else 0.0
    noise = max(reported, repeated * float((1.0 / count).mean()))
    chance = fdtri(len(count) - 1, freedom if freedom >= FEWEST_REPEATS else len(y), 0.95)
    if noise > 0 and float(mean.var(ddof=1)) <= noise * chance:
        raise TooLittle(
            f"configurations differ by {mean.std(ddof=1):.3g} (standard deviation), which is no more than noise of"
            f" {noise**0.5:.3g} may cause; run more, or steadier, trainings"
        )


def _numbered(U: Array) -> NDArray[np.intp]:
    """Return the same number for equal rows of U (n, g), in the order in which they come."""
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(u.tobytes(), len(numbers)) for u in U], dtype=np.intp)
