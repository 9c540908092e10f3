"""An answer on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from starlette.types import Send

from tunewright_gateway.core.json_text import in_json
from tunewright_gateway.core.refusals import Refusal

MEDIA_TYPE: Final = "application/x-amz-json-1.1"
DONE: Final = "OK"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    code: str
    """DONE, or AWS's name of the error."""
    body: bytes

    @classmethod
    def of(cls, members: dict[str, Any] | bytes) -> Answer:
        """Return the answer of an operation; bytes are its members in JSON."""
        return cls(200, DONE, members if isinstance(members, bytes) else in_json(members))

    @classmethod
    def refusing(cls, refusal: Refusal) -> Answer:
        tree = {"__type": refusal.code, "message": refusal.text}
        return cls(refusal.status, refusal.code, in_json(tree))

    async def send(self, request_id: str, send: Send) -> None:
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(self.body)).encode()),
            (b"x-amzn-requestid", request_id.encode()),
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})
