"""Requests as the browser sends them for our page, and what it gets."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp

from tests.unit.gateway.web.upstream import TOKEN

HOST = "127.0.0.1:8080"
UNARY, STREAM = "application/proto", "application/connect+proto"
SERVICE = "/rpc/tunewright.v1.TuningService"
GET, WATCH = f"{SERVICE}/GetTuningJob", f"{SERVICE}/WatchTuningJob"


def headers_of(kind: str) -> dict[str, str]:
    return {
        "Host": HOST,
        "Origin": f"http://{HOST}",
        "Sec-Fetch-Site": "same-origin",
        "Content-Type": kind,
        "Connect-Protocol-Version": "1",
        "Authorization": f"Bearer {TOKEN}",
    }


def enveloped(message: bytes, flags: int = 0) -> bytes:
    return bytes([flags]) + len(message).to_bytes(4, "big") + message


class Visit:
    """One request, and its answer so far. A header that is None is not sent."""

    def __init__(self, path: str, body: bytes, *, method: str = "POST", **headers: str | None) -> None:
        kind = STREAM if path == WATCH else UNARY
        given: dict[str, str | None] = {**headers_of(kind)}
        given |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [
                (name.lower().encode(), text.encode("latin-1")) for name, text in given.items() if text is not None
            ],
        }
        self._parts = [body[start : start + (1 << 16)] for start in range(0, len(body), 1 << 16)] or [b""]
        self._left, self._news = asyncio.Event(), asyncio.Event()
        self.read = 0
        """Bytes of the body that were asked for."""
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.body, self.ended = b"", False

    async def receive(self) -> dict[str, Any]:
        if not self._parts:
            await self._left.wait()
            return {"type": "http.disconnect"}
        part = self._parts.pop(0)
        self.read += len(part)
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}

    async def send(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message["body"]
            self.ended = not message.get("more_body", False)
        self._news.set()

    def hang_up(self) -> None:
        self._left.set()

    async def heard(self, count: int) -> None:
        """Return once so many envelopes have come."""
        while len(self.envelopes) < count:
            self._news.clear()
            await self._news.wait()

    @property
    def envelopes(self) -> list[tuple[int, bytes]]:
        found, rest = [], self.body
        while rest:
            length = int.from_bytes(rest[1:5], "big")
            found.append((rest[0], rest[5 : 5 + length]))
            rest = rest[5 + length :]
        return found

    @property
    def error(self) -> dict[str, Any]:
        """The failure that it ended with."""
        if self.headers["content-type"] == "application/json":
            found: dict[str, Any] = json.loads(self.body)
            return found
        flags, last = self.envelopes[-1]
        assert flags == 2
        ended: dict[str, Any] = json.loads(last)["error"]
        return ended

    def detail(self, number: int, kind: Any) -> Any:
        """Return a detail of the failure, as a browser reads it."""
        detail = self.error["details"][number]
        assert detail["type"] == kind.DESCRIPTOR.full_name
        assert not detail["value"].endswith("=")
        return kind.FromString(b64decode(detail["value"] + "=" * (-len(detail["value"]) % 4)))


async def ask(app: ASGIApp, path: str, body: bytes = b"", **given: Any) -> Visit:
    visit = Visit(path, body, **given)
    await app(visit.scope, visit.receive, visit.send)
    assert visit.ended
    return visit
