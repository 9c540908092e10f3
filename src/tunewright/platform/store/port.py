"""The store port: documents by key, found through declared indexes, changed by one verb.

The promise, which tests/contract/store_contract.py holds every adapter to:

- `commit` applies all its writes or none. It raises Conflict, having written nothing, if any condition does not hold:
  Insert meets an existing key, Replace or Remove or Check meets another version or no document. Once it returns, the
  writes survive `kill -9` of the process.
- Concurrent commits behave as if one came after the other. Of two Replace of one version exactly one succeeds.
- A read sees every commit that returned before the read began. `find` returns each matching document once per walk
  through its pages; documents changed during the walk may be missed or seen in either state, never twice.
- The store sets versions: 1 at insertion, one more at each change. Removing and inserting again starts at 1.
- Documents are plain data: None, bool, int, float, str, bytes, lists, and dicts with str keys. Floats keep all 64 bits,
  also ±inf and NaN; ints fit in 64 bits. What is returned is the caller's own copy.
- An unreachable store raises Unavailable; a commit that raised it may or may not have been applied, so callers reload.
- `now` is the store's clock, the only one that leases and deadlines are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    key: str
    version: int
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Insert:
    """Write a document that must not exist."""

    collection: str
    key: str
    document: Document


@dataclass(frozen=True, slots=True)
class Replace:
    """Write over a document that must be at `version`."""

    collection: str
    key: str
    document: Document
    version: int


@dataclass(frozen=True, slots=True)
class Put:
    """Write a document whatever is there: content that its key determines, guarded by another write beside it."""

    collection: str
    key: str
    document: Document


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a document that must be at `version`; any version if None, also none at all."""

    collection: str
    key: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing; the document must be at `version` (0: must not exist)."""

    collection: str
    key: str
    version: int


Write = Insert | Replace | Put | Remove | Check


@dataclass(frozen=True, slots=True)
class Query:
    """Which documents to find, through a declared index of the collection (see collections.py).

    `equals` gives a value to each of the index's leading fields, or a tuple: any of these values. The rest of the index
    orders the answer, ties by key; `low` (inclusive) and `high` (exclusive) bound its sort field. `after` is the `next`
    of the page before. `fields` names the fields that the caller needs: documents come with no others but, maybe, the
    sort field; one that a document does not have is left out. Empty: whole documents.
    """

    collection: str
    index: str
    equals: Mapping[str, Any] = field(default_factory=dict)
    low: float | int | str | None = None
    high: float | int | str | None = None
    descending: bool = False
    limit: int = 100
    after: str | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Stored]
    next: str | None
    """Opaque; None on the last page."""


class Store(Protocol):
    async def get(self, collection: str, key: str) -> Stored | None: ...

    async def get_many(self, collection: str, keys: Sequence[str]) -> dict[str, Stored]:
        """Return those of the keys that exist."""
        ...

    async def versions(self, collection: str, keys: Sequence[str]) -> dict[str, int]:
        """Return the versions of those that exist, which is cheaper than their documents."""
        ...

    async def find(self, query: Query) -> Page: ...

    async def commit(self, writes: Sequence[Write]) -> None:
        """Apply all or none. Raises: Conflict, Unavailable."""
        ...

    async def now(self) -> float:
        """Return the store's clock, Unix seconds."""
        ...

    async def close(self) -> None: ...
