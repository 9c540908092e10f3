"""Reads what is known of a job's trainings out of the scheduler's records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from tunewright.core.errors import NotFound
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright.core.stopping import StopEvidence, had_all
from tunewright.platform.codec import from_message
from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Document, Query, Store
from tunewright.v1 import spec_pb2
from tunewright_metrics.core.history import History, Tried
from tunewright_metrics.jobs import Job

PAGE: Final = 200


async def read_history(store: Store, job: Job) -> History:
    """Return the specification as it stands, and all trainings that have ended, in that order. Raises NotFound."""
    stored = await store.get("specs", f"{job.uid}/{job.spec_revision:06d}")
    if stored is None:
        raise NotFound("specification of tuning job", job.uid)
    spec = from_message(spec_pb2.TuningJobSpec.FromString(stored.document["spec"]), TuningJobSpec)
    tried = [_tried(document) async for document in _trainings(store, job.uid) if _ended(document)]
    return History(spec, tuple(sorted(tried, key=lambda item: (item.ended_at, item.number))))


async def _trainings(store: Store, uid: str) -> AsyncIterator[Document]:
    after: str | None = None
    while True:
        page = await store.find(Query("training_jobs", "by_job", {"uid": uid}, limit=PAGE, after=after))
        for stored in page.items:
            yield stored.document
        after = page.next
        if after is None:
            return


def _ended(document: Document) -> bool:
    return TrainingState(document["state"]).final


def _state(document: Document) -> TrainingState:
    """Return how a training ended; what Hyperband stopped at its MaxResource has had all it was to have: completed."""
    early = document.get("stopped_early")
    whole = (
        early is not None and document["objective_value"] is not None and had_all(from_document(early, StopEvidence))
    )
    return TrainingState.COMPLETED if whole else TrainingState(document["state"])


def _tried(document: Document) -> Tried:
    summary = document["summary"] or {}
    return Tried(
        number=document["number"],
        definition_name=document["definition_name"],
        configuration=document["configuration"],
        state=_state(document),
        value=document["objective_value"],
        steps=summary.get("steps", 0),
        created_at=document["created_at"],
        ended_at=document["ended_at"],
        source=document["provenance"]["source"],
        repeats=document["repeats"],
        error=summary.get("objective_error"),
        expected=document["provenance"]["mean"],
    )
