"""A gRPC server: authenticated, with our errors as statuses, health, reflection and explicit limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from grpc_status import rpc_status

from tunewright.core.access import Principal
from tunewright.core.errors import InvalidSpec, TunewrightError
from tunewright.platform import tracing
from tunewright.platform.expiry import tell_expiry
from tunewright.platform.rpc import SERVER_OPTIONS
from tunewright.platform.rpc.gate import Gate
from tunewright.platform.rpc.loopback import require_loopback
from tunewright.platform.rpc.observed import Outcome, counted, observed, refused
from tunewright.platform.rpc.renewing import server_credentials
from tunewright.platform.rpc.standing import LOOK_EVERY_S, while_standing
from tunewright.platform.rpc.status import status_of
from tunewright.platform.rpc.tls import Tls

OPEN_SERVICES: Final = ("/grpc.health.v1.Health/",)

MAKERS: Final = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}
"""By whether the request and whether the response is a stream."""

_caller: ContextVar[Principal] = ContextVar("caller")


def caller() -> str:
    """Return the owner that the request under way speaks for."""
    return _caller.get().owner


def principal() -> Principal:
    """Return who makes the request under way."""
    return _caller.get()


@contextmanager
def speaking_for(who: Principal) -> Iterator[None]:
    """Within it, `principal` returns this one."""
    before = _caller.set(who)
    try:
        yield
    finally:
        _caller.reset(before)


class Gatekeeper(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Lets in whom the gate admits; turns what a handler raises into a status; tells of each call."""

    def __init__(self, gate: Gate, look_every_s: float) -> None:
        self._gate, self._look_every_s = gate, look_every_s

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(details)
        if handler is None or details.method.startswith(OPEN_SERVICES):
            return handler
        try:
            admitted = self._gate.admit(details.method, details.invocation_metadata)
        except TunewrightError as refusal:
            return _refused(handler, details.method, self._gate, refusal)
        visit = _Visit(details.method, admitted, tracing.read_from(details.invocation_metadata))
        if handler.unary_unary:
            return _guarded_unary(handler, visit)
        if not handler.unary_stream:
            return handler
        judge = partial(self._gate.judge, details.method, details.invocation_metadata)
        return _guarded_stream(handler, visit, partial(while_standing, judge=judge, every_s=self._look_every_s))


@dataclass(frozen=True, slots=True)
class _Visit:
    """A call that was let in."""

    method: str
    admitted: Principal
    traceparent: str


def _guarded_unary(handler: Any, visit: _Visit) -> Any:
    async def call(request: Any, context: grpc.aio.ServicerContext) -> Any:
        _caller.set(visit.admitted)
        with observed(visit.method, request, visit.traceparent) as outcome:
            try:
                return await handler.unary_unary(request, context)
            except (asyncio.CancelledError, grpc.aio.AbortError):
                raise
            except Exception as error:  # noqa: BLE001 - the one place where errors become statuses
                await _abort(context, error, outcome)

    return grpc.unary_unary_rpc_method_handler(call, handler.request_deserializer, handler.response_serializer)


def _guarded_stream(handler: Any, visit: _Visit, guarded: Callable[[AsyncIterator[Any]], AsyncIterator[Any]]) -> Any:
    async def call(request: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
        _caller.set(visit.admitted)
        with counted(visit.method) as outcome:
            try:
                async for item in guarded(handler.unary_stream(request, context)):
                    yield item
            except (asyncio.CancelledError, grpc.aio.AbortError):
                raise
            except Exception as error:  # noqa: BLE001 - as above
                await _abort(context, error, outcome)

    return grpc.unary_stream_rpc_method_handler(call, handler.request_deserializer, handler.response_serializer)


async def _abort(context: grpc.aio.ServicerContext, error: Exception, outcome: Outcome) -> None:
    status = rpc_status.to_status(status_of(error))
    outcome.code = status.code.name
    await context.abort_with_status(status)


def _refused(handler: Any, method: str, gate: Gate, refusal: TunewrightError) -> Any:
    """Answer without a look at the message: who is not let in gets nothing parsed."""

    async def call(_request: Any, context: grpc.aio.ServicerContext) -> None:
        status = rpc_status.to_status(status_of(gate.refusal(refusal, context.peer())))
        refused(method, status.code.name)
        await context.abort_with_status(status)

    return MAKERS[handler.request_streaming, handler.response_streaming](call)


Register = Callable[[grpc.aio.Server], None]


class RpcServer:
    """Bound at once, so that its port is known; serves from `start` on."""

    def __init__(
        self, host: str, port: int, gate: Gate, tls: Tls | None = None, *, look_every_s: float = LOOK_EVERY_S
    ) -> None:
        """Port 0 lets the system pick. Plaintext is for loopback only. So often streams are judged again.

        Raises: InvalidSpec: plaintext and not loopback, or the address cannot be listened on.
        """
        if tls is None:
            remedy = "Give TUNEWRIGHT_TLS_CERTIFICATE and TUNEWRIGHT_TLS_KEY, or listen on 127.0.0.1"
            require_loopback("grpc", host, remedy)
        self._server = grpc.aio.server(interceptors=[Gatekeeper(gate, look_every_s)], options=SERVER_OPTIONS)
        address = f"{host}:{port}"
        try:
            if tls is None:
                self.port = self._server.add_insecure_port(address)
            else:
                self.port = self._server.add_secure_port(address, server_credentials(tls))
                tell_expiry("grpc", tls.certificate)
        except RuntimeError:
            why = f"cannot listen on {address}"
            raise InvalidSpec("grpc", why, "Choose another port; 0 picks a free one") from None
        self._health = health.aio.HealthServicer()

    async def start(self, services: Mapping[str, Register]) -> None:
        """Serve; `services` maps a full service name to what registers it."""
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        for name, register in services.items():
            register(self._server)
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        names = [*services, health.SERVICE_NAME, reflection.SERVICE_NAME]
        reflection.enable_server_reflection(names, self._server)
        await self._server.start()

    async def stop(self, grace_s: float = 0.5) -> None:
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_s)
