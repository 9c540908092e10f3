"""The trainer is killed at every line of an attempt's course in turn, and started again on what lies there.

Whatever the line: the program runs once, its end is told the same each time, every line of output comes, its last
checkpoint is stored before its end is told, its model is published whole, and nothing of it is left on the disk.
"""

from __future__ import annotations

import ast
import asyncio
import gc
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType

import pytest
from tests.simulation.host import ON_THE_MACHINE, Process
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
FILES = [Path(folder) / f"{name}.py" for folder in tunewright_trainer.__path__ for name in COURSE]
DOWN_S = (0.0, 3.0, 100.0)
"""How long nobody is there: not at all, while the program ends, until every lease has passed."""
MARK = "_about_to_run"
FINAL = {"a/job-001/algo": "3"}

Line = tuple[str, int]


class Killed(BaseException):
    """From here on the process does nothing more."""


class Trace:
    """Counts the lines of the course that a life runs; at the `count`-th time of one line the life is over."""

    def __init__(self, line: Line | None = None, count: int = 0) -> None:
        self._line, self._count = line, count
        self.seen: Counter[Line] = Counter()
        self.life: Life | None = None
        """None: none is watched yet."""

    def at(self, name: str, number: int) -> None:
        elsewhere = ON_THE_MACHINE.get() or threading.current_thread() is not threading.main_thread()
        if self.life is None or self.life.over.is_set() or elsewhere:
            return
        line = name, number
        self.seen[line] += 1
        if line == self._line and self.seen[line] == self._count:
            self.life.over.set()
            raise Killed


class _Marking(ast.NodeTransformer):
    """Puts a call of `MARK` before each statement.

    A trace function of the interpreter's would do as well, but crashes of Python 3.11 are known where one raises.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for part in ("body", "orelse", "finalbody"):
            statements = getattr(node, part, None)
            if isinstance(statements, list) and not isinstance(node, ast.Module):
                setattr(node, part, [each for one in statements for each in (self._mark(one), one)])
        return node

    def _mark(self, statement: ast.stmt) -> ast.stmt:
        call = ast.parse(f"{MARK}({self._name!r}, {statement.lineno})").body[0]
        return ast.fix_missing_locations(ast.copy_location(call, statement))


def _marked(path: Path) -> dict[tuple[str, int], CodeType]:
    """Return the code of a file's functions by name and place."""
    tree = _Marking(path.name).visit(ast.parse(path.read_text()))
    codes = [compile(tree, path, "exec", dont_inherit=True)]
    for code in codes:
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return {(code.co_qualname, code.co_firstlineno): code for code in codes}


@pytest.fixture
def follow() -> Iterator[Callable[[Trace], None]]:
    """Have each line of the course told to the trace that is followed."""
    marked = {str(path): _marked(path) for path in FILES}
    functions = [each for each in gc.get_objects() if isinstance(each, FunctionType)]
    course = [each for each in functions if each.__code__.co_filename in marked]
    before = [each.__code__ for each in course]
    for function in course:
        code = function.__code__
        function.__code__ = marked[code.co_filename][code.co_qualname, code.co_firstlineno]

    def follow(trace: Trace) -> None:
        for function in course:
            function.__globals__[MARK] = trace.at

    follow(Trace())
    yield follow
    for function, code in zip(course, before, strict=True):
        function.__code__ = code


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
    trace.life = stage.life
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
def test_a_trainer_may_be_killed_at_any_line_of_a_course(tmp_path, follow):
    whole = Trace()
    follow(whole)
    (tmp_path / "whole").mkdir()
    played(tmp_path / "whole", lambda stage: tell(stage, whole, 0.0))
    assert len(whole.seen) > 200, "the course was watched"
    for number, (line, count) in enumerate(sorted(whole.seen.items())):
        folder = tmp_path / str(number)
        folder.mkdir()
        trace = Trace(line, 1 + number % count)
        follow(trace)
        try:
            played(folder, lambda stage, trace=trace, number=number: tell(stage, trace, DOWN_S[number % 3]))
        except BaseException as error:
            error.add_note(f"killed at {line[0]}:{line[1]}, time {1 + number % count} of {count}")
            raise
    gc.collect()  # here, where its warnings are expected
