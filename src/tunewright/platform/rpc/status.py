"""Our errors as google.rpc.Status, and back."""

from __future__ import annotations

import inspect
import uuid
from typing import Final, get_type_hints

import grpc
import structlog
from google.protobuf.any_pb2 import Any
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from tunewright.core import errors

DOMAIN: Final = "tunewright.dev"
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
    return Status(code=Code.Value(error.grpc_code), message=_sendable(str(error)), details=details)


def _sendable(text: str) -> str:
    """Return the text short enough for a header, and in UTF-8 whatever path it quotes."""
    whole = text.encode(errors="replace")
    if len(whole) <= LONGEST_TEXT:
        return whole.decode()
    return whole[: LONGEST_TEXT - len("…".encode())].decode(errors="ignore") + "…"


def error_of(error: grpc.aio.AioRpcError) -> errors.TunewrightError:
    """Rebuild our error from a failed call."""
    code, text = error.code(), error.details() or ""
    for detail in details_of(error):
        info = ErrorInfo()
        if detail.Unpack(info) and info.domain == DOMAIN:
            return _rebuilt(info, text)
    if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
        return errors.Unavailable("the server", text)
    return errors.Fault(f"{code.name}: {text}")


def details_of(error: grpc.aio.AioRpcError) -> list[Any]:
    """Return what a failed call says of itself beside its text."""
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            return list(Status.FromString(value).details)
    return []


def _rebuilt(info: ErrorInfo, message: str) -> errors.TunewrightError:
    kinds = {kind.reason: kind for kind in _all_kinds(errors.TunewrightError)}
    kind = kinds.get(info.reason, errors.Fault)
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    if kind.__init__ is not Exception.__init__:
        for name, value in _arguments(kind, info).items():
            setattr(error, name, value)
    return error


def _arguments(kind: type[errors.TunewrightError], info: ErrorInfo) -> dict[str, str | int]:
    """Return what the error was made of; what another version did not send is empty."""
    hints = get_type_hints(kind.__init__)
    arguments: dict[str, str | int] = {}
    for name in list(inspect.signature(kind.__init__).parameters)[1:]:
        text = info.metadata.get(name, "")
        arguments[name] = int(text) if hints[name] is int and text.isdecimal() else text
    return arguments


def _all_kinds(root: type[errors.TunewrightError]) -> list[type[errors.TunewrightError]]:
    """Return the classes of the table; what a service makes of them for itself is told as what it is one of."""
    children = [child for child in root.__subclasses__() if child.__module__ == errors.__name__]
    return [root, *(kind for child in children for kind in _all_kinds(child))]


def _packed(message: ErrorInfo | BadRequest) -> Any:
    packed = Any()
    packed.Pack(message)
    return packed
