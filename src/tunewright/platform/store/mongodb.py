"""The store on a MongoDB replica set, 8.0 or newer, through motor.

A document stands as {_id: key, version: n, doc: {…}}, so that it can be read in mongosh; indexes are on fields of
`doc`, and every query names the one that it goes through. A commit is one bulk write: of one write by itself, of
several in a transaction, whose conditions are looked at before it is committed. Reads and writes are of the majority.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from bson.codec_options import CodecOptions, TypeDecoder, TypeRegistry
from bson.int64 import Int64
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import WriteConcern
from pymongo.errors import (
    ClientBulkWriteException,
    ConfigurationError,
    ConnectionFailure,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri

from tunewright.core.errors import InvalidSpec, Unavailable
from tunewright.platform.store import mongodb_schema as schema
from tunewright.platform.store.collections import COLLECTIONS, Index
from tunewright.platform.store.cursor import cursor, position
from tunewright.platform.store.mongodb_writes import Operation, kept, operations, unmet
from tunewright.platform.store.port import Page, Query, Stored, Write

DATABASE: Final = "tunewright"
"""Where the URI names none."""

ANSWER_WITHIN_MS: Final = 4_000
SELECT_WITHIN_MS: Final = 3_000
COMMIT_WITHIN_S: Final = 5.0
"""How long a transaction that loses against others, or whose end is not known, is repeated."""

FIRST_PAUSE_S: Final = 0.002
LONGEST_PAUSE_S: Final = 0.1
KEYS_AT_ONCE: Final = 1_000
MEASURE_EVERY_S: Final = 10.0
MEASURE_STALE_S: Final = 60.0

MAJORITY: Final = WriteConcern("majority", j=True)
DUPLICATE_KEY: Final = 11000
WRITE_CONFLICT: Final = 112
LOST: Final = frozenset({DUPLICATE_KEY, WRITE_CONFLICT})
AUTHENTICATION_FAILED: Final = 18
T = TypeVar("T")


class _PlainInt(TypeDecoder):
    """BSON's 64-bit integers as int, not as pymongo's own kind."""

    bson_type = Int64

    def transform_bson(self, value: Any) -> int:
        return int(value)


CODEC: Final[CodecOptions[dict[str, Any]]] = CodecOptions(type_registry=TypeRegistry([_PlainInt()]))


@dataclass(frozen=True, slots=True)
class Clock:
    """The server's clock at a moment of ours, as good as half of the round trip that it took to ask."""

    server_s: float
    monotonic_s: float

    def now(self) -> float:
        return self.server_s + time.monotonic() - self.monotonic_s

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.monotonic_s


class MongoStore:
    def __init__(self, uri: str) -> None:
        """Connect in the background, within the running loop. Raises InvalidSpec: the URI is none."""
        try:
            name = parse_uri(uri, validate=True)["database"] or DATABASE
            self._client: Any = AsyncIOMotorClient(
                uri,
                io_loop=asyncio.get_running_loop(),
                appname="tunewright",
                timeoutMS=ANSWER_WITHIN_MS,
                serverSelectionTimeoutMS=SELECT_WITHIN_MS,
                connectTimeoutMS=SELECT_WITHIN_MS,
            )
        except (InvalidURI, ConfigurationError, ValueError):
            remedy = "For example mongodb://user:password@db.example:27017/tunewright?replicaSet=rs0"
            raise InvalidSpec("mongodb", "is not a MongoDB URI", remedy) from None  # what it is may hold a password
        self._database = self._client.get_database(
            name, codec_options=CODEC, read_concern=ReadConcern("majority"), write_concern=MAJORITY
        )
        self._clock: Clock | None = None
        self._last_now = 0.0
        self._measuring = asyncio.Lock()
        self._commits: set[asyncio.Task[None]] = set()

    # -- Reading

    async def get(self, collection: str, key: str) -> Stored | None:
        found = await _reached(self._database[collection].find_one({"_id": key}))
        return _stored(found) if found else None

    async def get_many(self, collection: str, keys: Sequence[str]) -> dict[str, Stored]:
        found: dict[str, Stored] = {}
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = list(keys[start : start + KEYS_AT_ONCE])
            items = self._database[collection].find({"_id": {"$in": some}}, batch_size=KEYS_AT_ONCE)
            found |= {item["_id"]: _stored(item) for item in await _reached(items.to_list(None))}
        return found

    async def find(self, query: Query) -> Page:
        index = next(item for item in COLLECTIONS[query.collection].indexes if item.name == query.index)
        way = -1 if query.descending else 1
        order = [(f"doc.{index.sort}", way)] if index.sort else []
        found = self._database[query.collection].find(
            _conditions(index, query),
            sort=[*order, ("_id", way)],
            limit=query.limit + 1,
            batch_size=query.limit + 1,
            hint=index.name,
        )
        # One that is changed while the index is walked may be met twice.
        items = list({item["_id"]: item for item in await _reached(found.to_list(None))}.values())
        page = [_stored(item) for item in items[: query.limit]]
        if len(items) <= query.limit:
            return Page(page, None)
        return Page(page, cursor(page[-1].document.get(index.sort), page[-1].key))

    # -- Writing

    async def commit(self, writes: Sequence[Write]) -> None:
        if not writes:
            return
        # A caller that is cancelled must not leave a transaction half done: it goes on without its caller.
        task = asyncio.ensure_future(self._commit(writes))
        self._commits.add(task)
        task.add_done_callback(self._commits.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.shield(task)

    async def _commit(self, writes: Sequence[Write]) -> None:
        steps = operations(self._database.name, writes)
        attempt = self._written if len(steps) == 1 else self._transacted
        clock = asyncio.get_running_loop().time
        deadline, pause_s = clock() + COMMIT_WITHIN_S, FIRST_PAUSE_S
        while True:
            try:
                await attempt(steps)
            except PyMongoError as error:
                if not _lost_to_others(error):
                    raise _told(error) from error
                if clock() > deadline:
                    raise Unavailable("the store", f"others write the same documents: {_text(error)}") from error
            else:
                return
            await asyncio.sleep(pause_s * random.random())  # noqa: S311 - only to come apart
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _written(self, steps: Sequence[Operation]) -> None:
        """Write one operation, which is atomic by itself."""
        await self._bulk(steps, None)

    async def _transacted(self, steps: Sequence[Operation]) -> None:
        # What it reads may not be the majority's yet; being committed to the majority, it proves that it is.
        async with await self._client.start_session(causal_consistency=False) as session:
            session.start_transaction(write_concern=MAJORITY)
            await self._bulk(steps, session)  # whatever it raises, the session's end aborts the transaction
            await self._end(session)

    async def _bulk(self, steps: Sequence[Operation], session: Any) -> None:
        """Write the operations. Raises Conflict: one's condition does not hold."""
        concern = MAJORITY if session is None else None
        models = [step.model for step in steps]
        try:
            result = await self._client.bulk_write(models, session=session, verbose_results=True, write_concern=concern)
        except ClientBulkWriteException as error:
            refused = next((item for item in _write_errors(error) if item["code"] == DUPLICATE_KEY), None)
            if refused is None or steps[refused["idx"]].upserts:  # two upserts at once: the other one was faster
                raise
            raise steps[refused["idx"]].conflict() from None
        if failing := unmet(steps, result):
            raise failing.conflict()

    async def _end(self, session: Any) -> None:
        """Commit the transaction; again, while it is not known whether it was."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + COMMIT_WITHIN_S
        while True:
            try:
                await session.commit_transaction()
            except PyMongoError as error:
                if not error.has_error_label("UnknownTransactionCommitResult") or clock() > deadline:
                    raise
                await asyncio.sleep(LONGEST_PAUSE_S)
            else:
                return

    # -- Time

    async def now(self) -> float:
        """Return the server's clock, measured every few seconds and counted on by ours in between; never back."""
        if self._clock is None or self._clock.age_s > MEASURE_EVERY_S:
            await self._measure()
        assert self._clock is not None  # noqa: S101 - measured
        self._last_now = max(self._last_now, self._clock.now())
        return self._last_now

    async def skew_s(self) -> float:
        """Return by how much this machine's clock is ahead of the server's."""
        await self._measure()
        assert self._clock is not None  # noqa: S101 - measured
        return time.time() - self._clock.now()

    async def _measure(self) -> None:
        async with self._measuring:
            if self._clock is not None and self._clock.age_s < MEASURE_EVERY_S:
                return  # somebody else has just done it
            sent_s = time.monotonic()
            try:
                hello = await _reached(self._client.admin.command("hello"))
            except Unavailable:
                if self._clock is None or self._clock.age_s > MEASURE_STALE_S:
                    raise
                return
            middle_s = (sent_s + time.monotonic()) / 2
            self._clock = Clock(_unix_s(hello["localTime"]), middle_s)

    # -- Life

    async def create_schema(self) -> None:
        """Make the collections and indexes that are missing. Raises InvalidSpec: another version's, or in the way."""
        await _reached(schema.create(self._database))

    async def check(self) -> list[str]:
        """Return what is missing or different, a sentence with its remedy each."""
        return await _reached(schema.problems(self._database))

    async def ping(self) -> None:
        """Raises Unavailable."""
        await _reached(self._client.admin.command("ping"))

    async def close(self) -> None:
        """Finish the commits under way, then close."""
        await asyncio.gather(*self._commits, return_exceptions=True)
        self._client.close()


def _conditions(index: Index, query: Query) -> dict[str, Any]:
    conditions: dict[str, Any] = {f"doc.{name}": query.equals[name] for name in index.equals}
    after = position(query.after) if query.after is not None else None
    beyond = "$lt" if query.descending else "$gt"
    if not index.sort:
        return conditions | ({"_id": {beyond: after[1]}} if after else {})
    field = f"doc.{index.sort}"
    bounds: dict[str, Any] = {"$ne": None}
    bounds |= {name: bound for name, bound in (("$gte", query.low), ("$lt", query.high)) if bound is not None}
    if after is not None:
        value, key = after
        bounds["$lte" if query.descending else "$gte"] = value
        conditions["$or"] = [{field: {beyond: value}}, {field: value, "_id": {beyond: key}}]
    return conditions | {field: bounds}


def _stored(found: dict[str, Any]) -> Stored:
    return Stored(found["_id"], found["version"], kept(found["doc"]))


# -- Errors


async def _reached(call: Awaitable[T]) -> T:
    """Return what the call returns. Raises Unavailable in place of what says that the server was not reached."""
    try:
        return await call
    except PyMongoError as error:
        raise _told(error) from error


def _told(error: PyMongoError) -> Exception:
    """Return the error as ours if it is one of reaching the server, else as it is."""
    error = _inner(error)
    if isinstance(error, OperationFailure) and error.code == AUTHENTICATION_FAILED:
        return InvalidSpec("mongodb", "the server refuses user or password", "Mend the URI")
    away = isinstance(error, ConnectionFailure) or error.timeout or _labelled(error)
    return Unavailable("the store", _text(error)) if away else error


def _labelled(error: PyMongoError) -> bool:
    labels = ("RetryableWriteError", "TransientTransactionError", "UnknownTransactionCommitResult")
    return any(error.has_error_label(label) for label in labels)


def _lost_to_others(error: PyMongoError) -> bool:
    """Whether a commit was undone because of another one, and may be tried again as it is."""
    if isinstance(error, ClientBulkWriteException) and error.write_errors:
        return any(item["code"] in LOST for item in _write_errors(error))
    inner = _inner(error)
    reached = not isinstance(inner, ConnectionFailure) and not inner.timeout
    return reached and inner.has_error_label("TransientTransactionError")


def _write_errors(error: ClientBulkWriteException) -> Sequence[Any]:
    return error.write_errors or ()


def _inner(error: PyMongoError) -> PyMongoError:
    """Return what made a bulk write fail as a whole."""
    inner = error.error if isinstance(error, ClientBulkWriteException) else None
    return inner if isinstance(inner, PyMongoError) else error


def _text(error: PyMongoError) -> str:
    return str(error).partition(", Timeout:")[0][:200]


def _unix_s(local_time: datetime) -> float:
    """Return BSON's datetime, which is UTC without saying so, as Unix seconds."""
    return local_time.replace(tzinfo=UTC).timestamp()
