"""How streams and their buckets stand in the store."""

from __future__ import annotations

from tunewright.core.names import training_id
from tunewright.platform.documents import from_document, to_document
from tunewright.platform.store.port import Insert, Put, Replace, Stored, Write
from tunewright_metrics.collecting.buckets import Bucket
from tunewright_metrics.core.stream import Stream

StreamKey = tuple[str, int, int]
"""uid, training number, attempt."""


def stream_name(key: StreamKey) -> str:
    uid, number, attempt = key
    return f"{training_id(uid, number)}/{attempt_order(attempt)}"


def attempt_order(attempt: int) -> str:
    """Return what the `order` of all chunks of an attempt begins with."""
    return f"{attempt:04d}"


def read_stream(stored: Stored) -> Stream:
    """Raises ValueError: the document is no stream."""
    return from_document(stored.document, Stream)


def stream_write(key: StreamKey, stream: Stream, version: int, now: float) -> Write:
    """Write the stream where it was read: beaten, nothing of the commit stands. `now` is by the store's clock."""
    document = to_document(stream) | {"changed_at": now}
    if version == 0:
        return Insert("streams", stream_name(key), document)
    return Replace("streams", stream_name(key), document, version)


def bucket_write(collection: str, key: StreamKey, bucket: Bucket) -> Write:
    """Write a bucket under a key made from its place in the stream: written again, it replaces itself."""
    place = f"{bucket.position:012d}"
    whose = {"uid": key[0], "number": key[1], "order": f"{attempt_order(key[2])}/{place}"}
    return Put(collection, f"{stream_name(key)}/{place}", {**whose, **bucket.content})
