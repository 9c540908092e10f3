"""Another system on the broker: a client that is not ours, JSON in, events out."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, Producer
from google.protobuf.json_format import MessageToDict

from tests.servers.kafka import KafkaServer
from tests.wire.fleet import Fleet
from tunewright.core.spec import TuningJobSpec
from tunewright.events.v1 import facts_pb2
from tunewright.platform.codec import to_message
from tunewright.v1 import spec_pb2


class System:
    """Another system: it knows Kafka, JSON, and an owner's secret."""

    def __init__(self, fleet: Fleet, kafka: KafkaServer) -> None:
        self._keys = fleet.credentials
        self._producer = Producer({"bootstrap.servers": kafka.bootstrap})
        self._consumer = Consumer(
            {"bootstrap.servers": kafka.bootstrap, "group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest"}
        )
        self._unheard: list[Any] = []
        self._consumer.subscribe(["wire-tuning.events"])

    def send(self, topic: str, ce_type: str, key: str, message: dict[str, Any], *, secret: str = "") -> None:
        value = json.dumps(message).encode()
        signed = b"\n".join([topic.encode(), ce_type.encode(), value])
        given = (secret or self._keys.aws_secret_access_key).encode()
        signature = f"{self._keys.aws_access_key_id}:{hmac.new(given, signed, hashlib.sha256).hexdigest()}"
        headers = {"ce_type": ce_type, "content-type": "application/json", "tw-signature": signature}
        self._producer.produce(f"wire-{topic}", value, key, headers=headers)
        assert self._producer.flush(20) == 0

    def send_as_is(self, topic: str, key: bytes | None, value: bytes | None, headers: dict[str, bytes]) -> None:
        """Send anything."""
        self._producer.produce(f"wire-{topic}", value, key, headers=headers)
        assert self._producer.flush(20) == 0

    def hears(self, wanted: Callable[[Any], bool], what: str, within_s: float = 60) -> Any:
        """Return the next event that is wanted."""
        for event in self._unheard:
            if wanted(event):
                self._unheard.remove(event)
                return event
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            polled = self._consumer.poll(1.0)
            if polled is None or polled.error():
                continue
            name = dict(polled.headers())["ce_type"].decode().rpartition(".")[2]
            event = getattr(facts_pb2, name).FromString(polled.value())
            if wanted(event):
                return event
            self._unheard.append(event)
        raise AssertionError(f"not told within {within_s:g} s: {what}")

    def answers(self, command_id: str) -> facts_pb2.CommandAccepted | facts_pb2.CommandRejected:
        """Return the next answer to a command."""
        return self.hears(lambda event: getattr(event, "command_id", "") == command_id, f"the answer to {command_id}")

    def close(self) -> None:
        self._consumer.close()


def as_json(spec: TuningJobSpec) -> dict[str, Any]:
    return MessageToDict(to_message(spec, spec_pb2.TuningJobSpec))
