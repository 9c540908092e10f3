"""Change the tags of tuning jobs and of training jobs, also of ended ones.

They stand in the records, not in the specification: an amendment that somebody has under way is not refused for a tag,
and nothing that the suggester is told changes. A training takes those that its tuning job has when it is created.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tunewright.core.tags import retagged
from tunewright.core.values import replace
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import Changes


async def tag_job(changes: Changes, uid: str, given: Mapping[str, str], removed: Iterable[str]) -> Mapping[str, str]:
    """Return all tags of the tuning job. Raises NotFound, InvalidSpec, QuotaExceeded."""

    async def step(change: Change) -> None:
        tags = retagged(change.tags, given, removed)
        if tags != change.tags:
            change.job = replace(change.job, tags=tags, modified_at=change.now)

    changed = await changes.make(uid, step)
    return changed.tags if changed.tags is not None else (await changes.spec(uid, changed.spec_revision)).tags


async def tag_training(
    changes: Changes, uid: str, number: int, given: Mapping[str, str], removed: Iterable[str]
) -> Mapping[str, str]:
    """Return all tags of the training. Raises as tag_job."""
    told: Mapping[str, str] = {}

    async def step(change: Change) -> None:
        nonlocal told
        training = await change.training(number)
        told = retagged(training.tags, given, removed)
        change.trainings[number] = replace(training, tags=told)

    await changes.make(uid, step, reading=[number])
    return told
