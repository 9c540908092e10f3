"""The store's contract on MongoDB, and what only a server on the other side of a network can do to it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator

import pymongo
import pytest

from tests.contract.schema_steps import CUT_OFF, STEPS, wanted, written
from tests.contract.store_contract import JOBS, StoreContract, ready
from tests.servers import mongodb
from tunewright.core.errors import Conflict, InvalidSpec, Unavailable
from tunewright.platform.store import mongodb_schema
from tunewright.platform.store.mongodb import MongoStore
from tunewright.platform.store.port import Check, Insert, Put, Query, Replace

GIVES_UP_WITHIN_S = 8.0
"""A commit takes five seconds at most, what waits for a thread of the driver's included."""


@pytest.fixture
def uri() -> str:
    return mongodb.mongodb().database(f"t{uuid.uuid4().hex[:12]}")


@pytest.fixture
async def store(uri: str) -> AsyncIterator[MongoStore]:
    store = MongoStore(uri)
    await store.create_schema()
    yield store
    await store.close()
    with pymongo.MongoClient(uri) as client:
        client.drop_database(client.get_default_database().name)


class TestMongoStore(StoreContract):
    """As declared; the fixtures are this module's."""


async def test_two_clients_on_one_database_compare_and_set(store: MongoStore, uri: str) -> None:
    other = MongoStore(uri)
    await store.commit([Insert("sessions", "t", {"n": 0})])
    outcomes = await asyncio.gather(
        *(one.commit([Replace("sessions", "t", {"n": 1}, 1)]) for one in (store, other)), return_exceptions=True
    )
    assert sorted(type(outcome) for outcome in outcomes if outcome is not None) == [Conflict]
    await other.close()


async def test_a_check_and_a_change_beside_it_exclude_each_other(store: MongoStore, uri: str) -> None:
    """Two commits that each change what the other one checks: not both may stand."""
    other = MongoStore(uri)
    for number in range(20):
        a, b = f"a{number}", f"b{number}"
        await store.commit([Insert("sessions", a, {}), Insert("sessions", b, {})])
        outcomes = await asyncio.gather(
            store.commit([Check("sessions", a, 1), Replace("sessions", b, {"by": 1}, 1)]),
            other.commit([Check("sessions", b, 1), Replace("sessions", a, {"by": 2}, 1)]),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes if outcome is not None] == [Conflict]
    await other.close()


async def test_keys_that_the_server_would_take_for_its_own_come_back_as_they_were(store: MongoStore) -> None:
    document = {"configuration": {"lr.x": 0.1, "$lr": 1, "~": 2, "~$": 3, "": 4, "$ref": "a", "$id": "b"}}
    await store.commit([Insert("sessions", "t", document), Insert("sessions", "u", {"l": [{"$a": [{"$b": 1}]}]})])
    await store.commit([Replace("sessions", "t", document, 1)])
    found = await store.get_many("sessions", ["t", "u"])
    assert found["t"].document == document
    assert found["u"].document == {"l": [{"$a": [{"$b": 1}]}]}


async def test_a_missing_index_is_named_and_made(store: MongoStore, uri: str) -> None:
    assert await store.check() == []
    with pymongo.MongoClient(uri) as client:
        client.get_default_database()["training_jobs"].drop_index("due")
    (problem,) = await store.check()
    assert "training_jobs.due is missing" in problem
    await store.create_schema()
    assert await store.check() == []


async def test_an_index_on_other_fields_is_refused_with_what_drops_it(store: MongoStore, uri: str) -> None:
    with pymongo.MongoClient(uri) as client:
        trainings = client.get_default_database()["training_jobs"]
        trainings.drop_index("due")
        trainings.create_index([("doc.other", 1)], name="due")
    (problem,) = await store.check()
    assert 'db.training_jobs.dropIndex("due")' in problem
    with pytest.raises(InvalidSpec, match="dropIndex"):
        await store.create_schema()


async def test_a_query_without_its_index_is_refused(store: MongoStore, uri: str) -> None:
    with pymongo.MongoClient(uri) as client:
        client.get_default_database()["training_jobs"].drop_index("by_job")
    with pytest.raises(pymongo.errors.OperationFailure, match="by_job"):
        await store.find(Query(JOBS, "by_job", {"uid": "u"}))


async def test_a_database_of_a_newer_version_is_refused(store: MongoStore, uri: str) -> None:
    with pymongo.MongoClient(uri) as client:
        client.get_default_database()["schema"].update_one({"_id": "schema"}, {"$set": {"version": 99}})
    with pytest.raises(InvalidSpec, match=r"newer version.*Update"):
        await store.create_schema()
    with pytest.raises(InvalidSpec, match="newer version"):
        await store.check()


async def test_what_operators_see_is_the_document(store: MongoStore, uri: str) -> None:
    await store.commit([Insert(JOBS, "u/1", ready(1))])
    with pymongo.MongoClient(uri) as client:
        seen = client.get_default_database()[JOBS].find_one({"doc.pool": "p"})
    assert seen == {"_id": "u/1", "version": 1, "doc": ready(1)}


async def test_commits_of_one_and_of_several_writes_do_not_block_each_other(store: MongoStore) -> None:
    """More of them on one document than the driver has threads."""
    await store.commit([Insert("sessions", "t", {"n": 0})])

    async def increment(number: int) -> None:
        while True:
            stored = await store.get("sessions", "t")
            assert stored is not None
            change = Replace("sessions", "t", {"n": stored.document["n"] + 1}, stored.version)
            beside = [Put("outbox", f"{number}", {})] if number % 2 else []
            try:
                await store.commit([change, *beside])
            except Conflict:
                continue
            return

    async with asyncio.timeout(30):
        await asyncio.gather(*(increment(number) for number in range(40)))
    stored = await store.get("sessions", "t")
    assert stored is not None
    assert stored.document == {"n": 40}


async def test_a_closed_store_is_unavailable(uri: str) -> None:
    store = MongoStore(uri)
    await store.close()
    with pytest.raises(Unavailable):
        await store.commit([Insert("sessions", "t", {})])
    with pytest.raises(Unavailable):
        await store.now()


async def test_the_clock_is_the_servers(store: MongoStore) -> None:
    assert abs(await store.skew_s()) < 5
    assert abs(await store.now() - time.time()) < 5


@pytest.mark.parametrize("uri", ["mongodb://", "http://a/b", "mongodb://me:se:cret@a/b", "mongodb://a/b?x=1&w=nine"])
async def test_what_is_no_uri_is_refused_without_a_word_of_it(uri: str) -> None:
    with pytest.raises(InvalidSpec, match="TUNEWRIGHT_MONGODB: is not a MongoDB URI") as refused:
        MongoStore(uri)
    assert "cret" not in str(refused.value)


async def unavailable_s(store: MongoStore) -> float:
    """Return how long it takes until all of many callers have been told so."""
    began = time.monotonic()
    calls = [
        *(store.commit([Insert("sessions", uuid.uuid4().hex, {})]) for _ in range(10)),
        *(store.commit([Insert("sessions", uuid.uuid4().hex, {}), Check("sessions", "t", 1)]) for _ in range(10)),
        *(store.get("sessions", "t") for _ in range(30)),
        store.get_many("sessions", ["t"]),
        store.find(Query(JOBS, "by_job", {"uid": "u"})),
        store.ping(),
    ]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    return time.monotonic() - began


async def works_again(store: MongoStore) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await store.commit([Insert("sessions", uuid.uuid4().hex, {}), Insert("outbox", uuid.uuid4().hex, {})])
            except Unavailable:
                continue
            return


async def test_a_server_that_hangs_is_unavailable_soon_and_then_works_again(store: MongoStore) -> None:
    server = mongodb.own_mongodb()
    await store.commit([Insert("sessions", "t", {})])
    before = await store.now()
    server.pause()
    try:
        assert await unavailable_s(store) < GIVES_UP_WITHIN_S
        assert await store.now() > before  # counted on meanwhile
    finally:
        server.resume()
    await works_again(store)
    assert await store.get("sessions", "t") is not None


async def test_a_server_that_is_gone_is_unavailable_soon_and_then_works_again(store: MongoStore) -> None:
    server = mongodb.own_mongodb()
    await store.commit([Insert("sessions", "t", {})])
    server.stop()
    try:
        assert await unavailable_s(store) < GIVES_UP_WITHIN_S
    finally:
        server.start()
    await works_again(store)
    assert await store.get("sessions", "t") is not None


async def test_a_caller_that_is_cancelled_leaves_no_half_commit(store: MongoStore, uri: str) -> None:
    for number in range(10):
        call = asyncio.create_task(
            store.commit([Insert("sessions", f"a{number}", {}), Insert("outbox", f"b{number}", {})])
        )
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    await store.close()  # finishes what it has begun
    other = MongoStore(uri)
    sessions = await other.get_many("sessions", [f"a{number}" for number in range(10)])
    outbox = await other.get_many("outbox", [f"b{number}" for number in range(10)])
    assert {key[1:] for key in sessions} == {key[1:] for key in outbox}
    await other.close()


KILLED_WHILE_COMMITTING = """
import asyncio, sys
from tunewright.platform.store.port import Insert
from tunewright.platform.store import mongodb_schema
from tunewright.platform.store.mongodb import MongoStore

async def commit_for_ever():
    store = MongoStore(sys.argv[1])
    for number in range(10**9):
        await store.commit([Insert("sessions", f"a{number}", {}), Insert("outbox", f"b{number}", {})])
        print(number, flush=True)

asyncio.run(commit_for_ever())
"""


async def test_what_was_committed_outlives_kill_9_and_no_commit_is_half_there(store: MongoStore, uri: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED_WHILE_COMMITTING, uri], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while (acknowledged := int(process.stdout.readline())) < 50:
        pass
    process.send_signal(signal.SIGKILL)
    acknowledged = max([acknowledged, *map(int, process.stdout.read().splitlines())])
    process.wait()
    process.stdout.close()
    names = [f"{number}" for number in range(acknowledged + 2)]
    sessions = await store.get_many("sessions", [f"a{name}" for name in names])
    outbox = await store.get_many("outbox", [f"b{name}" for name in names])
    assert len(sessions) >= acknowledged + 1
    assert {key[1:] for key in sessions} == {key[1:] for key in outbox}


async def test_older_documents_are_migrated_once_also_over_a_crash_in_the_midst(store: MongoStore) -> None:
    database = store._database
    await store.commit([Insert("sessions", name, written(name)) for name in "abcd"])
    with pytest.raises(KeyboardInterrupt):
        await mongodb_schema.create(database, CUT_OFF)
    for _ in range(2):
        await mongodb_schema.create(database, STEPS)
        found = await store.get_many("sessions", list("abcd"))
        assert {key: item.document for key, item in found.items()} == {name: wanted(name) for name in "abcd"}
        assert {item.version for item in found.values()} == {2}
    with pytest.raises(InvalidSpec, match=r"sessions has schema 2, ours is 1.*Update Tunewright"):
        await store.create_schema()
    assert "Update Tunewright" in (await _refusal(store))


async def _refusal(store: MongoStore) -> str:
    """Return why `admin check` refuses it."""
    with pytest.raises(InvalidSpec) as refused:
        await store.check()
    return str(refused.value)


async def test_after_a_restore_nothing_is_given_out_that_was_given_out_before(store: MongoStore) -> None:
    session = {"trainer_id": "t", "pool": "cpu", "epoch": 7, "expires_at": 3.0}
    await store.commit([Insert("tuning_jobs", "u", {"owner": "o"}), Insert("sessions", "t", session)])
    for _ in range(2):
        before = await store.versions("tuning_jobs", ["u"])
        await store.restored()
        assert (await store.versions("tuning_jobs", ["u"]))["u"] > before["u"] + 10**8
    reopened = await store.get("sessions", "t")
    mark = await store.get("controls", "restored")
    assert reopened is not None
    assert mark is not None
    assert reopened.document["epoch"] > 10**12
    assert mark.document["attempts_above"] > 10**8
