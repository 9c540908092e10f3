"""Extend and retry ended tuning jobs: children that know what their ancestors have seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tunewright.core.errors import AlreadyExists
from tunewright.core.spec import TuningJobSpec
from tunewright.core.values import replace
from tunewright.platform.store.port import Store
from tunewright_scheduler import records
from tunewright_scheduler.amendments import Amendments, nothing_failed
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core import extension
from tunewright_scheduler.core.amendment import check_tunes
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.tuning_jobs import Beside, TuningJobs, nothing


class Successors:
    def __init__(self, store: Store, changes: Changes, jobs: TuningJobs, amendments: Amendments) -> None:
        self._store, self._changes, self._jobs, self._amendments = store, changes, jobs, amendments

    async def extend(
        self, owner: str, job: str, name: str = "", max_trainings: int | None = None, beside: Beside = nothing
    ) -> str:
        """Create a child of an ended job; return the child's uid. Without a name it gets the job's, numbered.

        Raises: NotFound, AlreadyExists. IllegalTransition: the job has not ended. InvalidSpec.
        """
        parent = (await self._jobs.find(owner, job)).value
        extension.check_ended(parent, "be extended")
        spec, ancestors = await self._revision(parent)
        names = [name] if name else extension.child_names(parent)
        return await self._create(
            parent, names, lambda name: extension.extended(spec, parent, name, max_trainings, ancestors), beside
        )

    async def retry(self, owner: str, job: str, beside: Beside = nothing) -> str:
        """Run what has failed again, in the job itself or in a child of it if it has ended; return that one's uid.

        Raises: NotFound. IllegalTransition: it is closing, or nothing has failed. InvalidSpec.
        """
        parent = (await self._jobs.find(owner, job)).value
        check_tunes(parent, "be retried")
        if not parent.state.final:
            return await self._amendments.retry(owner, parent.uid, beside)
        failed = await records.read_failures(self._store, parent.uid, parent.retried, parent.observations)
        if not failed:
            raise nothing_failed(parent.name)
        spec, ancestors = await self._revision(parent)
        return await self._create(
            parent,
            extension.child_names(parent),
            lambda name: extension.retried_apart(spec, parent, name, failed, ancestors),
            beside,
        )

    async def _revision(self, parent: TuningJob) -> tuple[TuningJobSpec, list[str]]:
        """Return a job's last specification, and those of its ancestors to learn from that are still there."""
        spec = await self._changes.spec(parent.uid, parent.spec_revision)
        spec = spec if parent.tags is None else replace(spec, tags=parent.tags)
        found = [await records.read_job(self._store, uid) for uid in extension.ancestors(spec, parent)]
        return spec, [item.value.uid for item in found if item is not None and not item.value.deleted]

    async def _create(
        self, parent: TuningJob, names: Iterable[str], child: Callable[[str], TuningJobSpec], beside: Beside
    ) -> str:
        """Create the child under the first of the names that is free. Raises AlreadyExists: none is."""
        taken = AlreadyExists("tuning job", parent.name)
        for name in names:
            try:
                spec = await self._jobs.judged(child(name))
                return await self._jobs.create(parent.owner, spec, beside, extends=parent.uid)
            except AlreadyExists as error:
                taken = error
        raise taken
