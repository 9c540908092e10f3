"""Malformed, forged and strange records on a real broker: each is a dead letter with its reason; reading goes on."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from confluent_kafka import Producer

from tests.servers.kafka import kafka
from tunewright.cli import replaying
from tunewright.cli.forms import Form
from tunewright.core.access import OWNER
from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound
from tunewright.platform.access import keys_of
from tunewright.platform.bus.consumer import Received, consume
from tunewright.platform.bus.kafka import KafkaBus
from tunewright.platform.bus.port import Record
from tunewright.platform.bus.signing import SIGNATURE, signature
from tunewright.platform.bus.topics import topics
from tunewright.platform.credentials import Credentials, create_or_load

pytestmark = pytest.mark.timeout(240)

COMMANDS = "tuning.commands"
STOP = json.dumps({"commandId": "c", "job": "j"}).encode()
JSON = {"content-type": b"application/json"}
OTHERS = Credentials("TWOTHER", "guessed", "token")
MIB = 2**20
CHECKSUM = slice(17, 21)
"""Of a batch of records, of all that is behind it."""


class Office:
    """Reads commands and events as the services do, and keeps what it was handed."""

    def __init__(self, prefix: str, keys: Credentials) -> None:
        self.prefix, self.keys = prefix, keys
        self.handed: list[Received] = []
        self.news = asyncio.Event()

    async def take(self, batch: list[Received]) -> None:
        self.handed += batch
        self.news.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(120):
            while len(self.handed) < count:
                self.news.clear()
                await self.news.wait()

    def signed(self, value: bytes, headers: dict[str, bytes] = JSON, keys: Credentials | None = None) -> Record:
        record = Record(COMMANDS, "k", value, {"ce_type": b"StopTuningJob", **headers})
        return Record(
            COMMANDS, "k", value, {**record.headers, SIGNATURE: signature(record, keys or self.keys).encode()}
        )

    async def send(self, *records: Record, codec: str = "none", raw: bool = False) -> None:
        """Send by a client that is not ours; `raw` leaves out key and value."""
        largest = 20 * MIB
        producer = Producer(
            {"bootstrap.servers": kafka().bootstrap, "compression.type": codec, "message.max.bytes": largest}
        )
        for record in records:
            body: tuple[Any, Any] = (None, None) if raw else (record.value, record.key)
            producer.produce(self.prefix + record.topic, *body, partition=0, headers=dict(record.headers))
        assert await asyncio.to_thread(producer.flush, 60) == 0

    async def send_name(self, name: bytes, *records: Record) -> None:
        """Send records in one batch, the first with a header of this name, which no client sends if it is no text."""
        builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, MIB)
        stand_in = "n" * len(name)
        for number, record in enumerate(records):
            more = [(stand_in, b"x")] if number == 0 else []
            builder.append(number, 1, record.key.encode(), record.value, [*record.headers.items(), *more])
        batch = bytearray(builder.build().replace(stand_in.encode(), name))
        batch[CHECKSUM] = calc_crc32c(memoryview(bytes(batch[CHECKSUM.stop :]))).to_bytes(4, "big")
        client = AIOKafkaClient(bootstrap_servers=kafka().bootstrap)
        await client.bootstrap()
        try:
            place = TopicPartition(self.prefix + COMMANDS, 0)
            await client.set_topics([place.topic])
            asked = ProduceRequest(None, -1, 30_000, [(place.topic, [(0, bytes(batch))])])
            answer = await client.send(client.cluster.leader_for_partition(place), asked)
            assert answer.topics[0][1][0][1] == 0
        finally:
            await client.close()


@asynccontextmanager
async def reading(keys: Credentials, names: tuple[str, ...] = (COMMANDS,)) -> AsyncIterator[Office]:
    office = Office(f"hostile-{uuid.uuid4().hex[:8]}-", keys)
    bus = KafkaBus(kafka().bootstrap, topics().values(), prefix=office.prefix)
    await bus.open()
    loop = asyncio.create_task(consume(bus, "g", names, office.take, keys_of(keys).get))
    try:
        yield office
    finally:
        loop.cancel()
        await asyncio.wait([loop])
        await bus.close()


@pytest.fixture
def keys(tmp_path: Path) -> Credentials:
    return create_or_load(tmp_path / "credentials", grpc="", http="")


def environ(office: Office, tmp_path: Path) -> dict[str, str]:
    return {
        "TUNEWRIGHT_KAFKA": kafka().bootstrap,
        "TUNEWRIGHT_KAFKA_PREFIX": office.prefix,
        "TUNEWRIGHT_CREDENTIALS": str(tmp_path / "credentials"),
    }


async def listed(given: dict[str, str], capsys: pytest.CaptureFixture[str], **asked: Any) -> list[dict[str, Any]]:
    capsys.readouterr()
    how = {"topic": "", "since": "", "limit": 100, "skip": 0} | asked
    await asyncio.to_thread(replaying.list_letters, form=Form.JSON, environ=given, **how)
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


async def test_each_is_a_dead_letter_that_says_why_and_the_next_one_is_read(
    keys: Credentials, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nested = b'{"commandId":' + b"[" * 100_000
    async with reading(keys) as office:
        good = office.signed(STOP)
        hostile = {
            "not a tunewright.events.v1.StopTuningJob": office.signed(b'{"commandId": '),
            'no field named "surprise"': office.signed(b'{"surprise": 1}'),
            "not a tunewright": office.signed(nested),
            "content type b'text/xml' is not taken": office.signed(STOP, {"content-type": b"text/xml"}),
            "names the unknown access key 'TWOTHER'": office.signed(STOP, keys=OTHERS),
            "does not fit a record of type 'StopTuningJob'": Record(
                COMMANDS, "k", STOP.replace(b'"j"', b'"another"'), good.headers
            ),
            "it has no header tw-signature": Record(COMMANDS, "k", STOP, {"ce_type": b"StopTuningJob"}),
            "does not belong on topic tuning.commands": Record(COMMANDS, "k", STOP, {"ce_type": b"\xff\x00\xfe"}),
            "type '' does not belong": Record(COMMANDS, "k", STOP, {"x": b"\x00\xff"}),
            "unknown access key '": Record(
                COMMANDS, "k", STOP, {"ce_type": b"StopTuningJob", SIGNATURE: b"\xff\xfe:\x00"}
            ),
        }
        for number, record in enumerate(hostile.values(), 1):
            await office.send(record, good)
            await office.until(number)
        assert {item.owner for item in office.handed} == {OWNER}
        found = await listed(environ(office, tmp_path), capsys)
    assert len(found) == len(hostile)
    for wanted, one in zip(hostile, sorted(found, key=lambda one: int(one["place"].split(":")[1])), strict=True):
        assert wanted in one["reason"]
        assert (one["topic"], one["replayed"]) == (COMMANDS, None)


async def test_nothing_at_all_and_much_too_much(
    keys: Credentials, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    huge = json.dumps({"commandId": "c", "job": "j" * (8 * MIB - 2000)}).encode()
    async with reading(keys) as office:
        good = office.signed(STOP)
        await office.send(Record(COMMANDS, "", b"", {}), raw=True)
        await office.send(Record(COMMANDS, "", b"", {"ce_type": b"StopTuningJob"}), raw=True)
        await office.send(good)
        await office.send(Record(COMMANDS, "k", huge, good.headers), good)
        await office.until(2)
        found = await listed(environ(office, tmp_path), capsys)
    assert sorted(one["size"] for one in found) == [0, 0, len(huge)]


async def test_a_header_whose_name_is_no_text_stops_nobody(
    keys: Credentials, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with reading(keys) as office:
        good = office.signed(STOP)
        await office.send(good)
        await office.send_name(b"\xffhostile", good, good)
        await office.send(good)
        await office.send_name(b"\xffhostile", good)
        await office.send(good)
        await office.until(3)
        found = await listed(environ(office, tmp_path), capsys)
    first, second = sorted(one["reason"] for one in found)
    assert "is not UTF-8: unread are offsets 1 to 2" in first
    assert "is not UTF-8: unread are offsets 4 to 4" in second


async def test_what_has_a_monstrous_key_is_a_letter_too(
    keys: Credentials, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A byte that is no text becomes three."""
    async with reading(keys) as office:
        await office.send(Record(COMMANDS, b"\xff" * 3_300_000, STOP, {}))  # type: ignore[arg-type] - no text
        await office.send(office.signed(STOP))
        await office.until(1)
        (found,) = await listed(environ(office, tmp_path), capsys)
    assert found["size"] == len(STOP)


async def test_whatever_a_producer_compresses_with_is_read(keys: Credentials) -> None:
    """The broker unpacks it: each topic of ours has compression.type=uncompressed."""
    async with reading(keys) as office:
        for number, codec in enumerate(("gzip", "snappy", "lz4", "zstd"), 1):
            await office.send(*[office.signed(STOP)] * 20, codec=codec)
            await office.until(20 * number)


async def test_what_a_stranger_writes_among_the_events_stops_nobody(
    keys: Credentials, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with reading(keys, ("tuning.events",)) as office:
        told = Record("tuning.events", "u", b"", {"ce_type": b"tunewright.events.v1.TuningJobDeleted"})
        strange = Record("tuning.events", "u", STOP, {"ce_type": b"StopTuningJob"})
        await office.send(strange, told, codec="zstd")
        await office.until(1)
        (found,) = await listed(environ(office, tmp_path), capsys)
        assert "does not belong on topic tuning.events" in found["reason"]
        with pytest.raises(InvalidSpec, match="which the services alone write"):
            await asyncio.to_thread(
                replaying.replay_letter,
                found["place"],
                None,
                Form.TABLE,
                again=False,
                force=False,
                environ=environ(office, tmp_path),
            )


async def test_a_letter_is_looked_at_mended_and_sent_once_more(
    keys: Credentials, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    def run(what: Any, *asked: Any, **more: Any) -> bytes:
        capsysbinary.readouterr()
        what(*asked, environ=environ(office, tmp_path), **more)
        return capsysbinary.readouterr().out

    def replay(place: str, file: Path | None, *, again: bool = False) -> bytes:
        return run(replaying.replay_letter, place, file, Form.TABLE, again=again, force=False)

    def letters(**more: Any) -> list[dict[str, Any]]:
        how = {"topic": "", "since": "1h", "limit": 100, "skip": 0, "form": Form.JSON} | more
        return json.loads(run(replaying.list_letters, **how))

    def work() -> None:
        (letter,) = letters()
        place = letter["place"]
        assert letters(topic="training.reports") == letters(skip=1) == []
        shown = run(replaying.show_letter, place, Form.TABLE, only_value=False).decode()
        assert "header     ce_type: StopTuningJob" in shown
        assert '"jobb": "j"' in shown
        raw = run(replaying.show_letter, place, Form.TABLE, only_value=True)
        assert raw == b'{"commandId":"c","jobb":"j"}'
        with pytest.raises(InvalidSpec, match="would come back"):
            replay(place, None)
        mended = tmp_path / "value.json"
        mended.write_bytes(raw.replace(b"jobb", b"job"))
        assert b"speaks for " + OWNER.encode() in replay(place, mended)
        (letter,) = letters()
        assert letter["replayed"] is not None
        with pytest.raises(IllegalTransition, match="--again"):
            replay(place, mended)
        replay(place, mended, again=True)
        with pytest.raises(NotFound):
            replay("0:4711", None)
        with pytest.raises(InvalidSpec, match="is none"):
            replay("here", None)

    async with reading(keys) as office:
        await office.send(office.signed(b'{"commandId":"c","jobb":"j"}'), office.signed(STOP))
        await office.until(1)
        await asyncio.to_thread(work)
        await office.until(3)
    assert [(item.message.job, item.owner) for item in office.handed[1:]] == [("j", OWNER)] * 2
