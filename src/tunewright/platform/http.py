"""The HTTP side of every service: alive, ready, Prometheus metrics, and what else a service serves."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from typing import Final

import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tunewright.core.errors import InvalidSpec, TunewrightError
from tunewright.platform import http_limits, tracing
from tunewright.platform.expiry import tell_expiry
from tunewright.platform.http_limits import LimitedProtocol
from tunewright.platform.rpc.tls import Tls

LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
ANY_NAME: Final = ("*",)
CHECK_WITHIN_S: Final = 2.0
CHECK_EVERY_S: Final = 5.0
log = structlog.get_logger()
check_ok = Gauge("tunewright_check_ok", "Whether what this process stands on answers: 1 or 0", ["check"])

Check = Callable[[], Awaitable[None]]
"""Raises, or takes too long, if what it checks does not hold."""


def nothing_else() -> None:
    """Serve health and metrics alone."""


def application(
    checks: Mapping[str, Check],
    hosts: tuple[str, ...] = LOOPBACK_NAMES,
    more: Callable[[], ASGIApp | None] = nothing_else,
) -> ASGIApp:
    """Return what answers, and logs its faults.

    `checks` name what must hold for this process to be given work, and may be added to while it runs. `more` returns
    what answers under all other paths, if there is something by now; it sees to the names in `hosts` itself.
    """

    async def ready(_request: Request) -> Response:
        failing = [name for name, check in list(checks.items()) if not await _holds(name, check)]
        return JSONResponse({"ready": not failing, "failing": failing}, status_code=503 if failing else 200)

    async def live(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    routes = [Route("/healthz", live), Route("/readyz", ready), Route("/metrics", metrics)]
    paths = {route.path for route in routes}
    own = Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))])

    async def by_path(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["path"] in paths:
                await own(scope, receive, send)
            else:
                with _traced(scope):
                    await (more() or own)(scope, receive, send)
        except Exception:
            log.exception("fault", path=scope["path"])
            raise

    return by_path


def _traced(scope: Scope) -> AbstractContextManager[None]:
    """Carry on the caller's trace, or begin one; not for the pages, of which there are many and which do nothing."""
    if scope["method"] != "POST":
        return contextlib.nullcontext()
    given = next((value for name, value in scope["headers"] if name == tracing.HEADER.encode()), None)
    return tracing.span("POST", tracing.read(given), first=True, **{"url.path": scope["path"]})


@contextlib.asynccontextmanager
async def watching(checks: Mapping[str, Check]) -> AsyncIterator[None]:
    """Tell Prometheus every few seconds, while the block runs, which of the checks hold."""

    async def watch() -> None:
        while True:
            outcomes = {name: await _holds(name, check) for name, check in list(checks.items())}
            check_ok.clear()  # one that there is no more says nothing
            for name, holds in outcomes.items():
                check_ok.labels(name).set(holds)
            await asyncio.sleep(CHECK_EVERY_S)

    watcher = asyncio.create_task(watch())
    try:
        yield
    finally:
        watcher.cancel()


async def _holds(name: str, check: Check) -> bool:
    """Say whether it holds. A fault of the check itself counts as no: who watches must not end over it."""
    try:
        async with asyncio.timeout(CHECK_WITHIN_S):
            await check()
    except (TunewrightError, TimeoutError):
        return False
    except Exception:
        log.exception("check failed", check=name)
        return False
    return True


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers, for the process has one owner of signals, and with patience for TLS."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen. Uvicorn's own gives a handshake a minute, before there is a protocol that could have limits."""
        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.Protocol:
            return LimitedProtocol(config=self.config, server_state=self.server_state, app_state={}, _loop=loop)

        tls, backlog = self.config.ssl, self.config.backlog
        within_s = http_limits.HEAD_S if tls else None
        self.servers = [
            await loop.create_server(protocol, sock=sock, backlog=backlog, ssl=tls, ssl_handshake_timeout=within_s)
            for sock in sockets or ()
        ]
        self.started = True

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - as in uvicorn
        yield


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, host: str, port: int, tls: Tls | None = None) -> AsyncIterator[int]:
    """Serve while the block runs; yields the port, which the system picks for 0.

    Raises InvalidSpec: the address cannot be listened on, or the certificate cannot be used.
    """
    config = _config(app, tls)
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        why = f"cannot listen on {host}:{port}: {error.strerror}"
        raise InvalidSpec("http", why, "Choose another address; port 0 picks a free one") from None
    # What is accepted inherits it. An answer is two writes, and without it the second waits 40 ms for the client's ACK;
    # asyncio sets it only on sockets that were made for TCP by name, which those of create_server are not.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await task
        listening.close()


def _config(app: ASGIApp, tls: Tls | None) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",  # a stranger's broken request is no news, and faults are logged above
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=http_limits.KEEP_ALIVE_S,
        timeout_graceful_shutdown=2,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        where = f"{tls.certificate}, {tls.key}" if tls else ""
        raise InvalidSpec(
            "http", f"{where} cannot be used: {error}", "Give a certificate and its key, in PEM"
        ) from None
    if tls and config.ssl:
        config.ssl.sni_callback = _Renewing(tls, config.ssl)
        tell_expiry("http", tls.certificate)
    return config


class _Renewing:
    """At each handshake: the certificate as it is on the disk now, as far as it can be used."""

    def __init__(self, tls: Tls, context: ssl.SSLContext) -> None:
        self._tls, self._context = tls, context
        self._changed_at = self._times()
        self._told = ""
        """Why the files could not be used, as far as that is in the log."""

    def __call__(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        why = ""
        try:
            if (now := self._times()) != self._changed_at:
                self._context = self._read()
                self._changed_at = now
        except (OSError, ValueError) as error:
            why = str(error)
        if why and why != self._told:
            log.warning("certificate not read again", certificate=str(self._tls.certificate), error=why)
        self._told = why
        connection.context = self._context

    def _times(self) -> tuple[int, ...]:
        """Return when the files were written, and when anything else about them changed, as who may read them."""
        found = self._tls.certificate.stat(), self._tls.key.stat()
        return tuple(time for file in found for time in (file.st_mtime_ns, file.st_ctime_ns))

    def _read(self) -> ssl.SSLContext:
        """Raises OSError, ValueError: the two do not fit, which they will once both are renewed."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._tls.certificate, self._tls.key, password="")
        return context
