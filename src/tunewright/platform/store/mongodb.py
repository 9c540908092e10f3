"""The store on a MongoDB replica set, 8.0 or newer, through motor.

A document stands as {_id: key, version: n, doc: {…}}, so that it can be read in mongosh; indexes are on fields of
`doc`, and every query names the one that it goes through. A commit is one bulk write: of one write by itself, of
several in a transaction, whose conditions are looked at before it is committed. Reads and writes are of the majority.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bson.codec_options import CodecOptions, TypeDecoder, TypeRegistry
from bson.int64 import Int64
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ReadPreference, WriteConcern
from pymongo.errors import ClientBulkWriteException, ConfigurationError, InvalidURI, PyMongoError
from pymongo.read_concern import ReadConcern

from tunewright.core.errors import Unavailable
from tunewright.platform.lifecycle import take_error
from tunewright.platform.store import mongodb_schema as schema
from tunewright.platform.store.collections import COLLECTIONS, Index
from tunewright.platform.store.cursor import cursor, position
from tunewright.platform.store.mongodb_access import access, no_uri
from tunewright.platform.store.mongodb_errors import DUPLICATE_KEY, first_refusal, lost_to_others, text, told, within
from tunewright.platform.store.mongodb_writes import Operation, kept, operations, unmet
from tunewright.platform.store.port import Page, Query, Stored, Write
from tunewright.platform.store.restored import restore_done, versions_above

ANSWER_WITHIN_S: Final = 4.0
SELECT_WITHIN_MS: Final = 3_000
COMMIT_WITHIN_S: Final = 5.0
"""Also for all attempts of a transaction that loses against others, or whose end is not known."""
CREATE_WITHIN_S: Final = 60.0
"""An index over documents that are there already takes time."""

COMMITS_AT_ONCE: Final = 4
"""The driver has five threads a core. Had writes that wait for a transaction all of them, it could not be ended."""

FIRST_PAUSE_S: Final = 0.002
LONGEST_PAUSE_S: Final = 0.1
KEYS_AT_ONCE: Final = 1_000
MEASURE_EVERY_S: Final = 10.0
MEASURE_STALE_S: Final = 60.0
LONGEST_ROUND_TRIP_S: Final = 0.5
"""An answer that took longer says too little about the time, where there is an older one that says more."""

MAJORITY: Final = WriteConcern("majority", j=True)


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
    def __init__(self, uri: str, *, user: str = "", password: str = "", plaintext_allowed: bool = False) -> None:
        """Connect in the background, within the running loop. Raises InvalidSpec, as `access` does."""
        known = access(uri, user, password, plaintext_allowed=plaintext_allowed)
        try:
            self._client: Any = AsyncIOMotorClient(
                uri,
                **known.options,
                io_loop=asyncio.get_running_loop(),
                appname="tunewright",
                serverSelectionTimeoutMS=SELECT_WITHIN_MS,
                connectTimeoutMS=SELECT_WITHIN_MS,
            )
        except (InvalidURI, ConfigurationError, ValueError):
            raise no_uri() from None  # what it is may hold a password
        self._database = self._client.get_database(
            known.database,
            codec_options=CODEC,
            read_preference=ReadPreference.PRIMARY,
            read_concern=ReadConcern("majority"),
            write_concern=MAJORITY,
        )
        self._clock: Clock | None = None
        self._last_now = 0.0
        self._measuring: asyncio.Task[None] | None = None
        self._commits: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(COMMITS_AT_ONCE)

    # -- Reading

    async def get(self, collection: str, key: str) -> Stored | None:
        with within(ANSWER_WITHIN_S):
            found = await self._database[collection].find_one({"_id": key})
        return _stored(found) if found else None

    async def get_many(self, collection: str, keys: Sequence[str]) -> dict[str, Stored]:
        return {item["_id"]: _stored(item) for item in await self._items(collection, keys, None)}

    async def versions(self, collection: str, keys: Sequence[str]) -> dict[str, int]:
        return {item["_id"]: item["version"] for item in await self._items(collection, keys, ["version"])}

    async def _items(self, collection: str, keys: Sequence[str], fields: list[str] | None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = list(keys[start : start + KEYS_AT_ONCE])
            items = self._database[collection].find({"_id": {"$in": some}}, fields, batch_size=KEYS_AT_ONCE)
            with within(ANSWER_WITHIN_S):
                found += await items.to_list(None)
        return found

    async def find(self, query: Query) -> Page:
        index = next(item for item in COLLECTIONS[query.collection].indexes if item.name == query.index)
        way = -1 if query.descending else 1
        order = [(f"doc.{index.sort}", way)] if index.sort else []
        found = self._database[query.collection].find(
            _conditions(index, query),
            _projection(index, query),
            sort=[*order, ("_id", way)],
            limit=query.limit + 1,
            batch_size=query.limit + 1,
            hint=index.name,
        )
        with within(ANSWER_WITHIN_S):
            items = await found.to_list(None)
        # One that is changed while the index is walked may be met twice.
        page = list({item["_id"]: _stored(item) for item in items[: query.limit]}.values())
        if len(items) <= query.limit:
            return Page(page, None)
        last = items[query.limit - 1]
        return Page(page, cursor(last["doc"].get(index.sort), last["_id"]))

    # -- Writing

    async def commit(self, writes: Sequence[Write]) -> None:
        if not writes:
            return
        # A caller that is cancelled must not leave a transaction half done: it goes on without its caller.
        task = asyncio.ensure_future(self._commit(writes))
        self._commits.add(task)
        task.add_done_callback(self._commits.discard)
        task.add_done_callback(take_error)
        await asyncio.shield(task)

    async def _commit(self, writes: Sequence[Write]) -> None:
        steps = operations(self._database.name, writes)
        until_s = time.monotonic() + COMMIT_WITHIN_S
        pause_s = FIRST_PAUSE_S
        with within(COMMIT_WITHIN_S):
            async with self._turns:
                while not await self._attempted(steps, until_s):
                    await asyncio.sleep(pause_s * random.random())  # noqa: S311 - only to come apart
                    pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _attempted(self, steps: Sequence[Operation], until_s: float) -> bool:
        """Return whether it was committed; if not, another commit was in the way. Raises Conflict, Unavailable."""
        try:
            if len(steps) == 1:
                await self._bulk(steps, None)  # atomic by itself
            else:
                await self._transacted(steps, until_s)
        except PyMongoError as error:
            if not lost_to_others(error):
                raise told(error) from None
            if time.monotonic() > until_s:
                raise Unavailable("the store", f"others write the same documents: {text(error)}") from None
            return False
        return True

    async def _transacted(self, steps: Sequence[Operation], until_s: float) -> None:
        # What it reads may not be the majority's yet; being committed to the majority, it proves that it is.
        async with await self._client.start_session(causal_consistency=False) as session:
            session.start_transaction(write_concern=MAJORITY)
            await self._bulk(steps, session)  # whatever it raises, the session's end aborts the transaction
            await self._end(session, until_s)

    async def _bulk(self, steps: Sequence[Operation], session: Any) -> None:
        """Write the operations. Raises Conflict: one's condition does not hold."""
        concern = MAJORITY if session is None else None
        models = [step.model for step in steps]
        try:
            result = await self._client.bulk_write(models, session=session, verbose_results=True, write_concern=concern)
        except ClientBulkWriteException as error:
            refusal = first_refusal(error)
            if refusal is None or refusal["code"] != DUPLICATE_KEY:
                raise
            step = steps[refusal["idx"]]
            if step.upserts:  # two upserts at once: the other one was faster
                raise
            raise step.conflict() from None
        if failing := unmet(steps, result):
            raise failing.conflict()

    async def _end(self, session: Any, until_s: float) -> None:
        """Commit the transaction; again, while it is not known whether it was."""
        while True:
            try:
                await session.commit_transaction()
            except PyMongoError as error:
                if not error.has_error_label("UnknownTransactionCommitResult") or time.monotonic() > until_s:
                    raise
                await asyncio.sleep(LONGEST_PAUSE_S)
            else:
                return

    # -- Time

    async def now(self) -> float:
        """Return the server's clock, never running back.

        It is measured every ten seconds, beside whoever asks, and counted on by our own clock in between: also while
        the server is away, for a minute. It is wrong by at most half of the round trip that measured it (of 0.5 s,
        unless the first one took longer), the server's millisecond, and what our clock drifts in a minute.

        Raises: Unavailable.
        """
        age_s = self._clock.age_s if self._clock else math.inf
        measuring = self._measure_beside() if age_s > MEASURE_EVERY_S else None
        if measuring and age_s > MEASURE_STALE_S:
            await asyncio.shield(measuring)
        return self._counted_on()

    async def skew_s(self) -> float:
        """Return by how much this machine's clock is ahead of the server's. Raises Unavailable."""
        await asyncio.shield(self._measure_beside())
        return time.time() - self._counted_on()

    def _counted_on(self) -> float:
        assert self._clock is not None  # noqa: S101 - measured
        self._last_now = max(self._last_now, self._clock.now())
        return self._last_now

    def _measure_beside(self) -> asyncio.Task[None]:
        """Return the one measurement that is under way."""
        if self._measuring is None or self._measuring.done():
            self._measuring = asyncio.ensure_future(self._measure())
            self._measuring.add_done_callback(take_error)
        return self._measuring

    async def _measure(self) -> None:
        sent_s = time.monotonic()
        with within(ANSWER_WITHIN_S):
            hello = await self._client.admin.command("hello")
        got_s = time.monotonic()
        stale = self._clock is None or self._clock.age_s > MEASURE_STALE_S
        if stale or got_s - sent_s <= LONGEST_ROUND_TRIP_S:
            self._clock = Clock(_unix_s(hello["localTime"]), (sent_s + got_s) / 2)

    # -- Life

    async def create_schema(self) -> None:
        """Make the collections and indexes that are missing.

        Raises: Unavailable. InvalidSpec: another version's, in the way, or no server that we can use.
        """
        await self.ping()  # who is away is found out soon; making an index on much may take long
        with within(CREATE_WITHIN_S):
            await schema.create(self._database)

    async def restored(self) -> None:
        """Do what is needed after a restore: see restored.py. Raises Unavailable, InvalidSpec."""
        await self.create_schema()
        raised = versions_above(await self.now())
        with within(CREATE_WITHIN_S):
            await schema.raise_versions(self._database, raised)
        await restore_done(self)

    async def check(self) -> list[str]:
        """Return what is missing or different, a sentence with its remedy each. Raises as `create_schema`."""
        with within(ANSWER_WITHIN_S):
            return await schema.problems(self._database)

    async def ping(self) -> None:
        """Raises Unavailable."""
        with within(ANSWER_WITHIN_S):
            await self._client.admin.command("ping")

    async def close(self) -> None:
        """Finish the commits under way, then close."""
        under_way = [*self._commits, *([self._measuring] if self._measuring else [])]
        await asyncio.gather(*under_way, return_exceptions=True)
        self._client.close()


def _conditions(index: Index, query: Query) -> dict[str, Any]:
    conditions: dict[str, Any] = {f"doc.{name}": _wanted(query.equals[name]) for name in index.equals}
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


def _wanted(value: Any) -> Any:
    return {"$in": list(value)} if isinstance(value, tuple) else value


def _projection(index: Index, query: Query) -> list[str] | None:
    """Return what is read of each document; None: all."""
    if not query.fields:
        return None
    return ["version", *(f"doc.{name}" for name in dict.fromkeys([*query.fields, *([index.sort] * bool(index.sort))]))]


def _stored(found: dict[str, Any]) -> Stored:
    return Stored(found["_id"], found["version"], kept(found["doc"]))


def _unix_s(local_time: datetime) -> float:
    """Return BSON's datetime, which is UTC without saying so, as Unix seconds."""
    return local_time.replace(tzinfo=UTC).timestamp()
