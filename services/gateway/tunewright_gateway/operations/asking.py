"""Calls to the services behind the door."""

from __future__ import annotations

from typing import Any, Final

import grpc

from tunewright.platform.rpc.rebuilt import error_of

DEADLINE_S: Final = 20.0
"""Clients of AWS wait for a minute, and try again."""


async def asked(method: Any, request: Any) -> Any:
    """Return the answer. Raises the error that the service has met, Unavailable if it cannot be reached."""
    try:
        return await method(request, timeout=DEADLINE_S)
    except grpc.aio.AioRpcError as error:
        raise error_of(error) from None
