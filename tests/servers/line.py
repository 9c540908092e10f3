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
        self._open = [self._listening]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

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
        for connection in self._open[1:]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.mend()

    def close(self) -> None:
        self.mend()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed: nobody may come any more
            while True:
                caller, _ = self._listening.accept()
                server = socket.create_connection(self._server)
                self._open += [caller, server]
                for way in ((caller, server, self._there), (server, caller, self._back)):
                    self._threads.append(threading.Thread(target=self._copy, args=way))
                    self._threads[-1].start()

    def _copy(self, source: socket.socket, target: socket.socket, through: threading.Event) -> None:
        """Copy until either side has closed; then let the other know."""
        with suppress(OSError):
            while data := source.recv(65_536):
                through.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(server: str) -> Iterator[Line]:
    line = Line(server)
    try:
        yield line
    finally:
        line.close()
