"""Tuning jobs and trainings as the scheduler's records have them, for their owner; read, never written."""

from __future__ import annotations

from dataclasses import dataclass

from tunewright.core.errors import NotFound
from tunewright.core.states import JobState, TrainingState
from tunewright.platform.store.naming import find_training, name_key
from tunewright.platform.store.port import Document, Store


@dataclass(frozen=True, slots=True)
class Job:
    """As much of the record of a tuning job as reading needs."""

    uid: str
    owner: str
    state: JobState
    spec_revision: int
    version: int
    """Of the record: it changes with every training that ends."""


@dataclass(frozen=True, slots=True)
class Training:
    """Likewise."""

    uid: str
    number: int
    attempt: int
    """The last one; 0 before the first."""
    state: TrainingState
    owner: str
    name: str = ""


class Jobs:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def job(self, name: str, owner: str) -> Job:
        """Return a tuning job by name or uid. Raises NotFound, also for somebody else's and for a deleted one."""
        named = await self._store.get("job_names", name_key(owner, name))
        found = await self._store.get("tuning_jobs", named.document["uid"] if named else name)
        if found is None or found.document["owner"] != owner or found.document["deleted"]:
            raise NotFound("tuning job", name)
        state = JobState(found.document["state"])
        return Job(found.document["uid"], owner, state, found.document["spec_revision"], found.version)

    async def training(self, name: str, owner: str) -> Training:
        """Return a training by name or id. Raises NotFound, likewise."""
        return training_of(await self.training_record(name, owner))

    async def training_record(self, name: str, owner: str) -> Document:
        """Return all of it. Raises NotFound, likewise."""
        stored = await find_training(self._store, owner, name)
        if stored is None:
            raise NotFound("training job", name)
        job = await self._store.get("tuning_jobs", stored.document["uid"])
        if job is not None and job.document["deleted"]:  # deleted; the sweep removes its trainings before it
            raise NotFound("training job", name)
        return stored.document


def training_of(document: Document) -> Training:
    """Read the record of a training."""
    state = TrainingState(document["state"])
    uid, number, attempt = document["uid"], document["number"], document["attempt"]
    return Training(uid, number, attempt, state, document["owner"], document["name"])
