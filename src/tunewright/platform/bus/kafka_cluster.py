"""A Kafka cluster as its administrators see it: how it is reached, which topics it has, what is wrong with them."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    KafkaError,
    NoError,
    TopicAlreadyExistsError,
    for_code,
)

from tunewright.core.errors import InvalidSpec, Unavailable
from tunewright.platform.bus.port import LARGEST_LETTER_BYTES, LARGEST_RECORD_BYTES
from tunewright.platform.bus.topics import DEAD_LETTERS, Topic
from tunewright.platform.rpc.loopback import is_loopback, require_loopback
from tunewright.platform.rpc.targets import host_and_port
from tunewright.platform.rpc.tls import require_certificates, require_pair

ANSWER_WITHIN_S: Final = 3.0
KNOWN_AGAIN_S: Final = 0.05
KNOWN_LOOKS: Final = 300
LONGEST_NAME: Final = 249
PROTOCOLS: Final = {
    (False, False): "PLAINTEXT",
    (False, True): "SSL",
    (True, False): "SASL_PLAINTEXT",
    (True, True): "SASL_SSL",
}
"""Kafka's names, by whether there is a user and whether there is TLS."""
PREFIX: Final = re.compile(r"[A-Za-z0-9._-]*")
UNCOMPRESSED: Final = "uncompressed"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Security:
    """How brokers are reached: over TLS where an authority is given, as a user by SCRAM-SHA-512 where one is named.

    SCRAM proves the password without sending it. It is for TLS all the same: else whoever is on the way reads the rest.
    """

    ca_file: Path | None = None
    """Certificate that the brokers' are signed with, PEM."""
    certificate_file: Path | None = None
    """Shown to brokers that demand one of their clients, PEM; with its key."""
    key_file: Path | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    plaintext_allowed: bool = False
    """Also beyond loopback."""

    def options(self, bootstrap: str) -> dict[str, Any]:
        """Return what aiokafka's clients are to be made with. Raises InvalidSpec."""
        hosts = [host_and_port("TUNEWRIGHT_KAFKA", part.strip())[0] for part in bootstrap.split(",")]
        if self.ca_file is None:
            self._require_no_certificate()
            transport = {}
        else:
            transport = {"ssl_context": self._context(self.ca_file)}
        if not self.plaintext_allowed:
            self._require_safe(hosts)
        return transport | self._as_user() | {"security_protocol": PROTOCOLS[bool(self.user), bool(transport)]}

    def _as_user(self) -> dict[str, Any]:
        if not self.user:
            return {}
        if not self.password:
            remedy = "Name a file with it in TUNEWRIGHT_KAFKA_PASSWORD_FILE"
            raise InvalidSpec("TUNEWRIGHT_KAFKA_USER", f"{self.user!r} has no password", remedy)
        return {
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password,
        }

    def _context(self, authority: Path) -> ssl.SSLContext:
        require_certificates("TUNEWRIGHT_KAFKA_CA", authority)
        context = ssl.create_default_context(cafile=authority)
        if self.certificate_file is None and self.key_file is None:
            return context
        names = "TUNEWRIGHT_KAFKA_CERTIFICATE", "TUNEWRIGHT_KAFKA_KEY"
        if self.certificate_file is None or self.key_file is None:
            raise InvalidSpec(" and ".join(names), "belong together", "Give both, or neither")
        require_pair(names[0], self.certificate_file, names[1], self.key_file)
        context.load_cert_chain(self.certificate_file, self.key_file)
        return context

    def _require_no_certificate(self) -> None:
        if self.certificate_file is not None or self.key_file is not None:
            remedy = "Name the brokers' authority in TUNEWRIGHT_KAFKA_CA too"
            raise InvalidSpec("TUNEWRIGHT_KAFKA_CERTIFICATE", "is shown over TLS only", remedy)

    def _require_safe(self, hosts: Sequence[str]) -> None:
        by_name = "on a private network TUNEWRIGHT_KAFKA_PLAINTEXT=on will do"
        for host in hosts:
            if self.ca_file is None:
                require_loopback("TUNEWRIGHT_KAFKA", host, f"Name a certificate in TUNEWRIGHT_KAFKA_CA; {by_name}")
            elif not (self.user or self.certificate_file or is_loopback(host)):
                why = f"{host!r} is not a loopback address, and without a user whoever reaches it may do everything"
                remedy = f"Give TUNEWRIGHT_KAFKA_USER or TUNEWRIGHT_KAFKA_CERTIFICATE; {by_name}"
                raise InvalidSpec("TUNEWRIGHT_KAFKA", why, remedy)


def topic_config(topic: Topic) -> dict[str, str]:
    """Return the settings that a topic is created with."""
    largest = LARGEST_LETTER_BYTES if topic.name == DEAD_LETTERS else LARGEST_RECORD_BYTES
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_s * 1000),
        "max.message.bytes": str(largest),
        # Others compress with what would need one more library to be read here: the broker unpacks it.
        "compression.type": UNCOMPRESSED,
    }


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as the cluster has it."""

    partitions: int
    retention_ms: int | None = None
    compression: str | None = None


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
    if topic.json and found[name].compression not in (None, UNCOMPRESSED):
        why = "what others compress cannot all be read here, and would stop its readers"
        return f"topic {name} is not kept uncompressed: {why}. Set its compression.type to {UNCOMPRESSED}"
    return None


def _as_set(topic: Found, config: Mapping[str, str]) -> Found:
    kept = config.get("retention.ms")
    return Found(topic.partitions, None if kept is None else int(kept), config.get("compression.type"))


class Cluster:
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
        """Return those of the topics that are there, with their settings. Raises Unavailable."""
        _, found = await self.topics(names)
        if not found:
            return {}
        asked = {"retention.ms": "", "compression.type": ""}
        wanted = [ConfigResource(ConfigResourceType.TOPIC, name, asked) for name in found]
        (answer,) = await self._ask(lambda client: client.describe_configs(wanted))
        given = {name: {entry[0]: entry[1] for entry in entries} for *_, name, entries in answer.resources}
        return {name: _as_set(topic, given.get(name, {})) for name, topic in found.items()}

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
        await self._known(list(topics))

    async def _known(self, names: list[str]) -> None:
        """Return once the brokers know topics that their controller has just created. Raises Unavailable."""
        for _ in range(KNOWN_LOOKS):
            _, found = await self.topics(names)
            if len(found) == len(names):
                return
            await asyncio.sleep(KNOWN_AGAIN_S)
        raise Unavailable("the bus", f"not every broker knows of {', '.join(names)} yet")

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
            raise Unavailable("the bus", reason(error)) from error

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


def reason(error: BaseException) -> str:
    return str(error) or type(error).__name__


def require_names(prefix: str, names: Iterable[str]) -> None:
    if not PREFIX.fullmatch(prefix) or any(len(name) > LONGEST_NAME for name in names):
        why = f"{prefix!r} is no beginning of a topic's name"
        raise InvalidSpec("TUNEWRIGHT_KAFKA_PREFIX", why, "Use letters, digits, dots, dashes and underscores")
