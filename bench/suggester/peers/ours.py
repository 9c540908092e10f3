"""Ours: through the library's front door; at random; and with a constant of the core replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.suggester.peers.peer import Setting, checked
from tunewright.core.space import Choice, Configuration, Float, Int, Range, ScalingType, Space, resolved_scaling
from tunewright_suggester import Choice as TypedChoice
from tunewright_suggester import Float as TypedFloat
from tunewright_suggester import Int as TypedInt
from tunewright_suggester import Optimizer


class Ours:
    def __init__(self, setting: Setting, strategy: str = "Bayesian") -> None:
        self._space = setting.space
        self._optimizer = Optimizer(
            typed(setting.space),
            strategy=strategy,
            direction="minimize",
            seed=setting.seed,
            budget=setting.budget,
            parallel=setting.parallel,
        )

    def ask(self) -> Configuration:
        return checked(self._space, self._optimizer.ask())

    def tell(self, configuration: Configuration, value: float | None) -> None:
        if value is None:
            self._optimizer.tell(configuration, failed="the training failed")
        else:
            self._optimizer.tell(configuration, value)

    def close(self) -> None:
        """Holds nothing but memory."""


class Drawn(Ours):
    """Random search: the floor."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting, "Random")


class Varied(Ours):
    """A variant of ablation.py."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._variant = setting.variant

    def ask(self) -> Configuration:
        from bench.suggester.ablation import VARIANTS, applied

        with applied(VARIANTS[self._variant]):
            return super().ask()


def typed(space: Space) -> Mapping[str, Any]:
    """Return the space as a user of the library writes it."""
    return {name: _typed(parameter) for name, parameter in space.items()}


def _typed(parameter: Range) -> Any:
    match parameter:
        case Float():
            return TypedFloat(parameter.low, parameter.high, log=_logarithmic(parameter))
        case Int():
            return TypedInt(parameter.low, parameter.high, log=_logarithmic(parameter))
        case Choice():
            return TypedChoice(*parameter.values)


def _logarithmic(parameter: Float | Int) -> bool | None:
    if parameter.scaling is ScalingType.AUTO:
        return None
    return resolved_scaling(parameter) is ScalingType.LOGARITHMIC
