"""Join the server of a data folder, or start it in the background."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tunewright.client.address import ENDPOINT, Address, find
from tunewright.core.errors import InvalidSpec, NotFound, Unavailable
from tunewright.platform.credentials import default_data_dir
from tunewright.platform.store.folder import is_held

IDLE_S: Final = 60
"""A server that we start ends by itself after this time without an active job."""
LOG_FILE: Final = "server.log"
ROOTS_FILE: Final = "image-roots"
START_LOCK: Final = "starting"
STARTING_S: Final = 10.0
"""A server that somebody else starts may take so long until it answers."""
LOOK_AGAIN_S: Final = 0.1


def join_or_start(data_dir: Path | None, image_roots: Sequence[Path]) -> Address:
    """Return the address of a server that runs, starting one if need be. Raises Unavailable if it does not start."""
    if (address := _answering(data_dir)) is not None:
        return address
    if not is_ours(data_dir):
        raise Unavailable("the server", f"nothing answers at {ENDPOINT}={os.environ[ENDPOINT]}")
    folder = data_dir or default_data_dir()
    with _alone(folder):
        return _answering(folder) or _start(folder, image_roots)


def is_ours(data_dir: Path | None) -> bool:
    """Whether the server is that of a folder here, ours to start; else it is one that TUNEWRIGHT_ENDPOINT names."""
    return data_dir is not None or ENDPOINT not in os.environ


def join(data_dir: Path | None) -> Address:
    """Return the address of the data folder's server, starting it again if it has ended: its jobs are still there.

    Raises: NotFound: the folder never had a server.
    """
    find(data_dir)
    return join_or_start(data_dir, (Path.home(), Path.cwd()))


def _answering(data_dir: Path | None) -> Address | None:
    try:
        address = find(data_dir)
    except NotFound:
        return None
    return address if answers(address) else None


def answers(address: Address) -> bool:
    """Say whether somebody listens there."""
    return any(_listens(replica) for replica in address.endpoint.split(","))


def _listens(replica: str) -> bool:
    host, _, port = replica.strip().rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except (OSError, ValueError):
        return False
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one command at a time start a server on a folder; the kernel frees the lock also at `kill -9`."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / START_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InvalidSpec("--data-dir", f"{folder} cannot be used: {error.strerror}", "Give another folder") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _start(folder: Path, image_roots: Sequence[Path]) -> Address:
    """Start a server in a session of its own, so that it outlives this command."""
    command = [sys.executable, "-m", "tunewright", "local", "--data-dir", str(folder), "--exit-when-idle", str(IDLE_S)]
    roots = [word for root in _kept_roots(folder, image_roots) for word in ("--image-root", root)]
    log = folder / LOG_FILE
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, *roots],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
            text=True,
        )
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    with process.stdout as said:
        ready = said.readline().startswith("ready ")
    if not ready:
        process.wait()
        if (address := _of_another(folder)) is not None:
            return address
        last = log.read_text().strip().splitlines()[-1:] or ["it said nothing"]
        raise Unavailable("the server", f"did not start: {last[0]} (its log: {log})")
    return find(folder)


def _of_another(folder: Path) -> Address | None:
    """Return the address of a server that was faster: somebody's `tunewright local`, which may still be starting."""
    until = time.monotonic() + STARTING_S
    while is_held(folder):
        if (address := _answering(folder)) is not None:
            return address
        if time.monotonic() >= until:
            break
        time.sleep(LOOK_AGAIN_S)
    return None


def _kept_roots(folder: Path, image_roots: Sequence[Path]) -> list[str]:
    """Return the roots with those of servers before: the jobs of this folder go on, whoever starts it again."""
    file = folder / ROOTS_FILE
    before = file.read_text().splitlines() if file.exists() else []
    roots = list(dict.fromkeys([*before, *map(str, image_roots)]))
    file.write_text("".join(f"{root}\n" for root in roots))
    return roots
