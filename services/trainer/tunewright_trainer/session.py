"""A trainer's session with the schedulers: one identity, one lease, and the calls that need them.

Transient failures are retried here; what is raised is for the trainer to decide. Must not know what a run is.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import socket
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final, Protocol, TypeVar

import grpc
import structlog

from tunewright.core.absence import RunnerAbsence
from tunewright.core.errors import IllegalTransition, NotFound, TunewrightError
from tunewright.platform.codec import to_message
from tunewright.platform.rpc.rebuilt import error_of
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_trainer.core.attempt import Attempt
from tunewright_trainer.core.capacity import Capacity
from tunewright_trainer.core.lease import Lease, backoff_s
from tunewright_trainer.folder import write_whole
from tunewright_trainer.messages import attempt_message, attempt_of, free_message, inventory_message
from tunewright_trainer.settings import TrainerSettings

FIRST_LEASE_S: Final = 30.0
"""What a restarted trainer allows its runs before anybody has answered it."""
FIRST_GRACE_S: Final = 15.0
CALL_S: Final = 5.0
"""Deadline of a call, on top of what it was asked to wait."""
CLAIM_WAIT_S: Final = 20.0
PARTLY_WAIT_S: Final = 5.0
"""How long less than all of a host is asked for: what becomes free meanwhile is added then, and a large training may
need both.
"""
AGAIN_S: Final = 0.1
AGAIN_MOST_S: Final = 5.0

Refused = (IllegalTransition, NotFound)
"""The session or the attempt is not ours any more; everything else may pass."""

Answer = TypeVar("Answer")
log = structlog.get_logger()


class WorkerStub(Protocol):
    """The asynchronous stub of WorkerService."""

    OpenSession: Callable[..., Awaitable[pb.OpenSessionResponse]]
    Heartbeat: Callable[..., Awaitable[pb.HeartbeatResponse]]
    Claim: Callable[..., Awaitable[pb.ClaimResponse]]
    Exited: Callable[..., Awaitable[pb.ExitedResponse]]
    CloseSession: Callable[..., Awaitable[pb.CloseSessionResponse]]


class Session:
    def __init__(self, trainer_id: str, key: str, settings: TrainerSettings, stub: WorkerStub) -> None:
        self._trainer_id, self._key, self._settings, self._stub = trainer_id, key, settings, stub
        self._epoch = 0
        self._heartbeat_s = 0.0
        self._claims = count(1)
        self._clock = asyncio.get_running_loop().time
        self._told_drain = asyncio.Event()
        """The schedulers grant nothing new under this session."""
        self.opened = asyncio.Event()
        """Some scheduler has said which of the attempts that we hold are ours."""
        self.lease = Lease(self._clock(), FIRST_LEASE_S, FIRST_GRACE_S)

    @property
    def lease_left_s(self) -> float:
        return self.lease.left_s(self._clock())

    def _capacity(self) -> pb.Capacity:
        return inventory_message(self._settings.inventory, only_gpus=self._settings.only_gpus)

    async def open(self, holding: Sequence[Attempt]) -> list[Attempt]:
        """Open it, or open it anew; return those of `holding` whose lease is gone. Raises TunewrightError."""
        sent_s = self._clock()
        request = pb.OpenSessionRequest(
            trainer_id=self._trainer_id,
            session_key=self._key,
            pool=self._settings.pool,
            slots=self._settings.slots,
            gpus=len(self._settings.inventory.gpus),
            labels=self._settings.labels,
            holding=[attempt_message(attempt) for attempt in holding],
            host=socket.gethostname(),
            capacity=self._capacity() if self._settings.counted else None,
        )
        answer = await _answer(self._stub.OpenSession(request, timeout=CALL_S))
        self._epoch, self._heartbeat_s = answer.epoch, answer.heartbeat_s
        self.lease = Lease(sent_s, answer.lease_s, answer.lease_grace_s)
        self.opened.set()
        log.info("session open", trainer=self._trainer_id, epoch=answer.epoch, holding=len(holding))
        return [attempt_of(attempt) for attempt in answer.abandon]

    async def heartbeat(
        self,
        holding: Sequence[pb.Holding],
        *,
        at_once: bool,
        draining: bool = False,
        absence: RunnerAbsence | None = None,
    ) -> pb.HeartbeatResponse:
        """Renew the lease and wait for orders, not beyond the lease, or not at all. Raises TunewrightError."""
        sent_s = self._clock()
        wait_s = 0.0 if at_once else self._heartbeat_s
        request = pb.HeartbeatRequest(
            trainer_id=self._trainer_id,
            epoch=self._epoch,
            session_key=self._key,
            holding=holding,
            wait_s=wait_s,
            draining=draining,
            runner_absence=None if absence is None else to_message(absence, pb.RunnerAbsence),
        )
        # One that is not answered must leave time within the lease for another, at another scheduler.
        slack_s = min(CALL_S, self.lease.lease_s / 4)
        patience_s = max(min(wait_s + slack_s, self.lease.left_s(sent_s)), AGAIN_S)
        answer = await _answer(self._stub.Heartbeat(request, timeout=patience_s))
        self.lease = Lease(sent_s, self.lease.lease_s, self.lease.grace_s)
        if draining:
            self._told_drain.set()
        return answer

    async def claim(self, capacity: Capacity) -> Sequence[pb.Grant]:
        """Ask for what is free, at least a slot, until there is an answer, which may be no grant.

        A repeated question bears the same id and so gets the same grants; one under a new epoch is a new question. Once
        the schedulers know that this trainer drains, one that waits is asked once more, and answered at once: with what
        it was granted in that moment, or with nothing.
        """
        number, times, free = next(self._claims), count(), capacity.free
        longest_s = PARTLY_WAIT_S if capacity.counted and not capacity.all_is_free else CLAIM_WAIT_S

        def call() -> Awaitable[pb.ClaimResponse]:
            request = pb.ClaimRequest(
                trainer_id=self._trainer_id,
                epoch=self._epoch,
                session_key=self._key,
                request_id=f"{self._trainer_id}/{self._epoch}/{number}",
                slots=free.slots,
                wait_s=0.0 if self._told_drain.is_set() else longest_s,
                again=next(times) > 0,
                free=free_message(free) if capacity.counted else None,
            )
            return self._stub.Claim(request, timeout=longest_s + CALL_S)

        async def answer() -> pb.ClaimResponse:
            return await _until_answered("Claim", call, give_up=lambda: False)

        waiting, told = asyncio.create_task(answer()), asyncio.create_task(self._told_drain.wait())
        try:
            await asyncio.wait([waiting, told], return_when=asyncio.FIRST_COMPLETED)
            return (waiting.result() if waiting.done() else await answer()).grants
        finally:
            waiting.cancel()
            told.cancel()

    async def close(self) -> None:
        """Hand the session back; if nobody answers, it ends with its lease."""
        request = pb.CloseSessionRequest(trainer_id=self._trainer_id, epoch=self._epoch, session_key=self._key)
        try:
            await _answer(self._stub.CloseSession(request, timeout=CALL_S))
        except TunewrightError as error:
            log.info("session not closed", why=str(error))

    async def report_exit(self, report: pb.ExitedRequest) -> bool:
        """Say that an attempt has ended until it is accepted; False if it is refused: the attempt is no longer ours.

        After a restart it waits for the session: what bears no epoch is refused, whoever's the attempt is.
        """
        await self.opened.wait()
        epoch = self._epoch

        def call() -> Awaitable[pb.ExitedResponse]:
            nonlocal epoch
            epoch = self._epoch
            request = pb.ExitedRequest(trainer_id=self._trainer_id, epoch=epoch, session_key=self._key)
            request.MergeFrom(report)
            return self._stub.Exited(request, timeout=CALL_S)

        try:
            await _until_answered("Exited", call, give_up=lambda: epoch == self._epoch)
        except Refused as error:
            log.warning("end refused", training=report.attempt.training_id, why=str(error))
            return False
        return True


async def _until_answered(name: str, call: Callable[[], Awaitable[Answer]], *, give_up: Callable[[], bool]) -> Answer:
    """Call until there is an answer. Raises a refusal if `give_up` says so at that moment."""
    for failures in count(1):
        try:
            return await _answer(call())
        except TunewrightError as error:
            if isinstance(error, Refused) and give_up():
                raise
            log.info("call failed", call=name, failures=failures, why=str(error))
            await asyncio.sleep(backoff_s(failures, first_s=AGAIN_S, most_s=AGAIN_MOST_S))
    raise AssertionError


async def _answer(call: Awaitable[Answer]) -> Answer:
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        raise error_of(error) from error


def trainer_id(data_dir: Path) -> str:
    """Return the identity kept in the data folder; a new one the first time."""
    path = data_dir / "trainer-id"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}".encode())
    return path.read_text()


def session_key(data_dir: Path) -> str:
    """Return what proves, also after a restart, that it is this trainer that speaks; a new one the first time."""
    path = data_dir / "session-key"
    if not path.exists():
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        draft.replace(path)
    return path.read_text()


@contextmanager
def sole_owner(data_dir: Path) -> Iterator[None]:
    """Hold the data folder's lock. Raises IllegalTransition: another trainer process works on it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    file = os.open(data_dir / "trainer.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise IllegalTransition(f"data folder {data_dir}", "in use by another trainer", "be opened") from error
    finally:
        os.close(file)
