"""SearchExpression: which resources a search finds.

An expression is compiled to a condition once and then held against many trees. Whatever can be wrong with it is said
when it is compiled, whether or not there is anything to search. A property that a resource does not have satisfies
NotExists and NotEquals, and nothing else; one inside a list is satisfied by any item, and NotEquals by no equal one.
"""

from __future__ import annotations

import math
import operator
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, Final

from tunewright_gateway.core.instants import moment
from tunewright_gateway.core.refusals import VALIDATION, Refusal

Tree = Mapping[str, Any]
Condition = Callable[[Any], bool]

MOST_CONDITIONS: Final = 50
"""Recursively, as AWS counts them."""
INTEGER: Final = re.compile(r"[+-]?[0-9]{1,300}")


class Kind(Enum):
    """What a property holds, which decides what it can be compared with."""

    TEXT = "text"
    NUMBER = "numeric"
    FLOAT32 = "single precision"
    """A value is compared in single precision, so that 0.1 equals a metric of 0.1."""
    HYPERPARAMETER = "hyperparameter"
    """Text; as a number where the value is one, and as a whole number, cut off, where the value is whole."""
    TIME = "timestamp"
    FLAG = "boolean"
    COMPOSITE = "composite"
    """Has properties of its own; can only exist or not."""


KindOf = Callable[[str], Kind]
"""Takes a property's path. Raises Refusal: the resource cannot have it."""

ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
SERVED: Final = {
    Kind.TEXT: {"Equals", "NotEquals", "Contains", "In"},
    Kind.NUMBER: {"Equals", "NotEquals", *ORDERS},
    Kind.FLOAT32: {"Equals", "NotEquals", *ORDERS},
    Kind.TIME: {"Equals", "NotEquals", *ORDERS},
    Kind.HYPERPARAMETER: {"Equals", "NotEquals", "Contains", "In", *ORDERS},
    Kind.FLAG: {"Equals", "NotEquals"},
    Kind.COMPOSITE: set[str](),
}


def compiled(expression: Tree, kind_of: KindOf) -> Condition:
    """Return the condition that an expression states. Raises Refusal."""
    _check_size(expression)
    return _expression(expression, kind_of)


def found(tree: Any, path: str) -> Iterator[Any]:
    """Yield what stands at a path; through a list, of every item. A map's key may hold dots."""
    if isinstance(tree, list):
        for item in tree:
            yield from found(item, path)
    elif not path:
        yield tree
    elif isinstance(tree, Mapping):
        if path in tree:
            yield from found(tree[path], "")
        else:
            head, _, rest = path.partition(".")
            if rest and head in tree:
                yield from found(tree[head], rest)


def _check_size(expression: Tree) -> None:
    """Count conditions, without recursion: how deep a request nests is its writer's choice. Raises Refusal."""
    conditions, left = 0, [expression]
    while left:
        here = left.pop()
        below = here.get("SubExpressions") or ()
        nested = sum(len(item["Filters"]) for item in here.get("NestedFilters") or ())
        conditions += len(here.get("Filters") or ()) + nested + len(below)
        left.extend(below)
        if conditions > MOST_CONDITIONS:
            raise Refusal(VALIDATION, f"A search expression can hold at most {MOST_CONDITIONS} conditions.")


def _expression(expression: Tree, kind_of: KindOf) -> Condition:
    conditions = [
        *(_filter(item, kind_of) for item in expression.get("Filters") or ()),
        *(_nested(item, kind_of) for item in expression.get("NestedFilters") or ()),
        *(_expression(item, kind_of) for item in expression.get("SubExpressions") or ()),
    ]
    if not conditions:
        raise Refusal(VALIDATION, "A search expression needs at least one filter, nested filter or subexpression.")
    holds = any if expression.get("Operator") == "Or" else all
    return lambda tree: holds(condition(tree) for condition in conditions)


def _nested(nested: Tree, kind_of: KindOf) -> Condition:
    """All filters hold for one and the same item of a list."""
    path = nested["NestedPropertyName"]
    if kind_of(path) is not Kind.COMPOSITE:
        raise Refusal(VALIDATION, f"Nested filters need a property with properties of its own, unlike {path}.")
    conditions = []
    for item in nested["Filters"]:
        if not item["Name"].startswith(f"{path}."):
            raise Refusal(VALIDATION, f"A filter nested in {path} cannot be on {item['Name']}.")
        conditions.append(_filter(item, kind_of, below=len(path) + 1))
    return lambda tree: any(all(condition(item) for condition in conditions) for item in found(tree, path))


def _filter(given: Tree, kind_of: KindOf, below: int = 0) -> Condition:
    """Compile a filter. The tree it will see stands at the first `below` characters of the filter's path."""
    name, value = given["Name"], given.get("Value")
    path, kind = name[below:], kind_of(name)
    named = given.get("Operator") or ("Exists" if value is None else "Equals")
    if named in {"Exists", "NotExists"}:
        if value is not None:
            raise Refusal(VALIDATION, f"A filter with the operator {named} takes no value: {name}.")
        return (lambda tree: exists(tree, path)) if named == "Exists" else (lambda tree: not exists(tree, path))
    if named not in SERVED[kind]:
        raise Refusal(VALIDATION, f"Operator {named} is not supported for the {kind.value} property {name}.")
    if value is None:
        raise Refusal(VALIDATION, f"A filter with the operator {named} needs a value: {name}.")
    if named == "NotEquals":
        equal = _comparison("Equals", kind, name, value)
        return lambda tree: not any(equal(item) for item in found(tree, path))
    holds = _comparison(named, kind, name, value)
    return lambda tree: any(holds(item) for item in found(tree, path))


def exists(tree: Any, path: str) -> bool:
    """Say whether a property is there; an empty list is."""
    if not path:
        return True
    if isinstance(tree, list):
        return any(exists(item, path) for item in tree)
    if not isinstance(tree, Mapping):
        return False
    head, _, rest = path.partition(".")
    return path in tree or (bool(rest) and head in tree and exists(tree[head], rest))


def _comparison(named: str, kind: Kind, name: str, value: str) -> Condition:
    """Return whether what a resource has compares so with a value. Raises Refusal: the value is of another kind."""
    if named == "Contains":
        return lambda there: value in there
    if named == "In":
        choices = {choice.strip() for choice in value.split(",")}
        return lambda there: there in choices
    compare: Callable[[Any, Any], bool] = ORDERS.get(named, operator.eq)
    match kind:
        case Kind.NUMBER:
            number = _number(name, value)
            return lambda there: compare(there, number)
        case Kind.FLOAT32:
            single = _single(_number(name, value))
            return lambda there: compare(there, single)
        case Kind.TIME:
            at = moment(value)
            return lambda there: compare(there, at)
        case Kind.FLAG:
            flag = _flag(name, value)
            return lambda there: there == flag
        case Kind.HYPERPARAMETER:
            return _of_hyperparameter(compare, value, ordered=named in ORDERS)
        case _:
            return lambda there: compare(there, value)


def _of_hyperparameter(compare: Callable[[Any, Any], bool], value: str, *, ordered: bool) -> Condition:
    number = decimal(value)
    whole = INTEGER.fullmatch(value) is not None

    def holds(there: str) -> bool:
        mine = decimal(there)
        if number is None or mine is None:
            return not ordered and there == value
        return compare(math.trunc(mine) if whole else mine, number)

    return holds


def decimal(text: str) -> float | None:
    """Return the finite number that a text is, if it is one."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _number(name: str, value: str) -> float:
    number = decimal(value)
    if number is None:
        raise Refusal(VALIDATION, f"The value for the numeric property {name} must be a number.")
    return number


def _single(number: float) -> float:
    try:
        return float(struct.unpack("f", struct.pack("f", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)


def _flag(name: str, value: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise Refusal(VALIDATION, f"The value for the boolean property {name} must be true or false.")
    return value.lower() == "true"
