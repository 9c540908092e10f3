"""The HTTP port of the embedded server: the SageMaker door, the dashboard, health and metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from starlette.types import ASGIApp

from tunewright.platform import http
from tunewright.platform.credentials import key_pairs
from tunewright.platform.local_options import LocalOptions
from tunewright.platform.rpc.loopback import is_loopback, require_loopback
from tunewright.platform.rpc.server import Tls
from tunewright.platform.rpc.targets import host_and_port
from tunewright_gateway.edge.admission import Terms

log = structlog.get_logger()


def door_terms(options: LocalOptions, credentials: Path) -> Terms:
    """Return on which terms the door lets in. Raises InvalidSpec: everybody, and from other machines too."""
    if options.any_credentials:
        host, _ = host_and_port("http", options.http)
        require_loopback("--insecure-any-credentials", host, "Listen on 127.0.0.1, or leave the option out")
        log.warning(
            "any credentials are accepted",
            at=options.http,
            means="every program and every user of this machine can run code as this user",
        )
    return Terms(key_pairs(credentials), _names(options), options.any_credentials)


@asynccontextmanager
async def serving_http(options: LocalOptions, app: ASGIApp, checks: Mapping[str, http.Check]) -> AsyncIterator[str]:
    """Serve the app while the block runs; yields HOST:PORT, with TLS https://HOST:PORT. Raises InvalidSpec.

    `checks` are what /readyz asks, by name.
    """
    host, port = host_and_port("http", options.http)
    tls = _tls(options)
    if tls is None:
        require_loopback("http", host, "Give --http-tls-certificate and --http-tls-key, or listen on 127.0.0.1")
    whole = http.application(checks, _names(options), lambda: app)
    async with http.watching(checks), http.serving(whole, host, port, tls) as port:
        yield f"https://{host}:{port}" if tls else f"{host}:{port}"


def _names(options: LocalOptions) -> tuple[str, ...]:
    host, _ = host_and_port("http", options.http)
    return (*http.LOOPBACK_NAMES, *options.http_names, *(() if is_loopback(host) else (host,)))


def _tls(options: LocalOptions) -> Tls | None:
    return Tls.given(options.http_tls_certificate, options.http_tls_key, "--http-tls-certificate and --http-tls-key")
