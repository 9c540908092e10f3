"""Take in jobs that have run elsewhere, whatever their size, so that each appears whole or not at all.

Ten thousand trainings are more than one commit should hold. They are written page by page under a job that is deleted
from its first moment, and so is seen by nobody; the last commit takes its name and makes it a job like any other.

    look ──▶ deleted job, due in ten minutes ──▶ pages of trainings and observations ──▶ name taken, job shown, told

Cut off anywhere before the last commit, what was written is cleared away as a deleted job's, by any scheduler's sweep.
The last commit and that clearing exclude each other: the one holds only while the first training is there as written,
the other only while the job's record is as it was found.

An import is known by its job's name and by a digest of what it says: the same again is answered with the job.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Iterator, Sequence
from typing import Final

from tunewright.core.check_import import checked_import
from tunewright.core.errors import AlreadyExists, Conflict, Unavailable
from tunewright.core.finished import FinishedTraining
from tunewright.core.names import training_id
from tunewright.core.spec import TuningJobSpec
from tunewright.core.values import replace
from tunewright.platform.codec import from_message
from tunewright.platform.store.naming import name_key
from tunewright.platform.store.port import Check, Insert, Store, Write
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import records
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core.importing import begun, facts, span, taken_in
from tunewright_scheduler.core.job import Imported, TuningJob
from tunewright_scheduler.core.training import Training

PAGE: Final = 250
"""Trainings written in one commit, each with its observation."""
UNFINISHED_S: Final = 600.0
"""After so long an import that has not come to its end is cleared away."""
OTHER: Final = "it holds something else; import under another name, or delete that one"


class Imports:
    def __init__(self, store: Store, changes: Changes, page: int = PAGE) -> None:
        self._store, self._changes, self._page = store, changes, page

    async def take(self, owner: str, request: pb.ImportTuningJobRequest) -> str:
        """Make a job of the request, or find the one that it has made before; return its uid.

        Raises InvalidSpec, AlreadyExists: a job of that name holds something else.
        """
        spec, given, imported = await asyncio.to_thread(_read, request)
        there = await self._there(owner, spec.name, imported)
        return there if there is not None else await self._make(owner, spec, given, imported)

    async def _there(self, owner: str, name: str, imported: Imported) -> str | None:
        """Return the uid of the job that this import has made; None: the name is free."""
        named = await self._store.get("job_names", name_key(owner, name))
        if named is None:
            return None
        uid: str = named.document["uid"]
        found = await records.read_job(self._store, uid)
        if found is None or found.value.imported is None or found.value.imported.digest != imported.digest:
            raise AlreadyExists("tuning job", name, OTHER)
        return uid

    async def _make(
        self, owner: str, spec: TuningJobSpec, given: Sequence[FinishedTraining], imported: Imported
    ) -> str:
        now, uid = await self._store.now(), uuid.uuid4().hex[:16]
        job = begun(uid, owner, spec, imported, span(given, now), now)
        unseen = replace(job, deleted=True, due_at=now + UNFINISHED_S)
        revision = Insert("specs", records.spec_key(uid, 1), records.Specification.of(spec).document())
        await self._store.commit([revision, Insert("tuning_jobs", uid, records.job_document(unseen))])
        unchanged = Check("tuning_jobs", uid, 1)
        try:
            for first in range(0, len(given), self._page):
                job, trainings = _taken_in(job, spec, given[first : first + self._page])
                await self._store.commit([unchanged, *_written(trainings, now)])
            whole = Check("training_jobs", training_id(uid, 1), 1)
            name = Insert("job_names", name_key(owner, spec.name), {"uid": uid})
            await self._changes.publish(job, spec, [name, whole], facts(job, now))
        except Conflict as beaten:
            there = await self._there(owner, spec.name, imported)
            if there is None:
                raise Unavailable(f"import {spec.name}", "it took too long, and was cleared away") from beaten
            return there
        return uid


def _read(request: pb.ImportTuningJobRequest) -> tuple[TuningJobSpec, list[FinishedTraining], Imported]:
    """Read and check a request, which takes a second of a large one. Raises InvalidSpec."""
    spec = from_message(request.spec, TuningJobSpec, "spec")
    given = [
        from_message(message, FinishedTraining, f"trainings[{index}]")
        for index, message in enumerate(request.trainings)
    ]
    return *checked_import(spec, given, request.origin), Imported(request.origin, _digest(request))


def _taken_in(
    job: TuningJob, spec: TuningJobSpec, given: Sequence[FinishedTraining]
) -> tuple[TuningJob, list[Training]]:
    trainings = []
    for one in given:
        job, training = taken_in(job, spec, one)
        trainings.append(training)
    return job, trainings


def _written(trainings: Sequence[Training], now: float) -> Iterator[Write]:
    for training in trainings:
        index = training.number - 1
        document = records.training_document(training, now)
        yield Insert("training_jobs", records.training_key(training), document)
        key = records.observation_key(training.uid, index)
        yield Insert("observations", key, records.observation_document(index, training))


def _digest(request: pb.ImportTuningJobRequest) -> bytes:
    """Return the digest of what is imported; where it comes from may be said in other words."""
    digest = hashlib.sha256()
    for message in (request.spec, *request.trainings):
        content = message.SerializeToString(deterministic=True)
        digest.update(len(content).to_bytes(8) + content)
    return digest.digest()
