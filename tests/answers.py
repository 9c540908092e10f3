"""What is wrong with an answer of the SageMaker door, by botocore's own model of it."""

from __future__ import annotations

from functools import cache
from typing import Any

from tunewright_gateway.core.model.requests import answer_check
from tunewright_gateway.core.refusals import Refusal


def problems_of_response(operation: str, tree: dict[str, Any]) -> list[str]:
    """Return what in the answer violates the model: types, required members, enums, lengths, patterns, strangers.

    `tree` is the JSON of the answer as Python reads it, with bare NaN and Infinity as floats.
    """
    check = _check(operation)
    if check is None:
        return [f"it has no members, and {sorted(tree)} are given"] if tree else []
    found: list[str] = []
    try:
        check(tree, "", found)
    except Refusal as wrong_type:
        found.append(wrong_type.text)
    return found


_check = cache(answer_check)
