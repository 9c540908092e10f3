"""Open a channel: with a token and with our limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import grpc

from tunewright.platform.rpc import OPTIONS
from tunewright.platform.rpc.loopback import require_loopback

DIRECT: Final = ("grpc.enable_http_proxy", 0)
"""gRPC would send even 127.0.0.1, and the token, through the proxy that http_proxy names."""


class _Token:
    """Adds the token to every call, also on loopback without TLS, where gRPC's own call credentials refuse to."""

    def __init__(self, token: str) -> None:
        self._header = ("authorization", f"Bearer {token}")

    def signed(self, details: grpc.aio.ClientCallDetails) -> grpc.aio.ClientCallDetails:
        metadata = grpc.aio.Metadata(*(details.metadata or ()), self._header)
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


def open_channel(target: str, token: str) -> grpc.aio.Channel:
    """Return a channel to `host:port`. Close it. Raises InvalidSpec: the host is another machine."""
    if target:  # a server that is still starting has no address yet, and cannot be reached
        require_loopback("endpoint", target.rpartition(":")[0])
    interceptors = [_UnaryToken(token), _StreamToken(token)]
    return grpc.aio.insecure_channel(target, options=(*OPTIONS, DIRECT), interceptors=interceptors)
