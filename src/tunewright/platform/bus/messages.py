"""Protobuf messages as records of the bus, with CloudEvents 1.0 headers (binary content mode)."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Final

from google.protobuf import json_format, symbol_database
from google.protobuf.message import DecodeError, Message

from tunewright.events.v1 import commands_pb2, facts_pb2, output_pb2, requests_pb2, results_pb2
from tunewright.platform import tracing
from tunewright.platform.bus.port import Record
from tunewright.platform.bus.topics import MESSAGE_PACKAGE, topics

PROTOBUF: Final = b"application/protobuf"
JSON: Final = b"application/json"
KNOWN: Final = (commands_pb2, facts_pb2, output_pb2, requests_pb2, results_pb2)
"""Importing them puts their messages into the pool that types are looked up in."""


class Unreadable(Exception):  # noqa: N818 - what a record is
    """A record that no version of ours can read; it goes to the dead letters."""


def to_record(topic: str, key: str, message: Message, *, source: str, id: str | None = None) -> Record:  # noqa: A002
    """Wrap a message. `id` makes the event the same when it is told again; a new one by default.

    It carries on the trace under way, also if it is stored before it is sent.
    """
    headers = {
        "ce_specversion": b"1.0",
        "ce_id": (id or uuid.uuid4().hex).encode(),
        "ce_type": message.DESCRIPTOR.full_name.encode(),
        "ce_source": source.encode(),
        "ce_subject": key.encode(),
        "ce_time": datetime.fromtimestamp(time.time(), UTC).isoformat().encode(),
        "content-type": PROTOBUF,
    }
    if traceparent := tracing.current():
        headers[tracing.HEADER] = traceparent.encode()
    return Record(topic, key, message.SerializeToString(deterministic=True), headers)


def type_of(record: Record) -> str:
    """Return the full name of the record's message type. Raises Unreadable.

    Where other systems write, the package may be left out.
    """
    topic = topics()[record.topic]
    given = record.headers.get("ce_type", b"").decode(errors="replace")
    name = f"{MESSAGE_PACKAGE}.{given}" if topic.json and "." not in given else given
    if name not in topic.messages:
        known = ", ".join(message.removeprefix(f"{MESSAGE_PACKAGE}.") for message in topic.messages)
        raise Unreadable(f"type {given[:100]!r} does not belong on topic {record.topic}; header ce_type: {known}")
    return name


def read(record: Record) -> Message:
    """Return the record's message. Raises Unreadable."""
    name, content = type_of(record), _content_of(record)
    message = symbol_database.Default().GetSymbol(name)()
    try:
        if content == PROTOBUF:
            message.ParseFromString(record.value)
        elif content == JSON and topics()[record.topic].json:
            json_format.Parse(record.value, message)
        else:
            raise Unreadable(f"content type {content[:100]!r} is not taken on topic {record.topic}")
    except (DecodeError, json_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not a {name}: {error}") from error
    return message


def _content_of(record: Record) -> bytes:
    """Return the content type. Where none is given, what begins with a brace is JSON.

    No message of ours begins with that byte: it would be a group, which proto3 does not have.
    """
    given = record.headers.get("content-type", b"").split(b";")[0].strip().lower()
    if given:
        return given
    return JSON if topics()[record.topic].json and record.value.startswith(b"{") else PROTOBUF
