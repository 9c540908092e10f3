"""Purging: ended jobs are deleted with all that is stored of them, and it is told how much that was.

It stands on deletion: one commit takes a job out of sight, the sweep and metrics clear away what it has left, page by
page, whoever of them dies in between. So a purge may be cut off anywhere and asked for again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound
from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Query, Store
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.tuning_jobs import TuningJobs

STREAMS_AT_ONCE: Final = 1_000
SIZES: Final = ("output_bytes", "measurements_bytes")
"""What metrics notes in each stream of what it has stored."""


@dataclass(frozen=True, slots=True)
class Purged:
    """Fields as in v1.PurgedTuningJob."""

    uid: str
    name: str
    ended_at: float | None
    trainings: int
    output_bytes: int
    measurements_bytes: int
    kept_because: str = ""


class Purging:
    def __init__(self, store: Store, jobs: TuningJobs) -> None:
        self._store, self._jobs = store, jobs

    async def one(self, owner: str, job: TuningJob, *, dry_run: bool) -> Purged:
        """Purge a job. Raises IllegalTransition: it has not ended, or an active job has it as a parent."""
        found = await self._contents(job)
        if dry_run:
            await self._jobs.check_deletable(job)
        else:
            await self._jobs.delete(owner, job.uid)
        return found

    async def ended_before(
        self, owner: str, instant: float, after: str | None, *, dry_run: bool
    ) -> tuple[list[Purged], str | None]:
        """Purge a page of an owner's jobs; return those, and where to go on. What has to stay says why."""
        query = Query("tuning_jobs", "by_owner", {"owner": owner, "active": False}, high=instant, after=after)
        page = await self._store.find(query)
        purged = []
        for stored in page.items:
            job = from_document(stored.document, TuningJob)
            if job.deleted or job.ended_at is None or job.ended_at >= instant:
                continue
            try:
                purged.append(await self.one(owner, job, dry_run=dry_run))
            except IllegalTransition as error:
                kept = await self._contents(job, kept_because=str(error))
                purged.append(kept)
            except NotFound:  # somebody else was faster
                continue
        return purged, page.next

    async def _contents(self, job: TuningJob, kept_because: str = "") -> Purged:
        sizes = dict.fromkeys(SIZES, 0)
        after: str | None = None
        while True:
            page = await self._store.find(
                Query("streams", "by_job", {"uid": job.uid}, limit=STREAMS_AT_ONCE, after=after, fields=SIZES)
            )
            for stored in page.items:
                for name in SIZES:
                    sizes[name] += stored.document.get(name, 0)
            after = page.next
            if after is None:
                break
        return Purged(job.uid, job.name, job.ended_at, job.started, **sizes, kept_because=kept_because)


def check_asked(job: str, ended_before: float | None) -> None:
    """Raises InvalidSpec: neither or both are given."""
    if bool(job) == (ended_before is not None):
        raise InvalidSpec("job", "or ended_before: one of them is needed", "Name a job, or say before when it ended")
