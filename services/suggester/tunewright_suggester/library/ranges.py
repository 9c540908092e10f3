"""Ranges as a library user writes them, and how their values stand in a core space.

    Float(1e-4, 1e-1, log=True)    Int(10, 50)    Choice(32, 64, 128)    Choice(["sgd", "adam"])

Choices may be any Python values; inside they are texts, and a configuration gives the very objects back. A space may
also be AMT's ParameterRanges as a mapping.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tunewright.core import space as core
from tunewright.core.amt import looks_like_ranges, parameters_of
from tunewright.core.errors import InvalidSpec
from tunewright.core.members import Members
from tunewright.core.space import ScalingType
from tunewright_suggester.library.reading import is_number, real, same, whole


@dataclass(frozen=True, slots=True)
class Float:
    """A real number in [low, high]. `log` None: logarithmic if low > 0 and high / low ≥ 100."""

    low: float
    high: float
    log: bool | None = None

    @property
    def range(self) -> core.Range:
        return core.Float(real(self.low, "low"), real(self.high, "high"), _scaling(self.log))


@dataclass(frozen=True, slots=True)
class Int:
    """An integer in low … high, both included. `log` as in Float."""

    low: int
    high: int
    log: bool | None = None

    @property
    def range(self) -> core.Range:
        return core.Int(whole(self.low, "low"), whole(self.high, "high"), _scaling(self.log))


class Choice:
    """One of several values: Choice("a", "b") or Choice(["a", "b"])."""

    __slots__ = ("values",)

    def __init__(self, *values: Any) -> None:
        alone = len(values) == 1 and isinstance(values[0], (list, tuple))
        self.values: tuple[Any, ...] = tuple(values[0]) if alone else values

    def __repr__(self) -> str:
        return f"Choice{self.values!r}"

    @property
    def range(self) -> core.Range:
        return core.Choice(self.texts)

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as texts; where two would read alike (1 and "1"), all are written as Python does."""
        plain = tuple(map(str, self.values))
        return plain if len(set(plain)) == len(plain) else tuple(map(repr, self.values))

    def text_of(self, value: Any) -> str:
        """Return the text that stands for a value; one that is not offered gives a text that is not."""
        for exact in (True, False):
            for given, text in zip(self.values, self.texts, strict=True):
                if (not exact or type(given) is type(value)) and same(given, value):
                    return text
        return f"{value!r} (not offered)"


class TypedSpace:
    """A core space beside the Python values that its choices stand for."""

    def __init__(self, ranges: Mapping[str, Any]) -> None:
        """Raises: InvalidSpec: a range is empty, of an unknown kind, or there is none."""
        self._choices: dict[str, Choice] = {}
        self.core = _amt_space(ranges) if looks_like_ranges(ranges) else self._ranges(ranges)
        if not self.core:
            raise InvalidSpec("space", "there is no parameter", "Name at least one")

    def _ranges(self, given: Mapping[str, Any]) -> dict[str, core.Range]:
        for name, item in given.items():
            if not isinstance(item, (Float, Int, Choice)):
                raise InvalidSpec(f"space.{name}", f"{item!r} is not a range", "Use Float, Int or Choice")
        self._choices = {name: item for name, item in given.items() if isinstance(item, Choice)}
        return {name: _range(name, item) for name, item in given.items()}

    def inward(self, configuration: Mapping[str, Any]) -> dict[str, core.Value]:
        """Return the configuration with choices as texts and numbers as plain Python ones, unchecked."""
        return {name: self._text(name, value) for name, value in configuration.items()}

    def outward(self, configuration: core.Configuration) -> dict[str, Any]:
        """Return the configuration with choices as the objects that were given."""
        return {name: self._object(name, value) for name, value in configuration.items()}

    def _text(self, name: str, value: Any) -> core.Value:
        match self.core.get(name):
            case core.Float() if is_number(value):
                return real(value, name)
            case core.Int() if is_number(value) and float(value).is_integer():
                return int(value)
            case core.Choice() if name in self._choices:
                return self._choices[name].text_of(value)
            case _:
                return str(value)

    def _object(self, name: str, value: core.Value) -> Any:
        if name not in self._choices:
            return value
        choice = self._choices[name]
        return choice.values[choice.texts.index(str(value))]


def _range(name: str, item: Float | Int | Choice) -> core.Range:
    try:
        return item.range
    except InvalidSpec as error:
        raise InvalidSpec(f"space.{name}.{error.field}", error.why, error.remedy) from None


def _amt_space(ranges: Mapping[str, Any]) -> dict[str, core.Range]:
    return {parameter.name: parameter.range for parameter in parameters_of(Members(ranges))}


def _scaling(log: bool | None) -> ScalingType:
    if log is None:
        return ScalingType.AUTO
    return ScalingType.LOGARITHMIC if log else ScalingType.LINEAR
