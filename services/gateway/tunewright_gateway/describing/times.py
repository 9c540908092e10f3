"""Times as AWS tells them: Unix seconds with a fraction, to the millisecond."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp


def epoch(stamp: Timestamp) -> float:
    return round(stamp.seconds + stamp.nanos / 1_000_000_000, 3)


def seconds_between(start: Timestamp, end: Timestamp) -> int:
    """Return whole seconds, none if the end is before the start: two clocks may have told them."""
    return max(0, (end.ToNanoseconds() - start.ToNanoseconds()) // 1_000_000_000)
