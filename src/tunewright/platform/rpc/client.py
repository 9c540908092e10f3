"""Open a channel: with our limits, and with a token."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc

from tunewright.core.errors import InvalidSpec
from tunewright.platform import tracing
from tunewright.platform.rpc import CLIENT_OPTIONS
from tunewright.platform.rpc.targets import grpc_target


class _Token:
    """Adds the token to every call, also on loopback without TLS, where gRPC's own call credentials refuse to.

    And the trace that the call belongs to, if any.
    """

    def __init__(self, token: str) -> None:
        self._header = ("authorization", f"Bearer {token}")

    def signed(self, details: grpc.aio.ClientCallDetails) -> grpc.aio.ClientCallDetails:
        metadata = grpc.aio.Metadata(*(details.metadata or ()), self._header, *tracing.metadata())
        return details._replace(metadata=metadata)


# Two classes, because grpc sorts an interceptor under the first kind of call that it fits.


class _UnaryToken(_Token, grpc.aio.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    async def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        return await continuation(self.signed(client_call_details), request)


class _StreamToken(_Token, grpc.aio.UnaryStreamClientInterceptor):  # type: ignore[misc]
    async def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        return await continuation(self.signed(client_call_details), request)


def open_channel(
    endpoint: str, token: str | None, ca: Path | None = None, *, field: str = "endpoint"
) -> grpc.aio.Channel:
    """Return a channel to HOST:PORT, or to all of several. Close it.

    `token` goes with every call; None: each call brings the one of whoever it is made for.
    `ca` names the certificate, in PEM, that the servers' certificates are signed with; without it the channel is
    plaintext. Raises InvalidSpec: not an address, no such file, or plaintext to another machine.
    """
    interceptors = [] if token is None else [_UnaryToken(token), _StreamToken(token)]
    # A server that is still starting has no address yet, and cannot be reached.
    target = grpc_target(field, endpoint, encrypted=ca is not None) if endpoint else ""
    if ca is None:
        return grpc.aio.insecure_channel(target, options=CLIENT_OPTIONS, interceptors=interceptors)
    credentials = grpc.ssl_channel_credentials(read_pem("TUNEWRIGHT_TLS_CA", ca))
    # Of several addresses, gRPC would look for the whole list in a certificate.
    authority = ("grpc.default_authority", endpoint.partition(",")[0])
    return grpc.aio.secure_channel(target, credentials, options=(*CLIENT_OPTIONS, authority), interceptors=interceptors)


def read_pem(field: str, path: Path) -> bytes:
    """Return a file of certificates or a key. Raises InvalidSpec."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidSpec(field, f"{path} cannot be read: {error.strerror}", "Give a file in PEM") from None
