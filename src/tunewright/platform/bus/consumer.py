"""The one loop by which services read the bus.

Batch by batch: decode, handle, then commit the offsets. What cannot be read goes to the dead letters and never stops
the loop; where other systems write, so does what is not signed for an owner. If the handler says Unavailable, the same
batch is handled again after a pause; nothing is dead-lettered for that. Anything else that it raises is a fault of ours
and ends the process, to be restarted from the last committed offset: handlers keep the fault of one tuning job from the
others themselves.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Final

import structlog
from google.protobuf.message import Message
from prometheus_client import Counter, Histogram

from tunewright.core.errors import Unavailable
from tunewright.platform import tracing
from tunewright.platform.access import KeyOf
from tunewright.platform.bus.dead_letters import OURS
from tunewright.platform.bus.messages import Unreadable, read
from tunewright.platform.bus.port import LARGEST_RECORD_BYTES, Bus, Delivered, Record
from tunewright.platform.bus.signing import signed_owner
from tunewright.platform.bus.topics import DEAD_LETTERS, topics
from tunewright.platform.subjects import subject_of

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
MANY: Final = frozenset({"OutputLines", "MetricsReported"})
"""Messages of which a training sends one a second: they are no spans, and whoever logs of one names it."""
LONGEST_REASON: Final = 1000
"""Characters; what is wrong with a record may quote all of it."""
LONGEST_KEY: Final = 1000
"""Characters; a byte that is no text becomes three in a letter."""
LONGEST_ID: Final = 128
"""Characters of a message's id in the log."""

log = structlog.get_logger()
unreadable_records = Counter("tunewright_unreadable_records_total", "Records sent to the dead letters", ["topic"])
handled_records = Counter("tunewright_handled_records_total", "Records handled", ["group", "topic"])
failed_records = Counter(
    "tunewright_failed_records_total",
    "Records whose handling has failed and was put off, counted each time",
    ["group", "topic"],
)
handling_took = Histogram(
    "tunewright_handling_seconds",
    "From the reading of a batch to its being done, with all repetitions",
    ["group", "topic"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)


@dataclass(frozen=True, slots=True)
class Received:
    message: Message
    delivered: Delivered
    owner: str = ""
    """Whom the message speaks for, by its signature; empty on topics that only we write."""


@contextmanager
def handling(received: Received) -> Iterator[None]:
    """Within it the log names the message and what it is about, and what is sent carries on its trace.

    Of what comes in masses only the trace is carried on, which costs a tenth.
    """
    record, kind = received.delivered.record, received.message.DESCRIPTOR.name
    traceparent = tracing.read(record.headers.get(tracing.HEADER))
    if kind in MANY:
        with tracing.within(traceparent):
            yield
        return
    foreign = topics()[record.topic].json
    message_id = record.headers.get("ce_id", b"")[:LONGEST_ID].decode(errors="replace")
    with (
        structlog.contextvars.bound_contextvars(message_id=message_id, **subject_of(received.message)),
        tracing.span(f"handle {kind}", traceparent, first=foreign),
    ):
        yield


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
    for name in names:  # from 0 on: Prometheus sees no increase in what begins with its first count
        unreadable_records.labels(name)
        failed_records.labels(group, name)
    async with bus.subscribe(group, names) as subscription:
        while True:
            asked_at = asyncio.get_running_loop().time()
            batch = await subscription.batch()
            if not batch:
                on_read(asked_at, 0)
                continue
            began, of_each = perf_counter(), Tally(received.record.topic for received in batch)
            put_off = partial(_put_off, group, of_each)
            readable, letters = _sort(batch, key_of)
            if letters:
                await _patiently(partial(bus.publish, letters), put_off)
            await _patiently(partial(handle, readable), put_off)
            await subscription.commit(batch)
            for topic, count in of_each.items():
                handled_records.labels(group, topic).inc(count)
                handling_took.labels(group, topic).observe(perf_counter() - began)
            on_read(asked_at, len(batch))


def letter(delivered: Delivered, why: str) -> Record:
    """Return a dead letter: the original bytes; the headers say where they came from and why they are here.

    Headers that look like ours are left out: nobody else says what is said of a letter. Whatever came, it is not larger
    than the bus takes: what would be comes without headers and value of its own.
    """
    record = delivered.record
    value, foreign = record.value, {name: text for name, text in record.headers.items() if not name.startswith(OURS)}
    if len(value) + sum(len(name.encode()) + len(text) for name, text in foreign.items()) > LARGEST_RECORD_BYTES:
        value, foreign = b"", {}
        why = f"too large for a letter, which comes without its value: {why}"
    unreadable_records.labels(record.topic).inc()
    log.warning("unreadable", topic=record.topic, offset=delivered.offset, why=why[:LONGEST_REASON])
    origin = {
        "dl-topic": record.topic,
        "dl-partition": str(delivered.partition),
        "dl-offset": str(delivered.offset),
        "dl-key": record.key[:LONGEST_KEY],
        "dl-reason": why[:LONGEST_REASON],
    }
    headers = {name: text.encode(errors="replace") for name, text in origin.items()}
    return Record(DEAD_LETTERS, record.topic, value, foreign | headers)


def _sort(batch: Sequence[Delivered], key_of: KeyOf | None) -> tuple[list[Received], list[Record]]:
    """Part what can be read from what goes to the dead letters."""
    readable: list[Received] = []
    letters: list[Record] = []
    for delivered in batch:
        record = delivered.record
        if delivered.unreadable:
            letters.append(letter(delivered, delivered.unreadable))
            continue
        try:
            owner = signed_owner(record, key_of) if key_of and topics()[record.topic].json else ""
            readable.append(Received(read(record), delivered, owner))
        except Unreadable as why:
            letters.append(letter(delivered, str(why)))
    return readable, letters


def _put_off(group: str, of_each: Tally[str]) -> None:
    for topic, count in of_each.items():
        failed_records.labels(group, topic).inc(count)


async def _patiently(call: Callable[[], Awaitable[None]], put_off: Callable[[], None]) -> None:
    """Repeat the call while what it needs is unavailable, a little longer each time."""
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            await call()
        except Unavailable as error:
            log.warning("consumer pauses", error=str(error), pause_s=pause_s)
            put_off()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        else:
            return
