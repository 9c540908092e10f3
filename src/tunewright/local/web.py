"""The HTTP port of the embedded server: the SageMaker door, the dashboard, health and metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress

import structlog
from starlette.types import ASGIApp

from tunewright.core.errors import InvalidSpec
from tunewright.local.ports import to_try
from tunewright.platform import http
from tunewright.platform.access import KeyOf
from tunewright.platform.local_options import LocalOptions
from tunewright.platform.rpc.loopback import is_loopback, require_loopback
from tunewright.platform.rpc.targets import host_and_port
from tunewright.platform.rpc.tls import Tls
from tunewright_gateway.edge.admission import Terms

log = structlog.get_logger()


def door_terms(options: LocalOptions, key_of: KeyOf) -> Terms:
    """Return on which terms the door lets in. Raises InvalidSpec: everybody, and from other machines too."""
    if options.any_credentials:
        host, _ = host_and_port("http", options.http)
        require_loopback("--insecure-any-credentials", host, "Listen on 127.0.0.1, or leave the option out")
        log.warning(
            "any credentials are accepted",
            at=options.http,
            means="every program and every user of this machine can run code as this user",
        )
    return Terms(key_of, _names(options), options.any_credentials)


@asynccontextmanager
async def serving_http(
    options: LocalOptions, app: ASGIApp, checks: Mapping[str, http.Check], before: str = ""
) -> AsyncIterator[str]:
    """Serve the app while the block runs; yields HOST:PORT, with TLS https://HOST:PORT. Raises InvalidSpec.

    `checks` are what /readyz asks, by name. `before` is where the last server was.
    """
    host, port = host_and_port("http", options.http)
    tls = _tls(options)
    if tls is None:
        require_loopback("http", host, "Give --http-tls-certificate and --http-tls-key, or listen on 127.0.0.1")
    whole = http.application(checks, _names(options), lambda: app)
    async with http.watching(checks), AsyncExitStack() as stack:
        at = await _listening(stack, [http.serving(whole, host, number, tls) for number in to_try(host, port, before)])
        yield f"https://{host}:{at}" if tls else f"{host}:{at}"


async def _listening(stack: AsyncExitStack, servers: Sequence[AbstractAsyncContextManager[int]]) -> int:
    """Start the first of these servers that can listen; return its port. Raises InvalidSpec: none can."""
    *before, last = servers
    for server in before:
        with suppress(InvalidSpec):
            return await stack.enter_async_context(server)
    return await stack.enter_async_context(last)


def _names(options: LocalOptions) -> tuple[str, ...]:
    host, _ = host_and_port("http", options.http)
    return (*http.LOOPBACK_NAMES, *options.http_names, *(() if is_loopback(host) else (host,)))


def _tls(options: LocalOptions) -> Tls | None:
    return Tls.given(options.http_tls_certificate, options.http_tls_key, "--http-tls-certificate and --http-tls-key")
