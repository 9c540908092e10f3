"""The one loop by which services read the bus.

Batch by batch: decode, handle, then commit the offsets. What cannot be read goes to the dead letters and never stops
the loop; where other systems write, so does what is not signed for an owner. If the handler says Unavailable, the same
batch is handled again after a pause; nothing is dead-lettered for that. Anything else that it raises is a fault of ours
and ends the process, to be restarted from the last committed offset: handlers keep the fault of one tuning job from the
others themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from google.protobuf.message import Message
from prometheus_client import Counter

from tunewright.core.errors import Unavailable
from tunewright.platform.access import KeyOf
from tunewright.platform.bus.messages import Unreadable, read
from tunewright.platform.bus.port import Bus, Delivered, Record
from tunewright.platform.bus.signing import signed_owner
from tunewright.platform.bus.topics import DEAD_LETTERS, topics

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
LONGEST_REASON: Final = 1000
"""Characters; what is wrong with a record may quote all of it."""

log = structlog.get_logger()
unreadable_records = Counter("tunewright_unreadable_records_total", "Records sent to the dead letters", ["topic"])
handled_records = Counter("tunewright_handled_records_total", "Records handled", ["group", "topic"])


@dataclass(frozen=True, slots=True)
class Received:
    message: Message
    delivered: Delivered
    owner: str = ""
    """Whom the message speaks for, by its signature; empty on topics that only we write."""


Handle = Callable[[list[Received]], Awaitable[None]]
OnRead = Callable[[float, int], None]
"""Told of every batch that is done, also of empty ones: when it was asked for by the loop's clock, and its length."""


async def consume(
    bus: Bus,
    group: str,
    names: Sequence[str],
    handle: Handle,
    key_of: KeyOf | None = None,
    on_read: OnRead = lambda _asked_at, _count: None,
) -> None:
    """Read the topics as a member of `group` until cancelled.

    The keys judge the signatures on topics that other systems write; such a topic is not read without.
    """
    if key_of is None and any(topics()[name].json for name in names):
        raise ValueError(f"keys are needed to read {', '.join(names)}")
    async with bus.subscribe(group, names) as subscription:
        while True:
            asked_at = asyncio.get_running_loop().time()
            batch = await subscription.batch()
            if not batch:
                on_read(asked_at, 0)
                continue
            readable, letters = _sort(batch, key_of)
            if letters:
                await _patiently(partial(bus.publish, letters))
            await _patiently(partial(handle, readable))
            await subscription.commit(batch)
            for received in batch:
                handled_records.labels(group, received.record.topic).inc()
            on_read(asked_at, len(batch))


def letter(delivered: Delivered, why: str) -> Record:
    """Return a dead letter: the original bytes; the headers say where they came from and why they are here."""
    record = delivered.record
    unreadable_records.labels(record.topic).inc()
    log.warning("unreadable", topic=record.topic, offset=delivered.offset, why=why[:LONGEST_REASON])
    origin = {
        "dl-topic": record.topic,
        "dl-partition": str(delivered.partition),
        "dl-offset": str(delivered.offset),
        "dl-key": record.key,
        "dl-reason": why[:LONGEST_REASON],
    }
    headers = {name: text.encode(errors="replace") for name, text in origin.items()}
    return Record(DEAD_LETTERS, record.topic, record.value, {**record.headers, **headers})


def _sort(batch: Sequence[Delivered], key_of: KeyOf | None) -> tuple[list[Received], list[Record]]:
    """Part what can be read from what goes to the dead letters."""
    readable: list[Received] = []
    letters: list[Record] = []
    for delivered in batch:
        record = delivered.record
        try:
            owner = signed_owner(record, key_of) if key_of and topics()[record.topic].json else ""
            readable.append(Received(read(record), delivered, owner))
        except Unreadable as why:
            letters.append(letter(delivered, str(why)))
    return readable, letters


async def _patiently(call: Callable[[], Awaitable[None]]) -> None:
    """Repeat the call while what it needs is unavailable, a little longer each time."""
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            await call()
        except Unavailable as error:
            log.warning("consumer pauses", error=str(error), pause_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        else:
            return
