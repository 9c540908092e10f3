"""`POST /rpc/<package.Service>/<Method>`: the Connect protocol, passed on as gRPC.

    head ─▶ is it our own page ─▶ is it a call that is passed on ─▶ body ─▶ gRPC ─▶ answer, and a line in the log

Messages pass as bytes, the caller's token as it came. Who he is and what he may, the services decide, as for every
other client (docs/adr/0039).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Final

import grpc
from starlette.types import Receive, Scope, Send

from tunewright.platform import tracing
from tunewright.platform.settings import variable
from tunewright_gateway.core.refusals import Refusal
from tunewright_gateway.edge.body import Bodies, Gone
from tunewright_gateway.edge.head import Head
from tunewright_gateway.edge.leaving import unless_gone
from tunewright_gateway.web import records
from tunewright_gateway.web.asked import Terms, require_form, require_our_page, terms_of
from tunewright_gateway.web.failures import Failure, of_call, of_refusal
from tunewright_gateway.web.methods import Method
from tunewright_gateway.web.open_streams import OpenStreams
from tunewright_gateway.web.replies import OneMessage, Reply, Stream, only_message

BELOW: Final = "/rpc"
DONE: Final = "ok"
LEFT: Final = "canceled"
NO_SUCH: Final = "This call is not passed on here."
NOWHERE: Final = (
    f"This gateway does not know where metrics is served. Its operator sets {variable('metrics')} to HOST:PORT."
)


class Bridge:
    """An ASGI application for all paths below BELOW. `clock` is in seconds and goes on evenly."""

    def __init__(
        self, methods: Mapping[str, Method], names: tuple[str, ...], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._methods, self._names, self._clock = methods, names, clock
        self._bodies, self._streams = Bodies(), OpenStreams()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = self._clock()
        method = self._methods.get(scope["path"].removeprefix(BELOW))
        name, streams = (method.path, method.streams) if method else (records.OTHER, False)
        code = LEFT
        try:
            code = await self._answered(name, method, scope, receive, send)
        except Gone:
            pass
        finally:
            records.tell(name, code, self._clock() - began, streams=streams)

    async def _answered(self, name: str, method: Method | None, scope: Scope, receive: Receive, send: Send) -> str:
        """Answer whatever happens, and return the code. Raises Gone: nobody waits for it any more."""
        reply: Reply = OneMessage(send)
        try:
            head = Head.of(scope)
            require_our_page(head, self._names)
            if method is None:
                raise Failure("unimplemented", NO_SUCH)
            require_form(head, method)
            reply = Stream(send) if method.streams else reply
            await self._passed(method, head, receive, reply)
        except Gone:
            raise
        except Exception as error:  # noqa: BLE001 - the one place where errors become answers
            failure = _failure_of(name, error)
            await reply.fail(failure)
            return failure.code
        return DONE

    async def _passed(self, method: Method, head: Head, receive: Receive, reply: Reply) -> None:
        """Raises Failure, Refusal, AioRpcError, Gone."""
        terms = terms_of(head, method)
        if method.call is None:
            raise Failure("unimplemented", NOWHERE)
        with self._streams.one_more(terms.metadata) if method.streams else nullcontext():
            body = await self._bodies.read(head, receive)
            await unless_gone(_called(method, terms, only_message(body) if method.streams else body, reply), receive)


async def _called(method: Method, terms: Terms, message: bytes, reply: Reply) -> None:
    """Carry out a call to its end; cancelled, it cancels the call."""
    assert method.call is not None  # noqa: S101 - the caller has looked
    metadata = (*terms.metadata, *tracing.metadata())
    call = method.call(message, timeout=terms.timeout_s, metadata=metadata)
    try:
        await reply.begin()
        if method.streams:
            async for answer in call:
                await reply.give(answer)  # a client that does not read is not read for, either
        else:
            await reply.give(await call)
        await reply.end()
    finally:
        call.cancel()


def _failure_of(method: str, error: Exception) -> Failure:
    match error:
        case Failure():
            return error
        case Refusal():
            return of_refusal(error)
        case grpc.aio.AioRpcError():
            return of_call(error)
        case _:
            request_id = uuid.uuid4().hex
            records.tell_fault(method, request_id, error)
            return Failure("internal", f"internal fault; the log has it under request {request_id}")
