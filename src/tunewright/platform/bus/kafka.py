"""The bus on Apache Kafka, 4.0 or newer, through aiokafka.

Publishing is idempotent and waits for all replicas. A producer that failed once is thrown away with all it holds, as is
one whose cluster was replaced: the caller publishes again, and producer ids of another cluster mean nothing here.

Positions are committed in the background, so a crash brings back what was handed out in the last second. Only what was
handed out since the partitions came is ever committed: a broker that came back empty knows no member, the group is
joined anew and read from the oldest record, and no position of the lost log reaches the new one.

A topic that somebody deletes and makes again in a living cluster within a moment is not noticed as long as the new
log is longer than the old position: records before it are then read by nobody. Restart the services after such a thing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
)

from tunewright.core.errors import InvalidSpec, Unavailable
from tunewright.platform.bus.dead_letters import Kept
from tunewright.platform.bus.kafka_cluster import (
    ANSWER_WITHIN_S,
    Cluster,
    Found,
    Security,
    differences,
    reason,
    require_names,
)
from tunewright.platform.bus.kafka_kept import kept, kept_at
from tunewright.platform.bus.kafka_reading import STOP_WITHIN_S, KafkaListening, KafkaSubscription, cancelled
from tunewright.platform.bus.port import LARGEST_LETTER_BYTES, Record
from tunewright.platform.bus.topics import Topic
from tunewright.platform.lifecycle import take_error

PUBLISH_WITHIN_S: Final = 4.5
ENTER_WITHIN_S: Final = 10.0
"""How long a subscription that opens waits for its partitions; without a broker it opens all the same."""
WATCH_EVERY_S: Final = 1.0
METADATA_MAX_AGE_MS: Final = 2000
"""A topic that was made again is found this soon."""
FETCH_WAIT_MS: Final = 20
SENT_TOGETHER_BYTES: Final = 1024 * 1024

LOOPBACK: Final = Security()
"""Plaintext, and this machine only."""

log = structlog.get_logger()


class KafkaBus:
    def __init__(
        self,
        bootstrap: str,
        topics: Iterable[Topic],
        *,
        prefix: str = "",
        client_id: str = "tunewright",
        session_timeout_s: float = 6.0,
        heartbeat_s: float = 1.0,
        security: Security = LOOPBACK,
    ) -> None:
        """Raises InvalidSpec; connects to nothing yet. `prefix` stands before the names of all topics and groups."""
        self._topics = {prefix + topic.name: topic for topic in topics}
        require_names(prefix, self._topics)
        self._prefix = prefix
        self._timing = {
            "session_timeout_ms": int(session_timeout_s * 1000),
            "heartbeat_interval_ms": int(heartbeat_s * 1000),
            # A broker answers those who join when all have, which may take as long as a session lasts.
            "request_timeout_ms": int((session_timeout_s + ANSWER_WITHIN_S) * 1000),
        }
        self._connection = {"bootstrap_servers": bootstrap, "client_id": client_id} | security.options(bootstrap)
        self._connection["metadata_max_age_ms"] = METADATA_MAX_AGE_MS
        self._cluster = Cluster(self._connection)
        self._cluster_id: str | None = None
        self._producer: AIOKafkaProducer | None = None
        self._producing = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    async def open(self) -> None:
        """Create the topics that are missing, and again whenever a broker comes back without them.

        Raises: Unavailable. InvalidSpec: a topic has other partitions than declared.
        """
        # It says the same several times a second while a broker is away; what matters of it is said here.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        found = await self._look()
        differing = [topic for name, topic in self._topics.items() if name in found]
        if problems := differences(differing, found, self._prefix):
            raise InvalidSpec("topics", "; ".join(problems))
        self._watching = asyncio.create_task(self._watch())

    async def keep_open(self) -> None:
        """Open as soon as the cluster answers, and stay until cancelled. Raises InvalidSpec as `open` does.

        Until then nothing can be published; what is read comes once it is open.
        """
        while self._watching is None:
            try:
                await self.open()
            except Unavailable as error:
                log.warning("bus away", error=str(error))
                await asyncio.sleep(WATCH_EVERY_S)
        await asyncio.shield(self._watching)

    async def check(self) -> list[str]:
        """Return what is wrong with the topics, a sentence each. Raises Unavailable."""
        return differences(self._topics.values(), await self._cluster.described(list(self._topics)), self._prefix)

    async def ping(self) -> None:
        """Return if the cluster answers. Raises Unavailable."""
        await self._cluster.topics([])

    async def publish(self, records: Sequence[Record]) -> None:
        if self._closed:
            raise Unavailable("the bus", "it is closed")
        producer: AIOKafkaProducer | None = None
        try:
            async with asyncio.timeout(PUBLISH_WITHIN_S):
                producer = await self._started_producer()
                await asyncio.gather(*[await self._send(producer, record) for record in records])
        except MessageSizeTooLargeError as error:
            self._distrust(producer)
            raise InvalidSpec("record", f"is too large for the bus: {error}") from error
        except (KafkaError, OSError, TimeoutError) as error:
            self._distrust(producer)
            raise Unavailable("the bus", reason(error)) from error

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[KafkaSubscription]:
        def make() -> AIOKafkaConsumer:
            return self._consumer(self._timing | {"group_id": self._prefix + group, "auto_offset_reset": "earliest"})

        subscription = KafkaSubscription(make, topics, self._prefix)
        async with self._kept(subscription):
            yield subscription

    @asynccontextmanager
    async def listen(self, topics: Sequence[str]) -> AsyncIterator[KafkaListening]:
        def make() -> AIOKafkaConsumer:
            return self._consumer(self._timing | {"group_id": None, "auto_offset_reset": "latest"})

        listening = KafkaListening(make, topics, self._prefix)
        async with self._kept(listening):
            yield listening

    async def kept(self, topic: str, since: float | None = None) -> AsyncIterator[Kept]:
        """Yield what a topic keeps now, of all or since a time; no position moves. Raises Unavailable."""
        async with self._reading_once(topic) as consumer:
            async for item in kept(consumer, self._prefix, since):
                yield item

    async def kept_at(self, topic: str, partition: int, offset: int) -> Kept | None:
        """Return the record at a place; None: there is none, or none any more. Raises Unavailable."""
        async with self._reading_once(topic) as consumer:
            return await kept_at(consumer, self._prefix, partition, offset)

    @asynccontextmanager
    async def _reading_once(self, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
        # It reads from the end until it is told where: what it then waits for, nobody needs.
        consumer = self._consumer({"group_id": None, "fetch_max_wait_ms": FETCH_WAIT_MS})
        consumer.subscribe([self._prefix + topic])
        try:
            async with asyncio.timeout(ENTER_WITHIN_S):
                await consumer.start()
            yield consumer
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unavailable("the bus", reason(error)) from error
        finally:
            await asyncio.wait([self._end(consumer.stop())], timeout=STOP_WITHIN_S)

    async def close(self) -> None:
        self._closed = True
        if self._watching is not None:
            await cancelled(self._watching)
        async with self._producing:
            self._distrust(self._producer)
        await self._cluster.close()
        if self._ending:
            _, late = await asyncio.wait(self._ending, timeout=STOP_WITHIN_S)
            for task in late:
                await cancelled(task)

    async def _send(self, producer: AIOKafkaProducer, record: Record) -> asyncio.Future[Any]:
        accepted: asyncio.Future[Any] = await producer.send(
            self._prefix + record.topic, record.value, record.key.encode(), headers=list(record.headers.items())
        )
        accepted.add_done_callback(take_error)
        return accepted

    async def _started_producer(self) -> AIOKafkaProducer:
        async with self._producing:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self._connection,
                    acks="all",
                    enable_idempotence=True,
                    request_timeout_ms=int(ANSWER_WITHIN_S * 1000),
                    max_batch_size=SENT_TOGETHER_BYTES,
                    max_request_size=LARGEST_LETTER_BYTES,
                )
                try:
                    await producer.start()
                except BaseException:
                    self._end(producer.stop())
                    raise
                self._producer = producer
            return self._producer

    def _distrust(self, producer: AIOKafkaProducer | None) -> None:
        """Let the next publication make a new producer."""
        if producer is not None and producer is self._producer:
            self._producer = None
            self._end(_abandon(producer))

    def _consumer(self, options: dict[str, Any]) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(**self._connection, **options, enable_auto_commit=False)

    @asynccontextmanager
    async def _kept(self, reader: KafkaListening) -> AsyncIterator[None]:
        keeping = asyncio.create_task(reader.keep(self._end))
        try:
            await reader.settled(ENTER_WITHIN_S)
            yield
        finally:
            await cancelled(keeping)

    def _end(self, ending: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """End a client beside what goes on: without a broker that takes a while."""
        task = asyncio.create_task(ending)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        task.add_done_callback(take_error)
        return task

    async def _watch(self) -> None:
        away = False
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            try:
                await self._look()
            except Unavailable as error:
                if not away:
                    log.warning("bus away", error=str(error))
                away = True
            else:
                if away:
                    log.info("bus back")
                away = False

    async def _look(self) -> dict[str, Found]:
        """Create what is missing; return what was there. Raises Unavailable."""
        cluster_id, found = await self._cluster.topics(list(self._topics))
        missing = [name for name in self._topics if name not in found]
        if self._cluster_id is not None and (missing or cluster_id != self._cluster_id):
            log.warning("bus came back empty", missing=missing, cluster_id=cluster_id)
            self._distrust(self._producer)
        if missing:
            await self._cluster.create({name: self._topics[name] for name in missing})
        self._cluster_id = cluster_id
        return found


async def _abandon(producer: AIOKafkaProducer) -> None:
    """Stop a producer without sending what it still holds: its callers publish that again."""
    # aiokafka's own stop() sends everything first, however long that takes.
    sending = producer._sender.sender_task  # noqa: SLF001
    if sending is not None:
        sending.cancel()
        await asyncio.wait([sending], timeout=2 * ANSWER_WITHIN_S)
    await producer.client.close()
    producer._closed = True  # noqa: SLF001
