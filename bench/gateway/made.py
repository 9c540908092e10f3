"""Requests made from botocore's model: right ones, and such with something wrong; each follows from its seed.

Strings are drawn from a list of texts of every kind that the model's patterns ask for, the first that fits.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tunewright_gateway.core.model.scalars import scalar
from tunewright_gateway.core.model.service import Shape, input_shape

Tree = dict[str, Any]

DEEPEST: Final = 8
"""Below, only what is required is given: expressions of Search have no end by themselves."""
ACCOUNT: Final = "arn:aws:sagemaker:us-east-1:000000000000"
HUB: Final = f"{ACCOUNT}:hub-content/hub"
TEXTS: Final = (
    "a",
    "metric",
    "s3://bucket/key",
    "a-name",
    "arn:aws:iam::000000000000:role/role",
    f"{ACCOUNT}:training-job/a-name",
    f"{ACCOUNT}:training-plan/plan-of-fifty-letters-at-least",
    f"{ACCOUNT}:mlflow-app/app",
    f"{ACCOUNT}:model-package-group/group",
    f"{ACCOUNT}:model-package/package",
    f"{HUB}/Model/model/1.0.0",
    f"{HUB}/DataSet/data/1.0.0",
    "arn:aws:lambda:us-east-1:000000000000:function:f",
    "fs-0123456789abcdef0",
    "4K",
    "0.5",
    "é",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to spoil a value of a shape; `apply` returns what stands in its place."""

    name: str
    fits: Callable[[Shape], bool]
    apply: Callable[[Shape, Any], Any]


class Maker:
    """Makes requests from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def right(self, operation: str, **given: Any) -> Tree:
        """Return a request that keeps to the model, with these members as they are given."""
        tree: Tree = self._structure(input_shape(operation), 0)
        return tree | given

    def wrong(self, operation: str, **given: Any) -> tuple[Tree, str]:
        """Return a request that violates the model in one place, and the kind of the violation."""
        tree = self.right(operation, **given)
        shape = input_shape(operation)
        places = [*_places(shape, tree)]
        while places:
            holder, key, of = places.pop(self._random.randrange(len(places)))
            faults = [fault for fault in FAULTS if fault.fits(of)]
            fault = self._random.choice(faults)
            holder[key] = fault.apply(of, holder[key])
            return tree, fault.name
        return tree | {"Nonsense": 1}, "unknown member"

    def _value(self, shape: Shape, depth: int) -> Any:
        match shape.type_name:
            case "structure":
                return self._structure(shape, depth + 1)
            case "list":
                return [self._value(shape.member, depth + 1) for _ in range(self._count(shape))]
            case "map":
                return {
                    self._text(shape.key) + str(number): self._value(shape.value, depth + 1)
                    for number in range(self._count(shape))
                }
            case "string":
                return self._text(shape)
            case "boolean":
                return self._random.random() < 0.5
            case "timestamp":
                return self._random.choice([1704067200, 1704067200.25, "2024-01-01T00:00:00Z"])
            case "float" | "double":
                return self._random.choice([0, 0.5, -1e10])
            case _:
                return self._integer(shape)

    def _structure(self, shape: Shape, depth: int) -> Tree:
        chance = 0.5 if depth < DEEPEST else 0.0
        return {
            name: self._value(member, depth)
            for name, member in shape.members.items()
            if name in shape.required_members or self._random.random() < chance
        }

    def _count(self, shape: Shape) -> int:
        low = shape.metadata.get("min", 0)
        return self._random.randint(low, min(shape.metadata.get("max", low + 2), low + 2))

    def _integer(self, shape: Shape) -> int:
        low = shape.metadata.get("min", 0)
        high = shape.metadata.get("max", 2**31 - 1)
        drawn: int = self._random.choice([low, high, self._random.randint(low, min(high, low + 10))])
        return drawn

    def _text(self, shape: Shape) -> str:
        if "enum" in shape.metadata:
            return str(self._random.choice(shape.metadata["enum"]))
        fitting = texts_for(shape)
        return self._random.choice(fitting)


def texts_for(shape: Shape) -> list[str]:
    """Return the texts that a shape takes. Raises ValueError: the list has none."""
    one = scalar(shape)
    fitting = [text for text in TEXTS if one.holds(text)]
    if not fitting:
        raise ValueError(f"no text for {shape.name}: {shape.metadata}")
    return fitting


def _places(shape: Shape, value: Any) -> list[tuple[Any, Any, Shape]]:
    """Return each place of a request that can be spoilt: what holds it, under which key, and its shape."""
    found: list[tuple[Any, Any, Shape]] = []
    match shape.type_name:
        case "structure":
            for name, member in value.items():
                below = shape.members[name]
                found += [(value, name, below), *_places(below, member)]
        case "list":
            for index, item in enumerate(value):
                found += [(value, index, shape.member), *_places(shape.member, item)]
        case "map":
            found += [(value, name, shape.value) for name in value]
    return found


def _is(*kinds: str) -> Callable[[Shape], bool]:
    return lambda shape: shape.type_name in kinds


def _has(limit: str, *kinds: str) -> Callable[[Shape], bool]:
    return lambda shape: shape.type_name in kinds and bool(shape.metadata.get(limit))


def _is_patterned(shape: Shape) -> bool:
    return shape.type_name == "string" and not scalar(shape).holds("\n")


def _nested(depth: int) -> list[Any]:
    tree: list[Any] = []
    for _ in range(depth):
        tree = [tree]
    return tree


FAULTS: Final = (
    Fault("wrong type", _is("string"), lambda _shape, _value: 5),
    Fault("wrong type", _is("string", "boolean"), lambda _shape, value: [value]),
    Fault("wrong type", _is("structure", "map", "list"), lambda _shape, _value: "text"),
    Fault("wrong type", _is("structure", "map"), lambda _shape, value: [value]),
    Fault("wrong type", _is("integer", "long"), lambda _shape, _value: 0.5),
    Fault("wrong type", _is("integer", "long", "boolean"), lambda _shape, _value: "1"),
    Fault("wrong type", _is("float", "double", "timestamp"), lambda _shape, _value: "soon"),
    Fault("nested", _is("string", "structure", "map", "integer"), lambda _shape, _value: _nested(200)),
    Fault("too large a number", _is("integer"), lambda _shape, _value: 2**31),
    Fault("above the largest", _has("max", "integer", "long"), lambda shape, _value: shape.metadata["max"] + 1),
    Fault("below the least", _has("min", "integer", "long"), lambda shape, _value: shape.metadata["min"] - 1),
    Fault("too long", _has("max", "string"), lambda shape, _value: "a" * (shape.metadata["max"] + 1)),
    Fault("far too long", _has("max", "string"), lambda _shape, _value: "a-" * 100_000),
    Fault("empty", _has("min", "string"), lambda _shape, _value: ""),
    Fault("not in the set", _has("enum", "string"), lambda _shape, _value: "Nope"),
    Fault("against the pattern", _is_patterned, lambda _shape, _value: "\n"),
    Fault("too many", _has("max", "list"), lambda shape, value: (value or [None]) * (shape.metadata["max"] + 1)),
    Fault("too few", _has("min", "list"), lambda _shape, _value: []),
    Fault(
        "too many",
        _has("max", "map"),
        lambda shape, _value: {f"a{number}": "a" for number in range(shape.metadata["max"] + 1)},
    ),
    Fault("unknown member", _is("structure"), lambda _shape, value: value | {"Nonsense": 1}),
    Fault(
        "member missing",
        lambda shape: shape.type_name == "structure" and bool(shape.required_members),
        lambda _shape, _value: {},
    ),
)
