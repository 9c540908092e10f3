"""A tuning job's ended trainings as analyses want them, read from the scheduler's records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tunewright.core.errors import NotFound
from tunewright.core.space import Value
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright.platform.codec import from_message
from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Document, Query, Store
from tunewright.v1 import spec_pb2
from tunewright_metrics.core.history import History, Tried

PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Source:
    source: str = ""
    mean: float | None = None


@dataclass(frozen=True, slots=True)
class _Summary:
    steps: int = 0
    objective_error: float | None = None


@dataclass(frozen=True, slots=True)
class _Training:
    """As much of the scheduler's record as is needed."""

    number: int
    configuration: Mapping[str, Value]
    state: TrainingState
    created_at: float
    definition_name: str = ""
    objective_value: float | None = None
    ended_at: float | None = None
    provenance: _Source = _Source()
    summary: _Summary | None = None
    repeats: int | None = None


class Histories:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, job: str, owner: str) -> History:
        """Return the history of an owner's job, by name or uid. Raises NotFound."""
        found = await self._job(job, owner)
        stored = await self._store.get("specs", f"{found['uid']}/{found['spec_revision']:06d}")
        if stored is None:
            raise NotFound("tuning job", job)
        spec = from_message(spec_pb2.TuningJobSpec.FromString(stored.document["spec"]), TuningJobSpec)
        return History(
            spec, tuple(sorted(await self._tried(found["uid"]), key=lambda item: (item.ended_at, item.number)))
        )

    async def _job(self, job: str, owner: str) -> Document:
        stored = await self._store.get("tuning_jobs", job)
        if stored is None:
            query = Query(
                "tuning_jobs", "by_name", {"owner": owner, "hidden": False}, low=job.lower(), high=job.lower() + "\0"
            )
            page = await self._store.find(query)
            stored = page.items[0] if page.items else None
        if stored is None or stored.document["owner"] != owner or stored.document["hidden"]:
            raise NotFound("tuning job", job)
        return stored.document

    async def _tried(self, uid: str) -> list[Tried]:
        tried: list[Tried] = []
        after: str | None = None
        while True:
            page = await self._store.find(Query("training_jobs", "by_job", {"uid": uid}, limit=PAGE, after=after))
            tried += [
                _tried(training)
                for item in page.items
                if (training := from_document(item.document, _Training)).state.final
            ]
            if page.next is None:
                return tried
            after = page.next


def _tried(training: _Training) -> Tried:
    summary = training.summary or _Summary()
    return Tried(
        training.number,
        training.definition_name,
        training.configuration,
        training.state,
        training.objective_value,
        summary.steps,
        training.created_at,
        training.ended_at or training.created_at,
        training.provenance.source,
        training.repeats,
        summary.objective_error,
        training.provenance.mean,
    )
