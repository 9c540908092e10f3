"""The parents of a warm start: found and checked when a job is created, read again whenever it asks.

What a child knows of a parent is written down once (ParentJob): uid, revision and how many observations there are. The
parent has ended, so none of it changes; and it stays, because the child's creation and the parent's deletion meet in
the parent's record: creation writes it again as it is, deletion looks for active children under its version. Whichever
comes second is beaten and looks anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tunewright.core.errors import Fault, IllegalTransition, InvalidSpec, NotFound
from tunewright.core.spec import TuningJobSpec, WarmStartType
from tunewright.core.warm_start import check_parent, static_of
from tunewright.platform.codec import to_message
from tunewright.platform.store.port import Query, Replace, Store, Write
from tunewright.v1 import spec_pb2, suggestion_service_pb2
from tunewright_scheduler import records
from tunewright_scheduler.core.job import Best, ParentJob, TuningJob
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.history import Histories
from tunewright_scheduler.records import Versioned

PAGE: Final = 200

Find = Callable[[str, str], Awaitable[Versioned[TuningJob]]]
"""Takes an owner and a name or uid. Raises NotFound."""
SpecOf = Callable[[str, int], Awaitable[TuningJobSpec]]


@dataclass(frozen=True, slots=True)
class Parents:
    jobs: tuple[ParentJob, ...] = ()
    guards: tuple[Write, ...] = ()
    """To be written with the child, so that no parent is deleted meanwhile."""


async def find_parents(owner: str, spec: TuningJobSpec, find: Find, spec_of: SpecOf) -> Parents:
    """Find the parents that a specification names and check each. Raises NotFound, InvalidSpec."""
    if spec.warm_start is None:
        return Parents()
    stored: list[Versioned[TuningJob]] = []
    for index, name in enumerate(spec.warm_start.parents):
        field = f"warm_start.parents[{index}]"
        one = await _one(owner, name, field, find)
        if one.value.uid in {known.value.uid for known in stored}:
            raise InvalidSpec(field, f"{name!r} is a job that is named before", "Name each parent once")
        check_parent(spec, await spec_of(one.value.uid, one.value.spec_revision), index)
        stored.append(one)
    return Parents(tuple(_as_parent(one.value) for one in stored), tuple(map(_unchanged, stored)))


async def _one(owner: str, name: str, field: str, find: Find) -> Versioned[TuningJob]:
    try:
        one: Versioned[TuningJob] | None = await find(owner, name)
    except NotFound:
        one = None
    if one is None or one.value.alone:
        raise NotFound("tuning job", name, "the warm start names it")
    if not one.value.state.final:
        why = f"tuning job {name!r} is {one.value.state.shown}; a parent must have ended"
        raise InvalidSpec(field, why, f"Wait for it, or stop it: tunewright stop {name}")
    return one


def _as_parent(job: TuningJob) -> ParentJob:
    return ParentJob(job.uid, job.name, job.spec_revision, job.observations, job.best)


def _unchanged(one: Versioned[TuningJob]) -> Replace:
    return Replace("tuning_jobs", one.value.uid, records.job_document(one.value), one.version)


async def check_childless(store: Store, job: TuningJob) -> None:
    """Raise IllegalTransition while an active job of the owner's has this one as a parent."""
    after: str | None = None
    while True:
        equals = {"owner": job.owner, "active": True}
        page = await store.find(Query("tuning_jobs", "by_owner", equals, limit=PAGE, after=after))
        for stored in page.items:
            if any(parent["uid"] == job.uid for parent in stored.document.get("parents", ())):
                child = stored.document["name"]
                what, state = f"tuning job {job.name}", f"a parent of tuning job {child}, which has not ended"
                raise IllegalTransition(what, state, "be deleted", f"Wait for {child}, or stop it")
        if page.next is None:
            return
        after = page.next


async def parent_messages(
    histories: Histories, spec_of: SpecOf, parents: Sequence[ParentJob]
) -> list[suggestion_service_pb2.Parent]:
    """Return what the suggester is told of the parents. Raises Fault: what was written down is not there any more."""
    return [await _message(histories, spec_of, parent) for parent in parents]


async def _message(histories: Histories, spec_of: SpecOf, parent: ParentJob) -> suggestion_service_pb2.Parent:
    try:
        definition = (await spec_of(parent.uid, parent.spec_revision)).definitions[0]
        history = await histories.of(parent.uid, parent.observations)
    except NotFound as error:
        raise Fault(f"parent job {parent.name} is gone: {error}") from error
    message = suggestion_service_pb2.Parent(uid=parent.uid, static_hyperparameters=static_of(definition))
    for parameter in definition.parameters:
        message.parameters.append(to_message(parameter, spec_pb2.Parameter))
    history.fill(message.observations, definition, 0, parent.observations)
    return message


async def overall_best(store: Store, job: TuningJob, spec: TuningJobSpec) -> Training | None:
    """Return the best training of the job and its parents, if they are of one problem; None: that is not asked for.

    A parent that was deleted after the job had ended has no say any more.
    """
    if spec.warm_start is None or spec.warm_start.type is not WarmStartType.IDENTICAL_DATA_AND_ALGORITHM:
        return None
    best: Training | None = None
    for uid, candidate in [(job.uid, job.best), *((parent.uid, parent.best) for parent in job.parents)]:
        if candidate is not None and _better(spec, candidate, best):
            stored = await records.read_training(store, uid, candidate.number)
            best = stored.value if stored is not None else best
    return best


def _better(spec: TuningJobSpec, candidate: Best, best: Training | None) -> bool:
    known = None if best is None else best.objective_value
    return known is None or spec.objective.direction.better(candidate.value, known)
