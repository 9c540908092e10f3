"""What other systems send, and what becomes of it: signed records, dead letters, arbitrary headers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from google.protobuf import json_format
from google.protobuf.message import Message
from hypothesis import strategies as st

from tunewright.platform.access import keys_of
from tunewright.platform.bus.port import Bus, Record
from tunewright.platform.bus.signing import SIGNATURE, signature
from tunewright.platform.credentials import Credentials

KEYS = Credentials("TWKEY", "secret", "token")
KEY_OF = keys_of(KEYS).get
OTHERS = Credentials("TWOTHER", "other secret", "token")


def signed(topic: str, message: Message, *, json: bool = False, credentials: Credentials = KEYS) -> Record:
    """Return what a program with these credentials sends."""
    value = json_format.MessageToJson(message).encode() if json else message.SerializeToString()
    content = b"application/json" if json else b"application/protobuf"
    return sealed(topic, message.DESCRIPTOR.name, value, credentials, {"content-type": content})


def sealed(
    topic: str, name: str, value: bytes, credentials: Credentials = KEYS, headers: dict[str, bytes] | None = None
) -> Record:
    """Return any bytes under a good signature."""
    record = Record(topic, "key", value, {"ce_type": name.encode(), **(headers or {})})
    return Record(topic, "key", value, {**record.headers, SIGNATURE: signature(record, credentials).encode()})


async def letters(bus: Bus) -> list[str]:
    """Return the reasons of the dead letters so far."""
    async with bus.subscribe("undertaker", ["dead-letters"]) as subscription:
        found = await subscription.batch(wait_s=0.01)
        await subscription.commit(found)
    return [item.record.headers["dl-reason"].decode() for item in found]


async def until_read(bus: Bus, group: str, topic: str, consumer: Callable[[], Awaitable[None]]) -> None:
    """Run a consumer until the group has nothing left of a topic; it must not end by itself."""
    running = asyncio.ensure_future(consumer())
    async with asyncio.timeout(20):
        while not running.done() and _left(bus, group, topic):  # noqa: ASYNC110 - the bus tells nobody
            await asyncio.sleep(0.001)
    ended_by_itself = running.done()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert not ended_by_itself


def _left(bus: Bus, group: str, topic: str) -> bool:
    committed = bus._groups[group].committed if group in bus._groups else {}
    return any(
        partition.end > committed.get(place, 0) for place, partition in bus._partitions.items() if place[0] == topic
    )


HEADER_NAMES = st.sampled_from(["ce_type", "content-type", SIGNATURE, "ce_id", "dl-reason", "x"])
HEADERS = st.dictionaries(HEADER_NAMES, st.binary(max_size=40))


def records_on(topic: str, names: list[str]) -> st.SearchStrategy[Record]:
    """Return a strategy of records that anybody may write: mostly junk, some of it well signed."""
    value = st.one_of(
        st.binary(max_size=200),
        st.text(max_size=100).map(lambda text: b"{" + text.encode(errors="replace")),
        st.sampled_from([b"[]", b"{}", b'{"\\ud800": 1}', b'{"commandId": null}', b"{" * 5000, b"1" * 5000, b"\x0a"]),
    )
    forged = st.builds(Record, st.just(topic), st.text(max_size=5), value, HEADERS)
    content = st.sampled_from([{}, {"content-type": b"application/json"}, {"content-type": b"application/protobuf"}])
    genuine = st.builds(
        lambda name, value, headers: sealed(topic, name, value, KEYS, headers), st.sampled_from(names), value, content
    )
    return st.one_of(forged, genuine)
