"""A server of MongoDB's protocol for tests.

TUNEWRIGHT_TEST_MONGODB names one that runs already, a replica set. Otherwise `mongod` is started if it is on the PATH,
else SecantusDB, a server of the same protocol from PyPI. Where none can be had, tests that need one are skipped, and
under CI they fail.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pymongo
import pytest
from pymongo.errors import PyMongoError

from tunewright.platform.store.mongodb_schema import LONGEST_TRANSACTION_S

START_WITHIN_S: Final = 60.0
STOP_WITHIN_S: Final = 20.0
REPLICA_SET: Final = "tests"
PARENT: Final = ThreadPoolExecutor(1)
"""The thread that starts servers: one that is to end with its parent ends with the thread that started it."""
CHECKOUT: Final = Path(__file__).parents[2]
TRANSACTION_S: Final = LONGEST_TRANSACTION_S
"""As an installation is told to set it."""


class CannotStart(Exception):  # noqa: N818 - what a server does
    pass


class MongoServer:
    """One server on 127.0.0.1, on the same port and with its data every time that it is started."""

    def __init__(self, command: Callable[[int, Path], list[str]]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tunewright-mongodb-"))
        self._port = _free_port()
        (self._folder / "data").mkdir()
        self._command = command(self._port, self._folder / "data")
        self._log = self._folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def database(self, name: str) -> str:
        """Return the URI of a database of this server."""
        return f"mongodb://127.0.0.1:{self._port}/{name}"

    def start(self) -> None:
        """Return once it takes writes."""
        with self._log.open("ab") as log:
            command = [*_with_us(), *self._command]
            self._process = PARENT.submit(subprocess.Popen, command, stdout=log, stderr=log, cwd=CHECKOUT).result()
        deadline = time.monotonic() + START_WITHIN_S
        while not self._writable():
            if self._process.poll() is not None or time.monotonic() > deadline:
                last = "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])
                self.kill()
                raise CannotStart(f"the MongoDB server did not start; the last lines of its log:\n{last}")
            time.sleep(0.05)

    def ensure_going(self) -> None:
        """Start it again if the last who used it left it ended."""
        if self._process is None or self._process.poll() is not None:
            self.start()

    def stop(self) -> None:
        """End it in order; it keeps what it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Let it hang: its connections stay open, and nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        """End it and leave nothing behind."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _writable(self) -> bool:
        client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(
            f"mongodb://127.0.0.1:{self._port}/?directConnection=true", serverSelectionTimeoutMS=500
        )
        with client:
            try:
                hello = client.admin.command("hello")
                if not hello.get("setName"):
                    members = [{"_id": 0, "host": f"127.0.0.1:{self._port}"}]
                    client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
            except PyMongoError:
                return False
            return bool(hello.get("isWritablePrimary") and hello.get("setName"))

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


class RunningMongo:
    """A server that somebody else runs: nothing of it is started or ended here."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def database(self, name: str) -> str:
        base, _, options = self._uri.partition("?")
        scheme, _, rest = base.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}/{name}" + (f"?{options}" if options else "")


def mongodb() -> MongoServer | RunningMongo:
    """Return the server that all tests of this process share, started by the first who asks; skip where there is none.

    Keep tests apart with a database each.
    """
    server = _shared()
    if isinstance(server, (MongoServer, RunningMongo)):
        return server
    if os.environ.get("CI"):
        pytest.fail(server, pytrace=False)
    pytest.skip(server)


def own_mongodb() -> MongoServer:
    """Return the shared server for a test that ends it; skip if it is not ours to end."""
    server = mongodb()
    if isinstance(server, RunningMongo):
        pytest.skip("this test ends the database, and TUNEWRIGHT_TEST_MONGODB names one that is not ours")
    return server


@cache
def _shared() -> MongoServer | RunningMongo | str:
    """Return the server, or why there is none, which is found out once."""
    if uri := os.environ.get("TUNEWRIGHT_TEST_MONGODB"):
        return RunningMongo(uri)
    if shutil.which("mongod"):
        server = MongoServer(_mongod)
    elif find_spec("secantus"):
        server = MongoServer(_secantus)
    else:
        return "no MongoDB server: install mongod, or name one in TUNEWRIGHT_TEST_MONGODB"
    atexit.register(server.remove)
    try:
        server.start()
    except CannotStart as why:
        return str(why)
    return server


def _mongod(port: int, data: Path) -> list[str]:
    where = ["--bind_ip", "127.0.0.1", "--port", str(port), "--dbpath", str(data)]
    limit = ["--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_S}"]
    return ["mongod", *where, *limit, "--replSet", REPLICA_SET, "--wiredTigerCacheSizeGB", "0.25"]


def _secantus(port: int, data: Path) -> list[str]:
    return [sys.executable, "-m", "tests.servers.secantusd", str(port), str(data), str(TRANSACTION_S)]


def _with_us() -> list[str]:
    """Let the server end with this process, however this ends, where the system can."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
