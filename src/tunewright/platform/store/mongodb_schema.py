"""Collections and indexes in MongoDB as collections.py declares them: made where missing, told where different."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pymongo import ASCENDING, IndexModel
from pymongo.errors import CollectionInvalid, OperationFailure

from tunewright.core.errors import InvalidSpec
from tunewright.platform.store import schema
from tunewright.platform.store.collections import COLLECTIONS, Index
from tunewright.platform.store.mongodb_errors import AUTHENTICATION_FAILED
from tunewright.platform.store.mongodb_writes import escaped, kept
from tunewright.platform.store.restored import RAISED

VERSION: Final = 1
RECORD: Final = "schema"
"""Of one document, which says what version of ours has written here."""

LONGEST_TRANSACTION_S: Final = 5
"""A service that dies in the midst of a commit holds its documents until the server gives the transaction up."""

LIMIT: Final = "transactionLifetimeLimitSeconds"
IN_THE_WAY: Final = frozenset({85, 86})
"""IndexOptionsConflict, IndexKeySpecsConflict."""

WIRE_VERSION: Final = 25
"""Of MongoDB 8.0."""

Fields = list[tuple[str, int]]


def fields_of(index: Index) -> Fields:
    names = [f"doc.{name}" for name in (*index.equals, index.sort) if name]
    return [(name, ASCENDING) for name in (*names, "_id")]


async def create(database: Any, steps: Sequence[schema.Step] = schema.STEPS) -> None:
    """Make what is missing, and bring older documents up to date. Raises InvalidSpec."""
    await _require_server(database)
    there_before = await _require_ours(database, steps)
    there = set(await database.list_collection_names())
    for collection in COLLECTIONS.values():
        if collection.name not in there:
            await _create_collection(database, collection.name)
        models = [IndexModel(fields_of(index), name=index.name) for index in collection.indexes]
        if models:
            await _create_indexes(database, collection.name, models)
    await _note(database, {"version": VERSION})
    for step in schema.pending(there_before, steps):
        await _migrate(database[step.collection], step)
        there_before[step.collection] = there_before.get(step.collection, schema.FIRST) + 1
        await _note(database, {f"collections.{step.collection}": there_before[step.collection]})
    known = schema.versions(list(COLLECTIONS), steps)
    await _note(database, {f"collections.{name}": version for name, version in known.items()})


async def raise_versions(database: Any, by: int) -> None:
    """Do this adapter's part after a restore: see restored.py."""
    await database[RAISED].update_many({}, {"$inc": {"version": by}})


async def _note(database: Any, versions: dict[str, int]) -> None:
    await database[RECORD].update_one({"_id": RECORD}, {"$max": versions}, upsert=True)


async def _migrate(collection: Any, step: schema.Step) -> None:
    """Change each document where it is as it was read; one that another has written meanwhile is read again."""
    async for found in collection.find({}, {"_id": True}):
        while True:
            item = await collection.find_one(found)
            if item is None:
                break
            before = kept(item["doc"])
            changed = step.change(dict(before))
            if changed == before:
                break
            here = {"_id": item["_id"], "version": item["version"]}
            written = await collection.update_one(here, {"$set": {"doc": escaped(changed)}, "$inc": {"version": 1}})
            if written.modified_count:
                break


async def problems(database: Any) -> list[str]:
    """Return what is missing or different, a sentence each."""
    await _require_server(database)
    await _require_ours(database)
    there = set(await database.list_collection_names())
    found = await _long_transactions(database)
    for collection in COLLECTIONS.values():
        if collection.name not in there:
            found.append(f"collection {collection.name} is missing. The first service to start makes it")
            continue
        has = await database[collection.name].index_information()
        for index in collection.indexes:
            if index.name not in has:
                found.append(f"index {collection.name}.{index.name} is missing. The next service to start makes it")
            elif [tuple(field) for field in has[index.name]["key"]] != fields_of(index):
                found.append(_other(collection.name, index.name))
    return found


async def _long_transactions(database: Any) -> list[str]:
    """Return what is wrong with how long a transaction may live, nothing if it does not say."""
    try:
        limit = (await database.client.admin.command({"getParameter": 1, LIMIT: 1})).get(LIMIT)
    except OperationFailure:
        return []
    if limit is None or limit <= LONGEST_TRANSACTION_S:
        return []
    remedy = f"Start mongod with --setParameter {LIMIT}={LONGEST_TRANSACTION_S}"
    return [f"{LIMIT} is {limit}: so long a service that dies in a commit would block a tuning job. {remedy}"]


async def _create_collection(database: Any, name: str) -> None:
    try:
        await database.create_collection(name)
    except CollectionInvalid:
        return  # another service was faster


async def _create_indexes(database: Any, name: str, models: list[IndexModel]) -> None:
    try:
        await database[name].create_indexes(models)
    except OperationFailure as error:
        if error.code not in IN_THE_WAY:
            raise
        names = ", ".join(model.document["name"] for model in models)
        raise InvalidSpec("TUNEWRIGHT_MONGODB", _other(name, names)) from error


async def _require_server(database: Any) -> None:
    """Raise InvalidSpec if it lets us not in, has no transactions, or knows no bulk write over collections."""
    try:
        hello = await database.client.admin.command("hello")
    except OperationFailure as error:
        if error.code != AUTHENTICATION_FAILED:
            raise
        raise InvalidSpec("TUNEWRIGHT_MONGODB", "the server refuses user or password", "Mend the URI") from None
    if "setName" not in hello and hello.get("msg") != "isdbgrid":  # as a router of shards calls itself
        raise InvalidSpec(
            "TUNEWRIGHT_MONGODB", "is no replica set", "Start mongod with --replSet, and run rs.initiate() once"
        )
    if hello["maxWireVersion"] < WIRE_VERSION:
        raise InvalidSpec("TUNEWRIGHT_MONGODB", "is older than MongoDB 8.0", "Update the server")


async def _require_ours(database: Any, steps: Sequence[schema.Step] = schema.STEPS) -> dict[str, int]:
    """Return the schema versions that are written down. Raises InvalidSpec: a newer version of ours has written."""
    found = await database[RECORD].find_one({"_id": RECORD})
    if found and found["version"] > VERSION:
        why = f"database {database.name} was written by a newer version (schema {found['version']}, ours is {VERSION})"
        raise InvalidSpec("TUNEWRIGHT_MONGODB", why, "Update Tunewright, or name another database")
    there: dict[str, int] = found.get("collections", {}) if found else {}
    schema.require_no_newer("TUNEWRIGHT_MONGODB", f"database {database.name}", there, steps)
    return there


def _other(collection: str, name: str) -> str:
    return f'index {collection}.{name} is on other fields. Drop it: db.{collection}.dropIndex("{name}")'
