"""The process runner: a program of this host behind a shim, no container.

What it keeps in an attempt's folder, beside the spool: `shim` (the shim's process id; its time is the start), `alive`
(a FIFO whose end of file is the end), `exit` (the status), `stop` (cause and deadline of the first stop, before its
signal is sent), `end.json` (the end, where it cannot be read from these). Whatever the moment of a kill, `start` reads
from them how far the attempt has come.

A process that leaves the shim's session is out of reach; a container would hold it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from tunewright.core.arns import NOBODYS, Account
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, End, Launch
from tunewright_trainer.core.program import inherited
from tunewright_trainer.ends import read_end, write_end
from tunewright_trainer.folder import AttemptFolder, Folders
from tunewright_trainer.mounts import link, mounts_of
from tunewright_trainer.runner import shim
from tunewright_trainer.runner.base import prepare_base
from tunewright_trainer.runner.resolve import resolve
from tunewright_trainer.runner.stops import Stop, note_stop, read_stop

KILLED: Final = 128 + signal.SIGKILL
CLOCK_STEP_S: Final = 1.0
PROGRAM_POLL_S: Final = 0.005
"""How often a stop looks whether the shim, just started, has started the program."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Run:
    """A run that this trainer process follows."""

    folder: AttemptFolder
    ended: asyncio.Future[End]
    alive_fd: int = -1
    child_pid: int = 0
    """0 for a run that an earlier trainer process started."""
    kill_timer: asyncio.TimerHandle | None = None


class ProcessRunner:
    """See runner/port.py. `image_roots` are the folders under which a program must lie.

    `world_began` is when the machine or container started, Unix seconds: what ran before that did not end, it is lost.
    `account` stands in the ARN that a program is told.
    """

    def __init__(
        self,
        folders: Folders,
        image_roots: Sequence[Path],
        world_began: float | None = None,
        account: Account = NOBODYS,
    ) -> None:
        self._folders, self._account = folders, account
        self._image_roots = tuple(root.resolve() for root in image_roots)
        self._inherited = inherited(os.environ)
        self._world_began = world_began
        self._runs: dict[Attempt, _Run] = {}
        self.shows_folders = True

    async def start(self, launch: Launch) -> None:
        if launch.attempt in self._runs:
            return
        folder = self._folders.of(launch.attempt)
        run = _Run(folder, asyncio.get_running_loop().create_future())
        self._runs[launch.attempt] = run
        if (end := read_end(folder.root / "end.json")) is not None:
            run.ended.set_result(end)
            return
        try:
            self._start(launch, run)
        except (InvalidSpec, OSError, ValueError, RuntimeError) as error:  # also what a path or a word cannot hold
            self._refuse(run, str(error))
        except BaseException:
            del self._runs[launch.attempt]
            self._let_go(run)
            raise

    def _start(self, launch: Launch, run: _Run) -> None:
        folder = run.folder
        folder.root.mkdir(parents=True, exist_ok=True)
        run.alive_fd = shim.open_alive(folder.root)
        if shim.is_alive(run.alive_fd):
            self._watch(run)
            self._resume_stop(run)
        elif folder.first.spool.exists():
            self._end(run)
        else:
            program = resolve(launch, folder.first.base, self._image_roots, self._inherited, self._account)
            prepare_base(launch, folder.first.base)
            link(mounts_of(launch, folder, 0), folder.first.base)
            run.child_pid = shim.spawn(folder.root, program.argv, program.working_directory, program.environment)
            self._watch(run)

    def _watch(self, run: _Run) -> None:
        asyncio.get_running_loop().add_reader(run.alive_fd, self._end, run)

    def _end(self, run: _Run) -> None:
        """The shim has gone: tell how it ended, also when that cannot be found out."""
        self._let_go(run)
        try:
            end = self._found_end(run)
        except Exception as error:
            log.exception("how a program has ended is not known", folder=run.folder.root.name)
            now = time.time()
            end = End(EndCause.LOST, None, now, now, (), f"a fault of the trainer: {error!r}")
        run.ended.set_result(end)

    def _found_end(self, run: _Run) -> End:
        """Write down how it ended, before anybody is told."""
        if run.child_pid:
            with suppress(ChildProcessError):
                os.waitpid(run.child_pid, 0)
        status = shim.exit_status(run.folder.root)
        started_at = _modified(run.folder.root / "shim") or time.time()
        stop = read_stop(run.folder)
        cause = EndCause.EXITED if stop is None else stop.cause
        unwritten = cause is EndCause.EXITED and shim.exit_is_unwritten(run.folder.root)
        if status is None and (unwritten or self._is_of_another_world(started_at)):
            cause = EndCause.LOST
        end = End(
            cause,
            KILLED if status is None else status,
            started_at,
            _modified(run.folder.root / "exit") or time.time(),
            run.folder.spool_bytes(1),
        )
        if status is None:
            write_end(run.folder.root / "end.json", end)
        return end

    def _is_of_another_world(self, started_at: float) -> bool:
        """Whether machine or container have started since: then nothing was done to the program in particular."""
        return self._world_began is not None and started_at < self._world_began - CLOCK_STEP_S

    def _refuse(self, run: _Run, why: str) -> None:
        self._let_go(run)
        run.folder.first.spool.touch()
        now = time.time()
        end = End(EndCause.START_FAILED, None, now, now, run.folder.spool_bytes(1), why)
        write_end(run.folder.root / "end.json", end)
        run.ended.set_result(end)

    async def stop(self, attempt: Attempt, cause: EndCause, grace_s: float) -> None:
        run = self._runs.get(attempt)
        if run is None or run.ended.done():
            return
        known = read_stop(run.folder)
        deadline = time.time() + grace_s
        if known is None or deadline < known.deadline:
            note_stop(run.folder, Stop(known.cause if known else cause, deadline))
            self._kill_at(run, deadline)
        if known is None and grace_s > 0:
            await _terminate(run)

    def _resume_stop(self, run: _Run) -> None:
        """Keep an earlier process's deadline. SIGTERM is not sent twice: to many programs that means "at once"."""
        known = read_stop(run.folder)
        if known is not None:
            self._kill_at(run, known.deadline)

    def _kill_at(self, run: _Run, deadline: float) -> None:
        if run.kill_timer is not None:
            run.kill_timer.cancel()
        delay_s = max(deadline - time.time(), 0.0)
        run.kill_timer = asyncio.get_running_loop().call_later(delay_s, self._kill, run)

    def _kill(self, run: _Run) -> None:
        """Kill the whole group. While the run has not ended its shim lives, or is ours to reap: the id is its own."""
        pid = run.child_pid or shim.shim_pid(run.folder.root)
        if pid is None:
            self._kill_at(run, time.time() + PROGRAM_POLL_S)
            return
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)

    async def wait(self, attempt: Attempt) -> End:
        if attempt not in self._runs:
            raise NotFound("run", str(attempt))
        return await asyncio.shield(self._runs[attempt].ended)

    async def remove(self, attempt: Attempt) -> None:
        run = self._runs.pop(attempt, None)
        if run is not None:
            self._let_go(run)

    async def reap(self, known: Collection[Attempt]) -> None:
        """What it keeps lies in the attempts' folders, and goes with them."""

    async def ping(self) -> None:
        """Programs are run by this host, which is there."""

    def waits_for(self, attempt: Attempt) -> str:  # noqa: ARG002 - the port's
        """A process is there at once."""
        return ""

    def started_at(self, attempt: Attempt) -> float | None:
        run = self._runs.get(attempt)
        return None if run is None else _modified(run.folder.root / "shim")

    async def close(self) -> None:
        for run in self._runs.values():
            self._let_go(run)
        self._runs.clear()

    def _let_go(self, run: _Run) -> None:
        if run.kill_timer is not None:
            run.kill_timer.cancel()
        if run.alive_fd >= 0:
            asyncio.get_running_loop().remove_reader(run.alive_fd)
            os.close(run.alive_fd)
            run.alive_fd = -1


async def _terminate(run: _Run) -> None:
    """Send SIGTERM to the program, as soon as there is one."""
    while not run.ended.done():
        pid = shim.shim_pid(run.folder.root)
        programs = shim.program_pids(pid) if pid else []
        for program in programs:
            with suppress(ProcessLookupError):
                os.kill(program, signal.SIGTERM)
        if programs:
            return
        await asyncio.wait([run.ended], timeout=PROGRAM_POLL_S)


def _modified(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None
