"""Which trainings to stop, told from their records: once a decision is stored, and again while the training goes on.

A collector that dies between commit and publish leaves a decision that nobody has heard of. Whoever reads on then tells
it at the first message of that stream, though it holds nothing new.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from tunewright.events.v1 import results_pb2
from tunewright.platform.codec import to_message
from tunewright_metrics.collecting import records
from tunewright_metrics.collecting.fold import Told
from tunewright_metrics.collecting.records import StreamKey
from tunewright_metrics.core.stream import Stream

AGAIN_S: Final = 10.0
KEPT: Final = 10_000


class Advice:
    """What this collector has told."""

    def __init__(self) -> None:
        self._told: OrderedDict[StreamKey, float] = OrderedDict()
        """When, by the loop's clock."""

    def due(self, streams: Mapping[StreamKey, Stream]) -> list[tuple[StreamKey, Told]]:
        """Return what is to be told of streams that something was heard of."""
        now = asyncio.get_running_loop().time()
        return [
            (key, told_of(key, stream))
            for key, stream in streams.items()
            if stream.judged.stop is not None
            and stream.summary is None
            and (key not in self._told or self._told[key] + AGAIN_S <= now)
        ]

    def told(self, key: StreamKey) -> None:
        self._told[key] = asyncio.get_running_loop().time()
        self._told.move_to_end(key)
        while len(self._told) > KEPT:
            self._told.popitem(last=False)


def told_of(key: StreamKey, stream: Stream) -> Told:
    """Return the stream's decision as it is told, byte for byte the same each time."""
    advised = to_message(stream.judged.stop, results_pb2.StopAdvised)
    advised.uid, advised.number, advised.attempt = key
    return Told(key[0], advised, f"{records.stream_name(key)}/stop")
