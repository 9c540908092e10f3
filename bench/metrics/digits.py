"""The real job: the training of examples/digits, epoch by epoch, with the accuracy that it prints."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import numpy as np
from examples.digits.train import halves

from bench.suggester.curves.problem import CurveProblem
from tunewright.core.space import Configuration, Float, Int, ScalingType, Space

NAME: Final = "digits"
EPOCHS: Final = 30
SPACE: Final[Space] = {
    "lr": Float(1e-4, 1e-1, ScalingType.LOGARITHMIC),
    "batch": Int(16, 256, ScalingType.LOGARITHMIC),
    "hidden": Int(8, 128, ScalingType.LOGARITHMIC),
}


def problem() -> CurveProblem:
    """Return it with the negative accuracy as its loss, to the four digits that the program prints."""
    return CurveProblem(NAME, SPACE, EPOCHS, lambda configuration, epochs: tuple(_accuracies(configuration, epochs)))


def _accuracies(configuration: Configuration, epochs: int) -> Iterator[float]:
    from sklearn.neural_network import MLPClassifier

    X_train, y_train, X_valid, y_valid = _data()
    network = MLPClassifier(
        hidden_layer_sizes=(configuration["hidden"],),
        learning_rate_init=configuration["lr"],
        batch_size=configuration["batch"],
        random_state=0,
    )
    for _ in range(epochs):
        network.partial_fit(X_train, y_train, classes=np.unique(y_train))
        yield -round(network.score(X_valid, y_valid), 4)


@cache
def _data() -> tuple[Any, ...]:
    return halves(0)
