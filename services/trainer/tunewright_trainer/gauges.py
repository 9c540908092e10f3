"""What a trainer holds, for Prometheus: slots, what runs, output that waits to be taken, and its disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prometheus_client import Gauge

from tunewright_trainer.attempts import Attempts
from tunewright_trainer.course import Course
from tunewright_trainer.session import Session
from tunewright_trainer.settings import TrainerSettings

EVERY_S: Final = 5.0

_slots = Gauge("tunewright_trainer_slots", "Slots of this trainer", ["state"])
_running = Gauge("tunewright_trainer_trainings_running", "Attempts whose program has not ended")
_waiting = Gauge("tunewright_trainer_outputs_waiting", "Attempts that have ended and are not settled")
_spool = Gauge("tunewright_trainer_spool_bytes", "Output that is kept until it is settled, of all attempts")
_fullest = Gauge("tunewright_trainer_spool_fullest_bytes", "That of the attempt that has most")
_quota = Gauge("tunewright_trainer_spool_quota_bytes", "What one attempt may have: beyond it, it is ended")
_free = Gauge("tunewright_trainer_disk_free_bytes", "Free on the disk of the data folder")
_lease = Gauge("tunewright_trainer_lease_left_seconds", "What is left of the lease of its session")


@dataclass(frozen=True, slots=True)
class Gauges:
    attempts: Attempts
    session: Session
    settings: TrainerSettings
    free_bytes: Callable[[Path], int]
    """Looks at the disk of a folder."""

    async def run(self) -> None:
        """Look until cancelled."""
        _quota.set(self.settings.spool_quota_bytes)
        while True:
            held = self.attempts.held
            free_slots = self.attempts.capacity.free.slots
            _slots.labels("free").set(free_slots)
            _slots.labels("used").set(max(0, self.settings.slots - free_slots))
            _running.set(sum(not course.ended for course in held))
            _waiting.set(sum(course.ended for course in held))
            _lease.set(self.session.lease_left_s)
            with suppress(OSError):
                self._look_at_disk(held)
            await asyncio.sleep(EVERY_S)

    def _look_at_disk(self, held: Sequence[Course]) -> None:
        spools = [course.said_bytes() for course in held]
        _spool.set(sum(spools))
        _fullest.set(max(spools, default=0))
        _free.set(self.free_bytes(self.settings.data_dir))
