"""Folds batches as the collector does, on a store that is a dict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message

from tests.unit.metrics.messages import NOW, UID
from tunewright.events.v1 import results_pb2
from tunewright.platform.store.port import Stored
from tunewright_metrics.collecting import records
from tunewright_metrics.collecting.buckets import lines_in, points_in
from tunewright_metrics.collecting.fold import Fold, Kept
from tunewright_metrics.collecting.records import StreamKey
from tunewright_metrics.core.stream import Stream


class Desk:
    def __init__(self, key: StreamKey = (UID, 1, 1)) -> None:
        self.key = key
        self.documents: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)

    def deliver(self, *messages: Message) -> list[Message]:
        """Fold one batch, with nothing in memory before; return what is told."""
        fold = Fold({self.key: Kept(self.stream(), len(self.documents["streams"]))})
        for message in messages:
            fold.take(message)
        for write in fold.close(NOW)[0]:
            self.documents[write.collection][write.key] = dict(write.document)  # type: ignore[union-attr] - no Remove
        return [told.message for told in fold.told]

    def stream(self) -> Stream:
        name = records.stream_name(self.key)
        document = self.documents["streams"].get(name)
        return records.read_stream(Stored(name, 1, document)) if document else Stream(*self.key)

    def buckets(self, collection: str) -> list[dict[str, Any]]:
        return sorted(self.documents[collection].values(), key=lambda bucket: bucket["order"])

    def output(self) -> list[tuple[int, int, str]]:
        """Return instance, index and text of every stored line, in order."""
        return [(line.instance, line.line, line.text) for bucket in self.buckets("output") for line in lines_in(bucket)]

    def points(self) -> list[tuple[str, float, int, int]]:
        """Return metric, value, step and line of every stored value, in order."""
        return [point[:4] for bucket in self.buckets("measurements") for point in points_in(bucket)]


M = TypeVar("M")


def only(kind: type[M], told: Sequence[Message]) -> list[M]:
    return [message for message in told if isinstance(message, kind)]


def summary(told: Sequence[Message]) -> results_pb2.TrainingSummarized:
    (message,) = only(results_pb2.TrainingSummarized, told)
    return message


def resends(told: Sequence[Message]) -> list[tuple[int, int]]:
    return [(message.instance, message.from_line) for message in only(results_pb2.ResendRequested, told)]
