"""What the schedulers have told of all trainings on tuning.events: the clock by which recoveries are measured.

Every fact was committed with the state that makes it true, and bears the store's time of that. It may be told twice,
with the same id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message

from tunewright.events.v1 import facts_pb2
from tunewright.platform.bus.kafka import KafkaBus
from tunewright.platform.bus.messages import read
from tunewright.platform.bus.port import Record
from tunewright.platform.bus.topics import topics

GRANTED: Final = "TrainingJobGranted"
CLOSED: Final = ("TrainingJobExited", "TrainingJobLost")
CREATED: Final = "TrainingJobCreated"
ENDED: Final = "TrainingJobEnded"
OVER: Final = "TuningJobEnded"


@dataclass(frozen=True, slots=True)
class Fact:
    at: float
    """Unix seconds."""
    kind: str
    uid: str
    number: int = 0
    """Of the training; 0: it is about the tuning job."""
    attempt: int = 0
    holder: str = ""
    well: bool = False
    """Of one that has exited: by itself, with code 0."""

    @property
    def training(self) -> tuple[str, int]:
        return self.uid, self.number


async def read_facts(bootstrap: str) -> list[Fact]:
    """Return all that stands on tuning.events, each once, by time."""
    records = {record.headers["ce_id"]: record for record in await read_all(bootstrap, "tuning.events")}
    facts = [_fact(read(record)) for record in records.values()]
    return sorted((fact for fact in facts if fact is not None), key=lambda fact: fact.at)


async def read_all(bootstrap: str, topic: str) -> list[Record]:
    """Return a topic's records from the first to the last; everything has been published before."""
    bus = KafkaBus(bootstrap, topics().values(), client_id="drill")
    try:
        return [item.record async for item in bus.kept(topic)]
    finally:
        await bus.close()


def _fact(message: Message) -> Fact | None:
    if isinstance(message, facts_pb2.CommandAccepted | facts_pb2.CommandRejected):
        return None
    said: Any = message
    number, attempt = (int(getattr(said, field, 0)) for field in ("number", "attempt"))
    holder = str(getattr(said, "holder", ""))
    well = isinstance(message, facts_pb2.TrainingJobExited) and (message.cause, message.exit_code) == ("EXITED", 0)
    return Fact(said.at.ToMicroseconds() / 1e6, message.DESCRIPTOR.name, said.uid, number, attempt, holder, well)


def held_by(facts: Iterable[Fact], holder: str, at: float) -> set[tuple[str, int]]:
    """Return the trainings whose attempt a trainer ran at a moment."""
    held: set[tuple[str, int]] = set()
    for fact in facts:
        if fact.at > at:
            break
        if fact.kind == GRANTED and fact.holder == holder:
            held.add(fact.training)
        elif fact.kind in CLOSED or fact.kind == GRANTED:
            held.discard(fact.training)
    return held


def went_well_at(facts: Iterable[Fact], holder: str) -> list[Fact]:
    """Return the exits with code 0 of what a trainer ran."""
    where, found = dict[tuple[str, int], str](), list[Fact]()
    for fact in facts:
        if fact.kind == GRANTED:
            where[fact.training] = fact.holder
        elif fact.well and where.get(fact.training) == holder:
            found.append(fact)
    return found


def going(facts: Iterable[Fact], at: float) -> set[str]:
    """Return the uids of the tuning jobs that had not ended at a moment."""
    found: set[str] = set()
    for fact in facts:
        if fact.at > at:
            break
        if fact.kind == OVER:
            found.discard(fact.uid)
        else:
            found.add(fact.uid)
    return found


def most_leased(facts: Sequence[Fact], uid: str) -> int:
    """Return how many attempts of a job were leased at the same time, at most; what ends comes before what begins."""
    own = [fact for fact in facts if fact.uid == uid and (fact.kind == GRANTED or fact.kind in CLOSED)]
    leased, most = set[tuple[int, int]](), 0
    for fact in sorted(own, key=lambda fact: (fact.at, fact.kind == GRANTED)):
        if fact.kind == GRANTED:
            leased.add((fact.number, fact.attempt))
        else:
            leased.discard((fact.number, fact.attempt))
        most = max(most, len(leased))
    return most
