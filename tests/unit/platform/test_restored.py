"""What a restored store gives out, and that a backup is never anybody else's to read."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tunewright.platform.store.folder import STORE_FILE
from tunewright.platform.store.port import Insert
from tunewright.platform.store.restored import attempts_above, versions_above
from tunewright.platform.store.sqlite import SqliteStore
from tunewright.platform.store.sqlite_copies import _beside, back_up, restore

NOW = 1_800_000_000.0
HOUR_S = 3600


def test_versions_stay_below_those_of_a_second_restore_however_busy_the_job_was():
    changes = 100 * HOUR_S
    assert versions_above(NOW) + changes < versions_above(NOW + HOUR_S)
    assert versions_above(NOW + 100 * 365 * 24 * HOUR_S) + changes < 2**63


def test_attempts_are_fewer_and_fit_into_32_bits():
    assert 0 < attempts_above(NOW) < attempts_above(NOW + 1) < 2**31


def kept(folder: Path) -> None:
    """Make a store with something in it."""

    async def make() -> None:
        store = SqliteStore(folder / STORE_FILE)
        await store.commit([Insert("specs", "a", {"x": 1})])
        await store.close()

    folder.mkdir(exist_ok=True)
    asyncio.run(make())


@pytest.mark.parametrize("name", ["data#1", "100% ?mode=x", "Größe"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str):
    kept(tmp_path / name)
    back_up(tmp_path / name, tmp_path / name / "backup", replace=False)
    with closing(sqlite3.connect(tmp_path / name / "backup")) as connection:
        assert connection.execute("SELECT key FROM specs").fetchall() == [("a",)]


def test_what_is_written_is_its_owners_alone_from_the_first_byte_on(tmp_path: Path):
    kept(tmp_path)
    before = os.umask(0)
    try:
        with _beside(tmp_path / "backup", "FILE") as unfinished:
            assert mode_of(unfinished) == 0o600
        back_up(tmp_path, tmp_path / "backup", replace=False)
        restore(tmp_path / "new", tmp_path / "backup", replace=False)
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "backup") == mode_of(tmp_path / "new" / STORE_FILE) == 0o600


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)
