"""A problem whose value is a curve: the validation loss after each of R epochs, smaller is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from bench.suggester.cache import remembered
from tunewright.core.space import Configuration, Space

STRIDE: Final = 3


@dataclass(frozen=True, slots=True)
class CurveProblem:
    name: str
    space: Space
    epochs: int
    """R."""
    losses: Callable[[Configuration, int], tuple[float, ...]]
    """Configuration and a number of epochs to the finite loss after each; fewer epochs give the same beginning."""
    version: int = 2

    def curve(self, configuration: Configuration, epochs: int) -> tuple[float, ...]:
        """Return the losses of at least so many epochs, up to R.

        Trained for the next power of STRIDE: most trainings of Hyperband end early.
        """
        length = 1
        while length < min(epochs, self.epochs):
            length = min(length * STRIDE, self.epochs)
        return self.losses(configuration, length)


def remembering(problem: CurveProblem) -> CurveProblem:
    """Return a copy that trains only what the cache does not hold."""

    def losses(configuration: Configuration, epochs: int) -> tuple[float, ...]:
        key = f"curve/{problem.name}/{problem.version}/{epochs}"
        return tuple(remembered(key, configuration, lambda: problem.losses(configuration, epochs)))

    return replace(problem, losses=losses)
