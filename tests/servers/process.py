"""A server that tests start, stop, hang and kill: one process with a folder of its own, which ends with us."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NoReturn

import pytest

START_WITHIN_S: Final = 120.0
STOP_WITHIN_S: Final = 20.0
CHECKOUT: Final = Path(__file__).parents[2]
PARENT: Final = ThreadPoolExecutor(1)
"""The thread that starts servers: one that is to end with its parent ends with the thread that started it."""


class CannotStart(Exception):  # noqa: N818 - what a server does
    pass


class ServerProcess:
    """On the same port, and with its data, every time that it is started."""

    def __init__(self, name: str) -> None:
        self.name, self.folder = name, Path(tempfile.mkdtemp(prefix=f"tunewright-{name}-"))
        self.log = self.folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self, command: Sequence[str], serves: Callable[[], bool]) -> None:
        """Return once it serves. Raises CannotStart."""
        self.log.write_bytes(b"")
        with self.log.open("ab") as log:
            words = [*_with_us(), *command]
            self._process = PARENT.submit(subprocess.Popen, words, stdout=log, stderr=log, cwd=CHECKOUT).result()
        deadline = time.monotonic() + START_WITHIN_S
        while not serves():
            if self._process.poll() is not None or time.monotonic() > deadline:
                last = "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])
                self.kill()
                raise CannotStart(f"{self.name} did not start; the last lines of its log:\n{last}")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def going(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it in order; it keeps what it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Let it hang: its connections stay open, and nothing is answered."""
        stand_still(self.pid)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        """End it and leave nothing behind."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def stand_still(pid: int) -> None:
    """Stop a child process; return once all its threads stand still, until when it may still answer."""
    os.kill(pid, signal.SIGSTOP)
    os.waitpid(pid, os.WUNTRACED)


def give_up(why: str) -> NoReturn:
    """Skip the test; under CI, fail it."""
    if os.environ.get("CI"):
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [item.getsockname()[1] for item in sockets]
    for item in sockets:
        item.close()
    return ports


def _with_us() -> list[str]:
    """Let the server end with this process, however this ends, where the system can."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
