"""A request's body as a tree that keeps to the model; the one entry to this package."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from tunewright_gateway.core.model import wording
from tunewright_gateway.core.model.json_body import tree_of
from tunewright_gateway.core.model.service import input_shape, output_shape
from tunewright_gateway.core.model.shapes import Check, Compiler

Tree = dict[str, Any]


def request_of(operation: str, raw: bytes) -> Tree:
    """Return the body of a request to one of AWS's operations, without members that are null.

    Raises: Refusal: SerializationException or ValidationException, in AWS's words.
    """
    tree = tree_of(raw)
    check_request(operation, tree)
    return tree


def check_request(operation: str, tree: Tree) -> None:
    """Raises Refusal: the tree violates the model."""
    found: list[str] = []
    _request_check(operation)(tree, "", found)
    if found:
        raise wording.refusal(found)


def preload(operations: Iterable[str]) -> None:
    """Read and compile the model, for a quarter of a second; until it is done, no other thread may ask."""
    for operation in operations:
        _request_check(operation)


def answer_check(operation: str) -> Check | None:
    """Return the check of an answer, for tests; None if an answer has no members."""
    shape = output_shape(operation)
    return None if shape is None else Compiler().check(shape)


@cache
def _compiler() -> Compiler:
    return Compiler()


@cache
def _request_check(operation: str) -> Check:
    return _compiler().check(input_shape(operation))
