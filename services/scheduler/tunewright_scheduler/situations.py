"""Gathers what a diagnosis looks at. The reads are few and bounded, whatever the job's size."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Query, Store, Stored
from tunewright_scheduler import records
from tunewright_scheduler.controls import ControlRoom
from tunewright_scheduler.core.collectors import Collector, Collectors
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.pools import Lease, Pool
from tunewright_scheduler.core.session import LeaseTerms, Session
from tunewright_scheduler.core.situation import Situation
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.needs import Needs

MOST_TRAININGS: Final = 50
"""Of a job, that are looked at one by one."""
MOST_SESSIONS: Final = 200
MOST_LEASES: Final = 200
MOST_BEFORE: Final = 20
MOST_COLLECTORS: Final = 100


async def read_collectors(store: Store) -> Collectors:
    """Return what the collectors heard last have said of themselves."""
    page = await store.find(Query("collectors", "by_time", descending=True, limit=MOST_COLLECTORS))
    return Collectors(tuple(from_document(item.document, Collector) for item in page.items))


class Situations:
    def __init__(self, store: Store, room: ControlRoom, terms: LeaseTerms, needs: Needs) -> None:
        self._store, self._room, self._terms, self._needs = store, room, terms, needs

    async def of(self, job: TuningJob, spec: TuningJobSpec) -> Situation:
        """Gather what bears on one job."""
        now = await self._store.now()
        if job.state.final:
            return Situation(now, job, spec, self._terms)
        numbers = job.in_flight[:MOST_TRAININGS]
        found, controls, untold_since, collectors = await asyncio.gather(
            records.read_trainings(self._store, job.uid, numbers),
            self._room.now(),
            self.untold_since(),
            read_collectors(self._store),
        )
        trainings = tuple(item.value for item in found.values())
        ready = [training for training in trainings if training.claimable]
        limited = ready and controls.quota(job.owner).max_parallel is not None
        return Situation(
            now=now,
            job=job,
            spec=spec,
            terms=self._terms,
            controls=controls,
            trainings=trainings,
            holders=await self._holders(trainings),
            pools=tuple([await self._pool(name, ready) for name in dict.fromkeys(item.pool for item in ready)]),
            taking={item.name: self._needs.in_spec(spec, item.name) for item in spec.definitions} if ready else {},
            owner_runs=await self._owner_runs(job.owner) if limited else 0,
            untold_since=untold_since,
            collectors=collectors,
        )

    async def untold_since(self) -> float | None:
        """Return when the oldest event was written that has not been published; None: all have."""
        page = await self._store.find(Query("outbox", "unsent", limit=1))
        return page.items[0].document["order"] if page.items else None

    async def _holders(self, trainings: Iterable[Training]) -> tuple[Session, ...]:
        holders = {training.holder for training in trainings if training.state is TrainingState.RUNNING}
        stored = await self._store.get_many("sessions", sorted(holders)) if holders else {}
        return tuple(from_document(item.document, Session) for item in stored.values())

    async def _pool(self, name: str, ready: Iterable[Training]) -> Pool:
        orders = [training.claim_order for training in ready if training.pool == name]
        first = min(order for order in orders if order is not None)
        waiting, leased = {"pool": name, "state": "READY"}, {"pool": name, "state": "RUNNING"}
        sessions, leases, before = await asyncio.gather(
            self._store.find(Query("sessions", "by_pool", {"pool": name}, limit=MOST_SESSIONS)),
            self._store.find(Query("training_jobs", "claimable", leased, limit=MOST_LEASES)),
            self._store.find(Query("training_jobs", "claimable", waiting, high=first, limit=MOST_BEFORE)),
        )
        return Pool(
            name,
            tuple(from_document(item.document, Session) for item in sessions.items),
            await self._leases(leases.items),
            await self._leases(before.items),
        )

    async def _leases(self, items: list[Stored]) -> tuple[Lease, ...]:
        """Return trainings with the names of their jobs, which they do not hold themselves."""
        uids = list(dict.fromkeys(item.document["uid"] for item in items))
        jobs = await self._store.get_many("tuning_jobs", uids) if uids else {}
        names = {uid: stored.document["name"] for uid, stored in jobs.items()}
        return tuple([await self._lease(item, names) for item in items])

    async def _lease(self, item: Stored, names: Mapping[str, str]) -> Lease:
        document, uid = item.document, item.document["uid"]
        demand = await self._needs.of(uid, document["spec_revision"], document["definition_name"])
        return Lease(uid, names.get(uid, uid), document["holder"], demand)

    async def _owner_runs(self, owner: str) -> int:
        query = Query("training_jobs", "by_owner", {"owner": owner, "state": "RUNNING"}, limit=1000)
        return len((await self._store.find(query)).items)
