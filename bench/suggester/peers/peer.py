"""What an optimiser must do to be measured. It minimises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tunewright.core.space import Choice, Configuration, Float, Int, Range, ScalingType, Space, Value


@dataclass(frozen=True, slots=True)
class Setting:
    """What an optimiser is told beforehand."""

    space: Space
    seed: int
    budget: int
    parallel: int = 1
    variant: str = ""
    """Of ours, for ablations."""


class Peer(Protocol):
    def ask(self) -> Configuration:
        """Return a configuration to try. Asking again before telling accounts for what is pending."""
        ...

    def tell(self, configuration: Configuration, value: float | None) -> None:
        """Say what a configuration gave; None: its training failed."""
        ...

    def close(self) -> None: ...


def checked(space: Space, given: Mapping[str, Any]) -> dict[str, Value]:
    """Return a peer's configuration as plain values inside the space.

    A real number may be outside by rounding alone. Raises: ValueError: it is not of the space.
    """
    return {name: _plain(name, parameter, given[name]) for name, parameter in space.items()}


def _plain(name: str, parameter: Range, value: Any) -> Value:
    if isinstance(parameter, Choice):
        plain: Value = str(value)
    else:
        number = float(value)
        slack = 1e-9 * max(1.0, abs(parameter.low), abs(parameter.high))
        if parameter.low - slack <= number <= parameter.high + slack:
            number = min(max(number, parameter.low), parameter.high)
        plain = int(number) if isinstance(parameter, Int) and number == int(number) else number
    if not parameter.contains(plain):
        raise ValueError(f"{name} = {value!r} is outside {parameter}")
    return plain


def encoded(space: Space) -> list[list[Any]]:
    """Return a space as JSON, for the pipe."""
    return [[name, *_encoded(parameter)] for name, parameter in space.items()]


def decoded(items: list[list[Any]]) -> Space:
    return {name: _decoded(kind, rest) for name, kind, *rest in items}


def _encoded(parameter: Range) -> list[Any]:
    if isinstance(parameter, Choice):
        return ["Choice", *parameter.values]
    return [type(parameter).__name__, parameter.low, parameter.high, str(parameter.scaling)]


def _decoded(kind: str, rest: list[Any]) -> Range:
    if kind == "Choice":
        return Choice(tuple(rest))
    low, high, scaling = rest
    return Float(low, high, ScalingType(scaling)) if kind == "Float" else Int(low, high, ScalingType(scaling))
