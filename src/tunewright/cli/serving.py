"""Join the server of a data folder, or start it in the background."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tunewright.client.address import ENDPOINT, Address, find
from tunewright.core.errors import InvalidSpec, NotFound, Unavailable
from tunewright.platform.credentials import default_data_dir

IDLE_S: Final = 60
"""A server that we start ends by itself after this time without an active job."""
LOG_FILE: Final = "server.log"


def join_or_start(data_dir: Path | None, image_roots: Sequence[Path]) -> Address:
    """Return the address of a server that runs, starting one if need be. Raises Unavailable if it does not start."""
    try:
        address = find(data_dir)
    except NotFound:
        return start(data_dir or default_data_dir(), image_roots)
    if answers(address):
        return address
    if data_dir is None and ENDPOINT in os.environ:
        raise Unavailable("the server", f"nothing answers at {ENDPOINT}={address.endpoint}")
    return start(data_dir or default_data_dir(), image_roots)


def join(data_dir: Path | None) -> Address:
    """Return the address of the data folder's server, starting it again if it has ended: its jobs are still there.

    Raises: NotFound: the folder never had a server.
    """
    find(data_dir)
    return join_or_start(data_dir, (Path.home(), Path.cwd()))


def answers(address: Address) -> bool:
    host, _, port = address.endpoint.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except (OSError, ValueError):
        return False
    return True


def start(data_dir: Path, image_roots: Sequence[Path]) -> Address:
    """Start a server in a session of its own, so that it outlives this command."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InvalidSpec("--data-dir", f"{data_dir} cannot be made: {error.strerror}", "Give another folder") from None
    roots = [argument for root in dict.fromkeys(image_roots) for argument in ("--image-root", str(root))]
    command = [
        sys.executable,
        "-m",
        "tunewright",
        "local",
        "--data-dir",
        str(data_dir),
        "--exit-when-idle",
        str(IDLE_S),
    ]
    log = data_dir / LOG_FILE
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
        last = log.read_text().strip().splitlines()[-1:] or ["it said nothing"]
        raise Unavailable("the server", f"did not start: {last[0]} (its log: {log})")
    return find(data_dir)
