"""scikit-optimize as `gp_minimize` runs it: a Gaussian process, three acquisitions in a hedge, 10 random points."""

from __future__ import annotations

from typing import Any

from skopt import Optimizer
from skopt.space import Categorical, Integer, Real

from bench.suggester.peers.peer import Setting, checked
from tunewright.core.space import Choice, Configuration, Float, Range, ScalingType, resolved_scaling


class Skopt:
    def __init__(self, setting: Setting) -> None:
        self._space = setting.space
        dimensions = [_dimension(parameter) for parameter in setting.space.values()]
        self._optimizer = Optimizer(
            dimensions, "GP", n_initial_points=10, acq_func="gp_hedge", random_state=setting.seed
        )
        self._untold: list[tuple[Configuration, float | None]] = []
        self._worst = 0.0

    def ask(self) -> Configuration:
        self._pass_on()
        values = self._optimizer.ask()
        return checked(self._space, dict(zip(self._space, values, strict=True)))

    def tell(self, configuration: Configuration, value: float | None) -> None:
        self._untold.append((configuration, value))

    def close(self) -> None:
        """Holds nothing but memory."""

    def _pass_on(self) -> None:
        """Tell all that is new at once: it fits after every telling. A failed training gives the worst value seen."""
        if not self._untold:
            return
        self._worst = max([self._worst, *(value for _, value in self._untold if value is not None)])
        points = [[configuration[name] for name in self._space] for configuration, _ in self._untold]
        self._optimizer.tell(points, [self._worst if value is None else value for _, value in self._untold])
        self._untold.clear()


def _dimension(parameter: Range) -> Any:
    if isinstance(parameter, Choice):
        return Categorical(parameter.values)
    kind = Real if isinstance(parameter, Float) else Integer
    logarithmic = resolved_scaling(parameter) is ScalingType.LOGARITHMIC
    return kind(parameter.low, parameter.high, prior="log-uniform" if logarithmic else "uniform")
