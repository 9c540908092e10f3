"""A shape of the model, compiled to a function that walks a value and says what is wrong with it.

Wrong types end the walk at once, as AWS reads a request before it judges it; violated constraints are collected, and
after so many nobody reads on. What the walk costs is bounded by the model and not by the request: of a list only as
many items are looked at as may be in it.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from tunewright_gateway.core.model import wording
from tunewright_gateway.core.model.scalars import Scalar, scalar
from tunewright_gateway.core.model.service import Shape, version

MOST_FOUND: Final = 25
DEEPEST: Final = 160
"""Dots in a path; only expressions of Search can be so deep, at three dots each, and AWS allows fifty of them."""
LONGEST_NAME: Final = 64
"""Characters of an unknown member that are compared with those that are known, and shown."""

NESTED: Final = ("structure", "list", "map")

Check = Callable[[Any, str, list[str]], None]
"""Takes a value, its path, and the violations found so far, to which it adds. Raises Refusal: a wrong type."""


class Compiler:
    """Compiles each shape once, on one thread: a shape that is in the making is known already, to those inside it."""

    def __init__(self) -> None:
        self._done: dict[str, Check] = {}

    def check(self, shape: Shape) -> Check:
        if shape.name in self._done:
            return self._done[shape.name]
        match shape.type_name:
            case "structure":
                made = self._structure(shape)
            case "list":
                made = self._list(shape)
            case "map" if shape.value.type_name in NESTED:
                made = self._map_of_trees(shape)
            case "map":
                made = _map(shape)
            case _:
                made = _scalar(scalar(shape))
        self._done[shape.name] = made
        return made

    def _structure(self, shape: Shape) -> Check:
        members: dict[str, tuple[str, Check]] = {}
        required = [(name, _lower(name)) for name in shape.required_members]
        union = bool(getattr(shape, "is_tagged_union", False))

        def check(value: Any, path: str, found: list[str]) -> None:
            if type(value) is not dict:
                raise wording.mistyped(value, "a Structure", path)
            if path.count(".") > DEEPEST:
                found.append(wording.violated(None, path[:LONGEST_NAME], "Member must not be nested so deeply"))
                return
            dotted = f"{path}." if path else ""
            for name, member in value.items():
                known = members.get(name)
                if known is None:
                    found.append(_unknown(member, dotted, name, members))
                    if len(found) >= MOST_FOUND:
                        return
                elif member is not None:
                    known[1](member, dotted + known[0], found)
            for name, lower in required:
                if value.get(name) is None:
                    found.append(wording.violated(None, dotted + lower, wording.NOT_NULL))
            if union and len(value) != 1:
                found.append(wording.violated(value, path, f"Member must have exactly one of [{', '.join(members)}]"))

        self._done[shape.name] = check
        members |= {name: (_lower(name), self.check(member)) for name, member in shape.members.items()}
        return check

    def _list(self, shape: Shape) -> Check:
        low, high = shape.metadata.get("min", 0), shape.metadata.get("max", sys.maxsize)
        of_items: list[Check] = []

        def check(value: Any, path: str, found: list[str]) -> None:
            _check_length(value, path, found, low, high)
            (of_item,) = of_items
            for index, item in enumerate(islice(value, high), 1):
                if item is None:
                    found.append(wording.violated(None, f"{path}.{index}.member", wording.NOT_NULL))
                else:
                    of_item(item, f"{path}.{index}.member", found)
                if len(found) >= MOST_FOUND:
                    return

        self._done[shape.name] = check
        if shape.member.type_name in NESTED:
            of_items.append(self.check(shape.member))
            return check
        return _scalars(scalar(shape.member), low, high)

    def _map_of_trees(self, shape: Shape) -> Check:
        """Check a map of an answer: no request that is served here has one."""
        item = self.check(shape.value)

        def check(value: Any, path: str, found: list[str]) -> None:
            if type(value) is not dict:
                raise wording.mistyped(value, "a Map", path)
            for name, member in value.items():
                item(member, f"{path}.{name}", found)

        return check


def _scalar(one: Scalar) -> Check:
    is_one, holds = one.is_one, one.holds

    def check(value: Any, path: str, found: list[str]) -> None:
        if not is_one(value):
            raise wording.mistyped(value, one.wanted, path)
        if not holds(value):
            found.extend(wording.violated(value, path, text) for text in one.violations(value))

    return check


def _check_length(value: Any, path: str, found: list[str], low: int, high: int) -> None:
    """Raises Refusal: it is no list."""
    if type(value) is not list:
        raise wording.mistyped(value, "a List", path)
    if len(value) > high:
        found.append(wording.violated(value, path, wording.longest(high)))
    elif len(value) < low:
        found.append(wording.violated(value, path, wording.shortest(low)))


def _scalars(item: Scalar, low: int, high: int) -> Check:
    """Check a list of scalars, of which AWS says once what it says of any of its items."""

    def check(value: Any, path: str, found: list[str]) -> None:
        _check_length(value, path, found, low, high)
        good = True
        for one in islice(value, high):
            if one is None:
                good = False
            elif not item.is_one(one):
                raise wording.mistyped(one, item.wanted, path)
            else:
                good = good and item.holds(one)
        if not good:
            texts = [*item.texts, wording.NOT_NULL] if None in value else item.texts
            found.append(wording.violated(value, path, wording.each(texts)))

    return check


def _map(shape: Shape) -> Check:
    """Check a map; AWS's create requests have maps of texts to texts only."""
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", sys.maxsize)
    key, item = scalar(shape.key), scalar(shape.value)

    def check(value: Any, path: str, found: list[str]) -> None:
        if type(value) is not dict:
            raise wording.mistyped(value, "a Map", path)
        if len(value) > high:
            found.append(wording.violated(value, path, wording.longest(high)))
        elif len(value) < low:
            found.append(wording.violated(value, path, wording.shortest(low)))
        keys = items = True
        for name, member in islice(value.items(), high):
            if not item.is_one(member):
                raise wording.mistyped(member, item.wanted, path)
            keys, items = keys and key.holds(name), items and item.holds(member)
        if not keys:
            found.append(wording.violated(value, path, wording.each(key.texts, "Map keys")))
        if not items:
            found.append(wording.violated(value, path, wording.each(item.texts, "Map value")))

    return check


def _unknown(value: Any, dotted: str, name: str, members: dict[str, tuple[str, Check]]) -> str:
    short = name[:LONGEST_NAME]
    return wording.violated(
        value, dotted + _lower(short), wording.unknown(version(), difflib.get_close_matches(short, members, 1))
    )


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
