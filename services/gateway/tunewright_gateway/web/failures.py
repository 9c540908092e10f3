"""A call that failed, as the Connect protocol tells it: a code, a text, and the details that gRPC's status has."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any as Tree
from typing import Final

import grpc
from google.protobuf.any_pb2 import Any

from tunewright.platform.rpc.rebuilt import details_of
from tunewright_gateway.core.refusals import Refusal
from tunewright_gateway.edge.admission import DENIED

HTTP_STATUSES: Final = {
    "canceled": 499,
    "unknown": 500,
    "invalid_argument": 400,
    "deadline_exceeded": 504,
    "not_found": 404,
    "already_exists": 409,
    "permission_denied": 403,
    "resource_exhausted": 429,
    "failed_precondition": 400,
    "aborted": 409,
    "out_of_range": 400,
    "unimplemented": 501,
    "internal": 500,
    "unavailable": 503,
    "data_loss": 500,
    "unauthenticated": 401,
}
"""By code; the protocol knows no others. They are gRPC's, in lower case and with one l in canceled."""
OF_REFUSALS: Final = {
    DENIED: "permission_denied",
    "RequestEntityTooLarge": "resource_exhausted",
    "ThrottlingException": "unavailable",
}


class Failure(Exception):  # noqa: N818 - what it tells of is no fault of ours
    """`status` is HTTP's, where another one than the code's says more."""

    def __init__(self, code: str, text: str, details: Iterable[Any] = (), status: int | None = None) -> None:
        self.code, self.text, self.details = code, text, tuple(details)
        self.status = HTTP_STATUSES[code] if status is None else status
        super().__init__(f"{code}: {text}")

    @property
    def tree(self) -> dict[str, Tree]:
        """Return it as JSON has it."""
        told: dict[str, Tree] = {"code": self.code, "message": self.text}
        if self.details:
            told["details"] = [
                {"type": detail.TypeName(), "value": _in_base64(detail.value)} for detail in self.details
            ]
        return told


def of_call(error: grpc.aio.AioRpcError) -> Failure:
    """Return what a service answered, unchanged."""
    code = "canceled" if error.code() is grpc.StatusCode.CANCELLED else error.code().name.lower()
    return Failure(code, error.details() or "", details_of(error))


def of_refusal(refusal: Refusal) -> Failure:
    """Return what the edge refuses, which it words for AWS's clients first."""
    return Failure(OF_REFUSALS.get(refusal.code, "invalid_argument"), refusal.text)


def _in_base64(value: bytes) -> str:
    return b64encode(value).decode().rstrip("=")
