"""`POST /` as AWS JSON 1.1: who asks, for what, and the answer.

    head ─▶ is it for us ─▶ who says he signed it ─▶ body ─▶ did he ─▶ the operation ─▶ answer, and a line in the log

Each step refuses before the next costs anything.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from tunewright.core.errors import Fault, TunewrightError, Unavailable
from tunewright.platform.rpc.buckets import Buckets
from tunewright.platform.rpc.gate import FAILURES_PER_S
from tunewright_gateway.core.refusals import Refusal, refusal_of
from tunewright_gateway.edge import records
from tunewright_gateway.edge.admission import Admission, Guest
from tunewright_gateway.edge.answers import MEDIA_TYPE, Answer
from tunewright_gateway.edge.body import Bodies, Gone
from tunewright_gateway.edge.head import Head
from tunewright_gateway.edge.language import AMAZONS, Language
from tunewright_gateway.edge.leaving import unless_gone
from tunewright_gateway.edge.replays import Replays
from tunewright_gateway.operations.call import BackendOf, Call, Operation

TARGET: Final = "SageMaker."
READS: Final = ("Describe", "List", "Search")
"""How the names of operations begin that change nothing."""
READ_AT_ONCE: Final = 64 << 10
"""Bytes of a body that are read faster than a thread is asked to."""
NO_SUCH: Final = "UnknownOperationException"
NOT_FOUND: Final = 404
AWAY: Final = 503
LONGEST_ID: Final = 128
"""Characters; those of AWS's clients are UUIDs."""


@dataclass(slots=True)
class Visit:
    """A request, and what has become known of it: told of in the log however it ends."""

    id: str
    operation: str = ""
    key_id: str = ""


class Door:
    """An ASGI application for one path. `clock` is in seconds and goes on evenly."""

    def __init__(
        self,
        backend_of: BackendOf,
        admission: Admission,
        language: Language = AMAZONS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backend_of, self._admission, self._clock = backend_of, admission, clock
        self._language, self._loaded = language, False
        self._loading = asyncio.Lock()
        self._bodies = Bodies()
        self._replays: Replays[Answer] = Replays(clock)
        self._failures = Buckets(FAILURES_PER_S, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit, began = Visit(str(uuid.uuid4())), self._clock()
        try:
            answer = await self._answer(visit, scope, receive)
        except Gone:
            records.tell(visit.id, visit.operation, "Gone", 0, self._clock() - began, visit.key_id)
            return
        records.tell(visit.id, visit.operation, answer.code, answer.status, self._clock() - began, visit.key_id)
        await answer.send(visit.id, send)

    async def _answer(self, visit: Visit, scope: Scope, receive: Receive) -> Answer:
        """Return an answer whatever happens. Raises Gone: nobody waits for it any more."""
        try:
            return await self._served(visit, Head.of(scope), receive, scope.get("client"))
        except Refusal as refusal:
            return Answer.refusing(refusal)
        except Gone:
            raise
        except Exception as error:  # noqa: BLE001 - the one place where a fault of ours becomes an answer
            records.tell_fault(visit.id, visit.operation, error)
            return Answer.refusing(refusal_of(Fault()))

    async def _served(self, visit: Visit, head: Head, receive: Receive, peer: tuple[str, int] | None) -> Answer:
        self._admission.require_ours(head)
        visit.operation = _asked_for(head, self._language.operations)
        operation = self._language.operations[visit.operation]
        with self._few_failures(peer):
            guest = self._admission.announced(head)
        visit.key_id = guest.key_id
        body = await self._bodies.read(head, receive)
        await self._load()
        with self._few_failures(peer):
            self._admission.admit(guest, head, body)
        tree = await self._read(visit.operation, body)
        call = Call(tree, self._backend_of(guest.principal), _invocation(head))
        if visit.operation.startswith(READS):
            return await unless_gone(_carried_out(operation, call, visit), receive)
        return await self._changed(guest, call, operation, visit)

    @contextmanager
    def _few_failures(self, peer: tuple[str, int] | None) -> Iterator[None]:
        """Answer a host a few refusals of its signatures a second, and ThrottlingException beyond."""
        try:
            yield
        except Refusal:
            if self._failures.take(peer[0] if peer else "") > 0:
                raise Refusal("ThrottlingException", "Rate exceeded") from None
            raise

    async def _read(self, operation: str, body: bytes) -> dict[str, Any]:
        """Raises Refusal. A large body may take a second, in which the loop has other work."""
        if len(body) <= READ_AT_ONCE:
            return self._language.read(operation, body)
        return await asyncio.to_thread(self._language.read, operation, body)

    async def _load(self) -> None:
        """Make ready once. Who comes meanwhile waits: by half a model, good requests would be refused."""
        if self._loaded:
            return
        async with self._loading:
            if not self._loaded:
                await asyncio.to_thread(self._language.load)
                self._loaded = True

    async def _changed(self, guest: Guest, call: Call, operation: Operation, visit: Visit) -> Answer:
        """Carry out a change, to its end though the client may go: half of it is nothing that could be told of."""
        if guest.signature is None:
            return await _carried_out(operation, call, visit)
        answer, again = await self._replays.once(
            guest.signature, call.invocation, lambda: _carried_out(operation, call, visit)
        )
        if again:
            records.tell_replay(visit.id, guest.key_id)
        return answer


def _asked_for(head: Head, served: Container[str]) -> str:
    """Return the operation's name. Raises Refusal: it is none of ours, or not asked for as AWS JSON 1.1."""
    if head.method != "POST" or head.get("content-type").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise Refusal(NO_SUCH, f"Only POST of {MEDIA_TYPE} is answered here.", NOT_FOUND)
    target = head.get("x-amz-target")
    name = target.removeprefix(TARGET)
    if not target.startswith(TARGET) or name not in served:
        raise Refusal(NO_SUCH, "The requested operation is not served here.")
    return name


def _invocation(head: Head) -> str:
    """Return the client's own id of the call, empty if it gave none that could be kept."""
    given = head.get("amz-sdk-invocation-id")
    return given if len(given) <= LONGEST_ID and given.isascii() else ""


async def _carried_out(operation: Operation, call: Call, visit: Visit) -> Answer:
    """Raises Refusal."""
    try:
        return Answer.of(await operation(call))
    except Unavailable as error:
        records.tell_unavailable(visit.id, visit.operation, error)
        raise Refusal(error.aws_code, "The service is unavailable for the moment.", AWAY) from None
    except Fault as error:
        records.tell_fault(visit.id, visit.operation, error)
        raise refusal_of(error) from None
    except TunewrightError as error:
        raise refusal_of(error) from None
