"""Our gRPC services as their descriptors have them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import message_factory

import tunewright.v1


def _methods() -> dict[str, Any]:
    modules = [item.name for item in pkgutil.iter_modules(tunewright.v1.__path__) if item.name.endswith("_service_pb2")]
    files = [importlib.import_module(f"tunewright.v1.{name}").DESCRIPTOR for name in modules]
    services = [service for file in files for service in file.services_by_name.values()]
    return {f"/{service.full_name}/{method.name}": method for service in services for method in service.methods}


METHODS: Final[Mapping[str, Any]] = _methods()
"""Descriptors by the path of a call."""


def request_class(path: str) -> Any:
    return message_factory.GetMessageClass(METHODS[path].input_type)


def call(channel: Any, path: str, request: Any, **more: Any) -> Any:
    """Begin a call of any kind."""
    method = METHODS[path]
    answer = message_factory.GetMessageClass(method.output_type).FromString
    make = channel.unary_stream if method.server_streaming else channel.unary_unary
    return make(path, type(request).SerializeToString, answer)(request, **more)
