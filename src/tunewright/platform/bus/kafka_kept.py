"""What a topic keeps now, read once from its beginning or from a time on; no group's position moves.

The consumer has started, is of no group, and is subscribed to that topic.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from aiokafka import AIOKafkaConsumer

from tunewright.platform.bus.dead_letters import Kept
from tunewright.platform.bus.kafka_reading import delivered

READ_WITHIN_MS: Final = 5000


async def kept(consumer: AIOKafkaConsumer, prefix: str, since: float | None) -> AsyncIterator[Kept]:
    """Yield the records, in order in each partition. Raises KafkaError."""
    places = sorted(consumer.assignment())
    ends = await consumer.end_offsets(places)
    starts = await consumer.beginning_offsets(places)
    if since is not None:
        found = await consumer.offsets_for_times({place: int(since * 1000) for place in places})
        starts |= {place: ends[place] if at is None else at.offset for place, at in found.items()}
    left = {place for place in places if starts[place] < ends[place]}
    for place in places:
        consumer.seek(place, starts[place])
    while left:
        batch = await consumer.getmany(*left, timeout_ms=READ_WITHIN_MS)
        for place, messages in batch.items():
            for message in messages:
                if message.offset < ends[place]:
                    yield _kept(message, prefix)
        for place in [*left]:
            if await consumer.position(place) >= ends[place]:
                left.discard(place)


async def kept_at(consumer: AIOKafkaConsumer, prefix: str, partition: int, offset: int) -> Kept | None:
    """Return the record at a place; None: there is none, or none any more. Raises KafkaError."""
    place = next((place for place in consumer.assignment() if place.partition == partition), None)
    if place is None:
        return None
    first, end = (await consumer.beginning_offsets([place]))[place], (await consumer.end_offsets([place]))[place]
    if not first <= offset < end:
        return None
    consumer.seek(place, offset)
    batch = await consumer.getmany(place, timeout_ms=READ_WITHIN_MS, max_records=1)
    for message in batch.get(place, ()):
        return _kept(message, prefix)
    return None


def _kept(message: Any, prefix: str) -> Kept:
    item = delivered(message, prefix)
    return Kept(item.record, item.partition, item.offset, message.timestamp / 1000, len(item.record.value))
