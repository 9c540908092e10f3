"""The schema versions of collections, and the steps that bring older documents to them.

A document that merely lacks a field is read as it is: the field has a default. A step is for what a default cannot say:
a field with another meaning, another name, another form of key. The version of a collection is one more than the steps
that there are for it, so this table is all there is to keep. Adapters run the steps when a store is opened for writing
by one who makes what is missing, and write down what they have done; a step may be cut off anywhere and runs again.

While services of two versions run side by side, the older one reads what the newer one has migrated. So a step is
written in two releases: the first reads both forms, the second has the step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tunewright.core.errors import InvalidSpec

FIRST: Final = 1
"""Of every collection; also where nothing is written down: so it was before versions were."""


@dataclass(frozen=True, slots=True)
class Step:
    collection: str
    change: Callable[[dict[str, Any]], dict[str, Any]]
    """Returns a document as it should be; one that it is given again, as it is."""


STEPS: Final[tuple[Step, ...]] = ()
"""In the order in which they were added."""


def versions(collections: Sequence[str], steps: Sequence[Step] = STEPS) -> dict[str, int]:
    """Return the version of each collection."""
    added = Counter(step.collection for step in steps)
    return {name: FIRST + added[name] for name in collections}


def pending(there: Mapping[str, int], steps: Sequence[Step] = STEPS) -> list[Step]:
    """Return the steps that a store at these versions still needs."""
    seen = Counter[str]()
    left = []
    for step in steps:
        seen[step.collection] += 1
        if seen[step.collection] > there.get(step.collection, FIRST) - FIRST:
            left.append(step)
    return left


def require_no_newer(field: str, where: str, there: Mapping[str, int], steps: Sequence[Step] = STEPS) -> None:
    """Raises InvalidSpec: a newer version of ours has written one of the collections."""
    ours = versions(list(there), steps)
    for name, version in there.items():
        if version > ours[name]:
            why = f"{where} was written by a newer version ({name} has schema {version}, ours is {ours[name]})"
            raise InvalidSpec(field, why, "Update Tunewright, or restore a backup from before its update")
