"""Load, decide, commit: every change of a tuning job goes through here.

A Change gathers one commit: the job, the trainings it touches, and the writes that its decisions ask for. It is
committed all or nothing under the versions that were read; beaten by another replica, it is thrown away and decided
anew, after a pause that grows and is drawn by chance, so that replicas do not keep meeting. What must be done after
the commit (ask, ring) waits in the Change until the commit has returned.
"""

from __future__ import annotations

import asyncio
import random
import weakref
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tunewright.core.errors import Conflict, NotFound, Unavailable
from tunewright.core.names import training_name
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright.platform.documents import to_document
from tunewright.platform.store.port import Insert, Replace, Store, Write
from tunewright_scheduler import records
from tunewright_scheduler.bells import Bells, job_bell, pool_bell, trainer_bell
from tunewright_scheduler.core.decide import Message, TrainingEnded, advance, decide
from tunewright_scheduler.core.effects import Decision, Observe, PutAsk, RepeatAsk, StartTraining, StopTrainings, Tell
from tunewright_scheduler.core.facts import Fact, TrainingJobCreated, TrainingJobEnded, TuningJobCreated
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.training import CLAIM_REMINDER_S, Training, ending, stopped
from tunewright_scheduler.records import Versioned

ATTEMPTS: Final = 20
"""How often a change is decided anew after being beaten, before the caller is told."""
FIRST_PAUSE_S: Final = 0.002
LONGEST_PAUSE_S: Final = 0.2
"""Most that is paused after being beaten; doubled each time between the two."""

TOGETHER: Final = 64
"""Steps that share a commit at most."""

VERSIONED: Final = frozenset({"tuning_jobs", "training_jobs"})
"""What others have changed here is read again, and may be decided anew."""

PRIORITY_SPAN: Final = 1e10
"""Added to the order of claims per step of priority; more than any Unix time in seconds."""


@dataclass(slots=True)
class Change:
    """One commit in the making."""

    store: Store
    job: TuningJob
    version: int
    """Of the job's document; 0 for a new one."""
    spec: TuningJobSpec
    now: float
    trainings: dict[int, Training] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    read: dict[int, Training] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    asks: list[int] = field(default_factory=list)
    bells: set[str] = field(default_factory=set)
    job_read: TuningJob | None = None

    async def training(self, number: int) -> Training:
        """Return a training as this change has it. Raises NotFound."""
        if number not in self.trainings:
            if number not in self.read:
                self.know(await records.read_trainings(self.store, self.job.uid, [number]))
            if number not in self.read:
                raise NotFound("training job", f"{self.job.name} number {number}")
            self.trainings[number] = self.read[number]
        return self.trainings[number]

    def know(self, found: Mapping[int, Versioned[Training]]) -> None:
        """Take note of trainings as they are stored."""
        self.read |= {number: item.value for number, item in found.items()}
        self.versions |= {number: item.version for number, item in found.items()}

    def saved(self) -> Saved:
        """Return what `restore` goes back to."""
        state = (dict(self.trainings), list(self.writes), list(self.facts), list(self.asks), set(self.bells))
        return Saved(self.job, *state)

    def restore(self, saved: Saved) -> None:
        self.job, self.trainings, self.writes = saved.job, saved.trainings, saved.writes
        self.facts, self.asks, self.bells = saved.facts, saved.asks, saved.bells

    async def put(self, training: Training) -> None:
        """Change a training; if that ends it, the job counts it in the same commit."""
        before = self.trainings[training.number]
        self.trainings[training.number] = training
        if training.state.final and not before.state.final:
            self._tell_ended(training)
            await self.apply(TrainingEnded(ending(training)))

    async def apply(self, message: Message) -> None:
        await self.perform(decide(self.job, self.spec, message, self.now))

    async def perform(self, decision: Decision) -> None:
        """Take over a decision's job and turn its effects into writes and into what is done after the commit."""
        self.job = decision.job
        for effect in decision.effects:
            match effect:
                case PutAsk(ask):
                    self.writes.append(Insert("asks", records.ask_key(ask.uid, ask.number), to_document(ask)))
                    self.asks.append(ask.number)
                case RepeatAsk(number):
                    self.asks.append(number)
                case StartTraining():
                    self._start(effect)
                case StopTrainings(numbers, reason):
                    await self._stop(numbers, reason)
                case Observe(fold_index, number):
                    document = records.observation_document(fold_index, self.trainings[number])
                    self.writes.append(Insert("observations", records.ask_key(self.job.uid, fold_index), document))
                case Tell(fact):
                    self.facts.append(fact)

    def all_writes(self) -> list[Write]:
        """Return the whole commit."""
        writes = list(self.writes)
        if self.version == 0:
            writes.append(Insert("tuning_jobs", self.job.uid, records.job_document(self.job)))
        elif self.facts or self.job != self.job_read:  # a fact needs a new version: its key holds it
            writes.append(Replace("tuning_jobs", self.job.uid, records.job_document(self.job), self.version))
        for number, training in self.trainings.items():
            if number not in self.versions:
                writes.append(Insert("training_jobs", records.training_key(training), to_document(training)))
            elif training != self.read[number]:
                key = records.training_key(training)
                writes.append(Replace("training_jobs", key, to_document(training), self.versions[number]))
        if self.facts:
            writes.append(records.outbox_write(f"{self.job.uid}/{self.version + 1:09d}", self.facts))
        return writes

    def _start(self, effect: StartTraining) -> None:
        job, suggestion, number = self.job, effect.suggestion, effect.number
        definition = self.spec.definition(suggestion.definition_name)
        training = Training(
            uid=job.uid,
            number=number,
            name=training_name(job.name, job.uid, number),
            owner=job.owner,
            configuration=suggestion.configuration,
            spec_revision=job.spec_revision,
            created_at=self.now,
            pool=definition.pool,
            claim_order=self.now - self.spec.priority * PRIORITY_SPAN,
            provenance=suggestion.provenance,
            definition_name=suggestion.definition_name,
            bracket=suggestion.bracket,
            rungs=suggestion.rungs,
            due_at=self.now + CLAIM_REMINDER_S,
        )
        self.trainings[number] = training
        self.facts.append(TrainingJobCreated(job.uid, number, training.name, self.now))
        self.bells.add(pool_bell(definition.pool))

    async def _stop(self, numbers: Sequence[int], reason: str) -> None:
        for number in numbers:
            before = await self.training(number)
            await self.put(stopped(before, reason, self.now))
            if before.state is TrainingState.RUNNING:
                self.bells.add(trainer_bell(before.holder))

    def _tell_ended(self, training: Training) -> None:
        fact = TrainingJobEnded(
            uid=training.uid,
            number=training.number,
            training_name=training.name,
            state=training.state.value,
            objective_value=training.objective_value,
            reason=training.reason,
            at=self.now,
        )
        self.facts.append(fact)
        if training.holder:
            self.bells.add(trainer_bell(training.holder))


@dataclass(frozen=True, slots=True)
class Saved:
    """A change as it was before a step of it."""

    job: TuningJob
    trainings: dict[int, Training]
    writes: list[Write]
    facts: list[Fact]
    asks: list[int]
    bells: set[str]


Step = Callable[[Change], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step that waits for its turn, and who waits for it."""

    step: Step
    reading: Sequence[int]
    done: asyncio.Future[TuningJob]


class Contended(Unavailable):
    """A job is changed by so many at once that this change did not get through. Nothing is down; try again later."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"tuning job {uid}", f"a change of it was beaten {ATTEMPTS} times")


class Changes:
    """Makes changes, one at a time per job in this process, safe against other processes by version."""

    def __init__(self, store: Store, bells: Bells, chance: Callable[[], float] = random.random) -> None:
        self.store, self.bells = store, bells
        self._chance = chance
        """From 0 to 1, drawn for each pause."""
        self.on_ask: Callable[[str, int], None] = lambda _uid, _number: None
        """Called after the commit for every ask to be made; set by the asker."""
        self.on_outbox: Callable[[], None] = lambda: None
        """Called after every commit that told a fact; set by the relay."""
        self._waiting: dict[str, list[Waiting]] = {}
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._specs: dict[tuple[str, int], TuningJobSpec] = {}

    async def create(self, job: TuningJob, spec: TuningJobSpec, guards: Sequence[Write]) -> TuningJob:
        """Write a new job with its first ask. Raises Conflict if a guard does not hold."""
        change = Change(self.store, job, 0, spec, job.created_at)
        change.writes.extend([*guards, Insert("specs", records.spec_key(job.uid, 1), records.spec_document(spec))])
        change.facts.append(TuningJobCreated(job.uid, job.name, job.owner, 1, job.created_at))
        await change.perform(advance(job, spec, job.created_at))
        await self._commit(change)
        return change.job

    async def make(self, uid: str, step: Step, *, reading: Sequence[int] = ()) -> TuningJob:
        """Load the job, let `step` decide, commit; again if beaten. Raises NotFound, Unavailable.

        `reading` names trainings that the step will look at: they are read at once with the job.
        """
        waiting = Waiting(step, reading, asyncio.get_running_loop().create_future())
        waiting.done.add_done_callback(lambda done: done.cancelled() or done.exception())  # its caller may have gone
        self._waiting.setdefault(uid, []).append(waiting)
        async with self._lock(uid):
            if not waiting.done.done():
                await self._make_all(uid, self._next(uid))
        return await waiting.done

    def _next(self, uid: str) -> list[Waiting]:
        waiting = self._waiting.pop(uid)
        if len(waiting) > TOGETHER:
            self._waiting[uid] = waiting[TOGETHER:]
        return waiting[:TOGETHER]

    async def _make_all(self, uid: str, waiting: list[Waiting]) -> None:
        """See to it that every one of them is done, or waits again if this is cancelled."""
        try:
            beaten = await self._together(uid, waiting)
            for one in waiting if beaten else ():
                await self._together(uid, [one])
        finally:
            if left := [one for one in waiting if not one.done.done()]:
                self._waiting[uid] = left + self._waiting.get(uid, [])

    async def _together(self, uid: str, waiting: Sequence[Waiting]) -> bool:
        """Make one commit of them; say whether they are to be tried one by one, for one of them is beaten for good."""
        pause_s = FIRST_PAUSE_S
        for _ in range(ATTEMPTS):
            try:
                await self._attempt(uid, waiting)
            except Conflict as beaten:
                if len(waiting) > 1 and beaten.collection not in VERSIONED:
                    return True
                await asyncio.sleep(self._chance() * pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            except Exception as error:  # noqa: BLE001 - it is theirs to hear
                _fail(waiting, error)
                return False
            else:
                return False
        _fail(waiting, Contended(uid))
        return False

    async def send(self, uid: str, message: Message) -> TuningJob:
        """Fold one message into the job."""
        return await self.make(uid, lambda change: change.apply(message))

    async def spec(self, uid: str, revision: int) -> TuningJobSpec:
        """Return an immutable revision of a job's specification. Raises NotFound."""
        key = (uid, revision)
        if key not in self._specs:
            spec = await records.read_spec(self.store, uid, revision)
            if spec is None:
                raise NotFound("specification", f"{uid}/{revision}")
            self._specs[key] = spec
            if len(self._specs) > 1000:
                self._specs.pop(next(iter(self._specs)))
        return self._specs[key]

    async def _attempt(self, uid: str, waiting: Sequence[Waiting]) -> None:
        numbers = sorted({number for one in waiting for number in one.reading})
        found, read, now = await asyncio.gather(
            records.read_job(self.store, uid), records.read_trainings(self.store, uid, numbers), self.store.now()
        )
        if found is None:
            raise NotFound("tuning job", uid)
        job = found.value
        spec = await self.spec(uid, job.spec_revision)
        change = Change(self.store, job, found.version, spec, now, job_read=job)
        change.know(read)
        failed = {id(one): error for one in waiting if (error := await _stepped(change, one.step)) is not None}
        await self._commit(change)
        for one in waiting:
            if one.done.done():  # its caller has gone
                continue
            if id(one) in failed:
                one.done.set_exception(failed[id(one)])
            else:
                one.done.set_result(change.job)

    async def _commit(self, change: Change) -> None:
        writes = change.all_writes()
        if writes:
            await self.store.commit(writes)
            change.bells.add(job_bell(change.job.uid))
        for number in change.asks:
            self.on_ask(change.job.uid, number)
        for bell in change.bells:
            self.bells.ring(bell)
        if change.facts:
            self.on_outbox()

    def _lock(self, uid: str) -> asyncio.Lock:
        lock = self._locks.get(uid)
        if lock is None:
            lock = self._locks[uid] = asyncio.Lock()
        return lock


async def _stepped(change: Change, step: Step) -> Exception | None:
    """Let one step decide; one that fails is undone, and its error returned."""
    saved = change.saved()
    try:
        if change.job.deleted:
            raise NotFound("tuning job", change.job.uid)
        await step(change)
    except Exception as error:  # noqa: BLE001 - its caller's to hear
        change.restore(saved)
        return error
    return None


def _fail(waiting: Sequence[Waiting], error: Exception) -> None:
    for one in waiting:
        if not one.done.done():
            one.done.set_exception(error)
