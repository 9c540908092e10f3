from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.contract.schema_steps import CUT_OFF, STEPS, wanted, written
from tests.contract.store_contract import StoreContract
from tests.simulation.memory import MemoryStore
from tunewright.core.errors import AlreadyExists, Conflict, InvalidSpec, Unavailable
from tunewright.platform.store.faulty import FaultyStore, StoreFaults
from tunewright.platform.store.folder import DataFolder
from tunewright.platform.store.port import Insert, Query, Replace
from tunewright.platform.store.sqlite import SqliteStore


class TestSqliteStore(StoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path):
        store = SqliteStore(tmp_path / "store.db")
        yield store
        await store.close()


class TestMemoryStore(StoreContract):
    """On which simulations run."""

    @pytest.fixture
    def store(self):
        return MemoryStore()


class TestFaultyStoreWithoutFaults(StoreContract):
    """The wrapper itself changes nothing but the order of tasks."""

    @pytest.fixture
    async def store(self, tmp_path: Path):
        store = FaultyStore(SqliteStore(tmp_path / "store.db"), 1, StoreFaults(late=0.5))
        yield store
        await store.close()


async def test_two_handles_on_one_file_compare_and_set(tmp_path: Path) -> None:
    one, other = SqliteStore(tmp_path / "store.db"), SqliteStore(tmp_path / "store.db")
    await one.commit([Insert("sessions", "t", {"n": 0})])
    outcomes = await asyncio.gather(
        *(store.commit([Replace("sessions", "t", {"n": 1}, 1)]) for store in (one, other)), return_exceptions=True
    )
    assert sorted(type(outcome) for outcome in outcomes if outcome is not None) == [Conflict]
    await one.close()
    await other.close()


KILLED_WHILE_COMMITTING = """
import asyncio, pathlib, sys
from tunewright.platform.store.port import Insert
from tunewright.platform.store.sqlite import SqliteStore

async def commit_for_ever():
    store = SqliteStore(pathlib.Path(sys.argv[1]))
    for number in range(10**9):
        await store.commit([Insert("sessions", f"a{number}", {}), Insert("outbox", f"b{number}", {})])
        print(number, flush=True)

asyncio.run(commit_for_ever())
"""


async def test_what_was_committed_outlives_kill_9_and_no_commit_is_half_there(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    process = subprocess.Popen([sys.executable, "-c", KILLED_WHILE_COMMITTING, path], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while (acknowledged := int(process.stdout.readline())) < 200:
        pass
    process.send_signal(signal.SIGKILL)
    acknowledged = max([acknowledged, *map(int, process.stdout.read().splitlines())])
    process.wait()
    process.stdout.close()
    store = SqliteStore(path)
    names = [f"{number}" for number in range(acknowledged + 2)]
    sessions = await store.get_many("sessions", [f"a{name}" for name in names])
    outbox = await store.get_many("outbox", [f"b{name}" for name in names])
    assert len(sessions) >= acknowledged + 1
    assert {key[1:] for key in sessions} == {key[1:] for key in outbox}
    await store.close()


async def test_a_closed_store_is_unavailable(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    await store.close()
    with pytest.raises(Unavailable):
        await store.commit([Insert("sessions", "t", {})])


async def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(InvalidSpec, match=r"newer version.*Update"):
        SqliteStore(tmp_path / "store.db")


async def test_a_page_token_that_was_not_given_out_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    with pytest.raises(InvalidSpec, match="page_token"):
        await store.find(Query("training_jobs", "by_job", {"uid": "u"}, after="?"))
    await store.close()


async def test_the_same_seed_fails_at_the_same_calls(tmp_path: Path) -> None:
    async def outcomes(name: str) -> list[str]:
        store = FaultyStore(SqliteStore(tmp_path / name), 7, StoreFaults(beaten=0.2, unavailable=0.2, answer_lost=0.2))
        seen = []
        for number in range(60):
            try:
                await store.commit([Insert("sessions", str(number), {})])
                seen.append("written")
            except (Conflict, Unavailable) as error:
                seen.append(str(error))
        await store.close()
        return seen

    first = await outcomes("one")
    assert first == await outcomes("two")
    assert {"written", "the store is unavailable: the answer was lost"} < set(first)


def test_a_data_folder_tells_the_second_where_the_first_is(tmp_path: Path) -> None:
    first = DataFolder(tmp_path / "data")
    first.announce("grpc=127.0.0.1:4711")
    with pytest.raises(AlreadyExists, match=r"grpc=127\.0\.0\.1:4711"):
        DataFolder(tmp_path / "data")
    first.close()
    DataFolder(tmp_path / "data").close()
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["lock"]


async def test_a_file_from_before_an_index_is_filled_in_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    before = sqlite3.connect(path)
    before.execute("CREATE TABLE sessions (key TEXT PRIMARY KEY, version INTEGER NOT NULL, expires_at, body BLOB)")
    session = {"trainer_id": "t", "pool": "gpu", "expires_at": 7.0}
    before.execute("INSERT INTO sessions VALUES ('t', 3, 7.0, ?)", (msgspec.msgpack.encode(session),))
    before.commit()
    before.close()
    store = SqliteStore(path)
    page = await store.find(Query("sessions", "by_pool", {"pool": "gpu"}))
    await store.close()
    assert [(item.key, item.version, item.document) for item in page.items] == [("t", 3, session)]


async def test_older_documents_are_migrated_once_also_over_a_crash_in_the_midst(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    before = SqliteStore(path)
    await before.commit([Insert("sessions", name, written(name)) for name in "abcd"])
    await before.close()
    with pytest.raises(KeyboardInterrupt):
        SqliteStore(path, CUT_OFF)
    for _ in range(2):
        after = SqliteStore(path, STEPS)
        found = await after.get_many("sessions", list("abcd"))
        assert {key: item.document for key, item in found.items()} == {name: wanted(name) for name in "abcd"}
        assert {item.version for item in found.values()} == {2}
        await after.close()
    with pytest.raises(InvalidSpec, match=r"sessions has schema 2, ours is 1.*Update Tunewright"):
        SqliteStore(path)
