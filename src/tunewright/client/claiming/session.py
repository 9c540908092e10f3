"""The session of a program that claims trainings: one lease for what it holds, claims, orders and ends.

It is a trainer's session with one slot. It lives with its program, and a program that starts again has another one.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import uuid
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, Final, Protocol, TypeVar

import grpc

from tunewright.client.claiming.attempt import LEASE_PASSED, Attempt, End
from tunewright.client.claiming.output import MetricsStub, Output
from tunewright.core.claimed import CLAIMED
from tunewright.core.errors import IllegalTransition, NotFound, Throttled, TunewrightError, Unavailable
from tunewright.core.states import EndCause
from tunewright.v1 import worker_service_pb2 as pb

CALL_S: Final = 5.0
"""Deadline of a call, on top of what it was asked to wait."""
CLAIM_WAIT_S: Final = 20.0
AGAIN_S: Final = 0.2
AGAIN_MOST_S: Final = 2.0
CLOSE_S: Final = 10.0
"""What the end of a session waits for metrics to have read what was said."""
UNSENT: Final = "its loop was left before metrics had what it said"
FIRST_RECORD: Final = -1

Refused = (IllegalTransition, NotFound)
Answer = TypeVar("Answer")


class WorkerStub(Protocol):
    """The asynchronous stub of WorkerService."""

    OpenSession: Callable[..., Awaitable[pb.OpenSessionResponse]]
    Heartbeat: Callable[..., Awaitable[pb.HeartbeatResponse]]
    Claim: Callable[..., Awaitable[pb.ClaimResponse]]
    Exited: Callable[..., Awaitable[pb.ExitedResponse]]
    CloseSession: Callable[..., Awaitable[pb.CloseSessionResponse]]


class Session:
    """Open it, claim, close it; all on one loop."""

    def __init__(
        self,
        pool: str,
        worker: WorkerStub,
        metrics: MetricsStub,
        error_of: Callable[[Any], TunewrightError],
        close_s: float = CLOSE_S,
    ) -> None:
        self._pool, self._worker, self._metrics, self._error_of = pool, worker, metrics, error_of
        self._close_s = close_s
        self.trainer_id = f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}"
        self._key = secrets.token_urlsafe(32)
        """Proves that it is this program that speaks."""
        self._attempts: dict[tuple[str, int], Attempt] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._opened, self._news = asyncio.Event(), asyncio.Event()
        self._clock = asyncio.get_running_loop().time
        self._epoch, self._heartbeat_s, self._lease_s, self._lease_ends_at = 0, 0.0, 0.0, 0.0

    async def open(self) -> None:
        """Raises TunewrightError."""
        await self._open()
        self._keep(self._heartbeats())

    async def claim(self) -> Attempt | None:
        """Wait for a training for a while. Raises TunewrightError: what is granted now is lost with the lease.

        A repeated question bears the same id and so gets the same grant.
        """
        await self._opened.wait()
        epoch, request_id = self._epoch, uuid.uuid4().hex
        for tries in count():
            request = pb.ClaimRequest(
                trainer_id=self.trainer_id,
                epoch=epoch,
                session_key=self._key,
                request_id=request_id,
                slots=1,
                wait_s=CLAIM_WAIT_S,
                again=tries > 0,
            )
            try:
                answer = await self._answer(self._worker.Claim(request, timeout=CLAIM_WAIT_S + CALL_S))
            except IllegalTransition:
                self._opened.clear()
                self._news.set()  # the heartbeat opens it anew
                return None
            except (Unavailable, Throttled):
                await asyncio.sleep(_backoff_s(tries + 1))
            else:
                return self._begin(answer.grants[0]) if answer.grants else None
        raise AssertionError

    async def close(self) -> None:
        """Wait a while until what has ended is settled, then hand the session back, with what has not.

        So is what has ended and metrics does not have: without its value it would count as completed.
        """
        if not await self._all_over(self._close_s):
            for attempt in self._attempts.values():
                if not attempt.tellable.is_set():
                    attempt.hand_back(UNSENT)
            await self._all_over(CALL_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            request = pb.CloseSessionRequest(trainer_id=self.trainer_id, epoch=self._epoch, session_key=self._key)
            await self._answer(self._worker.CloseSession(request, timeout=CALL_S))
        except TunewrightError:
            pass  # it ends with its lease

    async def _all_over(self, most_s: float) -> bool:
        over = [asyncio.create_task(attempt.over.wait()) for attempt in self._attempts.values()]
        if not over:
            return True
        _, pending = await asyncio.wait(over, timeout=most_s)
        for task in pending:
            task.cancel()
        return not pending

    def _begin(self, grant: pb.Grant) -> Attempt:
        attempt = Attempt(grant)
        self._attempts[attempt.key] = attempt
        self._keep(self._see_through(attempt))
        self._news.set()
        return attempt

    async def _see_through(self, attempt: Attempt) -> None:
        """Tell what it says and how it ends, until it is over.

        First metrics has all of it, then the scheduler is told: until then it runs under its lease, and whatever
        becomes of this process, it runs again rather than counts without its value.
        """
        sending = asyncio.create_task(Output(attempt, self._metrics, self._error_of, self._key).run())
        try:
            await attempt.tellable.wait()
            if attempt.end is not None and not attempt.over.is_set():
                self._news.set()
                await self._tell_end(attempt, attempt.end)
            await attempt.over.wait()
        finally:
            sending.cancel()
            del self._attempts[attempt.key]

    async def _tell_end(self, attempt: Attempt, end: End) -> None:
        for failures in count(1):
            epoch = self._epoch
            try:
                report = attempt.exit_report(end, self.trainer_id, epoch, self._key)
                await self._answer(self._worker.Exited(report, timeout=CALL_S))
            except Refused:
                if epoch == self._epoch:
                    attempt.abandon(LEASE_PASSED)
                    return
            except TunewrightError:
                await asyncio.sleep(_backoff_s(failures))
            else:
                if end.cause is EndCause.PREEMPTED:
                    attempt.over.set()  # it waits for the next claim
                return

    async def _open(self) -> None:
        sent_at = self._clock()
        held = [attempt.grant.attempt for attempt in self._attempts.values()]
        request = pb.OpenSessionRequest(
            trainer_id=self.trainer_id,
            session_key=self._key,
            pool=self._pool,
            slots=1,
            holding=held,
            host=socket.gethostname(),
            labels={"runs": CLAIMED},
        )
        answer = await self._answer(self._worker.OpenSession(request, timeout=CALL_S))
        self._epoch, self._heartbeat_s, self._lease_s = answer.epoch, answer.heartbeat_s, answer.lease_s
        self._lease_ends_at = sent_at + answer.lease_s
        self._opened.set()
        self._abandon(answer.abandon)

    async def _heartbeats(self) -> None:
        failures = 0
        while True:
            sent_at = self._clock()
            try:
                if self._opened.is_set():
                    orders = await self._heartbeat()
                    self._lease_ends_at = sent_at + self._lease_s
                    self._obey(orders)
                else:
                    await self._open()
                failures = 0
            except Refused:
                self._opened.clear()
            except TunewrightError:
                failures += 1
                self._news.set()  # the next one waits for no orders
            if not self._opened.is_set() or failures:
                await asyncio.sleep(_backoff_s(max(failures, 1)))
            if self._clock() >= self._lease_ends_at:
                self._lapse()

    async def _heartbeat(self) -> pb.HeartbeatResponse:
        """Make one; one that waits for orders is broken off when there is something new, which they may be about."""
        wait_s = 0.0 if self._news.is_set() else self._heartbeat_s
        self._news.clear()
        request = pb.HeartbeatRequest(
            trainer_id=self.trainer_id,
            epoch=self._epoch,
            session_key=self._key,
            holding=[attempt.holding() for attempt in self._attempts.values()],
            wait_s=wait_s,
        )
        patience_s = wait_s + min(CALL_S, self._lease_s / 4)
        call = asyncio.ensure_future(self._answer(self._worker.Heartbeat(request, timeout=patience_s)))
        news = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait([call, news] if wait_s else [call], return_when=asyncio.FIRST_COMPLETED)
            return call.result() if call.done() else pb.HeartbeatResponse()
        finally:
            call.cancel()
            news.cancel()

    def _lapse(self) -> None:
        """Give up what runs: others may run it by now."""
        self._opened.clear()
        for attempt in self._attempts.values():
            if attempt.end is None:
                attempt.abandon(LEASE_PASSED)

    def _obey(self, orders: pb.HeartbeatResponse) -> None:
        for stop in orders.stop:
            if (attempt := self._of(stop.attempt)) is not None:
                attempt.stop(stop.reason, stop.grace_s)
                self._news.set()
        for resend in orders.resend:
            if (attempt := self._of(resend.attempt)) is not None:
                attempt.resend(resend.from_line if resend.instance else FIRST_RECORD)
        for settled in orders.settled:
            if (attempt := self._of(settled.attempt)) is not None:
                attempt.settle()
        self._abandon(orders.abandon)

    def _abandon(self, void: Any) -> None:
        for message in void:
            if (attempt := self._of(message)) is not None:
                attempt.abandon(LEASE_PASSED)

    def _of(self, message: pb.Attempt) -> Attempt | None:
        return self._attempts.get((message.training_id, message.attempt))

    def _keep(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, call: Awaitable[Answer]) -> Answer:
        try:
            return await call
        except grpc.aio.AioRpcError as failed:
            raise self._error_of(failed) from failed


def _backoff_s(failures: int) -> float:
    return float(min(AGAIN_S * 2.0 ** min(failures - 1, 30), AGAIN_MOST_S))
