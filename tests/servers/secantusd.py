"""SecantusDB as a process of its own, set as an installation's MongoDB is to be: what hangs is given up soon.

python -m tests.servers.secantusd PORT FOLDER SECONDS [HOST SET]
"""

from __future__ import annotations

import signal
import sys
import threading

from secantus.server import SecantusDBServer


def main() -> None:
    port, folder, transaction_s = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    host, replica_set = sys.argv[4:] or ("127.0.0.1", "secantus")
    server = SecantusDBServer(
        host,
        port,
        folder,
        cache_size="256M",
        sync_on_commit=True,
        transaction_lifetime_seconds=transaction_s,
        max_connections=5_000,
        replica_set_name=replica_set,
    )
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    server.start()
    stop.wait()
    server.stop()


if __name__ == "__main__":
    main()
