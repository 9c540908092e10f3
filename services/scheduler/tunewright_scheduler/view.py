"""What a watcher is shown of a job: each training when it has changed, and none for long after it has ended.

A look costs the versions of those in flight and the documents of those that have changed, however many have ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tunewright.core.names import training_id
from tunewright.core.states import FINAL_TRAINING_STATES
from tunewright.platform.store.port import Store, Stored
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.positions import Position

MOST_AT_ONCE: Final = 500
"""Trainings in a message."""


class View:
    """What one watcher has been shown of a job."""

    def __init__(self, store: Store, since: Position | None = None) -> None:
        self.version = 0
        """Of the job."""
        self._store = store
        self._known = since.started if since is not None else None
        """Trainings that the job had when last looked at."""
        self._followed: dict[int, int] = dict.fromkeys(since.open, 0) if since is not None else {}
        """Versions as they were shown, of those that may change yet; 0: not shown."""

    async def changed(self, job: TuningJob) -> tuple[list[Stored], bool]:
        """Return the trainings to be shown, and whether there are more."""
        self._follow(job)
        keys = {training_id(job.uid, number): number for number in sorted(self._followed)}
        versions = await self._store.versions("training_jobs", list(keys))
        news = [key for key, version in versions.items() if version != self._followed[keys[key]]]
        news.sort(key=keys.__getitem__)
        found = await self._store.get_many("training_jobs", news[:MOST_AT_ONCE]) if news else {}
        for key, stored in found.items():
            self._shown(keys[key], stored)
        return sorted(found.values(), key=lambda stored: keys[stored.key]), len(news) > MOST_AT_ONCE

    def position(self, job: TuningJob) -> str:
        return str(Position(job.uid, job.started, frozenset(self._followed)))

    def _follow(self, job: TuningJob) -> None:
        """Follow those in flight, and those that began since the last look."""
        begun: Sequence[int] = range(self._known + 1, job.started + 1) if self._known is not None else ()
        for number in (*job.in_flight, *begun):
            self._followed.setdefault(number, 0)
        self._known = job.started

    def _shown(self, number: int, stored: Stored) -> None:
        if stored.document["state"] in FINAL_TRAINING_STATES:  # shown once more, then left
            del self._followed[number]
        else:
            self._followed[number] = stored.version
