"""A connection that breaks after the request has gone through: the server has worked, and nobody hears of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.e2e.served import Served
from tunewright.platform.credentials import load


@contextmanager
def cutting_replies(served: Served, *, silently: bool) -> Iterator[tuple[str, Callable[[], int]]]:
    """Stand before a server and cut the first reply, or just never pass it on.

    Yields the address, and how many connections there have been.
    """
    host, port = load(served.data_dir / "credentials").tunewright_http.split(":")
    callers: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def stand(listening: socket.socket) -> None:
        with suppress(OSError):  # closed: nobody may come any more
            while True:
                caller, _ = listening.accept()
                callers.append(caller)
                args = (caller, (host, int(port)), len(callers) > 1, silently)
                threads.append(threading.Thread(target=_pass_on, args=args))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        standing = threading.Thread(target=stand, args=(listening,))
        standing.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}", lambda: len(callers)
        finally:
            for open_one in [listening, *callers]:
                with suppress(OSError):
                    open_one.shutdown(socket.SHUT_RDWR)
            for thread in [standing, *threads]:
                thread.join()


def _pass_on(caller: socket.socket, server: tuple[str, int], replies: bool, silently: bool) -> None:
    with caller, socket.create_connection(server) as behind:
        asking = threading.Thread(target=_copy, args=(caller, behind))
        asking.start()
        if replies:
            _copy(behind, caller)
        else:
            behind.recv(1)  # the reply begins: the request has been carried out
            if not silently:
                caller.shutdown(socket.SHUT_RDWR)
        asking.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Copy until either side has closed; then let the other know."""
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)
