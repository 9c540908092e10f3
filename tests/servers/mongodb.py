"""A server of MongoDB's protocol for tests.

TUNEWRIGHT_TEST_MONGODB names one that runs already, a replica set. Otherwise `mongod` is started if it is on the PATH,
else SecantusDB, a server of the same protocol from PyPI. Where none can be had, tests that need one are skipped, and
under CI they fail.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pymongo
import pytest
from pymongo.errors import PyMongoError

from tests.servers.process import CannotStart, ServerProcess, free_ports, give_up
from tunewright.platform.store.mongodb_schema import LONGEST_TRANSACTION_S

REPLICA_SET: Final = "tests"
TRANSACTION_S: Final = LONGEST_TRANSACTION_S
"""As an installation is told to set it."""


class MongoServer(ServerProcess):
    def __init__(self, command: Callable[[int, Path], list[str]]) -> None:
        super().__init__("mongodb")
        (self._port,) = free_ports(1)
        (self.folder / "data").mkdir()
        self._command = command(self._port, self.folder / "data")

    def database(self, name: str) -> str:
        """Return the URI of a database of this server."""
        return f"mongodb://127.0.0.1:{self._port}/{name}"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Return once it takes writes."""
        self.spawn(self._command, self._writable)

    def ensure_going(self) -> None:
        """Start it again if the last who used it left it ended."""
        if not self.going:
            self.start()

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
    if isinstance(server, str):
        give_up(server)
    return server


def own_mongodb() -> MongoServer:
    """Return the shared server for a test that ends it; skip if it is not ours to end."""
    server = mongodb()
    if isinstance(server, RunningMongo):
        pytest.skip("this test ends the database, and TUNEWRIGHT_TEST_MONGODB names one that is not ours")
    return server


def another_mongodb() -> MongoServer:
    """Return a server of one's own, not yet started; remove it. Skip where there can be none."""
    if os.environ.get("TUNEWRIGHT_TEST_MONGODB"):
        pytest.skip("this test ends its database, and TUNEWRIGHT_TEST_MONGODB names one that is not ours")
    try:
        return _made()
    except CannotStart as why:
        give_up(str(why))


@cache
def _shared() -> MongoServer | RunningMongo | str:
    """Return the server, or why there is none, which is found out once."""
    if uri := os.environ.get("TUNEWRIGHT_TEST_MONGODB"):
        return RunningMongo(uri)
    try:
        server = _made()
    except CannotStart as why:
        return str(why)
    atexit.register(server.remove)
    try:
        server.start()
    except CannotStart as why:
        return str(why)
    return server


def _made() -> MongoServer:
    """Raises CannotStart."""
    if shutil.which("mongod"):
        return MongoServer(_mongod)
    if find_spec("secantus"):
        return MongoServer(_secantus)
    raise CannotStart("no MongoDB server: install mongod, or name one in TUNEWRIGHT_TEST_MONGODB")


def _mongod(port: int, data: Path) -> list[str]:
    where = ["--bind_ip", "127.0.0.1", "--port", str(port), "--dbpath", str(data)]
    limit = ["--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_S}"]
    return ["mongod", *where, *limit, "--replSet", REPLICA_SET, "--wiredTigerCacheSizeGB", "0.25"]


def _secantus(port: int, data: Path) -> list[str]:
    return [sys.executable, "-m", "tests.servers.secantusd", str(port), str(data), str(TRANSACTION_S)]
