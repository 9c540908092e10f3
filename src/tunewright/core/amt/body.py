"""AMT's request body, opened for reading: each member is taken, or kept to be told again, or refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tunewright.core.amt.patch import without_nulls
from tunewright.core.amt.treatment import check_members
from tunewright.core.amt.treatments import Kind, Treatment
from tunewright.core.members import Members

INDEX: Final = re.compile(r"\[\d+\]")


def opened(tree: Any, table: Mapping[str, Treatment]) -> Members:
    """Return the members of a request whose rows are in `table`. Raises InvalidSpec: it asks for what is refused.

    What the table stores, or refuses only where it is not empty, may stay untaken.
    """
    members = Members(without_nulls(tree), passes=lambda path: _is_kept(path, table))
    check_members(without_nulls(tree))
    return members


def _is_kept(path: str, table: Mapping[str, Treatment]) -> bool:
    path = INDEX.sub("", path)
    while path not in table:
        path, dot, _ = path.rpartition(".")
        if not dot:
            return False
    row = table[path]
    return row.kind is not Kind.HONOURED or bool(row.only)
