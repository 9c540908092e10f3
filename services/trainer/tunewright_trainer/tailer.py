"""Follow what one attempt says, in its spool and its metrics file, and send it until metrics has it all.

The files are the only buffers: a read is published before the next one is made, so memory stays bounded whatever the
training prints and however long the bus is away. Every message may be sent more than once, and after a restart of the
trainer all are sent again; lines keep their numbers, so a reader drops what it has. It never looks at what lines mean,
and nothing about the attempt's end waits for it.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, Never

import structlog

from tunewright.core.errors import Unavailable
from tunewright.platform.bus.port import Bus, Record
from tunewright_trainer.core.attempt import End
from tunewright_trainer.core.lease import backoff_s
from tunewright_trainer.messages import OutputRecords
from tunewright_trainer.source import MetricsFile, Source, Spool

POLL_S: Final = 0.02
QUIET_POLL_S: Final = 0.25
ENDED_AGAIN_S: Final = 2.0
ENDED_AGAIN_MOST_S: Final = 30.0
BUS_AGAIN_S: Final = 0.1
BUS_AGAIN_MOST_S: Final = 5.0

log = structlog.get_logger()


class Tailer:
    """`records` makes the messages, the files may appear later. Run it as a task; cancel it once all is settled."""

    def __init__(self, records: OutputRecords, spool: Path, metrics_file: MetricsFile, bus: Bus) -> None:
        self._records, self._spool, self._bus = records, spool, bus
        self._metrics_file = metrics_file
        self._output, self._metrics = Source(Spool(spool), 0), Source(metrics_file, records.instances)
        self._sources = (self._output, self._metrics)
        self._start_wanted = True
        self._end: End | None = None
        self._wake = asyncio.Event()

    def finish(self, end: End) -> None:
        """Read to the end of the output, then say that the training has ended, again and again."""
        self._output.limit, self._metrics.limit = end.spool_bytes, self._metrics_file.size
        self._end = end
        self._wake.set()

    def resend(self, from_line: int, instance: int = 0) -> None:
        """Send again from this line on; -1: all, from TrainingStarted on."""
        self._start_wanted = self._start_wanted or from_line < 0
        for source in self._sources:
            if from_line < 0 or source.instance == instance:
                source.resend(max(from_line, 0))
        self._wake.set()

    async def run(self) -> Never:
        """Never returns; cancel it."""
        quiet_polls = times_ended = 0
        while True:
            self._wake.clear()
            if self._wanted_again:
                times_ended = 0
                await self._go_back()
            moved = await self._send_what_is_there()
            quiet_polls = 0 if moved else quiet_polls + 1
            if self._end is None:
                await self._sleep(backoff_s(quiet_polls + 1, first_s=POLL_S, most_s=QUIET_POLL_S))
            elif not self._wanted_again:
                self._wake.clear()  # it may be what told of the end
                times_ended += 1
                await self._publish([self._ended(self._end)])
                await self._sleep(backoff_s(times_ended, first_s=ENDED_AGAIN_S, most_s=ENDED_AGAIN_MOST_S))

    @property
    def _wanted_again(self) -> bool:
        return any(source.again_from is not None for source in self._sources)

    async def _go_back(self) -> None:
        if self._start_wanted:
            self._start_wanted = False
            await self._publish([self._records.started(time.time())])
        for source in self._sources:
            source.go_back()

    async def _send_what_is_there(self) -> bool:
        """Send all complete lines, in turns; say whether there were any."""
        moved = False
        while not self._wanted_again:
            sent = [await self._send_some(source) for source in self._sources]
            if not any(sent):
                return moved
            moved = True
        return moved

    async def _send_some(self, source: Source) -> bool:
        found = source.next()
        if found is None:
            return False
        first_line, lines = found
        if lines.texts:
            await self._publish(list(self._records.lines(source.instance, first_line, lines)))
        source.sent(lines)
        return True

    def _ended(self, end: End) -> Record:
        return self._records.ended(end, self._output.line_count, self._metrics.line_count, self._metrics_file.fault)

    async def _publish(self, records: list[Record]) -> None:
        """Publish until the bus has taken it, then let the other attempts have their turn."""
        failures = 0
        while True:
            try:
                await self._bus.publish(records)
            except Unavailable as error:
                failures += 1
                log.warning("output waits in the spool", spool=str(self._spool), failures=failures, why=str(error))
                await asyncio.sleep(backoff_s(failures, first_s=BUS_AGAIN_S, most_s=BUS_AGAIN_MOST_S))
            else:
                await asyncio.sleep(0)
                return

    async def _sleep(self, timeout_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
