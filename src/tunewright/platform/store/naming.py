"""Training jobs by the names that users give and see: written by the scheduler, looked up by whoever reads its records.

The name of a tuning job's training says which one it is, so nothing is kept for it. The name of a training by itself is
taken by a record of its own. Names do not differ by case.
"""

from __future__ import annotations

from tunewright.core.names import job_name_of, number_in, split_training_id, training_id, training_name
from tunewright.platform.store.port import Store, Stored


def name_key(owner: str, name: str) -> str:
    """Return the key under which a name is taken, in job_names and in training_names."""
    return f"{owner}/{name.lower()}"


async def find_training(store: Store, owner: str, training: str) -> Stored | None:
    """Return the record of a training by name or id; None: there is none, or it is somebody else's."""
    key = _by_id(training) if "/" in training else await _named(store, owner, training)
    stored = await store.get("training_jobs", key) if key is not None else None
    return stored if stored is not None and stored.document["owner"] == owner else None


async def made_for(store: Store, owner: str, name: str) -> str | None:
    """Return the key of the training of this name, there or to come, in a tuning job of the owner; None: of none."""
    number = number_in(name)
    if number is None:
        return None
    job = await store.get("job_names", name_key(owner, job_name_of(name)))
    if job is None:
        return None
    uid = job.document["uid"]
    made = training_name(job_name_of(name), uid, number)
    return training_id(uid, number) if made.lower() == name.lower() else None


def _by_id(training: str) -> str | None:
    try:
        return training_id(*split_training_id(training))
    except ValueError:
        return None


async def _named(store: Store, owner: str, name: str) -> str | None:
    alone = await store.get("training_names", name_key(owner, name))
    if alone is not None:
        return training_id(alone.document["uid"], 1)
    return await made_for(store, owner, name)
