"""Being told of what is written, by the kernel itself."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

from tunewright_trainer.watch import Watch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of what is written")
WITHIN_S = 15.0


@pytest.fixture
async def watch():
    watch = Watch()
    yield watch
    watch.close()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_each_is_told_of_its_own_folder_again_and_again(watch, tmp_path):
    told = {name: asyncio.Event() for name in ("a", "b")}
    for name, event in told.items():
        (tmp_path / name).mkdir()
        assert watch.tell(tmp_path / name, event.set) is not None
    for _ in range(3):
        with (tmp_path / "b/spool").open("a") as spool:
            spool.write("loss=1\n")
        async with asyncio.timeout(WITHIN_S):
            await told["b"].wait()
        told["b"].clear()
    assert not told["a"].is_set()


async def test_who_is_forgotten_is_not_told_and_others_are(watch, tmp_path):
    told = {name: asyncio.Event() for name in ("a", "b", "c")}
    watches = {}
    for name, event in told.items():
        (tmp_path / name).mkdir()
        watches[name] = watch.tell(tmp_path / name, event.set)
    watch.forget(watches["a"])
    shutil.rmtree(tmp_path / "b")
    watch.forget(watches["b"])
    for name in ("a", "c"):
        (tmp_path / name / "spool").write_text("loss=1\n")
    async with asyncio.timeout(WITHIN_S):
        await told["c"].wait()
    assert not told["a"].is_set()


async def test_after_all_were_forgotten_it_tells_the_next(watch, tmp_path):
    told = asyncio.Event()
    watch.forget(watch.tell(tmp_path, lambda: None))
    watch.tell(tmp_path, told.set)
    (tmp_path / "spool").write_text("loss=1\n")
    async with asyncio.timeout(WITHIN_S):
        await told.wait()


async def test_a_folder_that_is_not_there_cannot_be_told_of(watch, tmp_path):
    assert watch.tell(tmp_path / "missing", lambda: None) is None


async def test_closed_it_holds_no_file_and_tells_nothing(watch, tmp_path):
    before = open_files()
    watch.tell(tmp_path, lambda: None)
    assert open_files() == before + 1
    watch.close()
    assert open_files() == before
    assert watch.tell(tmp_path, lambda: None) is None
