"""An S3 endpoint with one object, of which it tells half, and the rest when the test says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

CONTENT = b"0123456789abcdef" * 65_536
"""1 MiB: comes in one part, and in several pieces."""
KEY = "data/large"
LISTING = f"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><IsTruncated>false</IsTruncated>
<Contents><Key>{KEY}</Key><Size>{len(CONTENT)}</Size></Contents></ListBucketResult>"""
PATIENCE_S = 30.0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    halfway: ClassVar[threading.Event]
    go: ClassVar[threading.Event]

    def do_HEAD(self) -> None:
        self._begin(CONTENT)

    def do_GET(self) -> None:
        if "list-type" in self.path:
            self._begin(LISTING.encode())
            self.wfile.write(LISTING.encode())
            return
        self._begin(CONTENT)
        half = len(CONTENT) // 2
        self.wfile.write(CONTENT[:half])
        self.halfway.set()
        self.go.wait(PATIENCE_S)
        self.wfile.write(CONTENT[half:])

    def _begin(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"1"')
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Whoever asked has gone: that is what is tested."""


class Gate:
    def __init__(self, url: str) -> None:
        self.url = url
        self.halfway, self.go = threading.Event(), threading.Event()


@contextmanager
def gated_s3() -> Iterator[Gate]:
    server = _Server(("127.0.0.1", 0), _Handler)
    gate = Gate(f"http://127.0.0.1:{server.server_port}")
    _Handler.halfway, _Handler.go = gate.halfway, gate.go
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield gate
    finally:
        gate.go.set()
        server.shutdown()
        server.server_close()
        serving.join()
