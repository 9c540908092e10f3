"""Follow what one attempt says, in its spool and its metrics file, and send it until metrics has it all.

The files are the only buffers: a read is published before the next one is made, so memory stays bounded whatever the
training prints and however long the bus is away. Every message may be sent more than once, and after a restart of the
trainer all are sent again; lines keep their numbers, so a reader drops what it has. It never looks at what lines mean,
and nothing about the attempt's end waits for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, repeat
from pathlib import Path
from typing import Final, Never

import structlog

from tunewright.core.errors import Unavailable
from tunewright.platform.bus.port import Bus, Record
from tunewright_trainer.core.attempt import End
from tunewright_trainer.core.lease import backoff_s
from tunewright_trainer.core.pace import Pace
from tunewright_trainer.messages import OutputRecords
from tunewright_trainer.source import MetricsFile, Source, Spool
from tunewright_trainer.watch import Watch

LINES_A_SECOND: Final = 100_000
"""Of one training in the long run: its siblings go the same way to the bus, and one core reads them all."""
BURST_S: Final = 1.0
GATHER_S: Final = 0.02
"""After lines were sent, those of the next so many seconds go together."""
SENDS_A_SECOND: Final = 4
"""In the long run, of one who prints little at a time: a message costs as much as some hundred lines."""
SENDS_BURST_S: Final = 5.0
POLL_S: Final = 0.02
QUIET_POLL_S: Final = 0.25
WATCHED_POLL_S: Final = 5.0
"""Where the system tells of what is written, and for the case that it does not."""
ENDED_AGAIN_S: Final = 2.0
ENDED_AGAIN_MOST_S: Final = 30.0
BUS_AGAIN_S: Final = 0.1
BUS_AGAIN_MOST_S: Final = 5.0

log = structlog.get_logger()


class Tailer:
    """`records` makes the messages, the files may appear later; there is a spool per instance.

    Without a `watch` the files are looked at again and again. Run it as a task; cancel it once all is settled.
    """

    def __init__(
        self,
        records: OutputRecords,
        spools: Sequence[Path],
        metrics_file: MetricsFile,
        bus: Bus,
        watch: Watch | None = None,
        lines_a_second: float = LINES_A_SECOND,
    ) -> None:
        self._records, self._spools, self._bus = records, spools, bus
        self._metrics_file, self._watch = metrics_file, watch
        self._lines, self._sends = Pace(lines_a_second, BURST_S), Pace(SENDS_A_SECOND, SENDS_BURST_S)
        self._outputs = [Source(Spool(path), instance) for instance, path in enumerate(spools)]
        self._metrics = Source(metrics_file, len(spools))
        self._sources = (*self._outputs, self._metrics)
        self._start_wanted = True
        self._end: End | None = None
        self._wake = asyncio.Event()
        self._at_rest = False
        """Nothing was there to send: what is written now is news."""

    def finish(self, end: End) -> None:
        """Read to the end of the output, then say that the training has ended, again and again."""
        for output, limit in zip(self._outputs, chain(end.spool_bytes, repeat(0)), strict=False):
            output.limit = limit
        self._metrics.limit = self._metrics_file.size
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
        with self._watched() as most_s:
            quiet_polls = times_ended = 0
            while True:
                self._wake.clear()
                if self._wanted_again:
                    times_ended = 0
                    await self._go_back()
                moved = await self._send_some_of_each()
                quiet_polls = 0 if moved else quiet_polls + 1
                if moved and (self._end is not None or any(source.has_more for source in self._sources)):
                    continue
                if self._end is None:
                    self._at_rest = not moved
                    await self._sleep(
                        self._gather_s() if moved else backoff_s(quiet_polls, first_s=POLL_S, most_s=most_s)
                    )
                    self._at_rest = False
                elif not self._wanted_again:
                    self._wake.clear()  # it may be what told of the end
                    times_ended += 1
                    await self._publish([self._ended(self._end)])
                    await self._sleep(backoff_s(times_ended, first_s=ENDED_AGAIN_S, most_s=ENDED_AGAIN_MOST_S))

    def _gather_s(self) -> float:
        return max(self._sends.spend(1, asyncio.get_running_loop().time()), GATHER_S)

    @contextmanager
    def _watched(self) -> Iterator[float]:
        """Be told of what is written, where that is possible; yield the longest time between two looks at the files."""
        folders = {path.parent for path in (*self._spools, self._metrics_file.path)}
        watch = self._watch
        watches = [] if watch is None else [watch.tell(folder, self._stirred) for folder in folders]
        try:
            yield QUIET_POLL_S if not watches or None in watches else WATCHED_POLL_S
        finally:
            for number in watches:
                if watch is not None and number is not None:
                    watch.forget(number)

    def _stirred(self) -> None:
        if self._at_rest:
            self._wake.set()

    @property
    def _wanted_again(self) -> bool:
        return any(source.again_from is not None for source in self._sources)

    async def _go_back(self) -> None:
        if self._start_wanted:
            self._start_wanted = False
            await self._publish([self._records.started(time.time())])
        for source in self._sources:
            source.go_back()

    async def _send_some_of_each(self) -> bool:
        """Send complete lines of every file that has some; say whether there were any."""
        sent = [await self._send_some(source) for source in self._sources]
        return any(sent)

    async def _send_some(self, source: Source) -> bool:
        found = source.next()
        if found is None:
            return False
        first_line, lines = found
        end, count = lines.end, len(lines.texts)
        records = list(self._records.lines(source.instance, first_line, lines))
        del found, lines  # while the bus is away it is enough to hold them once
        if records:
            await self._publish(records)
        source.sent(end)
        await asyncio.sleep(self._lines.spend(count, asyncio.get_running_loop().time()))  # 0: the others' turn
        return True

    def _ended(self, end: End) -> Record:
        return self._records.ended(end, [source.line_count for source in self._sources], self._metrics_file.fault)

    async def _publish(self, records: list[Record]) -> None:
        """Publish until the bus has taken it."""
        failures = 0
        while True:
            try:
                await self._bus.publish(records)
            except Unavailable as error:
                failures += 1
                log.warning("output waits in the spool", spool=str(self._spools[0]), failures=failures, why=str(error))
                await asyncio.sleep(backoff_s(failures, first_s=BUS_AGAIN_S, most_s=BUS_AGAIN_MOST_S))
            else:
                return

    async def _sleep(self, timeout_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
