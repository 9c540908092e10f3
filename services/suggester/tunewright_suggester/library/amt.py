"""AMT's ParameterRanges, the JSON of CreateHyperParameterTuningJob, as core ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int, Range, ScalingType


def ranges_of(given: Mapping[str, Any]) -> dict[str, Range]:
    """Return the ranges in the order given, kind by kind.

    Raises: InvalidSpec: an unknown key, a value that cannot be read, a range that core refuses; names the field.
    """
    ranges: dict[str, Range] = {}
    for kind, items in given.items():
        if kind not in AMT_KINDS:
            raise InvalidSpec(kind, "is not a kind of range", f"Known: {', '.join(AMT_KINDS)}")
        for place, item in enumerate(items):
            name, found = _read(item, AMT_KINDS[kind], f"{kind}[{place}]")
            if name in ranges:
                raise InvalidSpec(f"{kind}[{place}].Name", f"{name!r} is listed twice", "Name each parameter once")
            ranges[name] = found
    return ranges


def _read(item: Mapping[str, Any], read: Callable[[Mapping[str, Any]], Range], field: str) -> tuple[str, Range]:
    try:
        return str(item["Name"]), read(item)
    except KeyError as missing:
        raise InvalidSpec(f"{field}.{missing.args[0]}", "is missing", "Give it") from missing
    except InvalidSpec as refused:
        raise InvalidSpec(f"{field}.{refused.field}", refused.why, refused.remedy) from refused
    except ValueError as unreadable:
        raise InvalidSpec(field, str(unreadable), "Write numbers as AMT does, in quotes") from unreadable


def _continuous(item: Mapping[str, Any]) -> Range:
    return Float(float(item["MinValue"]), float(item["MaxValue"]), _scaling(item))


def _integer(item: Mapping[str, Any]) -> Range:
    return Int(int(item["MinValue"]), int(item["MaxValue"]), _scaling(item))


def _categorical(item: Mapping[str, Any]) -> Range:
    return Choice(tuple(map(str, item["Values"])))


def _scaling(item: Mapping[str, Any]) -> ScalingType:
    return ScalingType(item.get("ScalingType", ScalingType.AUTO))


AMT_KINDS: Final[dict[str, Callable[[Mapping[str, Any]], Range]]] = {
    "ContinuousParameterRanges": _continuous,
    "IntegerParameterRanges": _integer,
    "CategoricalParameterRanges": _categorical,
}
