"""A request's body: read up to a limit."""

from __future__ import annotations

from typing import Final

from starlette.types import Receive

from tunewright_gateway.core.refusals import Refusal
from tunewright_gateway.edge.head import Head

LARGEST: Final = 4 << 20
"""Bytes. The largest request that botocore's model allows is about half of it."""
ROOM: Final = 64 << 20
"""Bytes of all bodies that are being read at a time."""
TOO_LARGE: Final = 413


class Gone(Exception):  # noqa: N818 - nobody is there to be told
    """The client has closed the connection."""


class Bodies:
    """What is being read, all together."""

    def __init__(self) -> None:
        self._held = 0

    async def read(self, head: Head, receive: Receive) -> bytes:
        """Raises Refusal: it is too large, or there is no room. Raises Gone."""
        announced = head.get("content-length")
        if announced.isdecimal() and int(announced) > LARGEST:
            raise _too_large()
        parts: list[bytes] = []
        size = 0
        try:
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                part, more = message.get("body", b""), message.get("more_body", False)
                size, self._held = size + len(part), self._held + len(part)
                if size > LARGEST:
                    raise _too_large()
                if self._held > ROOM:
                    raise Refusal("ThrottlingException", "Rate exceeded")
                parts.append(part)
        finally:
            self._held -= size
        return b"".join(parts)


def _too_large() -> Refusal:
    text = f"The request is larger than the {LARGEST} bytes that it may have."
    return Refusal("RequestEntityTooLarge", text, TOO_LARGE)
