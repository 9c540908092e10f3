"""The process between trainer and program: it outlives the trainer, and knows the exit status when nobody else is left.

A few lines of POSIX shell, started as leader of a session of its own:

- It runs the program in the foreground with the spool as stdout and stderr (its own stderr is nobody's: a shell says
  there how a child was killed), then writes `exit`: the status and a newline in one write, so that a file without the
  newline does not count. Then it kills what is left of its process group, itself included; its own process id cannot
  have been given to another meanwhile.
- It has a handler for SIGTERM and its like instead of ignoring them: what is ignored stays ignored in the program.
- It alone holds the writing end of the FIFO `alive`. Whoever has the reading end open is told by the kernel, as end of
  file, that it has gone: no process id to mistake, no polling, the same for a child and for a run that was found again.

Must not know: what an attempt is, or why it is run.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

SCRIPT: Final = """\
trap : HUP INT TERM
folder=$1
echo $$ >"$folder/shim"
cd "$2" && shift 2 && (exec "$@" 2>&1 8>&-)
echo $? >"$folder/exit"
kill -KILL 0
"""
ALIVE_FD: Final = 8
PROC: Final = Path("/proc")
DEFAULTED: Final = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
"""Python ignores some signals, a service others; a program starts with none ignored."""


def spawn(folder: Path, argv: Sequence[str], working_directory: Path, environment: Mapping[str, str]) -> int:
    """Start the program behind a shim; return its process id. `alive` must be open for reading. Raises OSError."""
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawn(
        "/bin/sh",
        ["sh", "-c", SCRIPT, "tunewright-shim", str(folder), str(working_directory), *argv],
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(folder / "spool"), append, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, ALIVE_FD, str(folder / "alive"), os.O_WRONLY, 0),
        ],
        setsid=True,
        setsigdef=DEFAULTED,
        setsigmask=(),
    )


def open_alive(folder: Path) -> int:
    """Return the reading end of `alive`, made if need be; not blocking. Close it."""
    fifo = folder / "alive"
    if not fifo.exists():
        os.mkfifo(fifo, 0o600)
    return os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)


def is_alive(alive_fd: int) -> bool:
    """Say whether there is a shim at the other end."""
    try:
        return os.read(alive_fd, 1) != b""
    except BlockingIOError:
        return True


def exit_status(folder: Path) -> int | None:
    """Return the program's exit status as the shim saw it, None if it was killed before it could write it down."""
    try:
        text = (folder / "exit").read_text()
    except FileNotFoundError:
        return None
    return int(text) if text.endswith("\n") else None


def exit_is_unwritten(folder: Path) -> bool:
    """Say whether the shim was there at the end and could not write the status down, because the disk was full."""
    return (folder / "exit").exists() and exit_status(folder) is None


def shim_pid(folder: Path) -> int | None:
    """Return the shim's process id, which is its group's too; None before it runs."""
    try:
        text = (folder / "shim").read_text()
    except FileNotFoundError:
        return None
    return int(text) if text.endswith("\n") else None


def program_pids(shim: int) -> list[int]:
    """Return the children of a shim: the program, if it has been started and has not ended.

    A child that is still the shell has the shim's handlers, and would swallow a signal to the program.
    """
    if not PROC.is_dir():
        found = subprocess.run(["pgrep", "-P", str(shim)], capture_output=True, text=True, check=False)
        return [int(word) for word in found.stdout.split()]
    try:
        shell = (PROC / f"{shim}/cmdline").read_bytes()
        children = (PROC / f"{shim}/task/{shim}/children").read_text().split()
        return [int(pid) for pid in children if (PROC / pid / "cmdline").read_bytes() != shell]
    except (FileNotFoundError, ProcessLookupError):
        return []
