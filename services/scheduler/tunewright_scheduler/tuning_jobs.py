"""Create, stop and delete tuning jobs: one implementation for whoever asks, over gRPC or by a command from the bus.

A request may come again. What it was answered is kept under its id, in the commit that carried it out.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from tunewright.core.check import check_new
from tunewright.core.errors import AlreadyExists, Conflict, IllegalTransition, InvalidSpec, NotFound
from tunewright.core.spec import Definition, TuningJobSpec
from tunewright.core.values import replace
from tunewright.platform import tracing
from tunewright.platform.codec import from_message
from tunewright.platform.store.naming import made_for, name_key
from tunewright.platform.store.port import Document, Insert, Remove, Store, Write
from tunewright.v1 import spec_pb2
from tunewright_scheduler import records
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import ATTEMPTS, Changes, Contended
from tunewright_scheduler.controls import COLLECTION, ControlRoom
from tunewright_scheduler.core.decide import StopRequested
from tunewright_scheduler.core.facts import TuningJobDeleted
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.parents import Parents, check_childless, find_parents
from tunewright_scheduler.quotas import Quotas
from tunewright_scheduler.records import Versioned

REQUESTS_KEPT_S: Final = 30 * 86_400.0
"""Longer than tuning.commands keeps a record."""

TOLD_WITHIN_S: Final = 10.0
"""The record of a deleted job stays so long: who watches all jobs learns from it that it was deleted."""

CheckHere = Callable[[str, Definition], Awaitable[None]]
"""Raises InvalidSpec if no trainer here could run the definition; takes its path and itself."""

log = structlog.get_logger()

Beside = Callable[[str, float], Sequence[Write]]
"""Takes the job's uid and the time; returns what is to be written in the same commit."""


def nothing(_uid: str, _now: float) -> Sequence[Write]:
    return ()


@dataclass(frozen=True, slots=True)
class Request:
    """A request that may come again: the same id with the same content is answered as it was before."""

    key: str
    digest: bytes
    field: str
    """What the caller calls the id."""

    def record(self, answer: Document, now: float) -> Insert:
        kept = {**answer, "digest": self.digest, "expires_at": now + REQUESTS_KEPT_S}
        return Insert("requests", self.key, kept)

    async def answered(self, store: Store) -> dict[str, Any] | None:
        """Return its answer, if there is one. Raises InvalidSpec: the same id asked for something else."""
        stored = await store.get("requests", self.key)
        if stored is None:
            return None
        if stored.document["digest"] != self.digest:
            raise InvalidSpec(self.field, "was used for another request", "Choose a new one")
        return stored.document


class TuningJobs:
    def __init__(self, store: Store, changes: Changes, check_here: CheckHere, room: ControlRoom) -> None:
        self._store, self._changes, self._check_here = store, changes, check_here
        self._quotas = Quotas(store, room)

    async def checked(self, message: spec_pb2.TuningJobSpec) -> TuningJobSpec:
        """Return the specification with what is computed filled in. Raises InvalidSpec."""
        if message.alone:
            raise InvalidSpec("alone", "is not a tuning job's to say", "Create a training job")
        return await self.judged(from_message(message, TuningJobSpec))

    async def judged(self, given: TuningJobSpec) -> TuningJobSpec:
        """Return the specification as it will run here. Raises InvalidSpec."""
        spec = check_new(given)
        if faults := await self.unfit_here(spec):
            raise faults[0]
        return spec

    async def unfit_here(self, spec: TuningJobSpec) -> list[InvalidSpec]:
        """Return why no trainer here could run it, of each definition."""
        faults = []
        for index, definition in enumerate(spec.definitions):
            try:
                await self._check_here(f"definitions[{index}]", definition)
            except InvalidSpec as fault:
                faults.append(fault)
        return faults

    async def create(self, owner: str, spec: TuningJobSpec, beside: Beside = nothing, *, extends: str = "") -> str:
        """Create a job from a checked specification, of the job that it extends, if any; return its uid.

        Raises AlreadyExists, QuotaExceeded, NotFound and InvalidSpec of its parents, and Conflict of what is written
        beside it.
        """
        for _ in range(ATTEMPTS):
            parents = await self.parents(owner, spec)
            guards = [*parents.guards, *await self._quotas.one_more_job(owner)]
            try:
                return await self._create(owner, spec, parents, guards, beside, extends)
            except Conflict as beaten:
                if beaten.collection not in {"tuning_jobs", COLLECTION}:
                    raise  # else a parent was deleted, or has got another child; or the owner another job
        raise Contended(spec.name)

    async def parents(self, owner: str, spec: TuningJobSpec) -> Parents:
        """Find and check the parents of a warm start. Raises NotFound, InvalidSpec."""
        return await find_parents(owner, spec, self.find, self._changes.spec)

    async def _create(
        self,
        owner: str,
        spec: TuningJobSpec,
        parents: Parents,
        guards: Sequence[Write],
        beside: Beside,
        extends: str,
    ) -> str:
        now, uid = await self._store.now(), uuid.uuid4().hex[:16]
        seed = spec.random_seed if spec.random_seed is not None else int(uid, 16) >> 32
        job = TuningJob(
            uid,
            spec.name,
            owner,
            created_at=now,
            modified_at=now,
            seed=seed,
            parents=parents.jobs,
            extends=extends,
            alone=spec.alone,
            traceparent=tracing.current(),
        )
        if spec.alone and await made_for(self._store, owner, spec.name) is not None:
            raise AlreadyExists("training job", spec.name)
        name = Insert(*_place_of_name(job), {"uid": uid})
        try:
            await self._changes.create(job, spec, [*beside(uid, now), name, *guards])
        except Conflict as beaten:
            if beaten.collection == name.collection:
                raise AlreadyExists("training job" if spec.alone else "tuning job", spec.name) from None
            raise
        log.info("created", job=uid, name=spec.name, owner=owner)
        return uid

    async def stop(self, owner: str, job: str, beside: Beside = nothing) -> str:
        """Stop a job and its trainings; return its uid. Raises NotFound, IllegalTransition: it has ended."""
        uid = (await self.find(owner, job)).value.uid

        async def step(change: Change) -> None:
            if change.job.state.final:
                raise IllegalTransition(
                    f"tuning job {change.job.name}", f"already {change.job.state.shown}", "be stopped"
                )
            await change.apply(StopRequested("stopped by its user"))
            change.writes.extend(beside(uid, change.now))

        await self._changes.make(uid, step)
        return uid

    async def delete(self, owner: str, job: str, beside: Beside = nothing) -> str:
        """Delete an ended job, for the sweep to clear away; return its uid. Raises NotFound, IllegalTransition."""
        uid = (await self.find(owner, job)).value.uid

        async def step(change: Change) -> None:
            job = change.job
            await self.check_deletable(job)
            due_at = change.now + (0.0 if job.alone else TOLD_WITHIN_S)
            change.job = replace(job, deleted=True, modified_at=change.now, due_at=due_at)
            change.facts.append(TuningJobDeleted(job.uid, job.name, change.now))
            change.writes.append(Remove(*_place_of_name(job)))
            change.writes.extend(beside(uid, change.now))

        await self._changes.make(uid, step)
        return uid

    async def check_deletable(self, job: TuningJob) -> None:
        """Raises IllegalTransition: it has not ended, or an active job has it as a parent."""
        if not job.state.final:
            what = f"{'training' if job.alone else 'tuning'} job {job.name}"
            raise IllegalTransition(what, f"{job.state.shown}, not in a terminal state", "be deleted", "Stop it first")
        await check_childless(self._store, job)

    async def find(self, owner: str, job: str) -> Versioned[TuningJob]:
        """Find a job by name or uid. Raises NotFound, also for somebody else's."""
        named = await self._store.get("job_names", name_key(owner, job))
        found = await records.read_job(self._store, named.document["uid"] if named else job)
        if found is None or found.value.owner != owner or found.value.deleted:
            raise NotFound("tuning job", job)
        return found

    async def owner_of(self, uid: str, otherwise: str) -> str:
        """Return whose job this is, for operators; `otherwise` if it is no uid."""
        found = await records.read_job(self._store, uid)
        return found.value.owner if found is not None else otherwise


def _place_of_name(job: TuningJob) -> tuple[str, str]:
    """Return collection and key of the record by which the job's name is taken."""
    return "training_names" if job.alone else "job_names", name_key(job.owner, job.name)
