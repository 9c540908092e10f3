"""Open a channel: with our limits, and with a token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc

from tunewright.platform import tracing
from tunewright.platform.rpc import CLIENT_OPTIONS
from tunewright.platform.rpc.targets import grpc_target
from tunewright.platform.rpc.tls import CA, CLIENT_CERTIFICATE, CLIENT_KEY, CallerTls, read_pem


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
    endpoint: str, token: str | None, tls: CallerTls | None = None, *, field: str = "endpoint"
) -> grpc.aio.Channel:
    """Return a channel to HOST:PORT, or to all of several. Close it.

    `token` goes with every call; None: each call brings the one of whoever it is made for.
    Without `tls` the channel is plaintext. Its files are read now: a channel that is opened later takes renewed ones.
    Raises InvalidSpec: not an address, a file that cannot be used, or plaintext to another machine.
    """
    interceptors = [] if token is None else [_UnaryToken(token), _StreamToken(token)]
    # A server that is still starting has no address yet, and cannot be reached.
    target = grpc_target(field, endpoint, encrypted=tls is not None) if endpoint else ""
    if tls is None:
        return grpc.aio.insecure_channel(target, options=CLIENT_OPTIONS, interceptors=interceptors)
    # Of several addresses, gRPC would look for the whole list in a certificate.
    authority = ("grpc.default_authority", endpoint.partition(",")[0])
    return grpc.aio.secure_channel(
        target, _credentials(tls), options=(*CLIENT_OPTIONS, authority), interceptors=interceptors
    )


def _credentials(tls: CallerTls) -> grpc.ChannelCredentials:
    """Raises InvalidSpec."""
    tls.check()
    authority = read_pem(CA, tls.ca)
    if tls.certificate is None or tls.key is None:
        return grpc.ssl_channel_credentials(authority)
    pair = read_pem(CLIENT_KEY, tls.key), read_pem(CLIENT_CERTIFICATE, tls.certificate)
    return grpc.ssl_channel_credentials(authority, *pair)
