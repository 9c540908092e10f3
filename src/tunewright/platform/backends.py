"""What the services stand on past one machine: the bus on Kafka, the store on MongoDB, each behind its extra."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tunewright.platform.bus.topics import topics
from tunewright.platform.extras import require
from tunewright.platform.settings import KafkaSettings, MongoSettings, variable

if TYPE_CHECKING:
    from tunewright.platform.bus.kafka import KafkaBus
    from tunewright.platform.store.mongodb import MongoStore


@asynccontextmanager
async def kafka_bus(settings: KafkaSettings, client_id: str) -> AsyncIterator[KafkaBus]:
    """Open the bus, with all topics there. Raises: Unavailable. InvalidSpec: a topic differs from its declaration."""
    bus = _kafka_bus(settings, client_id)
    try:
        await bus.open()
        yield bus
    finally:
        await bus.close()


@asynccontextmanager
async def kafka_unopened(settings: KafkaSettings, client_id: str) -> AsyncIterator[KafkaBus]:
    """Reach the bus as it is, without making topics: to look at what it keeps, to publish, or to keep it open."""
    bus = _kafka_bus(settings, client_id)
    try:
        yield bus
    finally:
        await bus.close()


@asynccontextmanager
async def mongo_store(settings: MongoSettings) -> AsyncIterator[MongoStore]:
    """Open the store, with all indexes there. Raises: Unavailable. InvalidSpec: a newer version of ours has written."""
    store = _mongo_store(settings)
    try:
        await store.create_schema()
        yield store
    finally:
        await store.close()


async def kafka_problems(settings: KafkaSettings, *, create: bool) -> list[str]:
    """Return what is wrong with the topics, a sentence each. Raises Unavailable, InvalidSpec."""
    bus = _kafka_bus(settings, "admin")
    try:
        if create:
            await bus.open()
        return await bus.check()
    finally:
        await bus.close()


async def mongo_problems(settings: MongoSettings, *, create: bool) -> list[str]:
    """Return what is wrong with collections and indexes, a sentence each. Raises Unavailable, InvalidSpec."""
    store = _mongo_store(settings)
    try:
        if create:
            await store.create_schema()
        return await store.check()
    finally:
        await store.close()


async def mongo_restored(settings: MongoSettings) -> None:
    """Do what a database needs that was brought back from a backup. Raises Unavailable, InvalidSpec."""
    store = _mongo_store(settings)
    try:
        await store.restored()
    finally:
        await store.close()


async def mongo_skew_s(settings: MongoSettings) -> float:
    """Return by how much this machine's clock is ahead of the store's. Raises Unavailable, InvalidSpec."""
    store = _mongo_store(settings)
    try:
        return await store.skew_s()
    finally:
        await store.close()


def _kafka_bus(settings: KafkaSettings, client_id: str) -> KafkaBus:
    require("aiokafka", "kafka", variable("kafka"))
    from tunewright.platform.bus.kafka import KafkaBus
    from tunewright.platform.bus.kafka_cluster import Security

    security = Security(
        settings.kafka_ca,
        settings.kafka_certificate,
        settings.kafka_key,
        settings.kafka_user,
        settings.kafka_password(),
        plaintext_allowed=settings.kafka_plaintext,
    )
    return KafkaBus(
        settings.kafka, topics().values(), prefix=settings.kafka_prefix, client_id=client_id, security=security
    )


def _mongo_store(settings: MongoSettings) -> MongoStore:
    require("motor", "mongodb", variable("mongodb"))
    from tunewright.platform.store.mongodb import MongoStore

    return MongoStore(
        settings.mongodb,
        user=settings.mongodb_user,
        password=settings.mongodb_password(),
        plaintext_allowed=settings.mongodb_plaintext,
    )
