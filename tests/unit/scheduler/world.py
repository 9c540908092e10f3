"""A scheduler's state on a real store with a clock of the test's own; no services around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tunewright.core.access import OWNER
from tunewright.core.errors import Unavailable
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import (
    Definition,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    Strategy,
    TuningJobSpec,
)
from tunewright.core.states import EndCause, TrainingState
from tunewright.platform.documents import from_document
from tunewright.platform.instance_types import packaged_types
from tunewright.platform.store.naming import name_key
from tunewright.platform.store.port import Insert, Put, Query, Stored, Write
from tunewright.platform.store.sqlite import SqliteStore
from tunewright_scheduler import records
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.claims import Claims
from tunewright_scheduler.controls import ControlRoom
from tunewright_scheduler.core.asking import Answered
from tunewright_scheduler.core.ending import summarized
from tunewright_scheduler.core.job import Provenance, Suggestion, TuningJob
from tunewright_scheduler.core.orders import Holding
from tunewright_scheduler.core.session import LeaseTerms, Session, Speaker
from tunewright_scheduler.core.training import Exit, Summary, Training
from tunewright_scheduler.doctor import Doctor
from tunewright_scheduler.elsewhere import Elsewhere
from tunewright_scheduler.heartbeats import Heartbeats
from tunewright_scheduler.needs import Needs
from tunewright_scheduler.sessions import Sessions

UID = "0123456789abcdef"


def spec(**fields: object) -> TuningJobSpec:
    definition = Definition(
        image="file:///train",
        parameters=(
            Parameter("lr", Float(1e-4, 1e-1)),
            Parameter("epochs", Int(1, 5)),
            Parameter("batch", Choice(("32", "64"))),
        ),
        metric_definitions=(MetricDefinition("acc", "acc=(.*)"),),
    )
    defaults = {
        "name": "job",
        "definitions": (definition,),
        "objective": Objective("acc"),
        "limits": Limits(max_parallel=2, max_trainings=6),
        "strategy": Strategy.RANDOM,
    }
    return TuningJobSpec(**(defaults | fields))  # type: ignore[arg-type]


class ClockedStore(SqliteStore):
    clock = 1_700_000_000.0
    commits_to_failure: int | None = None
    """So many commits from now on one fails; None: none does."""
    fails_before: bool = False
    """The commit that fails is not applied; else it is and only its answer gets lost."""

    reads_to_fail: int = 0

    async def get(self, collection: str, key: str) -> Stored | None:
        if self.reads_to_fail > 0:
            self.reads_to_fail -= 1
            raise Unavailable("the store", "as the test wants it")
        return await super().get(collection, key)

    async def now(self) -> float:
        return self.clock

    async def commit(self, writes: Sequence[Write]) -> None:
        fails = self.commits_to_failure == 0
        if self.commits_to_failure is not None:
            self.commits_to_failure = None if fails else self.commits_to_failure - 1
        if not (fails and self.fails_before):
            await super().commit(writes)
        if fails:
            raise Unavailable("the store", "as the test wants it")


class World:
    def __init__(self, folder: Path) -> None:
        self.store = ClockedStore(folder / "store.db")
        self.bells = Bells()
        self.changes = Changes(self.store, self.bells)
        self.asked: list[int] = []
        self.changes.on_ask = lambda _uid, number: self.asked.append(number)
        self.sessions = Sessions(self.store, self.changes, LeaseTerms())
        self.heartbeats = Heartbeats(self.store, self.sessions, self.bells)
        self.room = ControlRoom(self.store)
        self.elsewhere = Elsewhere(self.store, self.changes, self.room)
        self.needs = Needs(self.changes, packaged_types())
        self.claims = Claims(self.store, self.changes, self.sessions, self.room, self.needs)
        self.doctor = Doctor(self.store, self.changes, self.room, self.sessions.terms, self.needs)

    async def create(self, wanted: TuningJobSpec, uid: str = UID, owner: str = "owner") -> TuningJob:
        now = self.store.clock
        job = TuningJob(uid, wanted.name, owner, created_at=now, modified_at=now, seed=7)
        name = Insert("job_names", name_key(owner, wanted.name), {"uid": uid})
        return await self.changes.create(job, wanted, [name])

    async def job(self) -> TuningJob:
        found = await records.read_job(self.store, UID)
        assert found is not None
        return found.value

    async def training(self, number: int) -> Training:
        found = await records.read_training(self.store, UID, number)
        assert found is not None
        return found.value

    async def trainings(self, uid: str = UID) -> list[Training]:
        page = await self.store.find(Query("training_jobs", "by_job", {"uid": uid}, limit=1000))
        return [from_document(item.document, Training) for item in page.items]

    async def answer(self, number: int, count: int, *, exhausted: bool = False, uid: str = UID) -> TuningJob:
        configuration = {"lr": 0.01, "epochs": 3, "batch": "32"}
        suggestion = Suggestion(configuration, Provenance("random"))
        return await self.changes.send(uid, Answered(number, (suggestion,) * count, exhausted=exhausted))

    async def answer_all(self) -> None:
        while self.asked:
            number = self.asked.pop()
            ask = await records.read_ask(self.store, UID, number)
            assert ask is not None
            await self.answer(number, ask.count)

    async def collector_reads(self, behind_s: float = 0.0) -> None:
        """Say as a collector does that it has read all, but for what is younger than this."""
        now = self.store.clock
        await self.store.commit([Put("collectors", "c", {"at": now, "through": now - behind_s})])

    async def open(self, trainer: str, slots: int = 8, holding: Sequence[Holding] = ()) -> int:
        session = Session(trainer, 0, OWNER, "default", slots, 0, "host", 0.0, 0.0)
        return (await self.sessions.open(session, holding))[0].epoch

    async def claim(self, trainer: str, epoch: int, request: str, slots: int = 1) -> list[Training]:
        return await self.claims.claim(trainer, epoch, request, slots=slots, wait_s=0, again=True)

    async def exit(
        self, training: Training, code: int = 0, cause: EndCause = EndCause.EXITED, *, seconds: float = 1.0
    ) -> None:
        now = self.store.clock
        exit_ = Exit(cause, code, "" if code == 0 else f"exit code {code}", now - seconds, now)
        by = Speaker(training.holder, training.lease_epoch, training.lease_owner)
        await self.sessions.exited(by, (records.training_key(training), training.attempt), exit_)

    async def summarize(self, training: Training, value: float | None, fault: str = "") -> TuningJob:
        async def step(change: Change) -> None:
            now_there = await change.training(training.number)
            summary = Summary(value, fault=fault, steps=1, tail=("last line",))
            await change.put(summarized(now_there, training.attempt, summary, change.now))

        return await self.changes.make(training.uid, step)

    async def run_one(self, value: float | None = 0.5, code: int = 0) -> Training:
        """Claim a training and see it through."""
        epoch = await self.open("t")
        (claimed,) = await self.claim("t", epoch, f"r{self.store.clock}{epoch}")
        await self.exit(claimed, code)
        await self.summarize(claimed, value, "" if value is not None else "never emitted")
        return await self.training(claimed.number)


async def any_program(_path: str, _definition: Definition) -> None:
    """Where no program is looked for, none is missing."""


def running(trainings: list[Training]) -> list[Training]:
    return [training for training in trainings if training.state is TrainingState.RUNNING]


def with_limits(wanted: TuningJobSpec, **limits: object) -> TuningJobSpec:
    return replace(wanted, limits=replace(wanted.limits, **limits))
