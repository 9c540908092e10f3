"""The way back from a failed call to our error. It is the half that clients load, so it logs nothing."""

from __future__ import annotations

import inspect
from typing import get_type_hints

import grpc
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from tunewright.core import errors
from tunewright.platform.rpc import DOMAIN
from tunewright.platform.rpc.tls import handshake_fault


def error_of(error: grpc.aio.AioRpcError) -> errors.TunewrightError:
    """Rebuild our error from a failed call."""
    code, text = error.code(), error.details() or ""
    for detail in details_of(error):
        info = ErrorInfo()
        if detail.Unpack(info) and info.domain == DOMAIN:
            return _rebuilt(info, text)
    if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
        return errors.Unavailable("the server", *(handshake_fault(text) or (text,)))
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


def _arguments(kind: type[errors.TunewrightError], info: ErrorInfo) -> dict[str, str | int | float]:
    """Return what the error was made of; what another version did not send is empty."""
    hints = get_type_hints(kind.__init__)
    arguments: dict[str, str | int | float] = {}
    for name in list(inspect.signature(kind.__init__).parameters)[1:]:
        text = info.metadata.get(name, "")
        if hints[name] is float:
            arguments[name] = float(text or 0)
        else:
            arguments[name] = int(text) if hints[name] is int and text.isdecimal() else text
    return arguments


def _all_kinds(root: type[errors.TunewrightError]) -> list[type[errors.TunewrightError]]:
    """Return the classes of the table; what a service makes of them for itself is told as what it is one of."""
    children = [child for child in root.__subclasses__() if child.__module__ == errors.__name__]
    return [root, *(kind for child in children for kind in _all_kinds(child))]
