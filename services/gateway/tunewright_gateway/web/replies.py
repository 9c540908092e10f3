"""The two forms of an answer in the Connect protocol.

one message     the body is the message; what fails has an HTTP status, and JSON for a body
a stream        200, then envelopes, each a byte of flags, four of length, and that much; the last one is JSON and
                says how it ended
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Final

from starlette.types import Send

from tunewright_gateway.web.failures import Failure

MESSAGE: Final = "application/proto"
STREAM: Final = "application/connect+proto"
END: Final = 0x02
"""The flag of the envelope that ends a stream."""
COMPRESSED: Final = 0x01
PREFIX_BYTES: Final = 5
ALWAYS: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


class Reply(ABC):
    def __init__(self, send: Send) -> None:
        self._send = send

    @abstractmethod
    async def begin(self) -> None:
        """Say that the call is under way."""

    @abstractmethod
    async def give(self, message: bytes) -> None:
        """Returns once the client has room for more."""

    @abstractmethod
    async def end(self) -> None:
        """Say that this was all."""

    @abstractmethod
    async def fail(self, failure: Failure) -> None:
        """End it with a failure, whatever was given before."""

    async def _start(self, status: int, *headers: tuple[bytes, bytes]) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": [*headers, *ALWAYS]})

    async def _body(self, body: bytes, *, more: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


class OneMessage(Reply):
    async def begin(self) -> None:
        """Its status is known only with its answer."""

    async def give(self, message: bytes) -> None:
        await self._whole(200, MESSAGE, message)

    async def end(self) -> None:
        """The message was all."""

    async def fail(self, failure: Failure) -> None:
        await self._whole(failure.status, "application/json", json.dumps(failure.tree).encode())

    async def _whole(self, status: int, kind: str, body: bytes) -> None:
        await self._start(status, (b"content-type", kind.encode()), (b"content-length", str(len(body)).encode()))
        await self._body(body)


class Stream(Reply):
    _begun = False

    async def begin(self) -> None:
        if not self._begun:
            self._begun = True
            # The second is for a proxy in front, which would keep back what is not a whole buffer.
            await self._start(200, (b"content-type", STREAM.encode()), (b"x-accel-buffering", b"no"))

    async def give(self, message: bytes) -> None:
        await self._body(enveloped(0, message), more=True)

    async def end(self) -> None:
        await self._body(enveloped(END, b"{}"))

    async def fail(self, failure: Failure) -> None:
        await self.begin()
        await self._body(enveloped(END, json.dumps({"error": failure.tree}).encode()))


def enveloped(flags: int, message: bytes) -> bytes:
    return bytes([flags]) + len(message).to_bytes(4, "big") + message


def only_message(body: bytes) -> bytes:
    """Return the message of a request to a stream, which is one. Raises Failure."""
    flags, length = body[:1], int.from_bytes(body[1:PREFIX_BYTES], "big")
    if flags != b"\0" or len(body) != PREFIX_BYTES + length:
        raise Failure("invalid_argument", "The request is not one message in an envelope, uncompressed.")
    return body[PREFIX_BYTES:]
