"""A machine on which trainings are coroutines, one per instance, and a runner for it that keeps the promise of every
runner.

Programs go on when their trainer is gone, as processes do. The machine keeps the record that tests believe: what began,
what ended, and when.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Collection
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from functools import partial

from tunewright.core.errors import NotFound
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, End, Launch
from tunewright_trainer.core.program import configuration_files
from tunewright_trainer.folder import AttemptFolder, Folders, InstanceFolder

FOLDERS = ("input/config", "model", "output/data")
TERMINATED = 143
KILLED = 137
ON_THE_MACHINE = ContextVar("on the machine", default=False)
"""Whether it is the machine or a program on it that runs, and not a trainer: those outlive it."""


@dataclass(eq=False)
class Process:
    """The program of one instance, and its view of itself."""

    launch: Launch
    folder: AttemptFolder
    number: int = 0
    """Of its instance, from 0."""
    sigterm: asyncio.Event = field(default_factory=asyncio.Event)
    handles_sigterm: bool = False
    """Without it SIGTERM ends the program."""
    task: asyncio.Task[int | None] | None = None
    signalled: int = 0
    code: int | None = None
    """Once it has ended."""

    @property
    def own(self) -> InstanceFolder:
        return self.folder.instance(self.number)

    def print(self, *words: object) -> None:
        self.write(" ".join(map(str, words)).encode() + b"\n")

    def write(self, data: bytes) -> None:
        with self.own.spool.open("ab") as spool:
            spool.write(data)

    def kill(self, signalled: int) -> None:
        if self.code is None and self.task is not None:
            self.signalled = signalled
            self.task.cancel()

    def terminate(self) -> None:
        self.sigterm.set()
        if not self.handles_sigterm:
            self.kill(TERMINATED)


Program = Callable[[Process], Awaitable[int | None]]
"""Returns its exit code; None is 0."""


@dataclass(eq=False)
class Run:
    processes: list[Process]
    started_at: float
    ended: asyncio.Future[End]
    begins: float
    """By the loop's clock, as `ends`."""
    ends: float = float("inf")
    stop: tuple[EndCause, float] | None = None
    failed: Process | None = None
    """The first that did."""
    timer: asyncio.TimerHandle | None = None

    @property
    def process(self) -> Process:
        return self.processes[0]

    @property
    def attempt(self) -> Attempt:
        return self.process.launch.attempt

    @property
    def ended_by_itself(self) -> bool:
        return self.ended.done() and self.ended.result().cause is EndCause.EXITED

    def kill(self, signalled: int) -> None:
        for process in self.processes:
            process.kill(signalled)


@dataclass(eq=False)
class Host:
    """`program_of` returns the program of a launch, None if there is no such image."""

    folders: Folders
    program_of: Callable[[Launch], Program | None]
    runs: dict[Attempt, Run] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    """Tells Unix seconds, right or wrong."""

    def start(self, launch: Launch) -> Run:
        """Start it, in a context of its own."""
        ON_THE_MACHINE.set(True)
        folder, loop = self.folders.of(launch.attempt), asyncio.get_running_loop()
        processes = [Process(launch, folder, number) for number in range(launch.instances)]
        run = Run(processes, self.clock(), loop.create_future(), loop.time())
        self.runs[launch.attempt] = run
        program = self.program_of(launch)
        folder.root.mkdir(parents=True, exist_ok=True)
        if program is not None:
            _prepare(launch, folder)
        for process in processes:
            process.own.spool.touch()
        if program is None:
            self._end(run, EndCause.START_FAILED, None, f"there is no {launch.definition.image}")
            return run
        for process in processes:
            process.task = asyncio.ensure_future(program(process))
            process.task.add_done_callback(partial(self._over, run, process))
        return run

    def stop(self, run: Run, cause: EndCause, grace_s: float) -> None:
        if run.ended.done():
            return
        loop, before = asyncio.get_running_loop(), run.stop
        deadline = loop.time() + grace_s
        if before is None or deadline < before[1]:
            run.stop = (cause if before is None else before[0], deadline)
            if run.timer is not None:
                run.timer.cancel()
            run.timer = loop.call_at(deadline, run.kill, KILLED)
        if before is None and grace_s > 0:
            for process in run.processes:
                process.terminate()

    def crash(self, cause: EndCause = EndCause.LOST) -> None:
        """The machine goes down, or has no memory left: what runs is gone, for no reason of its own."""
        for run in self.runs.values():
            if not run.ended.done():
                run.stop = (cause, 0.0)
                run.kill(KILLED)

    def _over(self, run: Run, process: Process, task: asyncio.Task[int | None]) -> None:
        process.code = process.signalled or KILLED if task.cancelled() else task.result() or 0
        if process.code and run.failed is None:
            run.failed = process
            if run.stop is None:  # the others cannot go on without it
                run.kill(KILLED)
        if all(each.code is not None for each in run.processes):
            code = run.failed.code if run.failed is not None else 0
            self._end(run, run.stop[0] if run.stop is not None else EndCause.EXITED, code)

    def _end(self, run: Run, cause: EndCause, code: int | None, why: str = "") -> None:
        if run.timer is not None:
            run.timer.cancel()
        run.ends = asyncio.get_running_loop().time()
        size = run.process.folder.spool_bytes(len(run.processes))
        failed = run.failed.number if run.failed is not None else None
        run.ended.set_result(End(cause, code, run.started_at, self.clock(), size, why, failed))


def _prepare(launch: Launch, folder: AttemptFolder) -> None:
    """Make AMT's folders and files, for each instance its own."""
    for number, instance in enumerate(folder.instances(launch.instances)):
        for name in FOLDERS:
            (instance.base / name).mkdir(parents=True, exist_ok=True)
        for name, content in configuration_files(launch, number).items():
            (instance.base / "input/config" / name).write_text(json.dumps(content))


class HostRunner:
    """See services/trainer/tunewright_trainer/runner/port.py."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: dict[Attempt, Run] = {}
        self.shows_folders = True

    async def start(self, launch: Launch) -> None:
        if launch.attempt not in self._known:
            found = self._host.runs.get(launch.attempt)
            self._known[launch.attempt] = found or copy_context().run(self._host.start, launch)

    async def stop(self, attempt: Attempt, cause: EndCause, grace_s: float) -> None:
        if attempt in self._known:
            self._host.stop(self._known[attempt], cause, grace_s)

    async def wait(self, attempt: Attempt) -> End:
        if attempt not in self._known:
            raise NotFound("run", str(attempt))
        return await asyncio.shield(self._known[attempt].ended)

    async def remove(self, attempt: Attempt) -> None:
        self._known.pop(attempt, None)

    async def reap(self, known: Collection[Attempt]) -> None:
        """What runs here is in the attempts' folders."""

    async def ping(self) -> None:
        """A machine that is down has no trainer either."""

    def started_at(self, attempt: Attempt) -> float | None:
        run = self._known.get(attempt)
        return None if run is None else run.started_at

    def waits_for(self, attempt: Attempt) -> str:  # noqa: ARG002 - the port's
        """A program of a machine begins at once."""
        return ""

    async def close(self) -> None:
        self._known.clear()
