"""Our errors as google.rpc.Status, and back."""

from __future__ import annotations

import uuid
from typing import Final

import grpc
import structlog
from google.protobuf.any_pb2 import Any
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from tunewright.core import errors

DOMAIN: Final = "tunewright.dev"
log = structlog.get_logger()


def status_of(error: Exception) -> Status:
    """Return the status to abort with. What is not ours is logged under an id and told to nobody."""
    if not isinstance(error, errors.TunewrightError):
        request_id = uuid.uuid4().hex
        log.error("fault", request_id=request_id, exc_info=error)
        error = errors.Fault(f"internal fault; the log has it under request {request_id}")
    details = [_packed(ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.details()))]
    if isinstance(error, errors.InvalidSpec):
        violation = BadRequest.FieldViolation(field=error.field, description=f"{error.why}. {error.remedy}")
        details.append(_packed(BadRequest(field_violations=[violation])))
    return Status(code=Code.Value(error.grpc_code), message=str(error), details=details)


def error_of(error: grpc.aio.AioRpcError) -> errors.TunewrightError:
    """Rebuild our error from a failed call."""
    code, text = error.code(), error.details() or ""
    for detail in _details(error):
        info = ErrorInfo()
        if detail.Unpack(info) and info.domain == DOMAIN:
            return _rebuilt(info, text)
    if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
        return errors.Unavailable("the server", text)
    return errors.Fault(f"{code.name}: {text}")


def _details(error: grpc.aio.AioRpcError) -> list[Any]:
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            return list(Status.FromString(value).details)
    return []


def _rebuilt(info: ErrorInfo, message: str) -> errors.TunewrightError:
    kinds = {kind.reason: kind for kind in _all_kinds(errors.TunewrightError)}
    kind = kinds.get(info.reason, errors.Fault)
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    for name, value in info.metadata.items():
        setattr(error, name, value)
    return error


def _all_kinds(root: type[errors.TunewrightError]) -> list[type[errors.TunewrightError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in _all_kinds(child))]


def _packed(message: ErrorInfo | BadRequest) -> Any:
    packed = Any()
    packed.Pack(message)
    return packed
