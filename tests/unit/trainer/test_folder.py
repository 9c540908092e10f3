"""The folder of an attempt: whatever the moment at which it is left, it tells the truth or nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

from tests.contract.runner_contract import until
from tests.simulation.host import Host as Machine
from tests.simulation.host import HostRunner

from tunewright_trainer import folder as folder_module
from tunewright_trainer.attempts import Attempts
from tunewright_trainer.core.attempt import Attempt
from tunewright_trainer.course import Host
from tunewright_trainer.folder import AttemptFolder, Folders
from tunewright_trainer.settings import TrainerSettings

FILES = {folder_module.__file__, shutil.__file__}
DAY_S = 86_400.0
PARTS = tuple(f"part{number}" for number in range(3))


class Killed(BaseException):
    """From here on the process does nothing more."""


def is_killed(work: Callable[[], None], line: int) -> bool:
    """Do it, and end it at the so-manieth line of a removal; say whether it came so far."""
    lines = 0

    def on_line(_: FrameType, event: str, __: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        if lines >= line:
            raise Killed
        return on_line

    before = sys.gettrace()
    sys.settrace(lambda frame, *_: on_line if frame.f_code.co_filename in FILES else None)
    try:
        with suppress(Killed):
            work()
    finally:
        sys.settrace(before)
    return lines >= line


def held(data_dir: Path, attempt: int = 1) -> AttemptFolder:
    folder = Folders(data_dir).of(Attempt("job/000001", attempt))
    folder.first.model.mkdir(parents=True)
    for part in PARTS:
        (folder.first.model / part).write_text("w")
    folder.first.spool.touch()
    folder.grant.write_bytes(b"granted")
    return folder


def test_one_whose_removal_is_killed_at_any_line_is_whole_or_not_held(tmp_path):
    torn = 0
    for line in count(1):
        folder = held(tmp_path / str(line))
        if not is_killed(folder.remove, line):
            break
        parts = sum((folder.first.model / part).exists() for part in PARTS)
        assert parts == len(PARTS) or not list(Folders(tmp_path / str(line)).granted())
        torn += 0 < parts < len(PARTS)
    assert torn, "it was killed in the middle too"
    assert not folder.root.exists()


def test_one_that_is_removed_while_all_are_looked_through_is_passed_over(tmp_path):
    folders = [held(tmp_path, number) for number in range(1, 4)]
    found = Folders(tmp_path).granted()
    assert next(found).root == folders[0].root
    folders[1].remove()
    assert [folder.root for folder in found] == [folders[2].root]


async def test_the_sweep_removes_what_was_abandoned_long_ago_and_looks_for_it_beside_the_event_loop(tmp_path):
    looked_in: list[int] = []

    class Watched(Folders):
        def granted(self) -> Iterator[AttemptFolder]:
            looked_in.append(threading.get_ident())
            return super().granted()

    old, new, runs = (held(tmp_path, number) for number in range(1, 4))
    for folder in (old, new):
        folder.abandoned.touch()
    long_ago = time.time() - 2 * DAY_S
    os.utime(old.abandoned, (long_ago, long_ago))
    folders, settings = Watched(tmp_path), TrainerSettings(tmp_path, retention_s=DAY_S)
    runner = HostRunner(Machine(folders, lambda _: None))
    host = Host(settings, folders, runner, bus=None, session=None, buckets=None, fetching=None)
    async with asyncio.TaskGroup() as tasks:
        sweep = tasks.create_task(Attempts(host, tasks, lambda: None).sweep())
        await until(lambda: not old.root.exists())
        sweep.cancel()
    assert new.root.exists()
    assert runs.root.exists()
    assert threading.get_ident() not in looked_in
