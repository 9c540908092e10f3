"""What there is now, by the store, for Prometheus: jobs, queues, slots, sessions and the outbox.

Every scheduler counts the whole installation, so of several the newest is right and `max` over them is good enough;
never their sum. It is counted every few seconds, however often somebody scrapes. Without the store the last count
stands, and `tunewright_census_timestamp_seconds` says how old it is.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter as Tally
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Final

import structlog
from prometheus_client import Gauge

from tunewright.core.claimed import pool_of
from tunewright.core.errors import NotFound, PeerError
from tunewright.core.states import FINAL_JOB_STATES, JobState, TrainingState
from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Query, Store
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.controls import ControlRoom
from tunewright_scheduler.core.controls import Controls
from tunewright_scheduler.core.elsewhere import HOLDER
from tunewright_scheduler.core.session import LeaseState, LeaseTerms, Session
from tunewright_scheduler.tally import DEFAULT, pool_label

EVERY_S: Final = 5.0
PAGE: Final = 1000
TOGETHER: Final = 200
"""Values that one query asks for."""
MOST_UNSENT: Final = 1000
"""The outbox is not counted further."""
SILENT: Final = "SILENT"
QUEUED: Final = "queued"
WITHHELD: Final = "withheld"
RUNNING: Final = "running"

log = structlog.get_logger()
_jobs = Gauge("tunewright_jobs", "Tuning jobs that have not ended, by state", ["state"])
_trainings = Gauge(
    "tunewright_pool_trainings",
    "Trainings that can be claimed, that operators' pauses and quotas keep from it, and that run",
    ["pool", "state"],
)
_oldest = Gauge("tunewright_pool_oldest_wait_seconds", "How long the oldest that can be claimed has waited", ["pool"])
_slots = Gauge("tunewright_pool_slots", "Slots of trainers with GPUs and without", ["pool", "kind", "state"])
_sessions = Gauge("tunewright_sessions", "Sessions of trainers, by state", ["state"])
_awaiting = Gauge("tunewright_trainings_awaiting_summary", "Trainings that have exited and whose output is not settled")
_awaited = Gauge("tunewright_oldest_awaited_summary_seconds", "How long the oldest of them is awaited")
_outbox = Gauge("tunewright_outbox_commits", f"Commits whose events have not been published; at most {MOST_UNSENT}")
_outbox_age = Gauge("tunewright_outbox_age_seconds", "Age of the oldest of them")
_taken_at = Gauge("tunewright_census_timestamp_seconds", "When all this was counted last, Unix seconds")
_took = Gauge("tunewright_census_seconds", "How long that took")


@dataclass(slots=True)
class Counts:
    """One count of all."""

    jobs: Tally[str] = field(default_factory=Tally)
    awaiting: int = 0
    awaited_since: float | None = None
    queued: Tally[str] = field(default_factory=Tally)
    waits_since: dict[str, float] = field(default_factory=dict)
    withheld: Tally[str] = field(default_factory=Tally)
    running: Tally[str] = field(default_factory=Tally)
    held: Tally[str] = field(default_factory=Tally)
    """Trainings by the trainer that runs them."""
    owners: Tally[str] = field(default_factory=Tally)
    """Those that run, by their owners."""
    slots: Tally[tuple[str, str, str]] = field(default_factory=Tally)
    sessions: Tally[str] = field(default_factory=Tally)
    outbox: int = 0
    outbox_since: float | None = None


class Census:
    def __init__(self, store: Store, changes: Changes, room: ControlRoom, terms: LeaseTerms) -> None:
        self._store, self._changes, self._room, self._terms = store, changes, room, terms
        self._pools: set[str] = set()
        """Labels of pools that there have been: an empty queue is 0, not nothing."""

    async def run(self) -> None:
        """Count until cancelled."""
        while True:
            try:
                await self.take()
            except PeerError as error:
                log.info("nothing counted", why=str(error))
            await asyncio.sleep(EVERY_S)

    async def take(self) -> None:
        """Count once, and tell. Raises Unavailable."""
        began = perf_counter()
        now, counts, controls = await self._store.now(), Counts(), await self._room.now()
        sessions = [session async for session in self._open_sessions()]
        for session in sessions:
            pool_label(session.pool, served=True)
        await self._count_running(counts, [HOLDER, *(session.trainer_id for session in sessions)])
        self._count_sessions(counts, sessions, controls, now)
        pools = await self._count_jobs(counts)
        await self._count_waiting(counts, sorted(pools), controls)
        await self._count_outbox(counts)
        self._tell(counts, now)
        _took.set(perf_counter() - began)

    async def _count_jobs(self, counts: Counts) -> set[str]:
        """Count the jobs; return the pools that their trainings may wait in."""
        pools: set[str] = set()
        fields = ("uid", "state", "spec_revision", "slots", "awaiting")
        async for job in self._all(Query("tuning_jobs", "active", {"active": True}, limit=PAGE, fields=fields)):
            counts.jobs[job["state"]] += 1
            counts.awaiting += len(job["awaiting"])
            for waiting in job["awaiting"][:1]:
                counts.awaited_since = min(waiting["exited_at"], counts.awaited_since or float("inf"))
            if job["slots"]:
                pools |= await self._pools_of(job["uid"], job["spec_revision"])
        return pools

    async def _pools_of(self, uid: str, revision: int) -> set[str]:
        try:
            spec = await self._changes.spec(uid, revision)
        except NotFound:  # deleted meanwhile
            return set()
        return {pool_of(definition, uid) for definition in spec.definitions}

    async def _count_waiting(self, counts: Counts, pools: Sequence[str], controls: Controls) -> None:
        """Count what waits. In each pool, as many can be claimed as its owner's quota has left: the first of them."""
        left: dict[tuple[str, str], float] = {}
        for start in range(0, len(pools), TOGETHER):
            equals = {"pool": tuple(pools[start : start + TOGETHER]), "state": TrainingState.READY.value}
            fields = ("pool", "owner", "created_at", "ready_at")
            query = Query("training_jobs", "claimable", equals, limit=PAGE, fields=fields)
            async for training in self._all(query):
                whose, pool = (training["pool"], training["owner"]), pool_label(training["pool"])
                if whose not in left:
                    left[whose] = _left(training["owner"], counts, controls)
                left[whose] -= 1
                if left[whose] < 0:
                    counts.withheld[pool] += 1
                    continue
                ready_at = training.get("ready_at")
                since = training["created_at"] if ready_at is None else ready_at
                counts.queued[pool] += 1
                counts.waits_since[pool] = min(since, counts.waits_since.get(pool, since))

    async def _open_sessions(self) -> AsyncIterator[Session]:
        async for document in self._all(Query("sessions", "by_id", limit=PAGE)):
            yield from_document(document, Session)

    async def _count_running(self, counts: Counts, trainers: Sequence[str]) -> None:
        for start in range(0, len(trainers), TOGETHER):
            equals = {"holder": tuple(trainers[start : start + TOGETHER]), "state": TrainingState.RUNNING.value}
            query = Query("training_jobs", "by_holder", equals, limit=PAGE, fields=("pool", "holder", "owner"))
            async for training in self._all(query):
                counts.running[pool_label(training["pool"])] += 1
                counts.held[training["holder"]] += 1
                counts.owners[training["owner"]] += 1

    def _count_sessions(self, counts: Counts, sessions: Sequence[Session], controls: Controls, now: float) -> None:
        """Count sessions and their slots; what is free of a trainer that takes nothing is closed."""
        for session in sessions:
            silent = session.lease is LeaseState.OPEN and session.silent(now, self._terms.lease_s)
            state = SILENT if silent else session.lease.value
            counts.sessions[state] += 1
            used = counts.held[session.trainer_id]
            takes = state == LeaseState.OPEN.value and session.trainer_id not in controls.cordons
            pool, kind = pool_label(session.pool), "gpu" if session.gpus else "cpu"
            counts.slots[pool, kind, "used"] += used
            counts.slots[pool, kind, "free" if takes else "closed"] += max(0, session.slots - used)

    async def _count_outbox(self, counts: Counts) -> None:
        page = await self._store.find(Query("outbox", "unsent", limit=MOST_UNSENT, fields=("order",)))
        counts.outbox = len(page.items)
        counts.outbox_since = page.items[0].document["order"] if page.items else None

    async def _all(self, query: Query) -> AsyncIterator[dict[str, Any]]:
        after: str | None = None
        while True:
            page = await self._store.find(replace(query, after=after))
            for item in page.items:
                yield item.document
            after = page.next
            if after is None:
                return

    def _tell(self, counts: Counts, now: float) -> None:
        """Set the gauges at once: nothing can scrape them in between."""
        for state in JobState:
            if state not in FINAL_JOB_STATES:
                _jobs.labels(state.value).set(counts.jobs[state.value])
        for name in (SILENT, *(state.value for state in LeaseState if state is not LeaseState.FORGOTTEN)):
            _sessions.labels(name).set(counts.sessions[name])
        slots_of = {pool for pool, _, _ in counts.slots}
        self._pools |= {DEFAULT, *counts.queued, *counts.withheld, *counts.running, *slots_of}
        for pool in self._pools:
            _trainings.labels(pool, QUEUED).set(counts.queued[pool])
            _trainings.labels(pool, WITHHELD).set(counts.withheld[pool])
            _trainings.labels(pool, RUNNING).set(counts.running[pool])
            _oldest.labels(pool).set(_age(counts.waits_since.get(pool), now))
            for kind in ("cpu", "gpu"):
                for room in ("used", "free", "closed"):
                    _slots.labels(pool, kind, room).set(counts.slots[pool, kind, room])
        _awaiting.set(counts.awaiting)
        _awaited.set(_age(counts.awaited_since, now))
        _outbox.set(counts.outbox)
        _outbox_age.set(_age(counts.outbox_since, now))
        _taken_at.set(now)


def _left(owner: str, counts: Counts, controls: Controls) -> float:
    """Return how many more trainings an owner may run now."""
    limit = controls.quota(owner).max_parallel
    if controls.starts is not None:
        return 0
    return math.inf if limit is None else limit - counts.owners[owner]


def _age(since: float | None, now: float) -> float:
    return 0.0 if since is None else max(0.0, now - since)
