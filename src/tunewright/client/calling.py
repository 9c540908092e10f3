"""How each call of the SDK is made: within a deadline, again while the server is away, followed as long as it goes.

Errors are those of tunewright.core.errors.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import count
from typing import Any, Final

import grpc

from tunewright.client.address import METRICS, Address
from tunewright.core.errors import InvalidSpec, Throttled, TunewrightError, Unavailable
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.rebuilt import error_of

DEADLINE_S: Final = 30.0
"""Of a call, with all that is tried again."""
TRIES: Final = 4
PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0
PATIENCE_S: Final = 60.0
"""How long whoever follows something waits for a server that is away."""
REMEDY: Final = "See that it runs and can be reached from here; then the same call may be made again"

Passing = (Unavailable, Throttled)
"""What the same call may not meet a little later."""

GoOn = Callable[[Any, Any], None]
"""Writes into the request of a stream where the next one is to begin, of an answer."""


def _behind_the_token(request: Any, response: Any) -> None:
    request.page_token = response.next_page_token


def _asked_to_wait_s(error: TunewrightError) -> float:
    return error.retry_after_s if isinstance(error, Throttled) else 0.0


class Calling:
    """Channels to a server. Close it."""

    def __init__(self, address: Address, deadline_s: float) -> None:
        """Raises InvalidSpec."""
        if not deadline_s > 0:
            raise InvalidSpec("deadline_s", f"is {deadline_s}", "Give seconds, more than 0")
        self._address, self._deadline_s = address, deadline_s
        self._channels = [self._open(endpoint) for endpoint in (address.endpoint, address.metrics) if endpoint]

    async def close(self) -> None:
        async with AsyncExitStack() as closing:  # all of them, whatever one of them raises
            for channel in self._channels:
                closing.push_async_callback(channel.close)

    def _open(self, endpoint: str) -> grpc.aio.Channel:
        return open_channel(endpoint, self._address.token, self._address.tls())

    async def _call(self, method: Callable[..., Awaitable[Any]], request: Any, deadlines: int = 1) -> Any:
        """Raises TunewrightError; Unavailable, Throttled: it was tried a few times, or the deadline has passed."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._deadline_s * deadlines
        for tries in count(1):
            try:
                return await method(request, timeout=until - clock())
            except grpc.aio.AioRpcError as failed:
                error = self._error_of(failed)
                pause_s = max(PAUSE_S * 2**tries, _asked_to_wait_s(error))
                if not isinstance(error, Passing) or tries == TRIES or clock() + pause_s >= until:
                    raise error from failed
            await asyncio.sleep(pause_s)
        raise AssertionError

    async def _pages(self, method: Callable[..., Awaitable[Any]], request: Any) -> AsyncIterator[Any]:
        """Yield the answers, page after page."""
        while True:
            response = await self._call(method, request)
            yield response
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    async def _followed(
        self, method: Callable[..., Any], request: Any, patience_s: float, go_on: GoOn = _behind_the_token
    ) -> AsyncIterator[Any]:
        """Yield what a stream tells. One that breaks off is taken up again behind what it has told last.

        `go_on` writes into the request what that was.
        Raises Unavailable: nothing was told for so long since it broke off.
        """
        clock = asyncio.get_running_loop().time
        losses, lost_at = 0, 0.0
        while True:
            call = method(request)
            try:
                async for response in call:
                    losses = 0
                    go_on(request, response)
                    yield response
            except grpc.aio.AioRpcError as failed:
                error, losses = self._error_of(failed), losses + 1
                lost_at = clock() if losses == 1 else lost_at
                if not isinstance(error, Passing) or clock() >= lost_at + patience_s:
                    raise error from failed
                pause_s = max(min(PAUSE_S * 2**losses, LONGEST_PAUSE_S), _asked_to_wait_s(error))
            else:
                return
            finally:
                call.cancel()
            await asyncio.sleep(pause_s)

    async def _told(self, method: Callable[..., Any], request: Any) -> AsyncIterator[Any]:
        """Yield what a stream tells that is computed as it goes, and is not taken up again."""
        try:
            async for response in method(request):
                yield response
        except grpc.aio.AioRpcError as failed:
            raise self._error_of(failed) from failed

    def _error_of(self, failed: grpc.aio.AioRpcError) -> TunewrightError:
        """Rebuild the error; what a scheduler by itself does not serve, metrics does."""
        if failed.code() is grpc.StatusCode.UNIMPLEMENTED and not self._address.metrics:
            why = f"is not set, and {self._address.endpoint} does not serve what metrics does"
            return InvalidSpec(METRICS, why, "Set it to HOST:PORT of metrics")
        error = error_of(failed)
        if isinstance(error, Unavailable) and not error.remedy:
            return Unavailable(error.peer, error.why, REMEDY)
        return error
