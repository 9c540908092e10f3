"""A MongoDB-protocol server that demands TLS and a user's password: SecantusDB, which can do both.

python -m tests.servers.secured_mongodb PORT FOLDER CERTIFICATES SECONDS
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Any, Final

import pymongo
from pymongo.errors import PyMongoError
from secantus.server import SecantusDBServer

from tests.servers.mongodb import TRANSACTION_S
from tests.servers.process import ServerProcess, free_ports

USER: Final = "tunewright"
PASSWORD: Final = "password-of-mongodb"
DATABASE: Final = "secured"


class SecuredMongo(ServerProcess):
    """`certificates` is a folder of `tunewright admin certs`. Its user may use one database, and nothing else."""

    def __init__(self, certificates: Path) -> None:
        super().__init__("secured-mongodb")
        (self._port,) = free_ports(1)
        self._authority = certificates / "authority.pem"
        words = [str(self._port), str(self.folder / "data"), str(certificates), str(TRANSACTION_S)]
        self._command = [sys.executable, "-m", "tests.servers.secured_mongodb", *words]

    @property
    def uri(self) -> str:
        """Names no user."""
        return f"mongodb://127.0.0.1:{self._port}/{DATABASE}?authSource=admin&tls=true&tlsCAFile={self._authority}"

    def start(self) -> None:
        """Return once it serves its user."""
        self.spawn(self._command, self._serves)

    def _serves(self) -> bool:
        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
            self.uri, username=USER, password=PASSWORD, serverSelectionTimeoutMS=500
        )
        with client:
            try:
                client[DATABASE].command("ping")
            except PyMongoError:
                return False
            return True


def main() -> None:
    port, folder, certificates, transaction_s = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), float(sys.argv[4])
    _make_user(folder)
    server = SecantusDBServer(
        "127.0.0.1",
        port,
        folder,
        cache_size="256M",
        require_auth=True,
        tls_cert_file=str(certificates / "server.pem"),
        tls_key_file=str(certificates / "server-key.pem"),
        transaction_lifetime_seconds=transaction_s,
    )
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    server.start()
    stop.wait()
    server.stop()


def _make_user(folder: str) -> None:
    """Make the first user, while nobody has to be one."""
    open_to_us = SecantusDBServer("127.0.0.1", 0, folder, cache_size="64M")
    open_to_us.start()
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient("127.0.0.1", open_to_us.port)
    with client:
        roles = [{"role": "dbOwner", "db": DATABASE}]
        client.admin.command("createUser", USER, pwd=PASSWORD, roles=roles)
    open_to_us.stop()


if __name__ == "__main__":
    main()
