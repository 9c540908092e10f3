"""Asks for trainings while there is room for them: of what is counted, and of the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from tunewright_trainer.attempts import Attempts
from tunewright_trainer.core.lease import backoff_s
from tunewright_trainer.session import Session
from tunewright_trainer.transfer import SPARE_BYTES

NO_ROOM_PAUSE_S: Final = 5.0
"""After a grant that had to be handed back, so that it is not granted to us again at once."""
NO_ROOM_MOST_S: Final = 300.0
"""After many in a row: not all that waits may pass through the hands of a host that can hold nothing."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Claiming:
    attempts: Attempts
    session: Session
    draining: asyncio.Event
    data_dir: Path
    free_bytes: Callable[[Path], int]
    """Looks at the disk of a folder."""

    async def run(self) -> None:
        """Ask for all that is free, one question at a time: one training may need all of it."""
        failures = 0
        while not self.draining.is_set():
            self.attempts.room.clear()
            if not self.attempts.capacity.free.slots:
                await self.attempts.room.wait()
                continue
            failures = 0 if self._disk_has_room() and await self._claim() else failures + 1
            if failures:
                await self._pause(backoff_s(failures, first_s=NO_ROOM_PAUSE_S, most_s=NO_ROOM_MOST_S))

    async def _claim(self) -> bool:
        """Take what is granted; say whether all of it could be held."""
        grants = await self.session.claim(self.attempts.capacity)
        held = [self.attempts.begin(grant) for grant in grants]
        return all(held)

    def _disk_has_room(self) -> bool:
        """Whether there is room for one training more. Where there is none, each would end before it began."""
        try:
            free = self.free_bytes(self.data_dir)
        except OSError as error:
            log.warning("nothing is claimed: the disk does not answer", folder=str(self.data_dir), why=str(error))
            return False
        if free < SPARE_BYTES:
            log.warning("nothing is claimed: the disk is full", folder=str(self.data_dir), free_bytes=free)
        return free >= SPARE_BYTES

    async def _pause(self, pause_s: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.draining.wait(), pause_s)
