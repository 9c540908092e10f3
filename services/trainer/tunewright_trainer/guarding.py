"""Watch over what a running attempt may use: its time, counted from the start of its program, and its spool."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt
from tunewright_trainer.folder import AttemptFolder
from tunewright_trainer.runner.port import Runner
from tunewright_trainer.settings import TrainerSettings

PERIOD_S: Final = 1.0
SHORTEST_S: Final = 0.01
SPOOL_FULL_GRACE_S: Final = 2.0
"""A training that floods its spool gets no time to flood it further."""


@dataclass(frozen=True, slots=True)
class Guard:
    attempt: Attempt
    folder: AttemptFolder
    instances: int
    max_runtime_s: float
    """0: there is no limit."""
    runner: Runner
    settings: TrainerSettings
    clock: Callable[[], float]

    async def overrun(self) -> tuple[EndCause, float]:
        """Return once it has used up what it may: how it is to end, and the seconds from SIGTERM to SIGKILL."""
        while (found := self._overrun()) is None:  # noqa: ASYNC110 - time and files have no event
            await asyncio.sleep(self._next_look_s())
        return found

    def _next_look_s(self) -> float:
        started_at = self.runner.started_at(self.attempt)
        if not self.max_runtime_s or started_at is None:
            return PERIOD_S
        return min(PERIOD_S, max(SHORTEST_S, started_at + self.max_runtime_s - self.clock()))

    def _overrun(self) -> tuple[EndCause, float] | None:
        started_at = self.runner.started_at(self.attempt)
        if started_at is None:
            return None
        if 0 < self.max_runtime_s <= self.clock() - started_at:
            return EndCause.MAX_RUNTIME_EXCEEDED, self.settings.stop_grace_s
        if self.folder.said_bytes(self.instances) > self.settings.spool_quota_bytes:
            return EndCause.SPOOL_FULL, SPOOL_FULL_GRACE_S
        return None
