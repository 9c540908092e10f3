"""The trainer is killed at every line of an attempt's course in turn, and started again on what lies there.

Whatever the line: the program runs once, its end is told the same each time, every line of output comes, its last
checkpoint is stored before its end is told, its model is published whole, and nothing of it is left on the disk.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from tests.simulation import host
from tests.simulation.host import Process
from tests.simulation.mortal import Life
from tests.unit.trainer.fake_scheduler import Key
from tests.unit.trainer.stage import Stage, played, put, statuses

import tunewright_trainer

COURSE = (
    "artifact",
    "attempts",
    "beginning",
    "course",
    "ends",
    "folder",
    "guarding",
    "keeping",
    "phases",
    "publishing",
    "report",
)
FILES = {f"{path}/{name}.py" for path in tunewright_trainer.__path__ for name in COURSE}
DOWN_S = (0.0, 3.0, 100.0)
"""How long nobody is there: not at all, while the program ends, until every lease has passed."""
FINAL = {"a/job-001/algo": "3"}

Line = tuple[str, int]


class Killed(BaseException):
    """From here on the process does nothing more."""


class Trace:
    """Counts the lines of the course that are run; at the `count`-th time of one line a life is over."""

    def __init__(self, line: Line | None = None, count: int = 0) -> None:
        self._line, self._count = line, count
        self.seen: Counter[Line] = Counter()

    @contextmanager
    def of(self, life: Life) -> Iterator[None]:
        def on_line(frame: FrameType, event: str, _: Any) -> Any:
            if event == "line" and not life.over.is_set() and not _is_the_machines(frame):
                line = Path(frame.f_code.co_filename).name, frame.f_lineno
                self.seen[line] += 1
                if line == self._line and self.seen[line] == self._count:
                    life.over.set()
                    raise Killed
            return on_line

        before = sys.gettrace()
        sys.settrace(lambda frame, *_: on_line if frame.f_code.co_filename in FILES else None)
        try:
            yield
        finally:
            sys.settrace(before)


def _is_the_machines(frame: FrameType | None) -> bool:
    """Whether it is the machine or a program on it that runs this line: those outlive the trainer."""
    while frame is not None:
        if frame.f_code is program.__code__ or frame.f_code.co_filename == host.__file__:
            return True
        frame = frame.f_back
    return False


async def program(process: Process) -> None:
    assert (process.own.input_data / "train/a").read_text() == "12345"
    for step in range(4):
        put(process.own.base / "checkpoints/algo", str(step))
        process.print("step", step)
        await asyncio.sleep(2)
    put(process.own.model / f"weights-{process.number}", "w")


async def tell(stage: Stage, trace: Trace, down_s: float) -> None:
    stored_when_told: list[dict[str, str]] = []
    stage.scheduler.at_exit = lambda: stored_when_told.append(stage.stored("kept"))
    stage.program = program
    data = stage.data(a="12345")
    attempt = await stage.grant(instances=2, channels=data, checkpoint_uri="s3://kept/a")
    if await is_killed(stage, attempt, trace):
        await asyncio.sleep(down_s)
        sessions, was_granted = len(stage.scheduler.opened), not stage.scheduler.ready
        stage.start()
        await stage.scheduler.until(lambda: len(stage.scheduler.opened) > sessions)
        if was_granted and not (stage.of(attempt).grant.exists() or stage.scheduler.exits[attempt]):  # it had not begun
            attempt = await stage.grant(2, instances=2, channels=data, checkpoint_uri="s3://kept/a")
        await settled(stage, attempt)
    lines = {
        (message.instance, message.first_line + index): line
        for message in stage.messages
        for index, line in enumerate(getattr(message, "lines", ()))
    }
    assert lines == {(instance, step): f"step {step}" for instance in range(2) for step in range(4)}
    assert stored_when_told[0] == FINAL
    for report in stage.scheduler.exits[attempt]:
        assert (report.exit_code, report.reason) == (0, "")
        assert statuses(report.phases) == ["Starting", "Downloading", "Training", "Uploading"]
        assert report.artifact_uri == "s3://models/job-001/output/model.tar.gz"
        assert report.ended_at == stage.scheduler.exits[attempt][0].ended_at
    assert stage.published("model.tar.gz") == {"weights-0": "w", "weights-1": "w"}
    assert stage.stored("kept") == FINAL
    assert len(stage.machine.runs) == 1
    assert not list((stage.settings.data_dir / "trainings").iterdir()), "nothing is left on the disk"


async def settled(stage: Stage, attempt: Key) -> None:
    """Settle the attempt once both facts are known: its end and its output."""
    await stage.exit_of(attempt)
    await stage.output()
    await stage.settle(attempt, publish=True)


async def is_killed(stage: Stage, attempt: Key, trace: Trace) -> bool:
    """Let a trainer process work until all is settled, or until it is killed; say which."""
    stage.prepare()
    with trace.of(stage.life):
        stage.work()
        ends = [asyncio.create_task(settled(stage, attempt)), asyncio.create_task(stage.life.over.wait())]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    killed = stage.life.over.is_set()
    for end in ends:
        end.cancel()
    await asyncio.wait(ends)
    await stage.end()
    return killed


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_trainer_may_be_killed_at_any_line_of_a_course(tmp_path):
    whole = Trace()
    (tmp_path / "whole").mkdir()
    played(tmp_path / "whole", lambda stage: tell(stage, whole, 0.0))
    assert len(whole.seen) > 200, "the course was watched"
    for number, (line, count) in enumerate(sorted(whole.seen.items())):
        folder = tmp_path / str(number)
        folder.mkdir()
        trace = Trace(line, 1 + number % count)
        try:
            played(folder, lambda stage, trace=trace, number=number: tell(stage, trace, DOWN_S[number % 3]))
        except BaseException as error:
            error.add_note(f"killed at {line[0]}:{line[1]}, time {1 + number % count} of {count}")
            raise
    gc.collect()  # here, where its warnings are expected
