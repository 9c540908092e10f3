"""Violated constraints and wrong types, in the words of AWS's own framework."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from tunewright_gateway.core.model.json_body import SERIALIZATION
from tunewright_gateway.core.refusals import VALIDATION, Refusal

LONGEST_VALUE: Final = 256
"""Characters of a wrong value that are shown."""
MOST_ITEMS: Final = 4
"""Items of a list that are shown."""
NOT_NULL: Final = "Member must not be null"


def longest(limit: int) -> str:
    return f"Member must have length less than or equal to {limit}"


def shortest(limit: int) -> str:
    return f"Member must have length greater than or equal to {limit}"


def largest(limit: float) -> str:
    return f"Member must have value less than or equal to {limit}"


def least(limit: float) -> str:
    return f"Member must have value greater than or equal to {limit}"


def matching(pattern: str) -> str:
    return f"Member must satisfy regular expression pattern: {pattern}"


def one_of(values: Sequence[str]) -> str:
    return f"Member must satisfy enum value set: [{', '.join(values)}]"


def each(constraints: Sequence[str], of: str = "Member") -> str:
    """Return what is said of a list whose items, or a map whose keys or values, violate their constraints."""
    return f"{of} must satisfy constraint: [{', '.join(constraints)}]"


def unknown(version: str, close: Sequence[str]) -> str:
    hint = f". Did you mean {close[0]}?" if close else ""
    return f"Member must be one that botocore {version} knows, by whose model requests are read{hint}"


def violated(value: Any, path: str, constraint: str) -> str:
    return f"Value {_shown(value)} at '{path}' failed to satisfy constraint: {constraint}"


def refusal(found: Sequence[str]) -> Refusal:
    """Return what a request is answered that violates these constraints."""
    errors = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
    return Refusal(VALIDATION, f"{errors} detected: {'; '.join(found)}")


def mistyped(value: Any, wanted: str, path: str) -> Refusal:
    """Return what a request is answered in which a value is of a wrong type; `wanted` is like `an Integer`."""
    match value:
        case dict():
            why = "Start of structure or map found where not expected"
        case list():
            why = "Start of list found where not expected"
        case bool():
            why = f"{str(value).upper()}_VALUE can not be converted to {wanted}"
        case str():
            why = f"STRING_VALUE can not be converted to {wanted}"
        case None:
            why = f"NULL_VALUE can not be converted to {wanted}"
        case _:
            why = f"NUMBER_VALUE can not be converted to {wanted}"
    return Refusal(SERIALIZATION, f"{why} at '{path}'" if path else why)


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    text = _text(value)
    return f"'{text}'" if len(text) <= LONGEST_VALUE else f"'{text[:LONGEST_VALUE]}…'"


def _text(value: Any) -> str:
    """Write a value as Java writes it: [a, b], {a=b}. What lies deeper is not shown."""
    match value:
        case dict():
            return f"{{{_some([f'{name}={_flat(item)}' for name, item in _first(value.items())], len(value))}}}"
        case list():
            return f"[{_some([_flat(item) for item in _first(value)], len(value))}]"
        case _:
            return _flat(value)


def _first(items: Any) -> Any:
    return islice(items, MOST_ITEMS)


def _some(shown: list[str], count: int) -> str:
    return ", ".join(shown if len(shown) == count else [*shown, "…"])


def _flat(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case dict() | list():
            return "…"
        case _:
            return str(value)
