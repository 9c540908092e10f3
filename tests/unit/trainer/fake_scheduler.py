"""A scheduler's WorkerService in memory: sessions with epochs, long polls, grants by request id, orders until obeyed.

It keeps the promises of worker_service.proto as far as one trainer can see them; leases it leaves to the trainer.
"""

# ruff: noqa: N802, ARG002 - the methods are protobuf's

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from tunewright.core.errors import IllegalTransition, Unavailable
from tunewright.v1 import worker_service_pb2 as pb
from tunewright.v1.worker_service_pb2_grpc import WorkerServiceServicer

Key = tuple[str, int]


def key(attempt: pb.Attempt) -> Key:
    return attempt.training_id, attempt.attempt


class FakeScheduler(WorkerServiceServicer):
    def __init__(self, lease_s: float = 10.0, lease_grace_s: float = 4.0, heartbeat_s: float = 2.0) -> None:
        self.lease_s, self.lease_grace_s, self.heartbeat_s = lease_s, lease_grace_s, heartbeat_s
        self.epoch, self.key = 0, ""
        self.ready: list[pb.Grant] = []
        self.granted: dict[str, pb.ClaimResponse] = {}
        self.opened: list[pb.OpenSessionRequest] = []
        self.claims: list[pb.ClaimRequest] = []
        self.held: list[pb.Holding] = []
        self.exits: defaultdict[Key, list[pb.ExitedRequest]] = defaultdict(list)
        self.stops: dict[Key, pb.StopOrder] = {}
        self.settled: dict[Key, pb.SettledOrder] = {}
        self.resends: list[pb.ResendOrder] = []
        self.void: set[Key] = set()
        self.silent: set[str] = set()
        """Calls that fail as if the network were down; those that are waiting now fail too."""
        self.lost_answers: set[str] = set()
        """Calls that take effect once, but whose answer gets lost."""
        self.heartbeats = 0
        self.draining = False
        self.absence: pb.RunnerAbsence | None = None
        """Of what runs the programs, as of the last heartbeat."""
        self.closed: list[pb.CloseSessionRequest] = []
        self._changed = asyncio.Condition()

    # -- For the test

    async def change(self, action: Callable[[], object]) -> None:
        async with self._changed:
            action()
            self._changed.notify_all()

    async def until(self, condition: Callable[[], object], deadline_s: float = 15.0) -> None:
        async with asyncio.timeout(deadline_s), self._changed:
            await self._changed.wait_for(condition)

    def holds(self, attempt: Key, phase: str | None = None) -> bool:
        return any(key(held.attempt) == attempt and phase in {None, held.phase} for held in self.held)

    # -- The service

    def _check_key(self, request: Any) -> None:
        """Let nobody speak but who has opened the first session, also after a restart."""
        if len(request.session_key) < 32 or request.session_key != self.key:
            raise IllegalTransition("session", "opened under another session_key", "be used under yours")

    async def OpenSession(self, request, context):
        await self._enter("OpenSession")
        self.key = self.key or request.session_key
        self._check_key(request)
        await self.change(lambda: self.opened.append(request))
        self.epoch += 1
        return pb.OpenSessionResponse(
            epoch=self.epoch,
            lease_s=self.lease_s,
            lease_grace_s=self.lease_grace_s,
            heartbeat_s=self.heartbeat_s,
            abandon=[attempt for attempt in request.holding if key(attempt) in self.void],
        )

    async def Heartbeat(self, request, context):
        await self._enter("Heartbeat", request.epoch)
        self._check_key(request)
        self.heartbeats += 1
        self.draining = request.draining
        self.absence = request.runner_absence if request.HasField("runner_absence") else None
        await self.change(lambda: setattr(self, "held", list(request.holding)))
        await self._wait("Heartbeat", lambda: self._orders(request.holding).ByteSize() > 0, request)
        orders = self._orders(request.holding)
        self.resends.clear()
        return orders

    async def Claim(self, request, context):
        await self._enter("Claim", request.epoch)
        self._check_key(request)
        if request.request_id in self.granted:
            return self.granted[request.request_id]
        await self.change(lambda: self.claims.append(request))
        await self._wait("Claim", lambda: self.ready and not self.draining, request)
        if self.draining:
            return pb.ClaimResponse()
        answer = pb.ClaimResponse(grants=self.ready[: request.slots])
        del self.ready[: request.slots]
        self.granted[request.request_id] = answer
        self._lose("Claim")
        return answer

    async def Exited(self, request, context):
        await self._enter("Exited", request.epoch)
        self._check_key(request)
        if key(request.attempt) in self.void:
            raise IllegalTransition(request.attempt.training_id, "granted to another", "end")
        await self.change(lambda: self.exits[key(request.attempt)].append(request))
        self._lose("Exited")
        return pb.ExitedResponse()

    async def CloseSession(self, request, context):
        await self._enter("CloseSession", request.epoch)
        self._check_key(request)
        await self.change(lambda: self.closed.append(request))
        return pb.CloseSessionResponse()

    async def _enter(self, call: str, epoch: int | None = None) -> None:
        if call in self.silent:
            raise Unavailable("the scheduler", "silent")
        if epoch is not None and epoch != self.epoch:
            raise IllegalTransition("the session", "taken over", call)

    def _lose(self, call: str) -> None:
        if call in self.lost_answers:
            self.lost_answers.remove(call)
            raise Unavailable("the scheduler", "answer lost")

    async def _wait(self, call: str, condition: Callable[[], object], request) -> None:
        try:
            async with asyncio.timeout(request.wait_s), self._changed:
                await self._changed.wait_for(lambda: condition() or call in self.silent or request.epoch != self.epoch)
        except TimeoutError:
            return
        await self._enter(call, request.epoch)

    def _orders(self, named: Sequence[pb.Holding]) -> pb.HeartbeatResponse:
        """What is not obeyed yet by the state that this heartbeat tells; nothing about what it does not name."""
        held = {key(holding.attempt): holding for holding in named}
        ending = {"Stopping", "Interrupted", "Uploading"}
        running = [k for k, holding in held.items() if not holding.exited and holding.phase not in ending]
        return pb.HeartbeatResponse(
            stop=[self.stops[k] for k in running if k in self.stops],
            settled=[self.settled[k] for k in held if k in self.settled],
            abandon=[pb.Attempt(training_id=k[0], attempt=k[1]) for k in held if k in self.void],
            resend=self.resends,
        )
