"""A pool of trainers as those see it who wait for one of its slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tunewright.core.claimed import claimed_job
from tunewright.core.instances import Capacity
from tunewright_scheduler.core.controls import Controls
from tunewright_scheduler.core.fitting import NOTHING, Demand, fits, largest, left
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.session import Session
from tunewright_scheduler.core.training import Training

MOST_NAMES: Final = 5


@dataclass(frozen=True, slots=True)
class Lease:
    """One training under a lease, or in the queue: whose it is, and who holds it."""

    uid: str
    job: str
    holder: str = ""
    demand: Demand = NOTHING


@dataclass(frozen=True, slots=True)
class Pool:
    name: str
    sessions: tuple[Session, ...] = ()
    """Those that have not been ended, heard or not."""
    leases: tuple[Lease, ...] = ()
    """Trainings that its trainers run."""
    before: tuple[Lease, ...] = ()
    """Trainings that are to be claimed before the job's."""

    def free(self, session: Session) -> Capacity | None:
        """Return what is left of a trainer's capacity beside what it holds; None: it counts slots alone."""
        if session.capacity is None:
            return None
        return left(session.capacity, (lease.demand for lease in self.leases if lease.holder == session.trainer_id))

    def since(self, waiting: Sequence[Training]) -> float:
        """Return since when somebody could have claimed: the trainings and a trainer were both there."""
        opened = min((session.opened_at for session in self.sessions), default=0.0)
        return max(opened, min(training.waits_since for training in waiting))

    def why(
        self, job: TuningJob, demand: Demand, now: float, lease_s: float, controls: Controls
    ) -> tuple[str, dict[str, Any]]:
        """Return the cause for which a training of the job that takes so much waits here, and the words for it."""
        if not self.sessions:
            return ("NO_TRAINER" if claimed_job(self.name) is None else "NO_CLAIMER"), {}
        there = {"trainers": names([session.trainer_id for session in self.sessions])}
        audible = [session for session in self.sessions if not session.silent(now, lease_s)]
        if not audible:
            return "TRAINERS_SILENT", there
        giving = [item for item in audible if not item.draining and item.trainer_id not in controls.cordons]
        if not giving:
            cordoned = any(session.trainer_id in controls.cordons for session in audible)
            return ("TRAINERS_CORDONED" if cordoned else "TRAINERS_DRAINING"), there
        able = [item for item in giving if fits(demand, item.capacity)]
        if not able:
            most = largest([item.capacity for item in giving if item.capacity is not None])
            return "TOO_LARGE", {"instances": str(demand), "largest": str(most)}
        return self._taken(job, demand, able)

    def _taken(self, job: TuningJob, demand: Demand, giving: Sequence[Session]) -> tuple[str, dict[str, Any]]:
        held = [lease.holder for lease in self.leases]
        slotted = [item for item in giving if held.count(item.trainer_id) < item.slots]
        free = [item.trainer_id for item in slotted if fits(demand, self.free(item))]
        if free:
            return "NOT_CLAIMED", {"trainers": names(free)}
        if slotted:
            most = largest([left for item in slotted if (left := self.free(item)) is not None])
            return "ROOM_AWAITED", {"instances": str(demand), "free": str(most)}
        slots = {"slots": sum(item.slots for item in giving)}
        if first := [lease.job for lease in self.before if lease.uid != job.uid]:
            return "OTHER_JOBS_FIRST", {**slots, "jobs": names(first)}
        if others := [lease.job for lease in self.leases if lease.uid != job.uid]:
            return "TRAINERS_BUSY", {**slots, "jobs": names(others)}
        return "POOL_TOO_SMALL", slots


def names(all_names: Sequence[str], total: int | None = None) -> str:
    """List names, each once; the first few of very many."""
    each = list(dict.fromkeys(all_names))
    shown = each[:MOST_NAMES]
    more = max(len(each), total or 0) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
