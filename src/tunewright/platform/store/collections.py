"""Every collection, its indexes and what its key is, in one place. Adapters create exactly these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Index:
    """A way to find documents: `equals` must be given by the query, `sort` orders the answer.

    A document without the sort field (None or absent) is not in the index.
    """

    name: str
    equals: tuple[str, ...] = ()
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    name: str
    indexes: tuple[Index, ...] = ()


COLLECTIONS: Final = {
    collection.name: collection
    for collection in (
        # key: uid
        Collection(
            "tuning_jobs",
            (
                Index("by_due", equals=("deleted",), sort="due_at"),
                Index("active", equals=("active",), sort="created_at"),
                Index("by_creation", equals=("owner", "hidden"), sort="created_at"),
                Index("by_name", equals=("owner", "hidden"), sort="name_key"),
                Index("by_state", equals=("owner", "hidden", "shown"), sort="created_at"),
                Index("by_owner", equals=("owner", "active"), sort="created_at"),
                Index("by_change", equals=("owner", "hidden"), sort="modified_at"),
            ),
        ),
        # key: owner/lower-cased name; unique while the job exists, free again after deletion
        Collection("job_names"),
        # key: owner/lower-cased name of a training by itself; unique while it exists, free again after deletion
        Collection("training_names"),
        # key: kind/id of a request or command; what it was answered, kept past the topic's retention
        Collection("requests", (Index("expiring", sort="expires_at"),)),
        # key: uid/revision; immutable
        Collection("specs"),
        # key: uid/number
        Collection(
            "training_jobs",
            (
                Index("by_job", equals=("uid",), sort="number"),
                Index("by_job_and_state", equals=("uid", "state"), sort="number"),
                Index("by_job_and_status", equals=("uid", "shown"), sort="number"),
                Index("by_objective", equals=("uid",), sort="objective_value"),
                Index("by_creation", equals=("owner",), sort="created_at"),
                Index("by_status", equals=("owner", "shown"), sort="created_at"),
                Index("by_name_key", equals=("owner",), sort="name_key"),
                Index("claimable", equals=("pool", "state"), sort="claim_order"),
                Index("by_holder", equals=("holder", "state"), sort="number"),
                Index("by_owner", equals=("owner", "state"), sort="number"),
                Index("due", sort="due_at"),
            ),
        ),
        # key: uid/fold index; append-only
        Collection("observations", (Index("by_job", equals=("uid",), sort="fold_index"),)),
        # key: uid/ask number
        Collection("asks", (Index("by_job", equals=("uid",), sort="number"),)),
        # key: trainer id
        Collection(
            "sessions",
            (
                Index("expiring", sort="expires_at"),
                Index("by_id", sort="trainer_id"),
                Index("by_pool", equals=("pool",), sort="trainer_id"),
            ),
        ),
        # key: starts, trainer/id or quota/owner, what operators have decided; owner/owner, whose version orders what
        # counts against a quota; restored, when the store was brought back from a backup (restored.py)
        Collection("controls", (Index("standing", sort="name"),)),
        # key: a name that a collector of metrics gives itself; written every few seconds while it reads its topics
        Collection("collectors", (Index("by_time", sort="at"),)),
        # key: pool/priority; how far the sharing of its slots has come (tunewright_scheduler.core.queueing)
        Collection("pools"),
        # key: the event's id: uid/version of the job/index, or uid/number/granted/attempt
        Collection("outbox", (Index("unsent", sort="order"),)),
        # key: uid/number (6 digits)/attempt (4 digits); one record for all instances, which share the objective
        Collection(
            "streams",
            (Index("by_job", equals=("uid",), sort="number"), Index("by_change", equals=("uid",), sort="changed_at")),
        ),
        # buckets (collecting/buckets.py); key: stream key/place (12 digits): how many lines and reports the
        # attempt's stream had taken before; order: attempt/place
        Collection("measurements", (Index("by_training", equals=("uid", "number"), sort="order"),)),
        # key and order as for measurements
        Collection("output", (Index("by_training", equals=("uid", "number"), sort="order"),)),
        # key: uid/number; how much is stored of an ended training, and when retention has removed it
        Collection(
            "contents",
            (
                Index("by_job", equals=("uid",), sort="number"),
                Index("by_output", sort="output_since"),
                Index("by_measurements", sort="measurements_since"),
            ),
        ),
        # key: uid of a deleted job, remembered while its output may still be delivered
        Collection("deletions", (Index("by_time", sort="at"),)),
        # key: stream key; the running means of an attempt that has completed: what others are compared with
        Collection("curves", (Index("completed", equals=("uid", "definition"), sort="completed_at"),)),
        # key: stream key; an attempt's values at the rungs of Hyperband that it has passed
        Collection("rungs", (Index("by_number", equals=("uid", "definition"), sort="number"),)),
    )
}
