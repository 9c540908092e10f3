"""What an answer was made of: the versions of the job's document and of those of its trainings that are told with it.

As long as these versions stand the answer would be the same, of the same release of ours. Specifications never change,
and neither a uid nor the number of a training in it is given twice, so that a version says all.

    RELEASE/UID/VERSION[/NUMBER:VERSION …]      version 0: there is no such training
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Final

from tunewright.core.names import training_id
from tunewright.platform.store.naming import name_key
from tunewright.platform.store.port import Store
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.records import Versioned

RELEASE: Final = version("tunewright")
MOST_TOLD: Final = 2
"""Trainings told with a job: the best and the recommended one."""


def etag_of(job: Versioned[TuningJob], trainings: Mapping[int, Versioned[Training]], numbers: Sequence[int]) -> str:
    """Return it for a job told with the trainings of these numbers, of which those that there are were read."""
    versions = {number: trainings[number].version if number in trainings else 0 for number in numbers}
    return _written(job.value.uid, job.version, versions)


async def holds(store: Store, owner: str, name: str, etag: str) -> bool:
    """Say whether it is that of the owner's tuning job of this name as it is now."""
    uid, *told = etag.removeprefix(f"{RELEASE}/").split("/")
    named = await store.get("job_names", name_key(owner, name))
    if named is None or named.document["uid"] != uid or len(told) > 1 + MOST_TOLD:
        return False
    try:
        numbers = {int(part.partition(":")[0]) for part in told[1:]}
    except ValueError:
        return False
    ids = {number: training_id(uid, number) for number in numbers}
    job = await store.versions("tuning_jobs", [uid])
    found = await store.versions("training_jobs", list(ids.values()))
    return etag == _written(uid, job.get(uid, 0), {number: found.get(key, 0) for number, key in ids.items()})


def _written(uid: str, job: int, trainings: Mapping[int, int]) -> str:
    told = [f"{number}:{trainings[number]}" for number in sorted(trainings)]
    return "/".join([RELEASE, uid, str(job), *told])
