"""What an attempt says, sent to metrics until that has all of it.

The attempt's own list is the only buffer: it is there until the training is settled, so that whatever is lost on the
way, with a broker or with a server, is sent again from where it is missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Protocol

import grpc

from tunewright.client.claiming.attempt import Attempt
from tunewright.client.requests import request_of
from tunewright.core.errors import InvalidSpec, TunewrightError
from tunewright.platform.codec import instant_to_timestamp
from tunewright.v1 import metrics_service_pb2 as mpb

CALL_S: Final = 10.0
MOST_RECORDS: Final = 500
MOST_CHARACTERS: Final = 64 * 2**10
AGAIN_S: Final = 0.2
AGAIN_MOST_S: Final = 5.0
ENDED_AGAIN_S: Final = 2.0
ENDED_AGAIN_MOST_S: Final = 30.0


class MetricsStub(Protocol):
    """As much of MetricsService as is needed."""

    SendOutput: Callable[..., Awaitable[mpb.SendOutputResponse]]


class Output:
    """Of one attempt; run it as a task, and cancel it once the attempt is over."""

    def __init__(
        self, attempt: Attempt, stub: MetricsStub, error_of: Callable[[Any], TunewrightError], session_key: str
    ) -> None:
        self._attempt, self._stub, self._error_of, self._key = attempt, stub, error_of, session_key
        self._start, self._at, self._end_told = True, 0, False

    async def run(self) -> None:
        """Return only if nothing can be sent at all, having noted why."""
        attempt, times_ended, failures = self._attempt, 0, 0
        while True:
            attempt.news.clear()
            self._go_back()
            request = self._next()
            if request is None:
                again_s = _backoff_s(times_ended, ENDED_AGAIN_S, ENDED_AGAIN_MOST_S) if self._end_told else None
                await _within(again_s, attempt.news.wait())
                self._end_told = False  # told again until the attempt is over
                continue
            try:
                await self._stub.SendOutput(request, timeout=CALL_S)
            except grpc.aio.AioRpcError as failed:
                error = self._error_of(failed)
                if isinstance(error, InvalidSpec):
                    attempt.cannot_be_sent(error)
                    return
                failures += 1  # also where it is no longer ours: we are about to be told so
                await asyncio.sleep(_backoff_s(failures, AGAIN_S, AGAIN_MOST_S))
            else:
                failures = 0
                self._start, self._at = False, self._at + len(request.records)
                if request.HasField("end"):
                    self._end_told, times_ended = True, times_ended + 1
                    attempt.tellable.set()

    def _go_back(self) -> None:
        asked, self._attempt.resend_from = self._attempt.resend_from, None
        if asked is not None:
            self._start, self._end_told = self._start or asked < 0, False
            self._at = min(self._at, max(asked, 0))

    def _next(self) -> mpb.SendOutputRequest | None:
        """Return what is to be sent now; None: nothing is."""
        attempt = self._attempt
        training_id, number = attempt.key
        batch = attempt.records[self._at : self._at + MOST_RECORDS]
        while sum(map(len, batch)) > MOST_CHARACTERS and len(batch) > 1:
            batch = batch[: len(batch) // 2]
        request = mpb.SendOutputRequest(
            training=training_id,
            attempt=number,
            start=self._start,
            first_record=self._at,
            records=batch,
            session_key=self._key,
        )
        if attempt.end is not None and self._at + len(batch) == len(attempt.records) and not self._end_told:
            end = request_of(
                mpb.OutputEnd,
                records=len(attempt.records),
                cause=f"END_CAUSE_{attempt.end.cause.name}",
                exit_code=attempt.end.exit_code,
                ended_at=instant_to_timestamp(attempt.end.at),
            )
            request.end.CopyFrom(end)
        return request if self._start or batch or request.HasField("end") else None


def _backoff_s(times: int, first_s: float, most_s: float) -> float:
    return float(min(first_s * 2.0 ** min(times - 1, 30), most_s))


async def _within(most_s: float | None, work: Awaitable[Any]) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(work, most_s)
