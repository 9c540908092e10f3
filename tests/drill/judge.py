"""What must be true after a drill: by the store, the events, the trainers' disks and the trainings' own record.

Returns sentences, so that all that is wrong is told at once. What a fault excuses is little: a training that was lost
may have run twice, one lost three times has failed, and one whose trainer's disk was full may have failed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.drill.history import CREATED, ENDED, Fact, most_leased
from tests.wire.trainings import Wanted
from tunewright.core.states import JobState, TrainingState
from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Query, Store
from tunewright_metrics.collecting.buckets import lines_of
from tunewright_metrics.collecting.records import attempt_order
from tunewright_scheduler import records
from tunewright_scheduler.core.ending import MAX_LOSSES, ending
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.training import Training

PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Stamps:
    """What the trainings have written down: how often each has begun, and with what score it has ended."""

    begun: Mapping[str, int]
    ended: Mapping[str, int]
    scores: Mapping[str, float]

    @classmethod
    def of(cls, wanted: Wanted) -> Stamps:
        words = [line.split() for line in wanted.stamps.read_text().splitlines()]
        ends = [(name, float(rest[1])) for name, kind, *rest in words if kind == "e"]
        begun = Counter(name for name, kind, *_ in words if kind == "b")
        return cls(begun, Counter(name for name, _ in ends), dict(ends))


@dataclass(frozen=True, slots=True)
class Found:
    """All that is known of a job after the drill."""

    job: TuningJob
    trainings: Sequence[Training]
    log: Sequence[Mapping[str, Any]]
    """Its observations in fold order."""
    asks: Sequence[Mapping[str, Any]]
    output: Mapping[int, Sequence[str]]
    """What was read of each training's last attempt."""


async def look_up(store: Store, uid: str) -> Found:
    job = await records.read_job(store, uid)
    assert job is not None
    trainings = [from_document(item, Training) for item in await _all(store, "training_jobs", uid)]
    output = {training.number: await _output(store, training) for training in trainings}
    return Found(job.value, trainings, await _all(store, "observations", uid), await _all(store, "asks", uid), output)


async def _all(store: Store, collection: str, uid: str) -> list[dict[str, Any]]:
    return [item.document for item in (await store.find(Query(collection, "by_job", {"uid": uid}, limit=PAGE))).items]


async def _output(store: Store, training: Training) -> list[str]:
    equals, prefix = {"uid": training.uid, "number": training.number}, attempt_order(training.attempt)
    page = await store.find(Query("output", "by_training", equals, low=f"{prefix}/", high=f"{prefix}0", limit=PAGE))
    return [line for item in page.items for line in lines_of(item.document)]


def problems(found: Found, wanted: Wanted, facts: Sequence[Fact], full: Collection[str]) -> Iterator[str]:
    """Say what is wrong with a job. `full` names the trainers, as they call themselves, whose disk was filled."""
    stamps = Stamps.of(wanted)
    told = (*_of_job(found, wanted), *_of_counts(found), *_of_log(found), *_of_facts(found, wanted, facts))
    for text in (
        *told,
        *(text for item in found.trainings for text in _of_training(item, found, wanted, stamps, full)),
    ):
        yield f"{found.job.name}: {text}"


def failures(found: Found) -> Iterator[str]:
    """Say which trainings have failed and why, also of those that may."""
    for item in found.trainings:
        if item.state is not TrainingState.COMPLETED:
            yield f"{item.name}: {item.reason}"


def _of_job(found: Found, wanted: Wanted) -> Iterator[str]:
    job, limit = found.job, wanted.spec.limits.max_trainings or 0
    if job.state is not JobState.COMPLETED:
        yield f"it is {job.state}: {job.reason}"
    numbers = [training.number for training in found.trainings]
    if numbers != list(range(1, limit + 1)) or job.started != limit:
        yield f"it has trainings {numbers}, has started {job.started}, and was to have {limit}"
    if (job.slots, job.awaiting, job.ask, job.due_at) != ((), (), None, None):
        yield f"something of it is open: {job.slots}, {job.awaiting}, {job.ask}, {job.due_at}"


def _of_counts(found: Found) -> Iterator[str]:
    trainings, counters = found.trainings, found.job.trainings
    retryable = sum(ending(item).retryable for item in trainings)
    by_state = Counter(item.state for item in trainings)
    counted = (by_state[TrainingState.COMPLETED], retryable, by_state[TrainingState.FAILED] - retryable, 0)
    kept = (counters.completed, counters.retryable_error, counters.non_retryable_error, counters.stopped)
    if kept != counted:
        yield f"its counters say {kept}, its trainings {counted}"
    values = [item.objective_value for item in trainings if item.objective_value is not None]
    objectives = found.job.objectives
    if (objectives.succeeded, objectives.failed) != (len(values), len(trainings) - len(values)):
        yield f"its objectives are counted as {objectives}, and {len(values)} of {len(trainings)} have one"
    best = found.job.best.value if found.job.best is not None else None
    if best != max(values, default=None):
        yield f"its best is {best}, and the best of its trainings {max(values, default=None)}"


def _of_log(found: Found) -> Iterator[str]:
    if [item["fold_index"] for item in found.log] != list(range(len(found.trainings))):
        yield f"its fold indexes are {[item['fold_index'] for item in found.log]}"
    folded = sorted((item["number"], item["value"]) for item in found.log)
    if folded != sorted((item.number, item.objective_value) for item in found.trainings):
        yield "its observations are not its trainings' objectives, each once"
    asked = [item["number"] for item in found.asks]
    if asked != list(range(len(asked))):
        yield f"its asks are numbered {asked}"


def _of_facts(found: Found, wanted: Wanted, facts: Sequence[Fact]) -> Iterator[str]:
    own = [fact for fact in facts if fact.uid == found.job.uid]
    numbers = [training.number for training in found.trainings]
    for kind in (CREATED, ENDED):
        if sorted(fact.number for fact in own if fact.kind == kind) != numbers:
            yield f"{kind} was not told of each training once"
    if (most := most_leased(own, found.job.uid)) > wanted.spec.limits.max_parallel:
        yield f"{most} trainings were leased at once, and {wanted.spec.limits.max_parallel} may be"


def _of_training(
    training: Training, found: Found, wanted: Wanted, stamps: Stamps, full: Collection[str]
) -> Iterator[str]:
    name, at_full = training.name, training.holder in full or training.left_by in full
    if not training.state.final:
        yield f"{name} is {training.state}"
        return
    if stamps.begun.get(name, 0) > training.attempt:
        yield f"{name} has begun {stamps.begun[name]} times under {training.attempt} leases"
    if stamps.ended.get(name, 0) > 1 + training.losses:
        yield f"{name} has ended {stamps.ended[name]} times and was lost {training.losses} times"
    if training.state is TrainingState.COMPLETED:
        if training.objective_value is None or training.objective_value != stamps.scores.get(name):
            yield f"{name} has {training.objective_value}, and said {stamps.scores.get(name)}"
        lines = [line for line in found.output[training.number] if line.startswith(("step", "score"))]
        if len(lines) != int(wanted.spec.definitions[0].environment["STEPS"]) + 1:
            yield f"of {name} was read: {found.output[training.number]}"
    elif training.state is not TrainingState.FAILED or not (training.losses == MAX_LOSSES or at_full):
        yield f"{name} is {training.state} for no reason that was made: {training.reason}"
