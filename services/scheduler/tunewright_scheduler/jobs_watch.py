"""Watching all jobs of an owner: who watches is told which have changed, by a look that all of them share.

A look costs what has changed in the last seconds. It goes back that far because a job bears the time at which its
change was decided, which may be committed a little later. What is known already is left out, by version. Nothing queues
up for a slow watcher: he just gets the newest state of each job later.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Sequence
from typing import Final

from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Query, Store, Stored
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import records
from tunewright_scheduler.bells import Bells, heard, owner_bell
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.resources import job_message

GATHER_S: Final = 0.5
"""Changes that come within it are told together."""
AGAIN_S: Final = 2.0
"""A job may be changed by another replica, whose bell does not ring here."""
BACK_S: Final = 15.0
"""A commit takes 5 s at most, and the clocks of two replicas differ by less than a second."""
PAGE: Final = 200

Changed = dict[str, pb.TuningJob | None]
"""By uid; None: it has been deleted."""


class JobsWatch:
    def __init__(self, store: Store, changes: Changes, bells: Bells) -> None:
        self._store, self._changes, self._bells = store, changes, bells
        self._owners: weakref.WeakValueDictionary[str, Shared] = weakref.WeakValueDictionary()

    async def follow(self, owner: str) -> AsyncIterator[Changed]:
        """Yield nothing at once, then what has changed since, again and again."""
        shared = self._owners.get(owner)
        if shared is None:
            shared = self._owners[owner] = Shared(self._store, self._changes, owner)
        with self._bells.listen(owner_bell(owner)) as bell:
            await shared.look()
            mine: Changed = {}
            shared.waiting.append(mine)
            try:
                yield {}
                while True:
                    await asyncio.sleep(GATHER_S)
                    await heard(bell, AGAIN_S)
                    await shared.look()
                    if mine:
                        told = dict(mine)
                        mine.clear()
                        yield told
            finally:
                shared.waiting[:] = [other for other in shared.waiting if other is not mine]


class Shared:
    """What the watchers of one owner's jobs have in common: the looks, and what is known of the last seconds."""

    def __init__(self, store: Store, changes: Changes, owner: str) -> None:
        self._store, self._changes, self._owner = store, changes, owner
        self.waiting: list[Changed] = []
        """Per watcher what he is to be told."""
        self._turn = asyncio.Lock()
        self._looks = 0
        self._looked_at: float | None = None
        self._versions: dict[str, int] = {}
        """Of the jobs that have changed in the last seconds."""

    async def look(self) -> None:
        """See to it that what has been committed by now is told; one look does for all who come while another runs."""
        wanted = self._looks + (2 if self._turn.locked() else 1)  # one that is under way may have read before
        async with self._turn:
            if self._looks < wanted:
                await self._look()
                self._looks += 1

    async def _look(self) -> None:
        now = await self._store.now()
        since = (now if self._looked_at is None else self._looked_at) - BACK_S
        versions = await self._changed_since(since)
        news = [uid for uid, version in versions.items() if self._versions.get(uid) != version]
        if news and self.waiting:
            told = await self._told(news)
            for watcher in self.waiting:
                watcher.update(told)
        self._versions, self._looked_at = versions, now

    async def _changed_since(self, since: float) -> dict[str, int]:
        versions: dict[str, int] = {}
        after: str | None = None
        while True:
            page = await self._store.find(
                Query(
                    "tuning_jobs",
                    "by_change",
                    {"owner": self._owner, "hidden": (False, True)},
                    low=since,
                    limit=PAGE,
                    after=after,
                    fields=("alone",),
                )
            )
            versions |= {item.key: item.version for item in page.items if not item.document.get("alone")}
            after = page.next
            if after is None:
                return versions

    async def _told(self, uids: Sequence[str]) -> Changed:
        found = list((await self._store.get_many("tuning_jobs", uids)).values())
        there = [stored for stored in found if not stored.document["deleted"]]
        told: Changed = {stored.key: None for stored in found if stored.document["deleted"]}
        return told | {job.uid: job for job in await listed_jobs(self._store, self._changes, there, with_best=True)}


async def listed_jobs(
    store: Store, changes: Changes, found: Sequence[Stored], *, with_best: bool
) -> list[pb.TuningJob]:
    """Return jobs as a list shows them; the best trainings of all of them are read together."""
    jobs = [from_document(stored.document, TuningJob) for stored in found]
    best = await records.read_best(store, jobs) if with_best else {}
    return [
        job_message(
            job,
            stored.version,
            await changes.specification(job.uid, job.spec_revision),
            best.get(job.uid),
        )
        for job, stored in zip(jobs, found, strict=True)
    ]
