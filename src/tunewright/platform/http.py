"""The small HTTP side of every service: alive, ready, and Prometheus metrics."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tunewright.core.errors import InvalidSpec, TunewrightError

LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")


ANY_NAME: Final = ("*",)
CHECK_WITHIN_S: Final = 2.0

Check = Callable[[], Awaitable[None]]
"""Raises, or takes too long, if what it checks does not hold."""


def application(checks: Mapping[str, Check], hosts: tuple[str, ...] = LOOPBACK_NAMES) -> Starlette:
    """`checks` name what must hold for this process to be given work; they may be added while it runs."""

    async def ready(_request: Request) -> Response:
        failing = [name for name, check in checks.items() if not await _holds(check)]
        return JSONResponse({"ready": not failing, "failing": failing}, status_code=503 if failing else 200)

    async def live(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    routes = [Route("/healthz", live), Route("/readyz", ready), Route("/metrics", metrics)]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))])


async def _holds(check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_WITHIN_S):
            await check()
    except (TunewrightError, TimeoutError):
        return False
    return True


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: the process has one owner of signals."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - as in uvicorn
        yield


@contextlib.asynccontextmanager
async def serving(app: Starlette, host: str, port: int) -> AsyncIterator[int]:
    """Serve while the block runs; yields the port, which the system picks for 0.

    Raises InvalidSpec: the address cannot be listened on.
    """
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        why = f"cannot listen on {host}:{port}: {error.strerror}"
        raise InvalidSpec("http", why, "Choose another address; port 0 picks a free one") from None
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await task
        listening.close()
