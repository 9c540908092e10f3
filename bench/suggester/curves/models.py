"""Eight learning-curve problems: networks and linear models by epochs, boosting by rounds, on bundled data.

Their curves, as plots of random configurations show them: those of high and low learning rates cross; small batches
and hot rates are noisy; low rates and deep networks rise late; on wrong labels the loss turns up again.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.suggester.curves.problem import CurveProblem
from bench.suggester.problems.losses import LARGEST_RATIO, Metric, data, trivial_loss
from tunewright.core.space import Choice, Configuration, Float, Int, ScalingType, Space

LINEAR: Final = ScalingType.LINEAR
LOGARITHMIC: Final = ScalingType.LOGARITHMIC
LEAST_CHANCE: Final = 1e-7
"""To which a predicted probability is raised before its logarithm."""

NETWORK: Final[Space] = {
    "learning_rate": Float(1e-5, 0.3, LOGARITHMIC),
    "width": Int(4, 64, LOGARITHMIC),
    "layers": Int(1, 3, LINEAR),
    "batch": Int(16, 128, LOGARITHMIC),
    "alpha": Float(1e-6, 1.0, LOGARITHMIC),
    "solver": Choice(("adam", "sgd")),
    "momentum": Float(0.0, 0.98, LINEAR),
}
DESCENT: Final[Space] = {
    "eta0": Float(1e-6, 1.0, LOGARITHMIC),
    "power_t": Float(0.0, 0.8, LINEAR),
    "alpha": Float(1e-7, 1.0, LOGARITHMIC),
    "penalty": Choice(("l2", "l1", "elasticnet")),
}
BOOSTING: Final[Space] = {
    "learning_rate": Float(1e-3, 1.0, LOGARITHMIC),
    "max_depth": Int(1, 6, LINEAR),
    "subsample": Float(0.1, 1.0, LINEAR),
    "max_features": Float(0.05, 1.0, LINEAR),
    "min_samples_leaf": Int(1, 60, LOGARITHMIC),
}


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is learned: a third is held out."""

    X: NDArray[np.float64]
    y: NDArray[Any]
    X_test: NDArray[np.float64]
    y_test: NDArray[Any]

    @property
    def regression(self) -> bool:
        return bool(self.y.dtype.kind == "f")

    @property
    def largest(self) -> float:
        """The loss of a training that diverged."""
        return LARGEST_RATIO * trivial_loss(self.y_test, Metric.SQUARED if self.regression else Metric.LOG)

    def loss(self, predicted: NDArray[np.float64]) -> float:
        """Return the held-out loss of predicted targets (n,) or probabilities (n, classes)."""
        if self.regression:
            return float(np.mean((predicted.ravel() - self.y_test) ** 2))
        chances = predicted[np.arange(len(self.y_test)), np.searchsorted(np.unique(self.y), self.y_test)]
        return float(-np.mean(np.log(np.clip(chances, LEAST_CHANCE, 1.0))))


Learner = Callable[[Configuration, Lesson, int], Iterator[float]]
"""Configuration, lesson and number of epochs to the loss after each."""


def curve_problems() -> Iterator[CurveProblem]:
    yield learned("mlp-digits", NETWORK, network, 27, lambda: lesson("digits", 300))
    yield learned("mlp-wine", NETWORK, network, 27, lambda: lesson("wine"))
    yield learned("mlp-diabetes", NETWORK, network, 27, lambda: lesson("diabetes"))
    yield learned("mlp-digits-mislabelled", NETWORK, network, 54, lambda: lesson("digits", 240, wrong=0.2))
    yield learned("sgd-digits", DESCENT, descent, 27, lambda: lesson("digits", 300))
    yield learned("sgd-diabetes", DESCENT, descent, 81, lambda: lesson("diabetes"))
    yield learned("boosting-cancer", BOOSTING, boosting, 81, lambda: lesson("breast_cancer"))
    yield learned("boosting-diabetes", BOOSTING, boosting, 54, lambda: lesson("diabetes"))


def learned(name: str, space: Space, learner: Learner, epochs: int, lesson_of: Callable[[], Lesson]) -> CurveProblem:
    def losses(configuration: Configuration, count: int) -> tuple[float, ...]:
        lesson = lesson_of()
        return bounded(learner(configuration, lesson, count), count, lesson.largest)

    return CurveProblem(name, space, epochs, losses)


def bounded(losses: Iterator[float], epochs: int, largest: float) -> tuple[float, ...]:
    """Return the curve; once training has overflowed, the rest of it is the largest loss."""
    curve: list[float] = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            for loss in losses:
                curve.append(min(loss, largest) if math.isfinite(loss) else largest)  # noqa: PERF401 - kept on error
        except (ValueError, FloatingPointError):
            curve += [largest] * (epochs - len(curve))
    return tuple(float(f"{loss:.6g}") for loss in curve)


def lesson(name: str, rows: int | None = None, wrong: float = 0.0) -> Lesson:
    """Return a bundled set of data, in which a share of the training labels is wrong."""
    X, y = data(name, rows)
    cut = len(y) // 3
    random = np.random.default_rng(7)
    labels = y[cut:].copy()
    flipped = random.random(len(labels)) < wrong
    labels[flipped] = random.permutation(y)[: flipped.sum()]
    return Lesson(X[cut:], labels, X[:cut], y[:cut])


def network(c: Configuration, lesson: Lesson, epochs: int) -> Iterator[float]:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    model = (MLPRegressor if lesson.regression else MLPClassifier)(
        hidden_layer_sizes=(c["width"],) * int(c["layers"]),
        learning_rate_init=c["learning_rate"],
        batch_size=c["batch"],
        alpha=c["alpha"],
        solver=c["solver"],
        momentum=c["momentum"],
        random_state=0,
    )
    return by_epochs(model, lesson, epochs)


def descent(c: Configuration, lesson: Lesson, epochs: int) -> Iterator[float]:
    from sklearn.linear_model import SGDClassifier, SGDRegressor

    if lesson.regression:
        return by_epochs(SGDRegressor(learning_rate="invscaling", random_state=0, **c), lesson, epochs)
    return by_epochs(SGDClassifier(loss="log_loss", learning_rate="invscaling", random_state=0, **c), lesson, epochs)


def by_epochs(model: Any, lesson: Lesson, epochs: int) -> Iterator[float]:
    """Yield the loss after each pass over the data, in a fresh order each."""
    random = np.random.default_rng(0)
    known = {} if lesson.regression else {"classes": np.unique(lesson.y)}
    for _ in range(epochs):
        order = random.permutation(len(lesson.y))
        model.partial_fit(lesson.X[order], lesson.y[order], **known)
        yield lesson.loss(model.predict(lesson.X_test) if lesson.regression else model.predict_proba(lesson.X_test))


def boosting(c: Configuration, lesson: Lesson, epochs: int) -> Iterator[float]:
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

    kind = GradientBoostingRegressor if lesson.regression else GradientBoostingClassifier
    model = kind(n_estimators=epochs, random_state=0, **c).fit(lesson.X, lesson.y)
    stages = model.staged_predict if lesson.regression else model.staged_predict_proba
    return map(lesson.loss, stages(lesson.X_test))
