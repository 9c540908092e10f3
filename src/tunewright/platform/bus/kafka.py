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
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    MessageSizeTooLargeError,
    NoError,
    TopicAlreadyExistsError,
    for_code,
)

from tunewright.core.errors import InvalidSpec, Unavailable
from tunewright.platform.bus.port import Delivered, Record
from tunewright.platform.bus.topics import DEAD_LETTERS, Topic
from tunewright.platform.rpc.loopback import require_loopback

PUBLISH_WITHIN_S: Final = 4.5
ANSWER_WITHIN_S: Final = 3.0
ENTER_WITHIN_S: Final = 10.0
"""How long a subscription that opens waits for its partitions; without a broker it opens all the same."""
STOP_WITHIN_S: Final = 5.0
COMMIT_EVERY_S: Final = 0.5
COMMIT_WITHIN_S: Final = 2.0
WATCH_EVERY_S: Final = 1.0
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 5.0
METADATA_MAX_AGE_MS: Final = 2000
"""A topic that was made again is found this soon."""

LARGEST_RECORD_BYTES: Final = 8 * 1024 * 1024
LARGEST_LETTER_BYTES: Final = LARGEST_RECORD_BYTES + 1024 * 1024
"""A dead letter is the original and more headers."""
SENT_TOGETHER_BYTES: Final = 1024 * 1024
LONGEST_NAME: Final = 249
PREFIX: Final = re.compile(r"[A-Za-z0-9._-]*")

log = structlog.get_logger()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Security:
    """How brokers are reached: over TLS where a certificate is given, as a user by SCRAM-SHA-512 where one is named."""

    ca_file: Path | None = None
    """Certificate that the brokers' are signed with, PEM."""
    user: str = ""
    password: str = field(default="", repr=False)
    plaintext_allowed: bool = False
    """Also beyond loopback."""

    def options(self, bootstrap: str) -> dict[str, Any]:
        """Return what aiokafka's clients are to be made with. Raises InvalidSpec."""
        if self.ca_file is None:
            self._require_private(bootstrap)
            return {"security_protocol": "PLAINTEXT"}
        try:
            tls = {"security_protocol": "SSL", "ssl_context": ssl.create_default_context(cafile=str(self.ca_file))}
        except OSError as error:
            raise InvalidSpec("kafka_ca", f"{self.ca_file} cannot be read: {error}") from error
        if not self.user:
            return tls
        scram = {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512"}
        return tls | scram | {"sasl_plain_username": self.user, "sasl_plain_password": self.password}

    def _require_private(self, bootstrap: str) -> None:
        if self.user:
            raise InvalidSpec("kafka_user", "a password is sent over TLS only", "Name the certificate in kafka_ca too")
        if self.plaintext_allowed:
            return
        remedy = "Name a certificate in kafka_ca, or allow it with kafka_plaintext on a private network"
        for address in bootstrap.split(","):
            require_loopback("kafka", address.strip().rpartition(":")[0], remedy)


def topic_config(topic: Topic) -> dict[str, str]:
    """Return the settings that a topic is created with."""
    largest = LARGEST_LETTER_BYTES if topic.name == DEAD_LETTERS else LARGEST_RECORD_BYTES
    config = {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_s * 1000),
        "max.message.bytes": str(largest),
    }
    if topic.json:
        # Other systems compress with what would need one more library to be read here.
        config["compression.type"] = "uncompressed"
    return config


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as the cluster has it."""

    partitions: int
    retention_ms: int | None = None


def differences(declared: Iterable[Topic], found: Mapping[str, Found], prefix: str = "") -> list[str]:
    """Return in what topics differ from their declarations, a sentence each with its remedy."""
    return [sentence for topic in declared if (sentence := _difference(topic, prefix + topic.name, found)) is not None]


def _difference(topic: Topic, name: str, found: Mapping[str, Found]) -> str | None:
    if name not in found:
        return f"topic {name} is missing. Start a service with leave to create topics, or run the check with --create"
    if found[name].partitions != topic.partitions:
        counts = f"has {found[name].partitions} partitions, not {topic.partitions}"
        return f"topic {name} {counts}. Stop all services, delete it, and let it be created again"
    if found[name].retention_ms not in (None, topic.retention_s * 1000):
        kept = f"keeps records for {found[name].retention_ms} ms, not {topic.retention_s * 1000}"
        return f"topic {name} {kept}. Set its retention.ms to that"
    return None


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
        security: Security = Security(),
    ) -> None:
        """Raises InvalidSpec; connects to nothing yet. `prefix` stands before the names of all topics and groups."""
        self._topics = {prefix + topic.name: topic for topic in topics}
        _require_names(prefix, self._topics)
        self._prefix = prefix
        self._timing = {
            "session_timeout_ms": int(session_timeout_s * 1000),
            "heartbeat_interval_ms": int(heartbeat_s * 1000),
            # A broker answers those who join when all have, which may take as long as a session lasts.
            "request_timeout_ms": int((session_timeout_s + ANSWER_WITHIN_S) * 1000),
        }
        self._connection = {"bootstrap_servers": bootstrap, "client_id": client_id} | security.options(bootstrap)
        self._connection["metadata_max_age_ms"] = METADATA_MAX_AGE_MS
        self._cluster = _Cluster(self._connection)
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
            raise Unavailable("the bus", _reason(error)) from error

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

    async def close(self) -> None:
        self._closed = True
        if self._watching is not None:
            await _cancelled(self._watching)
        async with self._producing:
            self._distrust(self._producer)
        await self._cluster.close()
        if self._ending:
            _, late = await asyncio.wait(self._ending, timeout=STOP_WITHIN_S)
            for task in late:
                await _cancelled(task)

    async def _send(self, producer: AIOKafkaProducer, record: Record) -> asyncio.Future[Any]:
        accepted: asyncio.Future[Any] = await producer.send(
            self._prefix + record.topic, record.value, record.key.encode(), headers=list(record.headers.items())
        )
        accepted.add_done_callback(_heard)
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
            await _cancelled(keeping)

    def _end(self, ending: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """End a client beside what goes on: without a broker that takes a while."""
        task = asyncio.create_task(ending)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        task.add_done_callback(_heard)
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


class _Cluster:
    """The cluster as its administrators see it; connected to anew after every failure."""

    def __init__(self, connection: dict[str, Any]) -> None:
        self._connection = connection
        self._client: AIOKafkaAdminClient | None = None
        self._connecting = asyncio.Lock()

    async def topics(self, names: list[str]) -> tuple[str, dict[str, Found]]:
        """Return the cluster's id, and those of the topics that are there. Raises Unavailable."""
        # aiokafka's public call for the id lists every topic of the cluster with it.
        answer = await self._ask(lambda client: client._get_cluster_metadata(names))  # noqa: SLF001
        said = answer.to_object()
        there = [topic for topic in said["topics"] if for_code(topic["error_code"]) is NoError]
        return said["cluster_id"], {topic["topic"]: Found(len(topic["partitions"])) for topic in there}

    async def described(self, names: list[str]) -> dict[str, Found]:
        """Return those of the topics that are there, with their retention. Raises Unavailable."""
        _, found = await self.topics(names)
        if not found:
            return {}
        wanted = [ConfigResource(ConfigResourceType.TOPIC, name, {"retention.ms": ""}) for name in found]
        (answer,) = await self._ask(lambda client: client.describe_configs(wanted))
        retention = {name: int(entries[0][1]) for *_, name, entries in answer.resources if entries}
        return {name: Found(topic.partitions, retention.get(name)) for name, topic in found.items()}

    async def create(self, topics: Mapping[str, Topic]) -> None:
        """Create the topics; those that somebody else has just created are left as they are. Raises Unavailable."""
        wanted = [
            # No replicas named and -1 of them: as many as the brokers have for their default.
            NewTopic(name, topic.partitions, -1, replica_assignments={}, topic_configs=topic_config(topic))
            for name, topic in topics.items()
        ]
        answer = await self._ask(lambda client: client.create_topics(wanted, timeout_ms=int(ANSWER_WITHIN_S * 1000)))
        for name, code, why in answer.topic_errors:
            if for_code(code) not in (NoError, TopicAlreadyExistsError):
                raise Unavailable("the bus", f"topic {name} could not be created: {why or for_code(code).__name__}")

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _ask(self, question: Callable[[AIOKafkaAdminClient], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await question(await self._connected())
        # An AttributeError is how aiokafka says that it knows of no controller.
        except (KafkaError, OSError, TimeoutError, AttributeError) as error:
            await self.close()
            raise Unavailable("the bus", _reason(error)) from error

    async def _connected(self) -> AIOKafkaAdminClient:
        async with self._connecting:
            if self._client is None:
                client = AIOKafkaAdminClient(**self._connection, request_timeout_ms=int(ANSWER_WITHIN_S * 1000))
                try:
                    await client.start()
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client


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
                log.warning("bus subscription starts anew", error=_reason(error), pause_s=pause_s)
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
            log.warning("bus subscription failed", error=_reason(error))
            self._settled.clear()
            self._broken.set()
            return []
        return [self._delivered(message) for messages in fetched.values() for message in messages]

    def _delivered(self, message: Any) -> Delivered:
        """Take what other systems may leave out as empty: to read it or not is the consumer's business."""
        headers = {name: value or b"" for name, value in message.headers}
        key = (message.key or b"").decode(errors="replace")
        record = Record(message.topic.removeprefix(self._prefix), key, message.value or b"", headers)
        return Delivered(record, message.partition, message.offset)

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
                log.warning("bus commit waits", error=_reason(error))
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


async def _abandon(producer: AIOKafkaProducer) -> None:
    """Stop a producer without sending what it still holds: its callers publish that again."""
    # aiokafka's own stop() sends everything first, however long that takes.
    sending = producer._sender.sender_task  # noqa: SLF001
    if sending is not None:
        sending.cancel()
        await asyncio.wait([sending], timeout=2 * ANSWER_WITHIN_S)
    await producer.client.close()
    producer._closed = True  # noqa: SLF001


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _heard(future: asyncio.Future[Any]) -> None:
    """Take an error that nobody waits for any more."""
    if not future.cancelled():
        future.exception()


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _require_names(prefix: str, names: Iterable[str]) -> None:
    if not PREFIX.fullmatch(prefix) or any(len(name) > LONGEST_NAME for name in names):
        why = f"{prefix!r} is no beginning of a topic's name"
        raise InvalidSpec("kafka_prefix", why, "Use letters, digits, dots, dashes and underscores")
