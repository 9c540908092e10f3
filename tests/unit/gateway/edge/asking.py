"""Requests as a client signs them, at any time, and a door that answers them in this process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tunewright.core.access import INSTALLATION
from tunewright.core.arns import Account
from tunewright.platform.access import KeyPair
from tunewright_gateway.core.model.json_body import tree_of
from tunewright_gateway.edge.admission import Admission, Terms
from tunewright_gateway.edge.door import Door
from tunewright_gateway.edge.language import Language
from tunewright_gateway.operations.call import Backend, Call

KEY, SECRET = "TWKEY", "the-secret"
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
HOST = "127.0.0.1:8080"
MEDIA_TYPE = "application/x-amz-json-1.1"


@dataclass(frozen=True)
class Request:
    headers: tuple[tuple[str, str], ...]
    body: bytes = b"{}"
    method: str = "POST"
    query: str = ""

    def scope(self) -> dict[str, object]:
        return {
            "type": "http",
            "method": self.method,
            "path": "/",
            "query_string": self.query.encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers],
        }

    def but(self, name: str, value: str | None) -> Request:
        """Return it with a header replaced, added, or taken away."""
        rest = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=rest if value is None else (*rest, (name, value)))

    @property
    def authorization(self) -> str:
        return dict(self.headers)["Authorization"]


def signed(
    operation: str = "DescribeIt",
    body: bytes = b"{}",
    *,
    at: datetime = NOON,
    key: str = KEY,
    secret: str = SECRET,
    service: str = "sagemaker",
    region: str = "eu-west-1",
    host: str = HOST,
    query: str = "",
    token: str | None = None,
    more: Mapping[str, str] | None = None,
) -> Request:
    """Return a request as boto3 sends it; `more` are headers that are signed, too."""
    headers = {"Content-Type": MEDIA_TYPE, "X-Amz-Target": f"SageMaker.{operation}", "Host": host, **(more or {})}
    request = AWSRequest("POST", f"http://{host}/?{query}" if query else f"http://{host}/", headers, body)
    signer = SigV4Auth(Credentials(key, secret, token), service, region)
    request.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
    signer._modify_request_before_signing(request)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(text, request))
    return Request(tuple(request.headers.items()), body, query=query)


@dataclass(frozen=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def tree(self) -> dict[str, str]:
        tree: dict[str, str] = json.loads(self.body)
        return tree

    @property
    def code(self) -> str:
        return self.tree.get("__type", "OK")


class Client:
    """The other end of one request: sends its body in parts, and may hang up."""

    def __init__(self, request: Request, *, part: int = 1 << 16) -> None:
        whole = request.body
        self._parts = [whole[start : start + part] for start in range(0, len(whole), part)] or [b""]
        self._left = asyncio.Event()
        self.read = 0
        """Bytes of the body that were asked for."""
        self._sent: list[dict[str, object]] = []

    def hang_up(self) -> None:
        self._left.set()

    async def receive(self) -> dict[str, object]:
        if not self._parts:
            await self._left.wait()
            return {"type": "http.disconnect"}
        part = self._parts.pop(0)
        self.read += len(part)
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}

    async def send(self, message: dict[str, object]) -> None:
        self._sent.append(message)

    @property
    def answered(self) -> Answered | None:
        if not self._sent:
            return None
        start, end = self._sent
        headers = {name.decode(): value.decode() for name, value in start["headers"]}  # type: ignore[attr-defined]
        return Answered(start["status"], headers, end["body"])  # type: ignore[arg-type]


async def ask(door: Door, request: Request) -> Answered:
    client = Client(request)
    await door(request.scope(), client.receive, client.send)
    assert client.answered is not None
    return client.answered


class Clocks:
    """Time as a test tells it."""

    def __init__(self) -> None:
        self.now, self.s = NOON, 0.0

    def on(self, seconds: float) -> None:
        self.now, self.s = self.now + timedelta(seconds=seconds), self.s + seconds


class House:
    """A door with operations of its own: what they have done stands in `done`."""

    def __init__(
        self,
        load: Callable[[], None] = lambda: None,
        read: Callable[[str, bytes], dict[str, object]] = lambda _operation, raw: tree_of(raw),
        **terms: object,
    ) -> None:
        self.clocks = Clocks()
        self.done: list[str] = []
        self.fault: Exception | None = None
        self.hold: asyncio.Event | None = None
        """What DescribeIt and CreateIt wait for."""
        self.cancelled = 0
        admission = Admission(
            Terms(**({"keys": {KEY: KeyPair(SECRET, INSTALLATION)}.get} | terms)), lambda: self.clocks.now
        )  # type: ignore[arg-type]
        operations = {name: self._operation(name) for name in ("DescribeIt", "CreateIt", "DeleteTags", "AddTags")}
        backend = Backend(None, Account(), b"page key")  # type: ignore[arg-type]
        language = Language(operations, read, load)
        self.door = Door(lambda _principal: backend, admission, language, lambda: self.clocks.s)

    def _operation(self, name: str):
        async def operation(_call: Call) -> dict[str, object]:
            if self.hold is not None:
                try:
                    await self.hold.wait()
                except asyncio.CancelledError:
                    self.cancelled += 1
                    raise
            if self.fault is not None:
                raise self.fault
            self.done.append(name)
            return {"Done": len(self.done)}

        return operation

    async def ask(self, request: Request) -> Answered:
        return await ask(self.door, request)


def refused(answered: Answered) -> tuple[int, str, str]:
    return answered.status, answered.code, answered.tree["message"]
