"""The body of a request as a tree, if it is JSON that means one thing only; else a SerializationException.

Members that are null are left out: to AWS, null is absent.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

from tunewright_gateway.core.refusals import Refusal

SERIALIZATION: Final = "SerializationException"
LONGEST_INTEGER: Final = 20
"""Characters: what is longer does not fit 64 bits, and takes quadratic time to read."""
LEAST_LONG: Final = -(2**63)
LARGEST_LONG: Final = 2**63 - 1

Tree = dict[str, Any]


def tree_of(raw: bytes) -> Tree:
    """Raises Refusal: no UTF-8, no JSON, no object, a name given twice, a number that none is, too deep."""
    try:
        text = raw.decode()
        tree = _DECODER.decode(text)
        if "\\ud" in text.lower():
            _refuse_half_characters(tree)
    except UnicodeError:
        raise _unreadable("it is no text in UTF-8") from None
    except RecursionError:
        raise _unreadable("it is nested too deeply") from None
    except ValueError as error:
        raise _unreadable(str(error)) from None
    if not isinstance(tree, dict):
        raise _unreadable("it is not an object")
    return tree


def _unreadable(why: str) -> Refusal:
    return Refusal(SERIALIZATION, f"The body cannot be read: {why}.")


def _refuse_half_characters(tree: object) -> None:
    """Half of a surrogate pair can be escaped in JSON, and be written nowhere. Raises UnicodeEncodeError."""
    json.dumps(tree, ensure_ascii=False).encode()


def _members(pairs: list[tuple[str, Any]]) -> Tree:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise ValueError("a name is given twice in one object")
    if None in tree.values():
        return {name: value for name, value in pairs if value is not None}
    return tree


def _integer(text: str) -> int:
    if len(text) <= LONGEST_INTEGER and LEAST_LONG <= (number := int(text)) <= LARGEST_LONG:
        return number
    raise ValueError("an integer does not fit 64 bits")


def _float(text: str) -> float:
    if math.isfinite(number := float(text)):
        return number
    raise ValueError("a number does not fit a double")


def _no_number(token: str) -> NoReturn:
    raise ValueError(f"{token} is no number of JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_integer, parse_float=_float, parse_constant=_no_number
)
