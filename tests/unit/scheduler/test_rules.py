"""Whatever happens in whatever order, a job keeps its limits, counts right, and can always be brought to its end.

The scheduler's own parts on a real store with the test's clock. Trainers, metrics and users do all that they may do,
also twice, late, or wrongly; the store fails in mid-operation, and the process is lost at any moment.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.callers import anybody
from tests.unit.scheduler.world import World, any_program, spec
from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound, Unavailable
from tunewright.core.space import Choice
from tunewright.core.spec import (
    Completion,
    EnqueuedConfiguration,
    Limits,
    Parameter,
    Reevaluation,
    Strategy,
    TuningJobSpec,
)
from tunewright.core.states import EndCause, JobState, TrainingState
from tunewright.platform.codec import to_message
from tunewright.platform.documents import from_document
from tunewright.platform.rpc.server import _caller
from tunewright.platform.store.port import Query
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import records
from tunewright_scheduler.core.asking import Answered, AskFailed
from tunewright_scheduler.core.controls import Quota
from tunewright_scheduler.core.decide import Park
from tunewright_scheduler.core.job import Provenance, Suggestion, TuningJob
from tunewright_scheduler.core.orders import Holding
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.operations import Operations
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.sweep import Sweep
from tunewright_scheduler.tuning_jobs import TuningJobs

JOBS = 2
SUGGESTION = Suggestion({"lr": 0.01, "epochs": 3, "batch": "32"}, Provenance("random"))
ALLOWED = (IllegalTransition, InvalidSpec, NotFound, Unavailable)
"""What a late, wrong or unlucky caller is told."""

trainers = st.sampled_from(["t", "u"])
uids = st.sampled_from([f"job{index}" for index in range(JOBS)])
values = st.sampled_from([None, 0.1, 0.5, 0.5, 0.9, float("inf")])
causes = st.sampled_from([EndCause.EXITED] * 4 + [EndCause.STOPPED, EndCause.LOST, EndCause.START_FAILED])


picks = st.integers(0, 20)
"""Which of the leases ever given, the last one first."""

granted = precondition(lambda self: self.grants)


class Scheduler(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.epochs: dict[str, int] = {}
        self.claims = 0
        self.grants: list[Training] = []
        """Every lease ever given. What its trainer says of it may come at any time, and any number of times."""
        self.ended: dict[str, dict[int, Training]] = {}
        self.ended_jobs: dict[str, TuningJob] = {}
        self.leases: dict[tuple[str, int, int], str] = {}
        self.said: dict[tuple[str, int, int], float | None] = {}
        self._build(None)

    def _build(self, clock: float | None) -> None:
        async def build() -> World:
            return World(Path(self.folder.name))

        self.world = self.runner.run(build())
        self.asks: list[tuple[str, int]] = []
        self.world.changes.on_ask = lambda uid, number: self.asks.append((uid, number))
        self.operations = Operations(self.world.changes)
        self.sweeper = Sweep(self.world.store, self.world.changes, self.world.sessions, self.world.elsewhere)
        jobs = TuningJobs(self.world.store, self.world.changes, any_program, self.world.room)
        self.front = TuningServicer(self.world.store, self.world.changes, self.world.bells, jobs, self.world.doctor)
        if clock is not None:
            self.world.store.clock = clock

    def run(self, coroutine: Coroutine[object, object, object]) -> None:
        async def as_owner() -> None:
            _caller.set(anybody("owner"))
            with suppress(*ALLOWED):
                await coroutine

        self.runner.run(as_owner())

    def pick(self, place: int) -> Training:
        return self.grants[-1 - place % len(self.grants)]

    def holding(self, places: list[int]) -> list[Holding]:
        named = [self.pick(place) for place in places if self.grants]
        return [Holding(records.training_key(item), item.attempt) for item in named]

    # -- What users do

    @initialize(max_parallel=st.integers(1, 3), strategy=st.sampled_from([Strategy.RANDOM, Strategy.BAYESIAN]))
    def begin(self, max_parallel, strategy):
        """Most of what is of interest needs a job and a trainer."""
        self.create("job0", max_parallel, 5, strategy, None, None)
        self.answer(max_parallel, exhausted=False)
        self.open("t", [])

    @rule(
        uid=uids,
        max_parallel=st.integers(1, 3),
        max_trainings=st.integers(1, 5),
        strategy=st.sampled_from([Strategy.RANDOM, Strategy.BAYESIAN, Strategy.GRID]),
        goal=st.sampled_from([None, 0.9]),
        again=st.sampled_from([None, (1, 1), (2, 1), (1, 3)]),
    )
    def create(self, uid, max_parallel, max_trainings, strategy, goal, again):
        wanted = spec(
            name=uid,
            limits=Limits(max_parallel=max_parallel, max_trainings=max_trainings),
            strategy=strategy,
            completion=Completion(target=goal),
            reevaluation=Reevaluation(*again) if again is not None and again[0] * again[1] < max_trainings else None,
            prices_per_second={"local": 0.1},
        )

        async def unless_there() -> None:
            if await records.read_job(self.world.store, uid) is None:
                await self.world.create(wanted, uid)
                self.ended.pop(uid, None)
                self.ended_jobs.pop(uid, None)
                self.leases = {lease: holder for lease, holder in self.leases.items() if lease[0] != uid}
                self.said = {lease: value for lease, value in self.said.items() if lease[0] != uid}

        self.run(unless_there())

    @rule(uid=uids)
    def stop(self, uid):
        self.run(self.front.StopTuningJob(pb.StopTuningJobRequest(job=uid), None))

    @rule(uid=uids)
    def delete(self, uid):
        self.run(self.front.DeleteTuningJob(pb.DeleteTuningJobRequest(job=uid), None))

    @rule(uid=uids)
    def pause(self, uid):
        self.run(self.front.PauseTuningJob(pb.PauseTuningJobRequest(job=uid), None))

    @rule(uid=uids)
    def resume(self, uid):
        self.run(self.front.ResumeTuningJob(pb.ResumeTuningJobRequest(job=uid), None))

    @rule(
        uid=uids,
        max_parallel=st.sampled_from([None, 1, 2, 3]),
        max_trainings=st.sampled_from([None, 1, 3, 5]),
        wider=st.booleans(),
        enqueued=st.integers(0, 2),
        request_id=st.sampled_from(["", "again"]),
    )
    def amend(self, uid, max_parallel, max_trainings, wider, enqueued, request_id):
        request = pb.AmendTuningJobRequest(
            job=uid, request_id=request_id, max_parallel=max_parallel, max_trainings=max_trainings
        )
        if wider:
            request.parameters.append(to_message(Parameter("batch", Choice(("32", "64", "128"))), spec_pb2.Parameter))
        mine = to_message(EnqueuedConfiguration(SUGGESTION.configuration), spec_pb2.EnqueuedConfiguration)
        request.enqueue.extend([mine] * enqueued)

        async def under_the_current_revision() -> None:
            job = (await self.front.GetTuningJob(pb.GetTuningJobRequest(job=uid), None)).job
            request.expected_revision = job.spec_revision
            await self.front.AmendTuningJob(request, None)

        self.run(under_the_current_revision())

    @rule(uid=uids)
    def retry(self, uid):
        """Of a job that has not ended: no child is made here."""

        async def unless_it_has_ended() -> None:
            found = await records.read_job(self.world.store, uid)
            if found is not None and not found.value.state.final:
                await self.front.RetryTuningJob(pb.RetryTuningJobRequest(job=uid), None)

        self.run(unless_it_has_ended())

    @granted
    @rule(place=picks)
    def stop_training(self, place):
        name = records.training_key(self.pick(place))
        self.run(self.front.StopTrainingJob(pb.StopTrainingJobRequest(training=name), None))

    # -- What operators do

    @granted
    @rule(place=picks)
    def release(self, place):
        self.run(self.operations.release(self.pick(place), "by the test"))

    @granted
    @rule(
        place=picks,
        end=st.sampled_from(
            [(TrainingState.COMPLETED, 0.7), (TrainingState.STOPPED, None), (TrainingState.FAILED, None)]
        ),
    )
    def settle(self, place, end):
        self.run(self.operations.settle(self.pick(place), *end, "by the test"))

    @rule(uid=uids)
    def park(self, uid):
        self.run(self.world.changes.send(uid, Park("a fault of the test's")))

    @rule(uid=uids)
    def unpark(self, uid):
        self.run(self.operations.unpark(uid))

    @rule(trainer=trainers, holds=st.booleans())
    def cordon(self, trainer, holds):
        self.run(self.world.room.cordon(trainer, "") if holds else self.world.room.uncordon(trainer))

    @rule(holds=st.sampled_from([True, False, False]))
    def pause_starts(self, holds):
        self.run(self.world.room.pause_starts("") if holds else self.world.room.resume_starts())

    @rule(limit=st.sampled_from([None, None, 1, 2]))
    def set_quota(self, limit):
        self.run(self.world.room.set_quota(Quota("owner", max_parallel=limit)))

    # -- What the suggester does

    @rule(count=st.integers(0, 4), exhausted=st.sampled_from([False] * 9 + [True]))
    @precondition(lambda self: self.asks)
    def answer(self, count, exhausted):
        uid, number = self.asks.pop(0)
        self.run(self.world.changes.send(uid, Answered(number, (SUGGESTION,) * max(count, 1), exhausted=exhausted)))

    @rule(uid=uids, number=st.integers(0, 4))
    def answer_some_other_ask(self, uid, number):
        """One that is closed, open, or not made yet."""

        async def unless_it_is_in_the_future() -> None:
            found = await records.read_job(self.world.store, uid)
            if found is not None and number < found.value.asks:
                await self.world.changes.send(uid, Answered(number, (SUGGESTION,) * 4))

        self.run(unless_it_is_in_the_future())

    @rule()
    @precondition(lambda self: self.asks)
    def cannot_be_asked(self):
        uid, number = self.asks.pop(0)
        self.run(self.world.changes.send(uid, AskFailed(number, "connection refused")))

    # -- What trainers do

    @rule(trainer=trainers, named=st.lists(picks, max_size=3))
    def open(self, trainer, named):
        async def step() -> None:
            self.epochs[trainer] = await self.world.open(trainer, holding=self.holding(named))

        self.run(step())

    @rule(trainer=trainers, slots=st.integers(1, 3), again=st.booleans())
    def claim(self, trainer, slots, again):
        self.claims += 0 if again else 1
        claimed: list[Training] = []

        async def step() -> None:
            epoch = self.epochs.get(trainer, 0)
            claimed.extend(await self.world.claim(trainer, epoch, f"{trainer}/{epoch}/{self.claims}", slots))

        self.run(step())
        for training in claimed:
            holder = self.leases.setdefault((training.uid, training.number, training.attempt), trainer)
            assert holder == trainer, "a lease was given to two trainers"
        self.grants.extend(claimed)

    @rule(trainer=trainers, named=st.lists(picks, max_size=3))
    def heartbeat(self, trainer, named):
        epoch, holding = self.epochs.get(trainer, 0), self.holding(named)
        self.run(self.world.heartbeats.answer(trainer, epoch, holding, wait_s=0, draining=False))

    @rule(trainer=trainers)
    def close(self, trainer):
        self.run(self.world.sessions.close(trainer, self.epochs.get(trainer, 0)))

    @granted
    @rule(place=picks, cause=causes, code=st.sampled_from([0, 0, 0, 1]))
    def report_the_exit(self, place, cause, code):
        self.run(self.world.exit(self.pick(place), code, cause))

    # -- What metrics does

    @granted
    @rule(place=picks, value=values)
    def summarize(self, place, value):
        self.run(self._summarize(self.pick(place), value))

    async def _summarize(self, grant: Training, value: float | None) -> None:
        """Say of an attempt what it said: the same however often it is told, another thing for each attempt."""
        self.said.setdefault(_lease(grant), value)
        await self.world.summarize(grant, self.said[_lease(grant)], "" if value is not None else "never emitted")

    @rule(behind_s=st.sampled_from([0.0, 0.0, 100.0]))
    def collector_reads(self, behind_s):
        self.run(self.world.collector_reads(behind_s))

    # -- What the world does

    @rule(seconds=st.sampled_from([0.5, 3.0, 20.0, 50.0, 61.0, 700.0]))
    def time_passes(self, seconds):
        self.world.store.clock += seconds

    @rule()
    def judge_leases(self):
        self.run(self.world.sessions.lose_expired())

    @rule()
    def sweep(self):
        self.run(self.sweeper.sweep())

    @rule(after=st.integers(0, 3), before=st.booleans())
    def store_is_about_to_fail(self, after, before):
        self.world.store.commits_to_failure, self.world.store.fails_before = after, before

    @rule()
    def crash(self):
        clock = self.world.store.clock
        self.runner.run(self.world.store.close())
        self._build(clock)
        self.run(self.sweeper.resume())

    # -- What must hold

    @invariant()
    def every_job_is_as_it_should_be(self):
        async def check() -> None:
            for index in range(JOBS):
                found = await records.read_job(self.world.store, f"job{index}")
                if found is not None and not found.value.deleted:
                    await self._check(found.value)

        self.runner.run(check())

    async def _check(self, job: TuningJob) -> None:
        revisions = [await self.world.changes.spec(job.uid, number + 1) for number in range(job.spec_revision)]
        trainings = await self.world.trainings(job.uid)
        self._check_limits(job, [revision.limits for revision in revisions], trainings)
        self._check_paused(job, trainings)
        self._check_enqueued(job, revisions[-1], trainings)
        self._check_counts(job, trainings)
        self._check_ended(job, trainings)
        await self._check_observations(job, trainings)

    def _check_limits(self, job: TuningJob, limits: list[Limits], trainings: list[Training]) -> None:
        """Limits that were lowered stop nothing, so the highest ever given holds; but nothing begins beyond them."""
        in_slots = [item.number for item in trainings if item.state in {TrainingState.READY, TrainingState.RUNNING}]
        awaiting = [item.number for item in trainings if item.state is TrainingState.EXITED]
        assert len(in_slots) <= max(item.max_parallel for item in limits)
        assert len(trainings) == job.started <= max(item.max_trainings for item in limits)
        assert sorted(job.slots) == in_slots
        assert sorted(item.number for item in job.awaiting) == awaiting
        held = [item for item in trainings if item.state is TrainingState.RUNNING]
        offered = [item for item in trainings if item.claimable]
        if any(item.attempt == 0 for item in offered) and job.state is JobState.RUNNING:
            assert len(held) + len(offered) <= limits[-1].max_parallel
        assert all(self.leases.get(_lease(item), item.holder) == item.holder for item in held)

    def _check_paused(self, job: TuningJob, trainings: list[Training]) -> None:
        """What waits is withheld while the job is paused or there is no room for it, and only then."""
        for item in trainings:
            if item.state is TrainingState.READY and job.state is not JobState.BLOCKED:
                assert (item.claim_order is None) == (job.state is JobState.PAUSED or item.number in job.held_back)

    def _check_enqueued(self, job: TuningJob, revision: TuningJobSpec, trainings: list[Training]) -> None:
        """Each is started once, and in the order in which they came."""
        started = [item.configuration for item in trainings if item.provenance.source == "enqueued"]
        assert started == [item.configuration for item in revision.enqueued[: job.enqueued]]

    def _check_counts(self, job: TuningJob, trainings: list[Training]) -> None:
        states = Counter(item.state for item in trainings)
        counted = job.trainings
        assert counted.completed == states[TrainingState.COMPLETED]
        assert counted.stopped == states[TrainingState.STOPPED]
        assert counted.retryable_error + counted.non_retryable_error == states[TrainingState.FAILED]
        assert job.spent == pytest.approx(sum(item.cost for item in trainings)), "an attempt was not paid, or twice"
        assert job.repeated == sum(item.repeats is not None for item in trainings)
        with_value = sum(item.objective_value is not None for item in trainings)
        assert job.objectives.succeeded == with_value
        assert job.objectives.succeeded + job.objectives.failed == sum(item.state.final for item in trainings)

    def _check_ended(self, job: TuningJob, trainings: list[Training]) -> None:
        ended = {item.number: item for item in trainings if item.state.final}
        before = self.ended.setdefault(job.uid, {})
        assert {number: ended.get(number) for number in before} == before, "an ended training has changed"
        self.ended[job.uid] = ended
        for item in ended.values():
            by_hand = item.reason.startswith("settled by hand")
            if item.exit is not None and item.objective_value is not None and not by_hand:
                assert item.objective_value == self.said.get(_lease(item)), "counted what another attempt said"
        if job.state.final:
            assert len(ended) == len(trainings), "a job has ended before its trainings"
            assert self.ended_jobs.setdefault(job.uid, job) == job, "an ended job has changed"

    async def _check_observations(self, job: TuningJob, trainings: list[Training]) -> None:
        query = Query("observations", "by_job", {"uid": job.uid}, limit=1000)
        log = [item.document for item in (await self.world.store.find(query)).items]
        assert [item["fold_index"] for item in log] == list(range(job.observations))
        assert sorted(item["number"] for item in log) == [item.number for item in trainings if item.state.final]
        known = [(item["value"], item["number"]) for item in log if item["value"] is not None]
        if known:
            value = max(value for value, _ in known)
            first = next(number for known_value, number in known if known_value == value)
            assert (job.best.value, job.best.number) == (value, first)
        else:
            assert job.best is None

    # -- What must be possible

    def teardown(self):
        try:
            self._drive_to_the_end()
            self.every_job_is_as_it_should_be()
        finally:
            self.runner.run(self.world.store.close())
            self.runner.close()
            self.folder.cleanup()

    def _drive_to_the_end(self) -> None:
        """Let time pass, everyone who was there be gone, and one trainer, suggester and metrics do as they should."""
        self.world.store.commits_to_failure = None
        for number in range(40):
            if not self.runner.run(self._active()):
                return
            self.run(self._round(number))
        left = self.runner.run(self._active())
        raise AssertionError(f"stuck: {left}")

    async def _active(self) -> list[TuningJob]:
        page = await self.world.store.find(Query("tuning_jobs", "active", {"active": True}))
        return [from_document(item.document, TuningJob) for item in page.items]

    async def _round(self, number: int) -> None:
        self.world.store.clock += 61
        await self.world.collector_reads()
        await self.world.room.resume_starts()
        for job in await self._active():
            if job.state is JobState.BLOCKED:
                await self.operations.unpark(job.uid)
            if job.state is JobState.PAUSED:
                await self.front.ResumeTuningJob(pb.ResumeTuningJobRequest(job=job.uid), None)
        await self.world.sessions.lose_expired()
        await self.sweeper.sweep()
        while self.asks:
            uid, ask = self.asks.pop()
            await self.world.changes.send(uid, Answered(ask, (SUGGESTION,) * 4))
        epoch = await self.world.open("last")
        for claimed in await self.world.claim("last", epoch, f"last/{number}", 8):
            await self.world.exit(claimed)
            await self._summarize(claimed, 0.5)


def _lease(training: Training) -> tuple[str, int, int]:
    return training.uid, training.number, training.attempt


TestWhateverHappens = Scheduler.TestCase
TestWhateverHappens.settings = settings(
    derandomize=True,
    max_examples=40,
    stateful_step_count=50,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
