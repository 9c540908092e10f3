"""The one loop by which services read the bus.

Batch by batch: decode, handle, then commit the offsets. What cannot be read goes to the dead letters and never stops
the loop. If the handler says Unavailable, the same batch is handled again after a pause; nothing is dead-lettered for
that. Anything else that it raises is a fault of ours and ends the process, to be restarted from the last committed
offset: handlers keep the fault of one tuning job from the others themselves.
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
from tunewright.platform.bus.messages import Unreadable, read
from tunewright.platform.bus.port import Bus, Delivered, Record
from tunewright.platform.bus.topics import DEAD_LETTERS

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0

log = structlog.get_logger()
unreadable_records = Counter("tunewright_unreadable_records_total", "Records sent to the dead letters", ["topic"])
handled_records = Counter("tunewright_handled_records_total", "Records handled", ["group", "topic"])


@dataclass(frozen=True, slots=True)
class Received:
    message: Message
    delivered: Delivered


Handle = Callable[[list[Received]], Awaitable[None]]


async def consume(bus: Bus, group: str, topics: Sequence[str], handle: Handle) -> None:
    """Read the topics as a member of `group` until cancelled."""
    async with bus.subscribe(group, topics) as subscription:
        while True:
            batch = await subscription.batch()
            if not batch:
                continue
            readable, letters = _sort(batch)
            if letters:
                await _patiently(partial(bus.publish, letters))
            await _patiently(partial(handle, readable))
            await subscription.commit(batch)
            for received in batch:
                handled_records.labels(group, received.record.topic).inc()


def _sort(batch: Sequence[Delivered]) -> tuple[list[Received], list[Record]]:
    """Part what can be read from what goes to the dead letters."""
    readable: list[Received] = []
    letters: list[Record] = []
    for delivered in batch:
        try:
            readable.append(Received(read(delivered.record), delivered))
        except Unreadable as why:
            letters.append(_letter(delivered, str(why)))
            unreadable_records.labels(delivered.record.topic).inc()
            log.warning("unreadable", topic=delivered.record.topic, offset=delivered.offset, why=str(why))
    return readable, letters


def _letter(delivered: Delivered, why: str) -> Record:
    """Keep the original bytes; the headers say where they came from and why they are here."""
    origin = {
        "dl-topic": delivered.record.topic.encode(),
        "dl-partition": str(delivered.partition).encode(),
        "dl-offset": str(delivered.offset).encode(),
        "dl-key": delivered.record.key.encode(),
        "dl-reason": why.encode(),
    }
    return Record(DEAD_LETTERS, delivered.record.topic, delivered.record.value, {**delivered.record.headers, **origin})


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
