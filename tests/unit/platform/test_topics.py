"""proto/topics.toml against the messages, and records as they travel."""

from __future__ import annotations

from contextlib import suppress

import pytest
from google.protobuf import json_format, symbol_database
from hypothesis import given
from hypothesis import strategies as st

from tunewright.events.v1 import commands_pb2, facts_pb2, output_pb2, results_pb2
from tunewright.platform.bus.messages import KNOWN, Unreadable, read, to_record
from tunewright.platform.bus.port import Record
from tunewright.platform.bus.topics import DEAD_LETTERS, topics

PARTS = {"ReportedValue", "ReadingFault", "LastValue"}
"""Messages that others consist of."""

CARRIED = [(topic.name, message) for topic in topics().values() for message in topic.messages]


def test_every_message_is_carried_and_no_other():
    messages = {
        descriptor.full_name
        for module in KNOWN
        for name, descriptor in module.DESCRIPTOR.message_types_by_name.items()
        if name not in PARTS
    }
    assert {message for _, message in CARRIED} == messages


def test_every_topic_can_be_made_and_has_two_sides():
    for name, topic in topics().items():
        assert topic.name == name
        assert topic.partitions > 0
        assert topic.retention_s >= 3600
        assert topic.key
        assert topic.producers
        assert topic.consumers


def test_dead_letters_carry_the_bytes_of_others():
    assert topics()[DEAD_LETTERS].messages == ()


def test_json_is_taken_only_from_other_systems():
    for topic in topics().values():
        assert topic.json == ("other systems" in topic.producers)


@pytest.mark.parametrize(("topic", "name"), CARRIED)
def test_every_message_travels_on_its_topic(topic, name):
    message = symbol_database.Default().GetSymbol(name)()
    record = to_record(topic, "k", message, source="test", id="e-1")
    assert read(record) == message
    assert record.headers["ce_type"].decode() == name
    assert record.headers["ce_id"] == b"e-1"


def summary(**fields) -> Record:
    message = results_pb2.TrainingSummarized(uid="u", number=1, attempt=1, **fields)
    return to_record("training.results", "u", message, source="test")


def test_the_same_message_is_the_same_bytes_under_another_id():
    one, other = summary(objective_value=0.5), summary(objective_value=0.5)
    assert one.value == other.value
    assert one.headers["ce_id"] != other.headers["ce_id"]


def changed(record: Record, value: bytes | None = None, **headers: bytes) -> Record:
    renamed = {
        name.replace("_type", "-type") if name == "content_type" else name: text for name, text in headers.items()
    }
    return Record(record.topic, record.key, record.value if value is None else value, {**record.headers, **renamed})


COMMAND = to_record("tuning.commands", "job", commands_pb2.StopTuningJob(command_id="c", job="a"), source="other")


def test_other_systems_may_write_json():
    record = changed(COMMAND, b'{"commandId": "c", "job": "a"}', content_type=b"application/json; charset=utf-8")
    assert read(record) == commands_pb2.StopTuningJob(command_id="c", job="a")


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"null",
        b"\xff",
        b'{"job": 1}',
        b'{"jib": "a"}',
        b'{"job": "a", "job": "b"}',
        b"[" * 100_000,
        b'{"job":' * 100_000,
        b'{"job": "\\ud800"}',
    ],
    ids=lambda value: value[:12].decode(errors="replace"),
)
def test_bad_json_is_unreadable(value):
    with pytest.raises(Unreadable):
        read(changed(COMMAND, value, content_type=b"application/json"))


@pytest.mark.parametrize(
    "record",
    [
        changed(summary(), b"\xff\xff"),
        changed(summary(), b"\x0a\x02\xff\xfe"),
        changed(summary(), ce_type=b"tunewright.events.v1.StopTuningJob"),
        changed(summary(), ce_type=b"google.protobuf.Any"),
        changed(summary(), ce_type=b"\xff"),
        changed(summary(), content_type=b"application/json"),
        changed(summary(), content_type=b"text/plain"),
        Record("training.results", "u", b""),
    ],
)
def test_what_no_version_of_ours_can_read_is_unreadable(record):
    with pytest.raises(Unreadable):
        read(record)


@given(st.binary(max_size=200))
def test_no_bytes_get_past_as_anything_but_a_message_or_unreadable(value):
    record = to_record("training.output", "u", output_pb2.OutputLines(), source="test")
    with suppress(Unreadable):
        assert isinstance(read(changed(record, value)), output_pb2.OutputLines)


def test_unknown_fields_of_a_newer_producer_are_kept_out_of_the_way():
    newer = facts_pb2.TuningJobDeleted(uid="u").SerializeToString() + b"\xfa\x7f\x03new"
    record = to_record("tuning.events", "u", facts_pb2.TuningJobDeleted(), source="test")
    message = read(changed(record, newer))
    assert json_format.MessageToDict(message) == {"uid": "u"}
