"""How the scheduler's values stand in the store: keys, documents, the fields that indexes need, and the outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Self, TypeVar

from tunewright.core.names import training_id
from tunewright.core.phases import Phase
from tunewright.core.spec import EnqueuedConfiguration, TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright.core.stopping import had_all
from tunewright.events.v1 import facts_pb2
from tunewright.platform import tracing
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Record
from tunewright.platform.codec import from_message, to_message
from tunewright.platform.documents import from_document, to_document
from tunewright.platform.store.port import Document, Put, Query, Store
from tunewright.v1 import spec_pb2
from tunewright_scheduler.core.facts import Answer, CommandAccepted, Fact, TrainingJobGranted
from tunewright_scheduler.core.job import Ask, TuningJob
from tunewright_scheduler.core.session import Session
from tunewright_scheduler.core.training import Training

SOURCE: Final = "tunewright/scheduler"
EVENTS: Final = "tuning.events"
OUTPUT: Final = "training.output"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Versioned(Generic[T]):
    """A value and the version of the document that it was read from."""

    value: T
    version: int


@dataclass(frozen=True, slots=True)
class Specification:
    """A revision of a job's specification: as a value, and as the message that it is told by. Neither is changed."""

    value: TuningJobSpec
    message: spec_pb2.TuningJobSpec

    @classmethod
    def of(cls, spec: TuningJobSpec) -> Self:
        return cls(spec, to_message(spec, spec_pb2.TuningJobSpec))

    def document(self) -> Document:
        return {"spec": self.message.SerializeToString(deterministic=True)}


def job_document(job: TuningJob) -> Document:
    return to_document(job) | {
        "active": not job.state.final,
        "hidden": job.deleted or job.alone,
        "name_key": job.name.lower(),
        "shown": job.state.shown,
    }


def training_document(training: Training, now: float) -> Document:
    """Return what is written of a training now."""
    return to_document(training) | {
        "modified_at": now,
        "name_key": training.name.lower(),
        "shown": training.shown,
    }


def training_key(training: Training) -> str:
    return training_id(training.uid, training.number)


def ask_key(uid: str, number: int) -> str:
    return f"{uid}/{number:06d}"


def observation_key(uid: str, fold_index: int) -> str:
    return f"{uid}/{fold_index:06d}"


def spec_key(uid: str, revision: int) -> str:
    return f"{uid}/{revision:06d}"


async def read_job(store: Store, uid: str) -> Versioned[TuningJob] | None:
    stored = await store.get("tuning_jobs", uid)
    return Versioned(from_document(stored.document, TuningJob), stored.version) if stored else None


async def read_training(store: Store, uid: str, number: int) -> Versioned[Training] | None:
    stored = await store.get("training_jobs", training_id(uid, number))
    return Versioned(from_document(stored.document, Training), stored.version) if stored else None


async def read_trainings(store: Store, uid: str, numbers: Sequence[int]) -> dict[int, Versioned[Training]]:
    """Return those of the trainings that there are, by number."""
    keys = {number: training_id(uid, number) for number in numbers}
    stored = await store.get_many("training_jobs", list(keys.values())) if keys else {}
    return {
        number: Versioned(from_document(stored[key].document, Training), stored[key].version)
        for number, key in keys.items()
        if key in stored
    }


async def read_best(store: Store, jobs: Sequence[TuningJob]) -> dict[str, Training]:
    """Return the best trainings of those jobs that have one, by the job's uid."""
    keys = {job.uid: training_id(job.uid, job.best.number) for job in jobs if job.best is not None}
    stored = await store.get_many("training_jobs", list(keys.values())) if keys else {}
    return {uid: from_document(stored[key].document, Training) for uid, key in keys.items() if key in stored}


async def held_by(store: Store, trainer_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the documents of the trainings under these trainers' leases; there are as many as they have slots."""
    held: dict[str, list[dict[str, Any]]] = {trainer_id: [] for trainer_id in trainer_ids}
    equals, after = {"holder": tuple(trainer_ids), "state": TrainingState.RUNNING.value}, None
    while True:
        page = await store.find(Query("training_jobs", "by_holder", equals, limit=1000, after=after))
        for item in page.items:
            held[item.document["holder"]].append(item.document)
        after = page.next
        if after is None:
            return held


async def with_phases(store: Store, trainings: Sequence[Training]) -> list[tuple[Training, Sequence[Phase]]]:
    """Return each training with the phases of the attempt that runs, as its trainer has told them; none of others."""
    holders = {training.holder for training in trainings if training.state is TrainingState.RUNNING}
    stored = await store.get_many("sessions", sorted(holders)) if holders else {}
    sessions = [from_document(item.document, Session) for item in stored.values()]
    told = {(item.training_id, item.attempt): item.phases for session in sessions for item in session.told}

    def now_in(training: Training) -> Sequence[Phase]:
        runs = training.state is TrainingState.RUNNING
        return told.get((training_key(training), training.attempt), ()) if runs else ()

    return [(training, now_in(training)) for training in trainings]


async def phases_of(store: Store, training: Training) -> tuple[Phase, ...]:
    """Return the phases of the attempt that runs, as its trainer has told them last."""
    ((_, phases),) = await with_phases(store, [training])
    return tuple(phases)


def turn_key(pool: str, priority: int) -> str:
    return f"{pool}/{priority}"


async def read_turns(store: Store, keys: Sequence[str]) -> dict[str, float]:
    """Return the virtual times under these keys of turn_key; 0 where nothing was granted yet."""
    stored = await store.get_many("pools", keys)
    return {key: stored[key].document["turn"] if key in stored else 0.0 for key in keys}


async def read_ask(store: Store, uid: str, number: int) -> Ask | None:
    stored = await store.get("asks", ask_key(uid, number))
    return from_document(stored.document, Ask) if stored else None


async def read_failures(store: Store, uid: str, low: int, high: int) -> list[EnqueuedConfiguration]:
    """Return the configurations of the observations low … high − 1 that failed, in fold order."""
    found: list[EnqueuedConfiguration] = []
    after: str | None = None
    while True:
        page = await store.find(Query("observations", "by_job", {"uid": uid}, low, high, limit=1000, after=after))
        rows = (item.document for item in page.items)
        found.extend(
            EnqueuedConfiguration(row["configuration"], row["definition_name"])
            for row in rows
            if row["outcome"] == "FAILED"
        )
        if page.next is None:
            return found
        after = page.next


async def read_spec(store: Store, uid: str, revision: int) -> Specification | None:
    stored = await store.get("specs", spec_key(uid, revision))
    if stored is None:
        return None
    message = spec_pb2.TuningJobSpec.FromString(stored.document["spec"])
    return Specification(from_message(message, TuningJobSpec), message)


def observation_document(fold_index: int, training: Training) -> Document:
    """Return what the suggester will be told of an ended training."""
    summary, exit_ = training.summary, training.exit
    started_at = exit_.started_at if exit_ is not None else None
    return {
        "uid": training.uid,
        "fold_index": fold_index,
        "number": training.number,
        "definition_name": training.definition_name,
        "configuration": dict(training.configuration),
        "outcome": _outcome(training),
        "value": training.objective_value,
        "steps": summary.steps if summary is not None else 0,
        "cost_s": exit_.ended_at - started_at if exit_ is not None and started_at is not None else 0.0,
        "error": summary.objective_error if summary is not None else None,
        "curve": list(summary.curve) if summary is not None else [],
        "curve_steps": list(summary.curve_steps) if summary is not None else [],
    }


def _outcome(training: Training) -> str:
    match training.state:
        case TrainingState.FAILED:
            return "FAILED"
        case TrainingState.STOPPED if training.objective_value is not None:
            return "COMPLETED" if had_all(training.stopped_early) else "STOPPED"
        case _ if training.objective_value is None:
            return "INFEASIBLE"
        case _:
            return "COMPLETED"


# -- The outbox: facts are committed with the state that makes them true, then published by a relay ------------------


def outbox_write(key: str, facts: Sequence[Fact], now: float, said: Sequence[Any] = ()) -> Put:
    """Write what a commit has made true, to be published in this order. Told twice, a fact has the same id.

    `said` are messages of training.output, of trainings that run elsewhere.
    """
    put = _outbox(key, [(fact.uid, fact) for fact in facts], now)
    spoken = [to_record(OUTPUT, item.uid, item, source=SOURCE, id=f"{key}/said/{i}") for i, item in enumerate(said)]
    put.document["records"].extend(_entry(record) | {"topic": OUTPUT} for record in spoken)
    return put


def grants_write(key: str, facts: Sequence[TrainingJobGranted], traces: Mapping[str, str], now: float) -> Put:
    """Write grants of trainings of several jobs; `traces` has each training's traceparent by its key."""
    written = [
        _event(fact.uid, fact, f"{key}/{index}" if index else key, traces[training_id(fact.uid, fact.number)])
        for index, fact in enumerate(facts)
    ]
    return Put("outbox", key, {"order": now, "records": written})


def answer_write(key: str, answer: Answer, now: float) -> Put:
    """Write the answer to a command, to be published under the job that it made or changed, else under its own id."""
    return _outbox(key, [(answer.uid if isinstance(answer, CommandAccepted) else answer.command_id, answer)], now)


def _outbox(key: str, told: Sequence[tuple[str, Fact | Answer]], at: float) -> Put:
    records = [_event(subject, item, f"{key}/{index}" if index else key) for index, (subject, item) in enumerate(told)]
    return Put("outbox", key, {"order": at, "records": records})


def _event(subject: str, item: Fact | Answer, event_id: str, traceparent: str = "") -> Document:
    """Return a record as it waits in the outbox; it belongs to that trace, or to the one under way."""
    message = to_message(item, getattr(facts_pb2, type(item).__name__))
    with tracing.within(traceparent):
        return _entry(to_record(EVENTS, subject, message, source=SOURCE, id=event_id))


def _entry(record: Record) -> dict[str, Any]:
    return {"key": record.key, "value": record.value, "headers": dict(record.headers)}


def outbox_records(document: Document) -> list[Record]:
    return [
        Record(item.get("topic", EVENTS), item["key"], item["value"], item["headers"]) for item in document["records"]
    ]
