"""The store on one SQLite file, for everything on one machine.

One thread writes. Commits that wait for it together share one SQLite transaction, each under a savepoint of its own, so
that a beaten one takes nothing else with it. WAL with synchronous=NORMAL: what was committed outlives `kill -9` of the
process; a power cut may take the last moments, and the trainings of that machine with them.

A collection is a table: key, version, one column per indexed field, and the document as msgpack. Small reads are made
on the event loop, where they cost less than a change of thread; long pages go to a thread.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, TypedDict, assert_never

import msgspec

from tunewright.core.errors import Conflict, InvalidSpec, Unavailable
from tunewright.platform.store import schema
from tunewright.platform.store.collections import COLLECTIONS, Collection, Index
from tunewright.platform.store.cursor import cursor, position
from tunewright.platform.store.port import Check, Document, Insert, Page, Put, Query, Remove, Replace, Stored, Write

SCHEMA_VERSION: Final = 1
VERSIONS: Final = "schema_versions"
"""The table of the collections' schema versions; SCHEMA_VERSION is that of the tables themselves."""
COMMITS_TOGETHER: Final = 256
LONG_PAGE: Final = 100
"""Pages of more documents than this are read in a thread."""

Commit = tuple[Sequence[Write], "asyncio.Future[None]"]


class SqliteStore:
    def __init__(self, path: Path, steps: Sequence[schema.Step] = schema.STEPS) -> None:
        """Open or make the file, and bring an older one up to date. Raises InvalidSpec: a newer version wrote it."""
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Commit | None] = queue.SimpleQueue()
        writer = _connect(path)
        _prepare(writer, path, steps)
        self._reader = _connect(path)
        self._page_reader = _connect(path)
        self._page_thread = ThreadPoolExecutor(1, "store-pages")
        self._thread = threading.Thread(target=self._write_all, args=(writer,), name="store-writer", daemon=True)
        self._thread.start()

    async def get(self, collection: str, key: str) -> Stored | None:
        row = self._reader.execute(f"SELECT key, version, body FROM {collection} WHERE key = ?", (key,)).fetchone()  # noqa: S608 - a declared name
        return _stored(row) if row else None

    async def get_many(self, collection: str, keys: Sequence[str]) -> dict[str, Stored]:
        return {row[0]: _stored(row) for row in self._rows("key, version, body", collection, keys)}

    async def versions(self, collection: str, keys: Sequence[str]) -> dict[str, int]:
        return dict(self._rows("key, version", collection, keys))

    def _rows(self, columns: str, collection: str, keys: Sequence[str]) -> Iterator[Any]:
        for start in range(0, len(keys), LONG_PAGE):
            some = keys[start : start + LONG_PAGE]
            marks = ",".join("?" * len(some))
            yield from self._reader.execute(f"SELECT {columns} FROM {collection} WHERE key IN ({marks})", some)  # noqa: S608

    async def find(self, query: Query) -> Page:
        if query.limit <= LONG_PAGE:
            return _find(self._reader, query)
        return await self._loop.run_in_executor(self._page_thread, _find, self._page_reader, query)

    async def commit(self, writes: Sequence[Write]) -> None:
        if not self._thread.is_alive():
            raise Unavailable("the store", f"{self._path} is closed")
        done: asyncio.Future[None] = self._loop.create_future()
        self._queue.put((writes, done))
        await done

    async def now(self) -> float:
        return time.time()

    async def close(self) -> None:
        """Finish the commits that are waiting, then close."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._page_thread.shutdown()
        self._page_reader.close()
        self._reader.close()

    def _write_all(self, connection: sqlite3.Connection) -> None:
        """Run the writer thread: take what waits, write it together, say how each went."""
        while (first := self._queue.get()) is not None:
            commits = [first, *self._waiting()]
            outcomes = _write_together(connection, [writes for writes, _ in commits])
            self._loop.call_soon_threadsafe(_settle, [done for _, done in commits], outcomes)
        connection.close()

    def _waiting(self) -> Iterator[Commit]:
        for _ in range(COMMITS_TOGETHER):
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                return
            if waiting is None:  # close after this round
                self._queue.put(None)
                return
            yield waiting


Outcome = Exception | None


def _settle(futures: Sequence[asyncio.Future[None]], outcomes: Sequence[Outcome]) -> None:
    for done, outcome in zip(futures, outcomes, strict=True):
        if done.done():  # its caller was cancelled; the commit stands
            continue
        if outcome is None:
            done.set_result(None)
        else:
            done.set_exception(outcome)


def _write_together(connection: sqlite3.Connection, commits: Sequence[Sequence[Write]]) -> list[Outcome]:
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [_write_one(connection, writes) for writes in commits]
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return [Unavailable("the store", str(error)) for _ in commits]
    return outcomes


def _write_one(connection: sqlite3.Connection, writes: Sequence[Write]) -> Outcome:
    connection.execute("SAVEPOINT one")
    try:
        for write in writes:
            _apply(connection, write)
    except (Conflict, ValueError, OverflowError, TypeError, msgspec.MsgspecError, sqlite3.ProgrammingError) as error:
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        return error
    connection.execute("RELEASE one")
    return None


def _apply(connection: sqlite3.Connection, write: Write) -> None:
    match write:
        case Insert(name, key, document):
            statement = _statements(name).insert
            try:
                connection.execute(statement, (key, 1, *_row(name, document)))
            except sqlite3.IntegrityError:
                raise Conflict(name, key) from None
        case Replace(name, key, document, version):
            found = connection.execute(_statements(name).replace, (*_row(name, document), key, version))
            if found.rowcount != 1:
                raise Conflict(name, key)
        case Put(name, key, document):
            connection.execute(_statements(name).put, (key, 1, *_row(name, document)))
        case Remove(name, key, None):
            connection.execute(f"DELETE FROM {name} WHERE key = ?", (key,))  # noqa: S608 - a declared name
        case Remove(name, key, version):
            found = connection.execute(f"DELETE FROM {name} WHERE key = ? AND version = ?", (key, version))  # noqa: S608
            if found.rowcount != 1:
                raise Conflict(name, key)
        case Check(name, key, version):
            row = connection.execute(f"SELECT version FROM {name} WHERE key = ?", (key,)).fetchone()  # noqa: S608
            if (row[0] if row else 0) != version:
                raise Conflict(name, key)
        case _:
            assert_never(write)


# -- Tables ----------------------------------------------------------------------------------------------------------


class _Statements:
    """The statements of one collection."""

    def __init__(self, collection: Collection) -> None:
        self.fields = _indexed_fields(collection)
        columns = ["key", "version", *(f'"{name}"' for name in self.fields), "body"]
        marks = ", ".join("?" * len(columns))
        content = columns[2:]
        self.insert = f"INSERT INTO {collection.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
        sets = ", ".join(f"{column} = ?" for column in content)
        self.replace = f"UPDATE {collection.name} SET version = version + 1, {sets} WHERE key = ? AND version = ?"  # noqa: S608
        kept = ", ".join(f"{column} = excluded.{column}" for column in content)
        self.put = f"{self.insert} ON CONFLICT (key) DO UPDATE SET version = version + 1, {kept}"


@cache
def _statements(name: str) -> _Statements:
    return _Statements(COLLECTIONS[name])


def _indexed_fields(collection: Collection) -> list[str]:
    names = {name: None for index in collection.indexes for name in (*index.equals, index.sort) if name}
    return list(names)


def _row(name: str, document: Document) -> tuple[Any, ...]:
    return (*(document.get(field) for field in _statements(name).fields), msgspec.msgpack.encode(document))


def _stored(row: tuple[str, int, bytes]) -> Stored:
    return Stored(row[0], row[1], msgspec.msgpack.decode(row[2]))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def require_ours(connection: sqlite3.Connection, path: Path, steps: Sequence[schema.Step] = schema.STEPS) -> None:
    """Raises InvalidSpec: a newer version of ours wrote the file."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        why = f"was written by a newer version (schema {version}, ours is {SCHEMA_VERSION})"
        raise InvalidSpec(str(path), why, "Update Tunewright, or choose another data folder")
    schema.require_no_newer(str(path), "it", _versions(connection), steps)


def _versions(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the schema versions that are written down."""
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (VERSIONS,)).fetchone()
    return dict(connection.execute(f"SELECT collection, version FROM {VERSIONS}")) if there else {}  # noqa: S608


def _prepare(connection: sqlite3.Connection, path: Path, steps: Sequence[schema.Step]) -> None:
    require_ours(connection, path, steps)
    connection.execute(f"CREATE TABLE IF NOT EXISTS {VERSIONS} (collection TEXT PRIMARY KEY, version INTEGER NOT NULL)")
    for collection in COLLECTIONS.values():
        fields = "".join(f', "{name}"' for name in _indexed_fields(collection))
        table = f"{collection.name} (key TEXT PRIMARY KEY, version INTEGER NOT NULL{fields}, body BLOB NOT NULL)"
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table}")
        _add_fields(connection, collection)
        for index in collection.indexes:
            connection.execute(_index_statement(collection, index))
    _migrate(connection, steps)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _migrate(connection: sqlite3.Connection, steps: Sequence[schema.Step]) -> None:
    """Run the steps that the file has not had, each in a transaction with the note that it has had it."""
    there = _versions(connection)
    for step in schema.pending(there, steps):
        name = step.collection
        with _transaction(connection):
            for key, version, body in connection.execute(f"SELECT key, version, body FROM {name}").fetchall():  # noqa: S608
                changed = _row(name, step.change(msgspec.msgpack.decode(body)))
                connection.execute(_statements(name).replace, (*changed, key, version))
            there[name] = there.get(name, schema.FIRST) + 1
            connection.execute(f"INSERT OR REPLACE INTO {VERSIONS} VALUES (?, ?)", (name, there[name]))  # noqa: S608
    known = [*schema.versions(list(COLLECTIONS), steps).items()]
    connection.executemany(f"INSERT OR IGNORE INTO {VERSIONS} VALUES (?, ?)", known)  # noqa: S608


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _add_fields(connection: sqlite3.Connection, collection: Collection) -> None:
    """Fill in the fields that indexes have come to need since the file was written, from the documents."""
    name = collection.name
    there = {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
    missing = [field for field in _indexed_fields(collection) if field not in there]
    if not missing:
        return
    connection.execute("BEGIN IMMEDIATE")
    for field in missing:
        connection.execute(f'ALTER TABLE {name} ADD COLUMN "{field}"')
    sets = ", ".join(f'"{field}" = ?' for field in missing)
    for key, body in connection.execute(f"SELECT key, body FROM {name}").fetchall():  # noqa: S608
        document = msgspec.msgpack.decode(body)
        values = [document.get(field) for field in missing]
        connection.execute(f"UPDATE {name} SET {sets} WHERE key = ?", (*values, key))  # noqa: S608
    connection.execute("COMMIT")


def _index_statement(collection: Collection, index: Index) -> str:
    columns = [f'"{name}"' for name in (*index.equals, index.sort) if name]
    partial = f' WHERE "{index.sort}" IS NOT NULL' if index.sort else ""
    name = f"{collection.name}_{index.name}"
    return f"CREATE INDEX IF NOT EXISTS {name} ON {collection.name} ({', '.join(columns)}, key){partial}"


# -- Finding ---------------------------------------------------------------------------------------------------------


def _find(connection: sqlite3.Connection, query: Query) -> Page:
    index = next(item for item in COLLECTIONS[query.collection].indexes if item.name == query.index)
    where, values = _conditions(index, query)
    way = "DESC" if query.descending else "ASC"
    order = ", ".join(f"{column} {way}" for column in ([f'"{index.sort}"'] if index.sort else []) + ["key"])
    sort = f'"{index.sort}"' if index.sort else "NULL"
    statement = f"SELECT key, version, body, {sort} FROM {query.collection} WHERE {where} ORDER BY {order} LIMIT ?"  # noqa: S608
    rows = connection.execute(statement, (*values, query.limit + 1)).fetchall()
    last = rows[query.limit - 1] if len(rows) > query.limit else None
    decode = _decoder(query.fields).decode
    items = [Stored(key, version, decode(body)) for key, version, body, _ in rows[: query.limit]]
    return Page(items, cursor(last[3], last[0]) if last else None)


@cache
def _decoder(fields: tuple[str, ...]) -> msgspec.msgpack.Decoder[Any]:
    """Return what decodes these fields of documents and skips the others, which takes a quarter of the time."""
    if not fields:
        return msgspec.msgpack.Decoder()
    some = TypedDict("some", dict.fromkeys(fields, Any), total=False)  # type: ignore[misc]  # made at run time
    return msgspec.msgpack.Decoder(some)


def _conditions(index: Index, query: Query) -> tuple[str, list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    for name in index.equals:
        wanted = query.equals[name]
        some = wanted if isinstance(wanted, tuple) else (wanted,)
        conditions.append(f'"{name}" IN ({", ".join("?" * len(some))})')
        values.extend(some)
    if index.sort:
        conditions.append(f'"{index.sort}" IS NOT NULL')
        for bound, operator in ((query.low, ">="), (query.high, "<")):
            if bound is not None:
                conditions.append(f'"{index.sort}" {operator} ?')
                values.append(bound)
    if query.after is not None:
        columns = f'("{index.sort}", key)' if index.sort else "(key)"
        marks = "(?, ?)" if index.sort else "(?)"
        conditions.append(f"{columns} {'<' if query.descending else '>'} {marks}")
        values.extend(position(query.after)[0 if index.sort else 1 :])
    return " AND ".join(conditions) or "1", values
