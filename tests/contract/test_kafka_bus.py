from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.contract.bus_contract import OTHER, TOPIC, BusContract, by_key, read_all, record
from tests.servers.kafka import KafkaServer, kafka, own_kafka
from tests.unit.platform.certificates import certificate_in
from tunewright.core.errors import InvalidSpec, Unavailable
from tunewright.platform.bus.kafka import KafkaBus
from tunewright.platform.bus.kafka_cluster import Found, Security, differences
from tunewright.platform.bus.port import Delivered, Record, Subscription
from tunewright.platform.bus.topics import Topic, topics

TWO = [topics()[TOPIC], topics()[OTHER]]
ROOT = Path(__file__).parents[2]


def new_prefix() -> str:
    """Keep a test apart from all others on the same broker."""
    return f"{uuid.uuid4().hex[:8]}."


@asynccontextmanager
async def opened(bootstrap: str, prefix: str, declared: list[Topic] = TWO) -> AsyncIterator[KafkaBus]:
    bus = KafkaBus(bootstrap, declared, prefix=prefix)
    try:
        await bus.open()
        yield bus
    finally:
        await bus.close()


class TestKafkaBus(BusContract):
    @pytest.fixture
    async def bus(self) -> AsyncIterator[KafkaBus]:
        async with opened(kafka().bootstrap, new_prefix()) as bus:
            yield bus


@pytest.fixture
def server() -> KafkaServer:
    """Lend the shared broker to a test that ends it; hand it back going."""
    server = own_kafka()
    server.ensure_going()
    return server


async def patiently(publish: Callable[[], Awaitable[None]], within_s: float = 30) -> None:
    async with asyncio.timeout(within_s):
        while True:
            with suppress(Unavailable):
                return await publish()
            await asyncio.sleep(0.05)


async def read_until(subscription: Subscription, last: dict[str, int]) -> list[Delivered]:
    """Read and commit until the last number of every key has come."""
    read: list[Delivered] = []
    async with asyncio.timeout(40):
        while any(numbers[-1:] != [last[key]] for key, numbers in by_key(read).items()) or len(by_key(read)) < len(
            last
        ):
            batch = await subscription.batch()
            await subscription.commit(batch)
            read += batch
    return read


def first_seen(batch: list[Delivered]) -> dict[str, list[int]]:
    return {key: list(dict.fromkeys(numbers)) for key, numbers in by_key(batch).items()}


async def test_a_broker_that_comes_back_empty_under_both_ends_loses_nothing_published_since(
    server: KafkaServer,
) -> None:
    keys = [f"k{number}" for number in range(4)]
    async with opened(server.bootstrap, new_prefix()) as bus, bus.subscribe("g", [TOPIC]) as subscription:
        await bus.publish([record(key, number) for number in range(50) for key in keys])
        before = await read_all(subscription, 200)
        assert first_seen(before) == {key: list(range(50)) for key in keys}
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start, empty=True)
        await subscription.commit(before)
        # Longer than the log that was lost: a position that survived it would skip the beginning of this one.
        for number in range(100, 200):
            await patiently(lambda number=number: bus.publish([record(key, number) for key in keys]))
        since = await read_until(subscription, dict.fromkeys(keys, 199))
    assert first_seen(since) == {key: list(range(100, 200)) for key in keys}


async def test_what_was_committed_before_a_restart_does_not_come_again(server: KafkaServer) -> None:
    async with opened(server.bootstrap, new_prefix()) as bus, bus.subscribe("g", [TOPIC]) as subscription:
        await bus.publish([record("k", number) for number in range(5)])
        await read_all(subscription, 5)
        await asyncio.to_thread(server.stop)
        assert await subscription.batch(wait_s=0.2) == []
        await asyncio.to_thread(server.start)
        await patiently(lambda: bus.publish([record("k", 5)]))
        since = await read_until(subscription, {"k": 5})
    # The broker may have gone before the last positions were sent: then all of them come again, in order.
    assert first_seen(since)["k"] in ([5], list(range(6)))


async def test_publishing_to_a_broker_that_is_gone_ends_unavailable_in_time(server: KafkaServer) -> None:
    async with opened(server.bootstrap, new_prefix()) as bus:
        await bus.publish([record("k", 1)])
        await asyncio.to_thread(server.stop)
        for _ in range(2):
            started = time.monotonic()
            with pytest.raises(Unavailable):
                await bus.publish([record("k", 2)])
            assert time.monotonic() - started < 5
        with pytest.raises(Unavailable):
            await bus.ping()
        await asyncio.to_thread(server.start)
        await patiently(lambda: bus.publish([record("k", 3)]))
        await bus.ping()


async def test_publishing_to_a_broker_that_hangs_ends_unavailable_in_time(server: KafkaServer) -> None:
    async with opened(server.bootstrap, new_prefix()) as bus, bus.subscribe("g", [TOPIC]) as subscription:
        await bus.publish([record("k", 1)])
        server.pause()
        try:
            started = time.monotonic()
            with pytest.raises(Unavailable):
                await bus.publish([record("k", 2)])
            assert time.monotonic() - started < 5
        finally:
            server.resume()
        await patiently(lambda: bus.publish([record("k", 2), record("k", 3)]))
        assert first_seen(await read_until(subscription, {"k": 3})) == {"k": [1, 2, 3]}


MEMBER = """
import asyncio, sys
from tunewright.platform.bus.kafka import KafkaBus
from tunewright.platform.bus.topics import topics

async def main(bootstrap, prefix, topic):
    bus = KafkaBus(bootstrap, [topics()[topic]], prefix=prefix)
    await bus.open()
    async with bus.subscribe("g", [topic]) as subscription:
        while True:
            for delivered in await subscription.batch(wait_s=0.1):
                print(delivered.record.value.decode(), delivered.record.key, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@asynccontextmanager
async def other_member(prefix: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a member of the group in a process of its own: it reads, says which keys, and commits nothing."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MEMBER, kafka().bootstrap, prefix, TOPIC, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def keys_of_other(bus: KafkaBus, process: asyncio.subprocess.Process, said: int) -> set[str]:
    """Publish to all keys until the other member reads one that says this; return its key."""
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while True:
            await bus.publish([record(f"k{number}", said) for number in range(64)])
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    while line := (await process.stdout.readline()).decode().split():
                        if line[0] == str(said):
                            return {line[1]}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_partitions_of_a_member_that_dies_or_hangs_are_taken_over_soon(number: signal.Signals) -> None:
    prefix = new_prefix()
    async with (
        opened(kafka().bootstrap, prefix) as bus,
        bus.subscribe("g", [TOPIC]) as subscription,
        other_member(prefix) as process,
    ):
        theirs = await keys_of_other(bus, process, 1)
        os.kill(process.pid, number)
        await bus.publish([record(key, 2) for key in theirs])
        async with asyncio.timeout(10):
            while not any(d.record.key in theirs and d.record.value == b"2" for d in await subscription.batch()):
                pass
        if number is signal.SIGSTOP:
            os.kill(process.pid, signal.SIGCONT)
            await keys_of_other(bus, process, 3)


async def test_committing_is_no_round_trip_and_what_was_lost_is_left_alone() -> None:
    async with opened(kafka().bootstrap, new_prefix()) as bus:
        async with bus.subscribe("g", [TOPIC]) as subscription:
            await bus.publish([record("k", 1), record("k", 2)])
            (one, two) = await read_all(subscription, 2, commit=False)
            committing = asyncio.ensure_future(subscription.commit([one]))
            await asyncio.sleep(0)
            assert committing.done()
            beyond = replace(two, offset=two.offset + 1000)
            await subscription.commit([beyond])
        async with bus.subscribe("g", [TOPIC]) as subscription:
            assert by_key(await read_all(subscription, 1)) == {"k": [2]}


async def test_records_of_other_systems_arrive_with_what_they_leave_out_as_empty() -> None:
    from confluent_kafka import Producer

    prefix = new_prefix()
    async with opened(kafka().bootstrap, prefix) as bus, bus.subscribe("g", [TOPIC]) as subscription:
        producer = Producer({"bootstrap.servers": kafka().bootstrap, "compression.type": "gzip"})
        producer.produce(prefix + TOPIC, value=None, key=b"\xff", headers=[("h", None)])
        assert await asyncio.to_thread(producer.flush, 10) == 0
        (delivered,) = await read_all(subscription, 1)
    assert delivered.record == Record(TOPIC, "�", b"", {"h": b""})


async def test_a_key_goes_to_the_partition_that_other_clients_choose() -> None:
    from confluent_kafka import Producer

    prefix = new_prefix()
    async with opened(kafka().bootstrap, prefix) as bus, bus.subscribe("g", [TOPIC]) as subscription:
        producer = Producer({"bootstrap.servers": kafka().bootstrap, "partitioner": "murmur2"})
        for number in range(20):
            producer.produce(prefix + TOPIC, value=b"0", key=f"k{number}")
        assert await asyncio.to_thread(producer.flush, 10) == 0
        await bus.publish([record(f"k{number}", 1) for number in range(20)])
        places = {(item.record.key, item.partition) for item in await read_all(subscription, 40)}
    assert len(places) == 20


async def test_the_brokers_know_all_topics_once_the_bus_is_open() -> None:
    for _ in range(3):
        async with opened(kafka().bootstrap, new_prefix(), list(topics().values())) as bus:
            assert await bus.check() == []


async def test_the_check_names_what_is_missing_and_what_differs() -> None:
    prefix, bootstrap = new_prefix(), kafka().bootstrap
    output = topics()[TOPIC]
    async with opened(bootstrap, prefix, [output]) as bus:
        assert await bus.check() == []
    missing = KafkaBus(bootstrap, TWO, prefix=prefix)
    (sentence,) = await missing.check()
    await missing.close()
    assert "training.results is missing" in sentence
    differing = KafkaBus(bootstrap, [replace(output, partitions=8, retention_s=1)], prefix=prefix)
    (sentence,) = await differing.check()
    assert "has 32 partitions, not 8" in sentence
    with pytest.raises(InvalidSpec, match="32 partitions, not 8"):
        await differing.open()
    await differing.close()
    kept = KafkaBus(bootstrap, [replace(output, retention_s=1)], prefix=prefix)
    (sentence,) = await kept.check()
    await kept.close()
    assert "keeps records for 259200000 ms, not 1000" in sentence


def test_the_check_names_a_topic_on_which_strangers_could_stop_its_readers() -> None:
    topic = topics()["tuning.commands"]
    for compression, problems in (("uncompressed", 0), ("producer", 1), (None, 0)):
        found = {topic.name: Found(topic.partitions, compression=compression)}
        told = differences([topic], found)
        assert len(told) == problems
        assert all("Set its compression.type to uncompressed" in sentence for sentence in told)


async def test_a_record_that_no_broker_would_take_is_refused_and_others_go_on() -> None:
    async with opened(kafka().bootstrap, new_prefix()) as bus:
        with pytest.raises(InvalidSpec, match="too large"):
            await bus.publish([Record(TOPIC, "k", bytes(20 * 1024 * 1024))])
        await bus.publish([record("k", 1)])


def test_all_topics_are_named_when_none_is_there() -> None:
    assert len(differences(topics().values(), {})) == len(topics())


@pytest.mark.parametrize(
    ("brokers", "more", "told"),
    [
        (
            "127.0.0.1:9092,10.0.0.1:9092",
            {},
            r"TUNEWRIGHT_KAFKA: '10\.0\.0\.1' is not a loopback .*TUNEWRIGHT_KAFKA_CA",
        ),
        ("kafka", {}, "TUNEWRIGHT_KAFKA: 'kafka' is not HOST:PORT"),
        ("k:9092", {"security": Security(user="u", password="p")}, "TUNEWRIGHT_KAFKA: 'k' is not a loopback address"),
        ("127.0.0.1:9092", {"security": Security(user="u")}, "TUNEWRIGHT_KAFKA_USER: 'u' has no password"),
        ("127.0.0.1:9092", {"security": Security(key_file=Path("k"))}, "KAFKA_CERTIFICATE: is shown over TLS only"),
        ("k:9092", {"security": Security(ca_file=Path("/nowhere.pem"))}, "TUNEWRIGHT_KAFKA_CA: .*cannot be read"),
        ("127.0.0.1:9092", {"prefix": "a b/"}, "TUNEWRIGHT_KAFKA_PREFIX: .*topic's name"),
    ],
)
def test_what_cannot_be_used_is_refused_under_the_name_of_its_variable(
    brokers: str, more: dict[str, Any], told: str
) -> None:
    with pytest.raises(InvalidSpec, match=told):
        KafkaBus(brokers, TWO, **more)


def test_scram_without_tls_is_for_loopback_or_for_who_asks_for_it_by_name() -> None:
    user = Security(user="u", password="p")
    assert user.options("127.0.0.1:9092")["security_protocol"] == "SASL_PLAINTEXT"
    assert replace(user, plaintext_allowed=True).options("k:9092")["security_protocol"] == "SASL_PLAINTEXT"


def test_tls_without_a_user_is_for_loopback_or_for_who_asks_for_it_by_name(tmp_path: Path) -> None:
    certificate_in(tmp_path)
    nobody = Security(tmp_path / "authority.pem")
    assert nobody.options("127.0.0.1:9092")["security_protocol"] == "SSL"
    assert replace(nobody, plaintext_allowed=True).options("k:9092")["security_protocol"] == "SSL"
    with pytest.raises(InvalidSpec, match=r"without a user.*TUNEWRIGHT_KAFKA_USER.*TUNEWRIGHT_KAFKA_PLAINTEXT=on"):
        nobody.options("k:9092")
    shown = replace(nobody, certificate_file=tmp_path / "client.pem", key_file=tmp_path / "client-key.pem")
    assert shown.options("k:9092")["security_protocol"] == "SSL"


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Security(user="u", password="secret"))
