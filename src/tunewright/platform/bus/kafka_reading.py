"""Reading from Kafka: consumers of aiokafka's that are made again whenever they cannot go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
)

from tunewright.platform.bus import kafka_records
from tunewright.platform.bus.kafka_cluster import reason
from tunewright.platform.bus.port import Delivered, Record

STOP_WITHIN_S: Final = 5.0
COMMIT_EVERY_S: Final = 0.5
COMMIT_WITHIN_S: Final = 2.0
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 5.0

log = structlog.get_logger()
kafka_records.install()


def delivered(message: Any, prefix: str) -> Delivered:
    """Take what other systems may leave out as empty: to read it or not is the consumer's business."""
    headers = {name: value or b"" for name, value in message.headers}
    key = (message.key or b"").decode(errors="replace")
    record = Record(message.topic.removeprefix(prefix), key, message.value or b"", headers)
    unreadable = message.why if isinstance(message, kafka_records.Undecoded) else ""
    return Delivered(record, message.partition, message.offset, unreadable)


class KafkaListening:
    """One consumer of aiokafka's, made again whenever it cannot go on."""

    def __init__(self, make: Callable[[], AIOKafkaConsumer], topics: Sequence[str], prefix: str) -> None:
        self._make, self._prefix = make, prefix
        self._topics = [prefix + topic for topic in topics]
        self._consumer: AIOKafkaConsumer | None = None
        self._settled = asyncio.Event()
        self._broken = asyncio.Event()

    async def batch(self, *, limit: int = 500, wait_s: float = 1.0) -> list[Delivered]:
        # aiokafka's own timeout does not end its wait for partitions.
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._settled.wait()
                if self._consumer is not None:
                    return await self._fetched(self._consumer, limit, wait_s)
        return []

    async def settled(self, within_s: float) -> None:
        """Wait until records can come, but no longer than that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._settled.wait()

    async def keep(self, end: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]) -> None:
        """Keep a consumer going until cancelled."""
        pause_s = FIRST_PAUSE_S
        while True:
            consumer = self._make()
            try:
                await self._settle(consumer)
                self._consumer, pause_s = consumer, FIRST_PAUSE_S
                self._broken.clear()
                self._settled.set()
                await self._attend(consumer)
            except Exception as error:  # noqa: BLE001 - whatever a consumer dies of, the next one is new
                log.warning("bus subscription starts anew", error=reason(error), pause_s=pause_s)
            finally:
                self._settled.clear()
                await self._release()
                self._consumer = None
                await asyncio.wait([end(consumer.stop())], timeout=STOP_WITHIN_S)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _fetched(self, consumer: AIOKafkaConsumer, limit: int, wait_s: float) -> list[Delivered]:
        try:
            fetched = await consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=limit)
        except KafkaError as error:
            log.warning("bus subscription failed", error=reason(error))
            self._settled.clear()
            self._broken.set()
            return []
        return [delivered(message, self._prefix) for messages in fetched.values() for message in messages]

    async def _settle(self, consumer: AIOKafkaConsumer) -> None:
        consumer.subscribe(self._topics)
        await consumer.start()
        await consumer.seek_to_end()

    async def _attend(self, consumer: AIOKafkaConsumer) -> None:
        """Return when the consumer is broken."""
        while not self._broken.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(COMMIT_EVERY_S):
                    await self._broken.wait()
            await self._tend(consumer)

    async def _tend(self, consumer: AIOKafkaConsumer) -> None:
        """Do what is to be done all the time."""
        if consumer._fetcher.error_future.done():  # noqa: SLF001 - aiokafka tells nobody that it reads no more
            self._broken.set()

    async def _release(self) -> None:
        """Do what is to be done before the consumer is stopped."""


class KafkaSubscription(KafkaListening):
    def __init__(self, make: Callable[[], AIOKafkaConsumer], topics: Sequence[str], prefix: str) -> None:
        super().__init__(make, topics, prefix)
        self._handed_out: dict[TopicPartition, int] = {}
        """Position behind what was handed out of each partition, since the partitions came."""
        self._noted: dict[TopicPartition, int] = {}
        """Positions to be committed."""
        self._committing = asyncio.Lock()

    async def commit(self, batch: Sequence[Delivered]) -> None:
        for delivered in batch:
            place = TopicPartition(self._prefix + delivered.record.topic, delivered.partition)
            if delivered.offset < self._handed_out.get(place, 0):
                self._noted[place] = max(self._noted.get(place, 0), delivered.offset + 1)

    async def give_back(self) -> None:
        """Commit what is noted while the partitions are still this member's, then forget them."""
        await self._send_noted()
        self._handed_out, self._noted = {}, {}

    async def _fetched(self, consumer: AIOKafkaConsumer, limit: int, wait_s: float) -> list[Delivered]:
        batch = await super()._fetched(consumer, limit, wait_s)
        for delivered in batch:
            place = TopicPartition(self._prefix + delivered.record.topic, delivered.partition)
            self._handed_out[place] = delivered.offset + 1
        return batch

    async def _settle(self, consumer: AIOKafkaConsumer) -> None:
        consumer.subscribe(self._topics, listener=_Rebalancing(self))
        self._consumer = consumer
        await consumer.start()

    async def _tend(self, consumer: AIOKafkaConsumer) -> None:
        await super()._tend(consumer)
        await self._send_noted()

    async def _release(self) -> None:
        await self.give_back()

    async def _send_noted(self) -> None:
        async with self._committing:
            # One whom the group has dropped may still commit where nobody else is a member: into another cluster's log.
            if self._consumer is None or not self._noted or not _is_member(self._consumer):
                return
            handed_out, noted, self._noted = self._handed_out, self._noted, {}
            try:
                async with asyncio.timeout(COMMIT_WITHIN_S):
                    await self._consumer.commit(noted)
            except (CommitFailedError, IllegalStateError):
                return  # the partitions are another member's, who starts where they were committed
            except (KafkaError, TimeoutError) as error:
                log.warning("bus commit waits", error=reason(error))
                if handed_out is self._handed_out:
                    self._noted = noted | self._noted


class _Rebalancing(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, subscription: KafkaSubscription) -> None:
        self._subscription = subscription

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:  # noqa: ARG002
        await self._subscription.give_back()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        pass


def _is_member(consumer: AIOKafkaConsumer) -> bool:
    return consumer._coordinator is not None and consumer._coordinator.generation > 0  # noqa: SLF001 - told nowhere else


async def cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
