"""What everything that a search can find has in common, as far as a list can be asked for just that.

It only spares looking at what cannot be found: the expression itself is held against all that the list gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tunewright.core.states import STATUSES
from tunewright_gateway.core.instants import moment

ROUNDED_S: Final = 0.01
"""More than a time as it is told, to the millisecond, differs from the one that lists know."""

AFTER: Final = {"Equals", "GreaterThan", "GreaterThanOrEqualTo"}
BEFORE: Final = {"Equals", "LessThan", "LessThanOrEqualTo"}


def narrowed(expression: Mapping[str, Any] | None, name: str, status: str) -> dict[str, Any]:
    """Return filters of AWS's list operations that lose nothing of what an expression finds; it has been compiled.

    `name` and `status` are the properties that NameContains and StatusEquals are about.
    """
    if expression is None or expression.get("Operator") == "Or":
        return {}
    found: dict[str, Any] = {}
    for item in expression.get("Filters") or ():
        value = item.get("Value")
        named = item.get("Operator") or "Equals"
        if value is None:
            continue
        match item["Name"]:
            case property if property == name and named in {"Equals", "Contains"}:
                found.setdefault("NameContains", value)
            case property if property == status and named == "Equals" and value in STATUSES:
                found.setdefault("StatusEquals", value)
            case "CreationTime" | "LastModifiedTime" as time:
                if named in AFTER:
                    found.setdefault(f"{time}After", moment(value) - ROUNDED_S)
                if named in BEFORE:
                    found.setdefault(f"{time}Before", moment(value) + ROUNDED_S)
    return found
