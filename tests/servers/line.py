"""A line to a server that tests cut and mend: nothing comes through meanwhile, and nobody is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Line:
    """TCP connections stay open while it is cut, also new ones; what is sent into it arrives once it is mended."""

    def __init__(self, server: str) -> None:
        host, port = server.rsplit(":", 1)
        self._server = host, int(port)
        self._there, self._back = threading.Event(), threading.Event()
        self.mend()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listening.getsockname()[1]}"

    def cut(self) -> None:
        self._there.clear()
        self._back.clear()

    def hold_answers(self) -> None:
        """Let come through only what is sent to the server."""
        self._back.clear()

    def mend(self) -> None:
        self._there.set()
        self._back.set()

    def break_off(self) -> None:
        """End all connections, with what they hold; new ones are as if nothing had been."""
        for connection in tuple(self._open):
            _end(connection)
        self.mend()

    def close(self) -> None:
        _end(self._listening)
        self._accepting.join()
        self.break_off()
        for thread in tuple(self._threads):
            thread.join()
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed: nobody may come any more
            while True:
                caller, _ = self._listening.accept()
                try:
                    server = socket.create_connection(self._server)
                except OSError:  # it is away: as it would, refuse
                    caller.close()
                    continue
                self._open |= {caller, server}
                thread = threading.Thread(target=self._connect, args=(caller, server))
                self._threads.add(thread)
                thread.start()

    def _connect(self, caller: socket.socket, server: socket.socket) -> None:
        """Carry both ways until either side has closed."""
        back = threading.Thread(target=self._copy, args=(server, caller, self._back))
        back.start()
        self._copy(caller, server, self._there)
        back.join()
        for connection in (caller, server):
            self._open.discard(connection)
            connection.close()
        self._threads.discard(threading.current_thread())

    def _copy(self, source: socket.socket, target: socket.socket, through: threading.Event) -> None:
        """Copy until either side has closed; then let the other know."""
        with suppress(OSError):
            while data := source.recv(65_536):
                through.wait()
                target.sendall(data)
        for connection in (source, target):
            _end(connection)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(server: str) -> Iterator[Line]:
    line = Line(server)
    try:
        yield line
    finally:
        line.close()
