"""Follow one attempt's spool and say on training.output what it printed, until metrics has it all.

The spool is the only buffer: a read is published before the next one is made, so memory stays bounded whatever the
training prints and however long the bus is away. Every message may be sent more than once, and after a restart of the
trainer all are sent again; lines keep their numbers, so a reader drops what it has. It never looks at what lines mean,
and nothing about the attempt's end waits for it.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, Never

import structlog

from tunewright.core.errors import Unavailable
from tunewright.platform.bus.port import Bus, Record
from tunewright_trainer.core.attempt import End
from tunewright_trainer.core.lease import backoff_s
from tunewright_trainer.core.lines import Lines, Position, cut_lines
from tunewright_trainer.messages import OutputRecords

READ_BYTES: Final = 256 * 1024
CHECKPOINT_BYTES: Final = 1024 * 1024
"""A resend reads again from the nearest of the positions kept, one per so many bytes."""
POLL_S: Final = 0.02
QUIET_POLL_S: Final = 0.25
ENDED_AGAIN_S: Final = 2.0
ENDED_AGAIN_MOST_S: Final = 30.0
BUS_AGAIN_S: Final = 0.1
BUS_AGAIN_MOST_S: Final = 5.0

log = structlog.get_logger()


class Tailer:
    """`records` makes the messages, `spool` may appear later. Run it as a task; cancel it once all is settled."""

    def __init__(self, records: OutputRecords, spool: Path, bus: Bus) -> None:
        self._records, self._spool, self._bus = records, spool, bus
        self._position = Position()
        self._checkpoints = [Position()]
        self._wanted_line = 0
        """Lines before it are read but not sent."""
        self._resend: int | None = -1
        self._end: End | None = None
        self._wake = asyncio.Event()

    def finish(self, end: End) -> None:
        """Read to the end of the output, then say that the training has ended, again and again."""
        self._end = end
        self._wake.set()

    def resend(self, from_line: int) -> None:
        """Send again from this line on; -1: from TrainingStarted on."""
        self._resend = from_line if self._resend is None else min(from_line, self._resend)
        self._wake.set()

    async def run(self) -> Never:
        """Never returns; cancel it."""
        quiet_polls = times_ended = 0
        while True:
            self._wake.clear()
            if self._resend is not None:
                times_ended = 0
                await self._go_back()
            moved = await self._send_what_is_there()
            quiet_polls = 0 if moved else quiet_polls + 1
            if self._end is None:
                await self._sleep(backoff_s(quiet_polls + 1, first_s=POLL_S, most_s=QUIET_POLL_S))
            elif self._resend is None:
                self._wake.clear()  # it may be what told of the end
                times_ended += 1
                await self._publish([self._records.ended(self._end, self._position.line)])
                await self._sleep(backoff_s(times_ended, first_s=ENDED_AGAIN_S, most_s=ENDED_AGAIN_MOST_S))

    async def _go_back(self) -> None:
        line, self._resend = self._resend or 0, None
        if line < 0:
            await self._publish([self._records.started(time.time())])
        self._wanted_line = max(line, 0)
        if self._wanted_line < self._position.line:
            self._position = max(
                (kept for kept in self._checkpoints if kept.line <= self._wanted_line), key=lambda kept: kept.offset
            )

    async def _send_what_is_there(self) -> bool:
        """Send all complete lines; say whether there were any."""
        moved = False
        while self._resend is None:
            data, final = self._read()
            lines = cut_lines(self._position, data, final=final)
            if lines.end.offset == self._position.offset:
                return moved
            await self._send(lines)
            moved = True
        return moved

    def _read(self) -> tuple[bytes, bool]:
        """Return the bytes from the current position on, and whether the output ends with them."""
        end = self._end
        left = READ_BYTES if end is None else min(READ_BYTES, end.spool_bytes - self._position.offset)
        data = _read_at(self._spool, self._position.offset, left)
        return data, end is not None and self._position.offset + len(data) >= end.spool_bytes

    async def _send(self, lines: Lines) -> None:
        first_line = self._position.line
        unwanted = self._wanted_line - first_line
        if unwanted > 0:
            lines = Lines(lines.texts[unwanted:], [at - unwanted for at in lines.cut if at >= unwanted], lines.end)
            first_line = self._wanted_line
        if lines.texts:
            await self._publish(list(self._records.lines(first_line, lines)))
        self._position = lines.end
        if lines.end.offset >= self._checkpoints[-1].offset + CHECKPOINT_BYTES:
            self._checkpoints.append(lines.end)

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


def _read_at(path: Path, offset: int, size: int) -> bytes:
    """Return up to `size` bytes, none if there is no such file yet."""
    if size <= 0:
        return b""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return b""
    try:
        return os.pread(file, size, offset)
    finally:
        os.close(file)
