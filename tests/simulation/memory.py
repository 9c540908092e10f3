"""The store in memory, on the loop's clock: what a simulation of hours can afford to open and to write to.

It passes the store's contract (tests/contract/test_store.py), so that what is found on it holds of the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, assert_never

import msgspec

from tests.simulation.timeless import wall_clock
from tunewright.core.errors import Conflict
from tunewright.platform.store.collections import COLLECTIONS, Index
from tunewright.platform.store.cursor import cursor, position
from tunewright.platform.store.port import Check, Document, Insert, Page, Put, Query, Remove, Replace, Stored, Write
from tunewright.platform.store.restored import RAISED


@dataclass(frozen=True, slots=True)
class Row:
    version: int
    body: bytes
    fields: dict[str, Any]
    """Those that indexes need."""


class MemoryStore:
    def __init__(self) -> None:
        self._rows: defaultdict[str, dict[str, Row]] = defaultdict(dict)

    async def get(self, collection: str, key: str) -> Stored | None:
        row = self._rows[collection].get(key)
        return _stored(key, row) if row is not None else None

    async def get_many(self, collection: str, keys: Sequence[str]) -> dict[str, Stored]:
        rows = self._rows[collection]
        return {key: _stored(key, rows[key]) for key in keys if key in rows}

    async def versions(self, collection: str, keys: Sequence[str]) -> dict[str, int]:
        rows = self._rows[collection]
        return {key: rows[key].version for key in keys if key in rows}

    async def find(self, query: Query) -> Page:
        index = next(item for item in COLLECTIONS[query.collection].indexes if item.name == query.index)
        after = _after(index, query)
        found = []
        for key, row in self._rows[query.collection].items():
            place = _place(index, query, key, row)
            if place is not None and (after is None or (place < after if query.descending else place > after)):
                found.append((place, row))
        found.sort(key=lambda item: item[0], reverse=query.descending)
        items = [_only(query.fields, _stored(place[-1], row)) for place, row in found[: query.limit]]
        if len(found) <= query.limit:
            return Page(items, None)
        (*sort, key), _ = found[query.limit - 1]
        return Page(items, cursor(sort[0] if sort else None, key))

    async def commit(self, writes: Sequence[Write]) -> None:
        before: list[tuple[str, str, Row | None]] = []
        try:
            for write in writes:
                before.append((write.collection, write.key, self._rows[write.collection].get(write.key)))
                self._apply(write)
        except BaseException:
            for collection, key, row in reversed(before):
                self._set(collection, key, row)
            raise

    def snapshot(self) -> dict[str, dict[str, Row]]:
        """Return all of it as it is; rows are never changed."""
        return {name: dict(rows) for name, rows in self._rows.items()}

    def swap(self, snapshot: dict[str, dict[str, Row]], raised: int) -> None:
        """Be what was snapshot, as an adapter is restored."""
        self._rows = defaultdict(dict, {name: dict(rows) for name, rows in snapshot.items()})
        jobs = self._rows[RAISED]
        for key, row in jobs.items():
            jobs[key] = replace(row, version=row.version + raised)

    async def now(self) -> float:
        return wall_clock()

    async def close(self) -> None:
        """Keep nothing open."""

    def _apply(self, write: Write) -> None:
        row = self._rows[write.collection].get(write.key)
        version = row.version if row is not None else 0
        match write:
            case Insert(name, key, document):
                _hold(write, version == 0)
                self._set(name, key, _row(name, key, 1, document))
            case Replace(name, key, document, expected):
                _hold(write, version == expected != 0)
                self._set(name, key, _row(name, key, version + 1, document))
            case Put(name, key, document):
                self._set(name, key, _row(name, key, version + 1, document))
            case Remove(name, key, expected):
                _hold(write, expected is None or version == expected != 0)
                self._set(name, key, None)
            case Check(_, _, expected):
                _hold(write, version == expected)
            case _:
                assert_never(write)

    def _set(self, collection: str, key: str, row: Row | None) -> None:
        if row is None:
            self._rows[collection].pop(key, None)
        else:
            self._rows[collection][key] = row


def _hold(write: Write, condition: bool) -> None:
    if not condition:
        raise Conflict(write.collection, write.key)


def _row(collection: str, key: str, version: int, document: Document) -> Row:
    key.encode()  # what no other store could hold is refused here too
    fields = {name: document[name] for name in _indexed(collection) if name in document}
    return Row(version, msgspec.msgpack.encode(document), fields)


def _only(fields: tuple[str, ...], stored: Stored) -> Stored:
    if not fields:
        return stored
    kept = {name: item for name, item in stored.document.items() if name in fields}
    return Stored(stored.key, stored.version, kept)


def _stored(key: str, row: Row) -> Stored:
    return Stored(key, row.version, msgspec.msgpack.decode(row.body))


@cache
def _indexed(collection: str) -> frozenset[str]:
    return frozenset(name for index in COLLECTIONS[collection].indexes for name in (*index.equals, index.sort) if name)


def _place(index: Index, query: Query, key: str, row: Row) -> tuple[Any, ...] | None:
    """Return where the document stands in the index, None if the query leaves it out."""
    for name in index.equals:
        wanted = query.equals[name]
        if name not in row.fields or row.fields[name] not in (wanted if isinstance(wanted, tuple) else (wanted,)):
            return None
    if not index.sort:
        return (key,)
    sort = row.fields.get(index.sort)
    if sort is None or (query.low is not None and sort < query.low) or (query.high is not None and sort >= query.high):
        return None
    return (sort, key)


def _after(index: Index, query: Query) -> tuple[Any, ...] | None:
    return position(query.after)[0 if index.sort else 1 :] if query.after is not None else None
