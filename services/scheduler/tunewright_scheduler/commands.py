"""Commands of other systems, carried out as their gRPC twins are. Consumes tuning.commands, answers on tuning.events.

    read ──▶ answered before? ──▶ carry out ──▶ one commit: change, answer kept under the id, answer in the outbox
                    └── yes ──▶ tell that answer again, under the same event id ◀── the same command once more

Whatever is cut off in between: the record under the command's id says whether it was carried out. A command whose id is
no key to keep an answer under is refused, and nothing is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from tunewright.core.errors import (
    AlreadyExists,
    CallerError,
    Conflict,
    Fault,
    IllegalTransition,
    InvalidSpec,
    NotFound,
    PeerError,
    TunewrightError,
    Unavailable,
)
from tunewright.events.v1 import commands_pb2
from tunewright.platform.bus.consumer import Received, handling
from tunewright.platform.codec import from_message
from tunewright.platform.documents import from_document, to_document
from tunewright.platform.store.port import Document, Store, Write
from tunewright_scheduler import records
from tunewright_scheduler.amendments import Amendments
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core.amendment import Amendment
from tunewright_scheduler.core.facts import Answer, CommandAccepted, CommandRejected
from tunewright_scheduler.elsewhere import Elsewhere
from tunewright_scheduler.tuning_jobs import Request, TuningJobs

LONGEST_ID: Final = 128
LONGEST_MESSAGE: Final = 1000

log = structlog.get_logger()


class Commands:
    def __init__(self, store: Store, changes: Changes, jobs: TuningJobs, elsewhere: Elsewhere) -> None:
        self._store, self._changes, self._jobs, self._elsewhere = store, changes, jobs, elsewhere
        self._amendments = Amendments(store, changes, jobs)

    async def take_all(self, batch: list[Received]) -> None:
        """Take the commands in order, out of `batch` once they are done: after Unavailable it goes on where it was."""
        while batch:
            with handling(batch[0]):
                await self.take(batch[0].message, batch[0].owner)
            del batch[0]

    async def take(self, command: Any, owner: str) -> None:
        """Carry out one command and answer it, or answer it as before. Raises Unavailable: it is to come again."""
        try:
            await self._answer(Taken(command, owner))
        except Conflict as beaten:  # somebody else is at it; what has become of it is seen when it comes again
            raise Unavailable(f"command {command.command_id[:LONGEST_ID]!r}", str(beaten)) from beaten
        self._changes.on_outbox()

    async def _answer(self, taken: Taken) -> None:
        try:
            _check_id(taken.command.command_id)
            before = await taken.request.answered(self._store)
        except InvalidSpec as refused:
            await self._store.commit([taken.refused(refused, await self._store.now())])
            return
        if before is not None:
            await self._store.commit([taken.told(_kept_answer(before), await self._store.now())])
            return
        try:
            await self._carry_out(taken)
        except PeerError:
            raise
        except CallerError as error:
            await self._store.commit(taken.rejected(error, await self._store.now()))
        except Exception:
            log.exception("command failed", owner=taken.owner, command=taken.command.command_id)
            fault = Fault(f"internal fault; the log has it under command {taken.command.command_id!r}")
            await self._store.commit(taken.rejected(fault, await self._store.now()))

    async def _carry_out(self, taken: Taken) -> None:
        command, owner = taken.command, taken.owner
        match command:
            case commands_pb2.CreateTuningJob():
                await self._jobs.create(owner, await self._jobs.checked(command.spec), taken.accepted)
            case commands_pb2.StopTuningJob():
                await self._jobs.stop(owner, command.job, taken.accepted)
            case commands_pb2.DeleteTuningJob():
                await self._jobs.delete(owner, command.job, taken.accepted)
            case commands_pb2.AmendTuningJob():
                await self._amendments.amend(owner, command.job, from_message(command, Amendment), taken.accepted)
            case commands_pb2.EndTraining():
                await self._elsewhere.end(owner, command, taken.accepted)
            case _:
                raise TypeError(f"{type(command).__name__} is no command")


@dataclass(frozen=True, slots=True)
class Taken:
    """One command of one owner, and how its answers are written."""

    command: Any
    owner: str

    @property
    def request(self) -> Request:
        return Request(self._event, self._digest, "command_id")

    def accepted(self, uid: str, now: float) -> Sequence[Write]:
        return self._kept(CommandAccepted(self.command.command_id, uid), now)

    def rejected(self, error: TunewrightError, now: float) -> Sequence[Write]:
        return self._kept(self._rejection(error), now)

    def told(self, answer: Answer, now: float) -> Write:
        """Tell an answer, under the same event id each time."""
        return records.answer_write(self._event, answer, now)

    def refused(self, error: TunewrightError, now: float) -> Write:
        """Tell a rejection that is not kept, under an event id of this content: the id is no key, or another's."""
        return records.answer_write(f"{self._event[:200]}/{self._digest.hex()}", self._rejection(error), now)

    @property
    def _event(self) -> str:
        return f"command/{self.owner}/{self.command.command_id}"

    @property
    def _digest(self) -> bytes:
        name: str = self.command.DESCRIPTOR.name
        return hashlib.sha256(name.encode() + self.command.SerializeToString(deterministic=True)).digest()

    def _kept(self, answer: Answer, now: float) -> Sequence[Write]:
        return [self.request.record(to_document(answer), now), self.told(answer, now)]

    def _rejection(self, error: TunewrightError) -> CommandRejected:
        return CommandRejected(
            self.command.command_id[:LONGEST_ID],
            error.reason,
            _field_of(self.command, error),
            str(error)[:LONGEST_MESSAGE],
        )


def _kept_answer(document: Document) -> Answer:
    if "uid" in document:
        return from_document(document, CommandAccepted)
    return from_document(document, CommandRejected)


def _check_id(command_id: str) -> None:
    if not command_id:
        raise InvalidSpec("command_id", "is missing", "Give each command an id of its own")
    if len(command_id) > LONGEST_ID:
        raise InvalidSpec("command_id", f"has more than {LONGEST_ID} characters", "Give a shorter one")


def _field_of(command: Any, error: TunewrightError) -> str:
    """Return the field of the command that an error is about."""
    match error:
        case InvalidSpec():
            return error.field
        case AlreadyExists():
            return "name"
        case NotFound() | IllegalTransition():
            return "training" if isinstance(command, commands_pb2.EndTraining) else "job"
        case _:
            return ""
