"""Our errors as google.rpc.Status, for servers; rebuilt.py is the way back."""

from __future__ import annotations

import uuid
from typing import Final

import structlog
from google.protobuf.any_pb2 import Any
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from tunewright.core import errors
from tunewright.platform.rpc import DOMAIN

LONGEST_TEXT: Final = 600
"""Bytes in UTF-8. Statuses travel as headers, percent-encoded, and clients refuse headers of more than 8 KiB."""

log = structlog.get_logger()


def status_of(error: Exception) -> Status:
    """Return the status to abort with. What is not ours is logged under an id and told to nobody.

    NotImplementedError is what a generated servicer raises for a method that this version does not serve.
    """
    if isinstance(error, NotImplementedError):
        return Status(code=Code.UNIMPLEMENTED, message="this version does not serve this call")
    if not isinstance(error, errors.TunewrightError):
        request_id = uuid.uuid4().hex
        log.error("fault", request_id=request_id, exc_info=error)
        error = errors.Fault(f"internal fault; the log has it under request {request_id}")
    metadata = {name: _sendable(text) for name, text in error.details().items()}
    details = [_packed(ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=metadata))]
    if isinstance(error, errors.InvalidSpec):
        description = _sendable(f"{error.why}. {error.remedy}")
        violation = BadRequest.FieldViolation(field=_sendable(error.field), description=description)
        details.append(_packed(BadRequest(field_violations=[violation])))
    if isinstance(error, errors.Throttled):
        pause = RetryInfo()
        pause.retry_delay.FromNanoseconds(round(error.retry_after_s * 1e9))
        details.append(_packed(pause))
    return Status(code=Code.Value(error.grpc_code), message=_sendable(str(error)), details=details)


def _sendable(text: str) -> str:
    """Return the text short enough for a header, and in UTF-8 whatever path it quotes."""
    whole = text.encode(errors="replace")
    if len(whole) <= LONGEST_TEXT:
        return whole.decode()
    return whole[: LONGEST_TEXT - len("…".encode())].decode(errors="ignore") + "…"


def _packed(message: ErrorInfo | BadRequest | RetryInfo) -> Any:
    packed = Any()
    packed.Pack(message)
    return packed
