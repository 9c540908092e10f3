"""What one HTTP connection may cost us: uvicorn's protocol with limits of size and time.

    first byte ──HEAD_S──▶ head ──BODY_S──▶ end of the body ─▶ answer ──KEEP_ALIVE_S──▶ next
                 HEAD_BYTES        MESSAGE_BYTES                 WRITE_S: read by the client

uvicorn itself waits forever for the rest of a request, and for a client that does not read. A limit that is passed ends
the connection; while the request is still being read the client is told why.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from http import HTTPStatus
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S: Final = 10.0
"""From the first byte of a request to the end of its headers."""
BODY_S: Final = 30.0
"""From there to the end of its body: 140 KB/s for the largest."""
WRITE_S: Final = 30.0
"""For a client to make room for more of an answer."""
KEEP_ALIVE_S: Final = 65
"""Longer than the SageMaker SDK pauses before it looks again, so that it does not meet a connection that just ends."""

HEAD_BYTES: Final = 32 << 10
HEADERS: Final = 100
MESSAGE_BYTES: Final = 16 << 20
"""Of one request on the wire. What serves it refuses much less, and the rest of a refused body is read and dropped up
to here, so that its sender sees the answer instead of a connection that breaks."""
CONNECTIONS: Final = 512
"""At a time; beyond, one that asks for nothing is closed for the new one."""
PIPELINED: Final = 16
"""Requests that wait behind the one being answered."""

TOO_SLOW: Final = (408, "RequestTimeoutException", "The request was not complete in time.")
HEAD_TOO_LARGE: Final = (431, "RequestHeaderSectionTooLarge", "The request's headers are too many or too large.")
TOO_LARGE: Final = (413, "RequestEntityTooLarge", "The request is too large.")
TOO_MANY: Final = (503, "ThrottlingException", "Rate exceeded")
NOT_HTTP: Final = (400, "BadRequestException", "The request is not well-formed HTTP/1.1.")


class LimitedProtocol(HttpToolsProtocol):
    """The deadlines of one connection, and the bytes of the request that it is reading."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self._read_by: float | None = None
        """When what is being read must be there, by the loop's clock; None: nothing is being read."""
        self._looking: asyncio.TimerHandle | None = None
        """Looks at `_read_by`, then or before: a timer anew for each part of each request would cost more."""
        self._writing: asyncio.TimerHandle | None = None
        self._bytes = 0
        self._head_ended = self._head_too_large = False
        self._since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since = self.loop.time()
        if len(self.connections) > CONNECTIONS and not self._make_room():
            self._refuse(*TOO_MANY)
        else:
            self._read_within(HEAD_S)

    def _make_room(self) -> bool:
        """Close a connection that asks for nothing; say whether there was one.

        Who means it says at once what he wants, and so a thousand that say nothing do not keep him out.
        """
        there = [
            (patience, other)
            for other in self.connections
            if isinstance(other, LimitedProtocol) and other is not self and (patience := other.patience()) is not None
        ]
        if there:
            min(there, key=lambda pair: pair[0])[1].transport.abort()
        return bool(there)

    def patience(self) -> tuple[bool, float] | None:
        """Return what orders the connections that may be closed for another, None if this is not one of them.

        Those that have not said what they want come before those that idle between two requests; the oldest first.
        """
        if self.transport.is_closing():
            return None
        mute = self._read_by is not None and not self._head_ended and not self._answering()
        return (not mute, self._since) if mute or self.timeout_keep_alive_task is not None else None

    def connection_lost(self, exc: Exception | None) -> None:
        self._all_read()
        if self._looking is not None:
            self._looking.cancel()
        self._write_at_leisure()
        for cycle, _ in self.pipeline:
            cycle.disconnected = True
        self.pipeline.clear()
        super().connection_lost(exc)

    # Reading

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._read_by is None:  # also for what begins no message, such as empty lines
            self._read_within(HEAD_S)
        self._bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing() or self._read_by is None:
            return
        if not self._head_ended and self._bytes > HEAD_BYTES:
            self._refuse(*HEAD_TOO_LARGE)
        elif self._bytes > MESSAGE_BYTES:
            self._refuse(*TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_ended = self._head_too_large = False
        self._read_within(HEAD_S)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; those after the body, which nothing here reads, are dropped."""
        if not self._head_ended and len(self.headers) < HEADERS + 1:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > HEAD_BYTES or len(self.headers) > HEADERS:
            self._head_too_large = True
        if self._head_too_large or self.parser.should_upgrade() or len(self.pipeline) >= PIPELINED:
            raise httptools.HttpParserError("beyond our limits")
        self._head_ended = True
        self._read_within(BODY_S)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._bytes = 0
        self._all_read()
        if not self._answering() and self.timeout_keep_alive_task is None:  # it was answered before its end
            self.timeout_keep_alive_task = self.loop.call_later(KEEP_ALIVE_S, self.timeout_keep_alive_handler)

    def _read_within(self, seconds: float) -> None:
        self._read_by = self.loop.time() + seconds
        if self._looking is not None and self._looking.when() > self._read_by:
            self._looking.cancel()
            self._looking = None
        if self._looking is None:
            self._looking = self.loop.call_at(self._read_by, self._look)

    def _all_read(self) -> None:
        self._read_by = None

    def _look(self) -> None:
        self._looking = None
        if self._read_by is None:
            return
        if self._read_by > self.loop.time():
            self._looking = self.loop.call_at(self._read_by, self._look)
        else:
            self._too_slow()

    def _too_slow(self) -> None:
        self._all_read()
        if self._answering():
            return  # stray bytes behind a request that is whole
        answered = self._head_ended and self.cycle is not None and self.cycle.response_complete
        if answered or not self._bytes:
            self.transport.abort()
        else:
            self._refuse(*TOO_SLOW)

    def _answering(self) -> bool:
        """Say whether a request was read to its end and has not got the whole of its answer."""
        cycle = self.cycle
        return bool(self.pipeline) or (cycle is not None and not cycle.response_complete and not cycle.more_body)

    # Writing

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_within()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._write_at_leisure()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._write_within()

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def _write_within(self) -> None:
        self._write_at_leisure()
        self._writing = self.loop.call_later(WRITE_S, self.transport.abort)

    def _write_at_leisure(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    # Refusing

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's name and signature
        self._refuse(*(HEAD_TOO_LARGE if self._head_too_large else NOT_HTTP))

    def _refuse(self, status: int, code: str, text: str) -> None:
        """Answer for the application, in the form of its errors, and close."""
        self._all_read()
        if self._answering() or (self.cycle is not None and self.cycle.response_started and self._head_ended):
            self.transport.abort()  # an answer is under way, and this one would be taken for it
            return
        body = json.dumps({"__type": code, "message": text}).encode()
        lines = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            "content-type: application/x-amz-json-1.1",
            f"content-length: {len(body)}",
            f"x-amzn-RequestId: {uuid.uuid4()}",
            "connection: close",
        )
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.transport.close()
        self._write_within()
