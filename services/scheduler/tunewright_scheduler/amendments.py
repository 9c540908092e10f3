"""Pause, resume and amend tuning jobs that have not ended: one implementation for gRPC and for commands."""

from __future__ import annotations

from tunewright.core.errors import IllegalTransition
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright.core.values import replace
from tunewright.platform.store.port import Insert, Store
from tunewright_scheduler import records
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core import amendment, queueing
from tunewright_scheduler.core.amendment import Amendment
from tunewright_scheduler.core.decide import PauseRequested, ResumeRequested, Revised
from tunewright_scheduler.core.pause import check_pausable
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.tuning_jobs import Beside, TuningJobs, nothing


class Amendments:
    def __init__(self, store: Store, changes: Changes, jobs: TuningJobs) -> None:
        self._store, self._changes, self._jobs = store, changes, jobs

    async def pause(self, owner: str, job: str) -> str:
        """Start nothing more of a job; return its uid. A paused one stays so. Raises NotFound, IllegalTransition."""
        return await self._turn(owner, job, PauseRequested())

    async def resume(self, owner: str, job: str) -> str:
        """Let a paused job go on; return its uid. One that runs runs on. Raises NotFound, IllegalTransition."""
        return await self._turn(owner, job, ResumeRequested())

    async def amend(self, owner: str, job: str, wanted: Amendment, beside: Beside = nothing) -> str:
        """Give a job the next revision of its specification; return its uid. One that would be the same is none.

        Raises: NotFound. IllegalTransition: it is closing, or at another revision. InvalidSpec.
        """
        uid = (await self._jobs.find(owner, job)).value.uid

        async def step(change: Change) -> None:
            await _revise(change, amendment.amended(change.job, change.spec, wanted))
            change.writes.extend(beside(uid, change.now))

        await self._changes.make(uid, step)
        return uid

    async def retry(self, owner: str, job: str, beside: Beside = nothing) -> str:
        """Enqueue once more what has failed and was not enqueued again yet, as so many more trainings; return the uid.

        Raises: NotFound. IllegalTransition: it is closing, or nothing has failed. InvalidSpec: too many trainings.
        """
        uid = (await self._jobs.find(owner, job)).value.uid

        async def step(change: Change) -> None:
            before = change.job
            failed = await records.read_failures(self._store, uid, before.retried, before.observations)
            if not failed:
                raise nothing_failed(before.name)
            revision = amendment.retried(before, change.spec, failed)
            change.job = replace(before, retried=before.observations)
            await _revise(change, revision)
            change.writes.extend(beside(uid, change.now))

        await self._changes.make(uid, step)
        return uid

    async def _turn(self, owner: str, job: str, message: PauseRequested | ResumeRequested) -> str:
        uid = (await self._jobs.find(owner, job)).value.uid

        async def step(change: Change) -> None:
            check_pausable(change.job)
            await change.apply(message)

        await self._changes.make(uid, step)
        return uid


def nothing_failed(name: str) -> IllegalTransition:
    remedy = "Failed trainings are retried once they have ended"
    return IllegalTransition(f"tuning job {name}", "without failed trainings left to retry", "retry them", remedy)


async def _revise(change: Change, revision: TuningJobSpec) -> None:
    """Write the revision and let the job go on under it."""
    before = change.spec
    if revision == before:
        return
    change.job = replace(change.job, spec_revision=change.job.spec_revision + 1)
    key = records.spec_key(change.job.uid, change.job.spec_revision)
    change.writes.append(Insert("specs", key, records.Specification.of(revision).document()))
    change.spec = revision
    if revision.priority != before.priority:
        await _reorder(change, (before.priority - revision.priority) * queueing.PRIORITY_SPAN)
    fewer = revision.limits.max_parallel < before.limits.max_parallel
    unclaimed = await _unclaimed(change) if fewer else ()
    await change.apply(Revised(revision.definitions != before.definitions, unclaimed))


async def _unclaimed(change: Change) -> tuple[int, ...]:
    """Return the trainings that nobody runs and that are not held back yet, in their order."""
    numbers = [number for number in change.job.slots if number not in change.job.held_back]
    await change.read_at_once(numbers)
    found = [await change.training(number) for number in numbers]
    return tuple(training.number for training in found if training.state is TrainingState.READY)


async def _reorder(change: Change, shift: float) -> None:
    """Move what nobody has claimed yet in the order of claims; there it is as if the job had just come."""
    await change.read_at_once(change.job.slots)
    for number in change.job.slots:
        training = await change.training(number)
        if training.state is TrainingState.READY:
            await change.put(_shifted(training, shift))
    change.job = queueing.as_new(change.job)
    await change.retake_turns(change.job.slots)


def _shifted(training: Training, shift: float) -> Training:
    order, withheld = training.claim_order, training.withheld_order
    return replace(
        training,
        claim_order=None if order is None else order + shift,
        withheld_order=None if withheld is None else withheld + shift,
    )
