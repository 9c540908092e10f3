"""One commit in the making: the job as its decisions leave it, the trainings they touch, and what goes with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from google.protobuf.message import Message as Said

from tunewright.core.claimed import pool_of
from tunewright.core.errors import NotFound
from tunewright.core.names import training_name
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import JobState, ObjectiveState, TrainingState
from tunewright.core.values import replace
from tunewright.platform import tracing
from tunewright.platform.documents import to_document
from tunewright.platform.store.port import Insert, Replace, Store, Write
from tunewright_scheduler import records
from tunewright_scheduler.bells import pool_bell, trainer_bell
from tunewright_scheduler.core import asking, cost, elsewhere, queueing
from tunewright_scheduler.core.decide import Message, Spent, TrainingEnded, decide
from tunewright_scheduler.core.effects import (
    Decision,
    Observe,
    OfferTrainings,
    PutAsk,
    RepeatAsk,
    RepeatTraining,
    RetakeTurns,
    StartTraining,
    StopTrainings,
    Tell,
    WithholdTrainings,
)
from tunewright_scheduler.core.ending import ending, stopped
from tunewright_scheduler.core.facts import (
    Fact,
    TrainingJobCreated,
    TrainingJobEnded,
    TuningJobChanged,
    TuningJobCreated,
    TuningJobEnded,
)
from tunewright_scheduler.core.job import Provenance, Suggestion, TuningJob
from tunewright_scheduler.core.training import (
    JOB_PAUSED,
    Training,
    claim_due,
    is_unclaimed,
    offered,
    with_turn,
    withheld,
)
from tunewright_scheduler.records import Versioned


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
    said: list[Said] = field(default_factory=list)
    """On training.output, for trainings that run elsewhere."""
    asks: list[int] = field(default_factory=list)
    bells: set[str] = field(default_factory=set)
    job_read: TuningJob | None = None
    virtual_times: dict[str, float] = field(default_factory=dict)

    async def training(self, number: int) -> Training:
        """Return a training as this change has it. Raises NotFound."""
        if number not in self.trainings:
            if number not in self.read:
                self.know(await records.read_trainings(self.store, self.job.uid, [number]))
            if number not in self.read:
                raise NotFound("training job", f"{self.job.name} number {number}")
            self.trainings[number] = self.read[number]
        return self.trainings[number]

    async def read_at_once(self, numbers: Sequence[int]) -> None:
        """Read those trainings that are still to be read together, not one by one."""
        unread = [number for number in numbers if number not in self.trainings and number not in self.read]
        self.know(await records.read_trainings(self.store, self.job.uid, unread))

    def know(self, found: Mapping[int, Versioned[Training]]) -> None:
        """Take note of trainings as they are stored."""
        self.read |= {number: item.value for number, item in found.items()}
        self.versions |= {number: item.version for number, item in found.items()}

    def saved(self) -> Saved:
        """Return what `restore` goes back to."""
        told = (list(self.facts), list(self.said))
        state = (dict(self.trainings), list(self.writes), *told, list(self.asks), set(self.bells))
        return Saved(self.job, self.spec, *state)

    def restore(self, saved: Saved) -> None:
        self.job, self.spec, self.trainings, self.writes = saved.job, saved.spec, saved.trainings, saved.writes
        self.facts, self.said, self.asks, self.bells = saved.facts, saved.said, saved.asks, saved.bells

    async def put(self, training: Training) -> None:
        """Change a training; if that ends it, the job counts it in the same commit. A paused job offers none."""
        before = self.trainings[training.number]
        if JobState.PAUSED in {self.job.state, self.job.blocked_in}:
            training = withheld(training, JOB_PAUSED)
        training, stop = elsewhere.told_to_stop(before, training, self.now)
        if stop is not None:
            self.facts.append(stop)
        self.trainings[training.number] = training
        if training.cost > before.cost:
            await self.apply(Spent(training.cost - before.cost))
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
                case StartTraining(number, suggestion):
                    await self._start(number, suggestion)
                case RepeatTraining():
                    await self._repeat(effect)
                case RetakeTurns(numbers):
                    await self.retake_turns(numbers)
                case StopTrainings(numbers, reason):
                    await self._stop(numbers, reason)
                case WithholdTrainings(numbers, reason):
                    await self._withhold(numbers, reason)
                case OfferTrainings(numbers):
                    await self._offer(numbers)
                case Observe(fold_index, number):
                    document = records.observation_document(fold_index, self.trainings[number])
                    self.writes.append(
                        Insert("observations", records.observation_key(self.job.uid, fold_index), document)
                    )
                case Tell(fact):
                    self.tell(fact)

    @property
    def tags(self) -> Mapping[str, str]:
        """Those that the job has now."""
        return self.spec.tags if self.job.tags is None else self.job.tags

    def tell(self, fact: Fact) -> None:
        """Tell the world; not of a tuning job that stands for a training by itself, whose own facts say all."""
        if not (self.job.alone and isinstance(fact, TuningJobCreated | TuningJobChanged | TuningJobEnded)):
            self.facts.append(fact)

    def all_writes(self) -> list[Write]:
        """Return the whole commit; the job first, for that is what two schedulers meet at."""
        writes: list[Write] = []
        if self.version == 0:
            writes.append(Insert("tuning_jobs", self.job.uid, records.job_document(self.job)))
        elif self.tells or self.job != self.job_read:  # a fact needs a new version: its key holds it
            writes.append(Replace("tuning_jobs", self.job.uid, records.job_document(self.job), self.version))
        writes.extend(self.writes)
        for number, training in self.trainings.items():
            if number not in self.versions:
                document = records.training_document(training, self.now)
                writes.append(Insert("training_jobs", records.training_key(training), document))
            elif training != self.read[number]:
                key, document = records.training_key(training), records.training_document(training, self.now)
                writes.append(Replace("training_jobs", key, document, self.versions[number]))
        if self.tells:
            key = f"{self.job.uid}/{self.version + 1:09d}"
            writes.append(records.outbox_write(key, self.facts, self.now, self.said))
        return writes

    @property
    def tells(self) -> bool:
        """Whether something is to be published once it is committed."""
        return bool(self.facts or self.said)

    async def _repeat(self, effect: RepeatTraining) -> None:
        of = await self.training(effect.of)
        again = Suggestion(of.configuration, Provenance("repeat"), of.definition_name)
        await self._start(effect.number, again, repeats=effect.of, overrides=effect.overrides)

    async def _start(
        self,
        number: int,
        suggestion: Suggestion,
        *,
        repeats: int | None = None,
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        definition = self.spec.definition(suggestion.definition_name)
        pool = pool_of(definition, self.job.uid)
        virtual_now = await self._virtual_now(pool)
        expected_s = self.job.turn_s
        self.job, start = queueing.take_turn(self.job, self.spec, virtual_now)
        job, max_wait_s = self.job, definition.stopping.max_wait_s
        training = Training(
            uid=job.uid,
            number=number,
            name=job.name if job.alone else training_name(job.name, job.uid, number),
            owner=job.owner,
            configuration=suggestion.configuration,
            spec_revision=job.spec_revision,
            created_at=self.now,
            pool=pool,
            claim_order=queueing.claim_order(start, self.spec.priority),
            provenance=Provenance("") if job.alone else suggestion.provenance,
            definition_name=definition.name,
            bracket=suggestion.bracket,
            rungs=suggestion.rungs or asking.own_rungs(self.spec, whole=repeats is not None),
            price=cost.price_of(self.spec, definition),
            expected_s=expected_s,
            repeats=repeats,
            overrides=overrides or {},
            expires_at=None if max_wait_s is None else self.now + max_wait_s,
            objective_state=None if job.alone else ObjectiveState.PENDING,
            tags=self.tags,
            alone=job.alone,
            traceparent=tracing.in_trace(job.traceparent),
        )
        self.trainings[number] = replace(training, due_at=claim_due(training, self.now))
        self.facts.append(TrainingJobCreated(job.uid, number, training.name, self.now))
        self.bells.add(pool_bell(pool))

    async def retake_turns(self, numbers: Sequence[int]) -> None:
        """Give trainings that wait for their first claim new turns, in their order. What was lost keeps its turn."""
        await self.read_at_once(numbers)
        waiting = [training for number in sorted(numbers) if is_unclaimed(training := await self.training(number))]
        self.job = queueing.give_back(self.job, [training.expected_s for training in waiting])
        for training in waiting:
            expected_s = self.job.turn_s
            self.job, start = queueing.take_turn(self.job, self.spec, await self._virtual_now(training.pool))
            order = queueing.claim_order(start, self.spec.priority)
            self.trainings[training.number] = with_turn(training, order, expected_s)

    async def _virtual_now(self, pool: str) -> float:
        """Return the pool's virtual time among the job's priority, read once."""
        key = records.turn_key(pool, self.spec.priority)
        if key not in self.virtual_times:
            self.virtual_times[key] = (await records.read_turns(self.store, [key]))[key]
        return self.virtual_times[key]

    async def _stop(self, numbers: Sequence[int], reason: str) -> None:
        await self.read_at_once(numbers)
        for number in numbers:
            before = await self.training(number)
            await self.put(stopped(before, reason, self.now))
            if before.state is TrainingState.RUNNING:
                self.bells.add(trainer_bell(before))

    async def _withhold(self, numbers: Sequence[int], reason: str) -> None:
        await self.read_at_once(numbers)
        for number in numbers:
            await self.put(withheld(await self.training(number), reason))

    async def _offer(self, numbers: Sequence[int]) -> None:
        await self.read_at_once(numbers)
        for number in numbers:
            training = await self.training(number)
            await self.put(offered(training, self.now))
            self.bells.add(pool_bell(training.pool))

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
            self.bells.add(trainer_bell(training))


@dataclass(frozen=True, slots=True)
class Saved:
    """A change as it was before a step of it."""

    job: TuningJob
    spec: TuningJobSpec
    trainings: dict[int, Training]
    writes: list[Write]
    facts: list[Fact]
    said: list[Said]
    asks: list[int]
    bells: set[str]
