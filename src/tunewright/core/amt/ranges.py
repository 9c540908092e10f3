"""AMT's ParameterRanges as parameters, and back. Numbers are texts there, and come back as they were written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.members import Members, checked
from tunewright.core.space import Choice, Float, Int, Range, ScalingType, text_of
from tunewright.core.spec import Parameter

CONTINUOUS: Final = "ContinuousParameterRanges"
INTEGER: Final = "IntegerParameterRanges"
CATEGORICAL: Final = "CategoricalParameterRanges"
AUTO: Final = "AutoParameters"
"""Hyperparameters for which a range is to be chosen."""
NUMBERS: Final[dict[type, str]] = {float: "a number", int: "an integer"}
OF_NUMBERS: Final = frozenset("0123456789+-.eEinfaINFTYty")
"""Characters of decimal numbers; also of those that are refused for what they are: nan, Infinity."""
SHOWN: Final = 40
"""Characters of what is no number."""
KINDS: Final = (CONTINUOUS, INTEGER, CATEGORICAL)


def looks_like_ranges(tree: Any) -> bool:
    """Say whether a tree is meant as AMT's ParameterRanges."""
    return isinstance(tree, Mapping) and any(kind in tree for kind in KINDS)


def parameters_of(ranges: Members, *, hints: bool = False) -> tuple[Parameter, ...]:
    """Read ParameterRanges, kind by kind. Raises InvalidSpec with AMT's own path of the member.

    With `hints`, AutoParameters may stand among them, for `hints_of` to read.
    """
    with ranges:
        items = {kind: list(ranges.each(kind)) for kind in KINDS}
        if hints:
            ranges.has(AUTO)
    parameters = (
        *(_numeric(item, Float, float) for item in items[CONTINUOUS]),
        *(_numeric(item, Int, int) for item in items[INTEGER]),
        *(_categorical(item) for item in items[CATEGORICAL]),
    )
    seen: set[str] = set()
    for parameter, item in zip(parameters, (item for kind in KINDS for item in items[kind]), strict=True):
        if parameter.name in seen:
            raise InvalidSpec(item.at("Name"), f"{parameter.name!r} is listed twice", "Give each parameter one range")
        seen.add(parameter.name)
    return parameters


def hints_of(ranges: Members) -> dict[str, str]:
    """Read the AutoParameters of ParameterRanges. Raises InvalidSpec with AMT's own path of the member."""
    hints: dict[str, str] = {}
    for item in ranges.each(AUTO):
        with item:
            name = item.take("Name", str)
            if name in hints:
                raise InvalidSpec(item.at("Name"), f"{name!r} is listed twice", "Give each parameter one hint")
            hints[name] = item.take("ValueHint", str)
    return hints


def hints_tree(hints: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "ValueHint": hint} for name, hint in hints.items()]


def _numeric(members: Members, kind: Callable[..., Range], parse: type[float]) -> Parameter:
    with members:
        texts = [members.take(end, str) for end in ("MinValue", "MaxValue")]
        low, high = (
            _number(text, parse, members.at(end)) for text, end in zip(texts, ("MinValue", "MaxValue"), strict=True)
        )
        scaling = members.choice("ScalingType", {item.value: item for item in ScalingType}, ScalingType.AUTO)
        try:
            range_ = kind(low, high, scaling)
        except InvalidSpec as error:
            raise InvalidSpec(members.at("MinValue"), error.why, error.remedy) from None
        given = members.has("ScalingType")
        return Parameter(members.take("Name", str), range_, low_text=texts[0], high_text=texts[1], scaling_given=given)


def _number(text: str, parse: type[float], path: str) -> float:
    """Parse it as other languages do, too: Python alone takes 1_000, ' 1 ' and the digits of all scripts."""
    try:
        if set(text) <= OF_NUMBERS:
            return parse(text)
    except ValueError:
        pass
    raise InvalidSpec(
        path, f"{text[:SHOWN]!r} is not {NUMBERS[parse]}", "As 10, -3" if parse is int else "As 0.1, 1e-5"
    )


def _categorical(members: Members) -> Parameter:
    with members:
        values = tuple(checked(value, str, path) for path, value in members.items("Values"))
        try:
            return Parameter(members.take("Name", str), Choice(values))
        except InvalidSpec as error:
            raise InvalidSpec(members.at("Values"), error.why, error.remedy) from None


def ranges_tree(parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """Write ParameterRanges."""
    tree: dict[str, Any] = {kind: [] for kind in KINDS}
    for parameter in parameters:
        match parameter.range:
            case Choice(values):
                tree[CATEGORICAL].append({"Name": parameter.name, "Values": list(values)})
            case Float():
                tree[CONTINUOUS].append(_numeric_tree(parameter, parameter.range))
            case Int():
                tree[INTEGER].append(_numeric_tree(parameter, parameter.range))
    return tree


def _numeric_tree(parameter: Parameter, range_: Float | Int) -> dict[str, Any]:
    tree = {
        "Name": parameter.name,
        "MinValue": parameter.low_text or text_of(range_.low),
        "MaxValue": parameter.high_text or text_of(range_.high),
    }
    return tree | ({"ScalingType": range_.scaling.value} if parameter.scaling_given else {})
