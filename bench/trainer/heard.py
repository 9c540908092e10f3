"""A bus that keeps what a trainer says and when; what it costs is next to nothing, so the trainer alone is measured."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from google.protobuf.message import Message

from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.messages import read
from tunewright.platform.bus.port import Record
from tunewright.platform.bus.topics import topics


class HeardBus(MemoryBus):
    def __init__(self) -> None:
        super().__init__(topics().values())
        self.heard: list[Record] = []
        self._times: defaultdict[bytes, list[float]] = defaultdict(list)
        self._changed = asyncio.Event()

    async def publish(self, records: Sequence[Record]) -> None:
        now = time.perf_counter()
        self.heard += records
        for record in records:
            self._times[record.headers["ce_type"]].append(now)
        self._changed.set()

    def forget(self) -> None:
        self.heard.clear()
        self._times.clear()

    async def until(self, condition: Callable[[], bool], within_s: float) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def times(self, kind: type[Message]) -> list[float]:
        """Return the seconds of `time.perf_counter` at which the messages of a kind came."""
        return self._times[kind.DESCRIPTOR.full_name.encode()]

    def checked(self) -> Checked:
        checked = Checked()
        for record in self.heard:
            checked.take(read(record))
        return checked


class Checked:
    """The first instance's lines as they came: each must be the very next, and say its own number first."""

    def __init__(self) -> None:
        self.count = self.messages = 0
        self.ended = False

    def take(self, message: Message) -> None:
        self.ended = self.ended or isinstance(message, output_pb2.TrainingEnded)
        if not isinstance(message, output_pb2.OutputLines) or message.instance != 0:
            return
        self.messages += 1
        for index, line in enumerate(message.lines, message.first_line):
            if index < self.count:  # told again, as it may be after a fault of the bus
                continue
            if index != self.count or not line.startswith(f"{index} "):
                raise RuntimeError(f"line {self.count} was to come, {index} has: {line[:100]!r}")
            self.count += 1
