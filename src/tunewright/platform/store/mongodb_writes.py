"""The port's writes as operations of MongoDB's bulk write, and what must have come of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, assert_never

from pymongo import DeleteOne, InsertOne, UpdateOne

from tunewright.core.errors import Conflict
from tunewright.platform.store.port import Check, Insert, Put, Remove, Replace, Write

ESCAPE: Final = "~"
"""In front of a key that begins with a dollar sign, which MongoDB would take for an operator, or with this itself."""

PLAIN: Final = frozenset({bool, int, float, str, bytes, type(None)})
"""What has no keys; lists of nothing else, which are the long ones, need no look at each item."""

Model = InsertOne[Any] | UpdateOne | DeleteOne


@dataclass(frozen=True, slots=True)
class Operation:
    collection: str
    key: str
    model: Model
    conditional: bool = True
    """It must meet a document (or, inserting, none)."""
    upserts: bool = False

    def conflict(self) -> Conflict:
        return Conflict(self.collection, self.key)


def operations(database: str, writes: Sequence[Write]) -> list[Operation]:
    """Return the operations of a commit, in order."""
    return [operation for write in writes for operation in _of(f"{database}.{write.collection}", write)]


def unmet(steps: Sequence[Operation], result: Any) -> Operation | None:
    """Return the first operation whose condition did not hold, by the verbose result of a bulk write."""
    for index, step in enumerate(steps):
        if step.conditional and not _met(step.model, index, result):
            return step
    return None


def _met(model: Model, index: int, result: Any) -> bool:
    match model:
        case UpdateOne():
            return bool(result.update_results[index].matched_count)
        case DeleteOne():
            return bool(result.delete_results[index].deleted_count)
        case _:
            return True  # an insertion that meets a document is refused by the server


def _of(namespace: str, write: Write) -> list[Operation]:
    name, key = write.collection, write.key
    match write:
        case Insert(document=document):
            inserted = {"_id": key, "version": 1, "doc": escaped(document)}
            return [Operation(name, key, InsertOne(inserted, namespace))]
        case Replace(document=document, version=version):
            changed = {"$set": {"version": version + 1, "doc": escaped(document)}}
            return [Operation(name, key, UpdateOne({"_id": key, "version": version}, changed, namespace=namespace))]
        case Put(document=document):
            changed = {"$set": {"doc": escaped(document)}, "$inc": {"version": 1}}
            model = UpdateOne({"_id": key}, changed, upsert=True, namespace=namespace)
            return [Operation(name, key, model, conditional=False, upserts=True)]
        case Remove(version=None):
            return [Operation(name, key, DeleteOne({"_id": key}, namespace=namespace), conditional=False)]
        case Remove(version=version):
            return [Operation(name, key, DeleteOne({"_id": key, "version": version}, namespace=namespace))]
        case Check(version=0):
            # What is not there cannot be locked: it is made, and unmade, within the transaction.
            made = Operation(name, key, InsertOne({"_id": key, "version": 0, "doc": {}}, namespace))
            return [made, Operation(name, key, DeleteOne({"_id": key, "version": 0}, namespace=namespace))]
        case Check(version=version):
            # Only a write makes the server hold the document until the transaction ends.
            locked = UpdateOne({"_id": key, "version": version}, {"$inc": {"checks": 1}}, namespace=namespace)
            return [Operation(name, key, locked)]
        case _:
            assert_never(write)


def escaped(document: Any) -> Any:
    """Return the document with keys that the server takes as they are; tuples as lists."""
    return _with_keys(document, lambda key: ESCAPE + key if key.startswith(("$", ESCAPE)) else key)


def kept(document: Any) -> Any:
    """Return the document as it was before `escaped`."""
    return _with_keys(document, lambda key: key.removeprefix(ESCAPE))


def _with_keys(value: Any, changed: Callable[[str], str]) -> Any:
    if isinstance(value, list | tuple):
        if PLAIN.issuperset(map(type, value)):
            return list(value)
        return [_with_keys(item, changed) if isinstance(item, list | tuple | dict) else item for item in value]
    if hasattr(value, "items"):
        return {changed(key): _with_keys(item, changed) for key, item in value.items()}
    return value
