"""What an optimiser is measured on: a function of a configuration, smaller is better."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from tunewright.core.space import Configuration, Float, Int, Range, ScalingType, Space, resolved_scaling


class Kind(StrEnum):
    SYNTHETIC = "synthetic"
    REAL = "real"
    """A model is trained on real data."""
    MIXED = "mixed"
    """Synthetic, with integers and choices."""
    NOISY = "noisy"
    """A copy of another whose values are told with noise."""


@dataclass(frozen=True, slots=True)
class Problem:
    name: str
    kind: Kind
    space: Space
    value: Callable[[Configuration], float]
    """The loss. One that is not finite means that the training failed."""
    optimum: float | None = None
    """The smallest value, where mathematics knows it."""
    version: int = 1
    """Counted up when `value` changes: what was cached or measured before is void."""
    costly: bool = False
    """Its evaluations take milliseconds and are cached."""
    noise: float = 0.0
    """Standard deviation of what is told, in units of the problem's scale (median random evaluation - optimum)."""
    base: str = ""
    """The problem whose references hold for this one too; empty: its own."""

    @property
    def reference(self) -> str:
        return self.base or self.name


def noisy(problem: Problem, noise: float = 0.05) -> Problem:
    name = f"{problem.name}~{round(100 * noise)}"
    return replace(problem, name=name, kind=Kind.NOISY, noise=noise, base=problem.reference)


def without_flags(problem: Problem, scaling: ScalingType) -> Problem:
    """Return a copy that says `scaling` of each logarithmic range: what a user gives who does not know better."""
    space = {name: _rescaled(parameter, scaling) for name, parameter in problem.space.items()}
    name = f"{problem.name}#{scaling.lower()}"
    return replace(problem, name=name, space=space, base=problem.reference)


def failing(problem: Problem, name: str, fails: Callable[[Configuration], bool]) -> Problem:
    """Return a copy in a part of whose space trainings fail."""

    def value(configuration: Configuration) -> float:
        return math.nan if fails(configuration) else problem.value(configuration)

    return replace(problem, name=name, value=value)


def _rescaled(parameter: Range, scaling: ScalingType) -> Range:
    if isinstance(parameter, (Float, Int)) and resolved_scaling(parameter) is ScalingType.LOGARITHMIC:
        return replace(parameter, scaling=scaling)
    return parameter
