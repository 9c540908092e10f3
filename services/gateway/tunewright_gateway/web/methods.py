"""Which calls a browser may make, and where they go: what is served to people, and nothing that trainers speak."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import grpc

from tunewright.v1 import explanation_service_pb2, metrics_service_pb2, operations_service_pb2, tuning_service_pb2

OF_SCHEDULER: Final = (tuning_service_pb2, operations_service_pb2, explanation_service_pb2)
OF_METRICS: Final = (metrics_service_pb2,)


@dataclass(frozen=True, slots=True)
class Method:
    path: str
    """As gRPC calls it: /package.Service/Method."""
    streams: bool
    """Whether it answers with any number of messages."""
    call: Callable[..., Any] | None
    """Takes and gives messages as bytes; None: this installation has not said where its service is."""


def methods(scheduler: grpc.aio.Channel, metrics: grpc.aio.Channel | None) -> Mapping[str, Method]:
    """Return what is passed on, by path."""
    found = [
        *(method for file in OF_SCHEDULER for method in _of_file(file.DESCRIPTOR, scheduler)),
        *(method for file in OF_METRICS for method in _of_file(file.DESCRIPTOR, metrics)),
    ]
    return {method.path: method for method in found}


def _of_file(file: Any, channel: grpc.aio.Channel | None) -> Iterator[Method]:
    for service in file.services_by_name.values():
        for method in service.methods:
            path, streams = f"/{service.full_name}/{method.name}", method.server_streaming
            if channel is None:
                yield Method(path, streams, None)
            else:
                # Without serializers gRPC hands bytes on as they are: nothing here knows the messages.
                yield Method(path, streams, (channel.unary_stream if streams else channel.unary_unary)(path))
