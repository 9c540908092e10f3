"""A channel to services of this very process: what gRPC costs over loopback, most of a millisecond, without the socket.

Everything else is as on the wire (docs/adr/0035): messages pass as bytes, the token is checked at each call, the caller
is known to the handler, deadlines cancel, and errors come as statuses. Only what is asked and answered once passes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import grpc
from grpc_status import rpc_status

from tunewright.core.errors import Unavailable
from tunewright.platform.rpc.gate import Gate
from tunewright.platform.rpc.observed import observed
from tunewright.platform.rpc.server import Register, speaking_for
from tunewright.platform.rpc.status import status_of

Call = Callable[..., Awaitable[Any]]
"""Takes the request, as `timeout` the seconds that the caller waits, and as `metadata` pairs beside the token."""


Metadata = tuple[tuple[str, str], ...]


class InsideChannel:
    """Services are registered on it as on grpc.aio.Server; stubs are made of it as of grpc.aio.Channel."""

    def __init__(self, gate: Gate, token: str, services: Iterable[Register]) -> None:
        self._gate, self._token = gate, ("authorization", f"Bearer {token}")
        self._handlers: dict[str, Any] = {}
        for register in services:
            register(self)

    def add_generic_rpc_handlers(self, _handlers: object) -> None:
        """Generated code registers each method twice; the other way names the methods."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        self._handlers |= {f"/{service}/{name}": handler for name, handler in handlers.items()}

    def unary_unary(
        self,
        path: str,
        request_serializer: Callable[[Any], bytes],
        response_deserializer: Callable[[bytes], Any],
        **_: object,
    ) -> Call:
        async def call(request: Any, timeout: float | None = None, metadata: Metadata = ()) -> Any:  # noqa: ASYNC109 - as grpc's
            try:
                async with asyncio.timeout(timeout):
                    answer = await self._answered(path, request_serializer(request), metadata)
            except TimeoutError:
                raise _failed(Unavailable(path, "it did not answer in time")) from None
            return response_deserializer(answer)

        return call

    def unary_stream(self, *_: object, **__: object) -> None:
        """Nothing here streams."""

    stream_unary = stream_stream = unary_stream

    async def _answered(self, path: str, request: bytes, metadata: Metadata) -> bytes:
        try:
            handler = self._handlers.get(path)
            admitted = self._gate.admit(path, (*metadata, self._token))
            if handler is None:
                raise NotImplementedError(path)
            asked = handler.request_deserializer(request)
            with speaking_for(admitted), observed(path, asked) as outcome:
                try:
                    answer = await handler.unary_unary(asked, None)
                except Exception as error:
                    failed = _failed(error)
                    outcome.code = failed.code().name
                    raise failed from error
            written: bytes = handler.response_serializer(answer)
        except grpc.aio.AioRpcError:
            raise
        except Exception as error:
            raise _failed(error) from error
        return written


def _failed(error: Exception) -> grpc.aio.AioRpcError:
    """Return what a caller of gRPC is raised."""
    status = rpc_status.to_status(status_of(error))
    nothing = grpc.aio.Metadata()
    return grpc.aio.AioRpcError(status.code, nothing, grpc.aio.Metadata(*status.trailing_metadata), status.details)
