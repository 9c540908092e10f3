"""Whatever comes, in whatever order, twice or late: what must hold of a tuning job after every message.

Hypothesis draws the job and the messages; the machine beside it knows what it has handed in. A crash is a job read back
from its stored form; a message that comes again, late or out of turn is one from the log of those before.
"""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.proofs import CONFUSED, NOT_STUCK, STILL
from tests.unit.scheduler.world import UID, spec
from tunewright.core.spec import Completion, Direction, Limits, Objective, Reevaluation, Strategy, TuningJobSpec
from tunewright.core.states import CLOSING_JOB_STATES, JOB_MOVES, JobState, TrainingState
from tunewright.platform.documents import from_document, to_document
from tunewright_scheduler.core.asking import AHEAD, Answered, AskFailed, StillAsked
from tunewright_scheduler.core.decide import (
    Message,
    Park,
    PauseRequested,
    ProcessEnded,
    Resumed,
    ResumeRequested,
    Revised,
    Spent,
    StopRequested,
    Tick,
    TrainingEnded,
    Unpark,
    advance,
    decide,
)
from tunewright_scheduler.core.effects import (
    Decision,
    Observe,
    PutAsk,
    RepeatAsk,
    RepeatTraining,
    StartTraining,
    StopTrainings,
)
from tunewright_scheduler.core.job import Ask, Ending, Outlook, Provenance, Suggestion, TuningJob

LARGEST_BYTES = 16_384
"""Of a job's document: bounded, whatever the number of its trainings."""
MOST_PARALLEL = 6
SUGGESTION = Suggestion({"lr": 0.01, "epochs": 3, "batch": "32"}, Provenance("random"))
NUMBERS = st.integers(1, 30)
ENDS = st.sampled_from(["COMPLETED", "FAILED", "STOPPED"])
VALUES = st.one_of(st.none(), st.floats(-10, 10), st.sampled_from([0.0, 1.0, 1.005]))


@st.composite
def specs(draw: st.DrawFn) -> TuningJobSpec:
    limit = draw(st.one_of(st.none(), st.integers(1, 12)))
    return spec(
        strategy=draw(st.sampled_from(Strategy)),
        objective=Objective("acc", draw(st.sampled_from(Direction))),
        limits=Limits(
            max_parallel=draw(st.integers(1, 4)),
            max_trainings=limit,
            max_runtime_s=draw(st.one_of(st.none(), st.integers(60, 3600))),
            max_cost=draw(st.one_of(st.none(), st.just(20.0))),
        ),
        reevaluation=draw(st.sampled_from([None, Reevaluation(1, 2), Reevaluation(2, 1)])) if limit else None,
        completion=Completion(target=draw(st.one_of(st.none(), st.just(9.0)))),
    )


class TuningJobMachine(RuleBasedStateMachine):
    @initialize(wanted=specs())
    def create(self, wanted: TuningJobSpec) -> None:
        self.now, self.wanted = 1_700_000_000.0, wanted
        self.log: list[Message] = []
        self.asks: dict[int, Ask] = {}
        self.started: list[int] = []
        self.folded: dict[int, Ending] = {}
        self.ended_how: dict[int, Ending] = {}
        job = TuningJob(UID, "job", "owner", created_at=self.now, modified_at=self.now, seed=7)
        self.job = job
        self._perform(advance(job, wanted, self.now))

    # -- Messages

    @rule(number=st.integers(0, 12), given=st.integers(0, 14), exhausted=st.booleans(), gain=st.booleans())
    def answer(self, number: int, given: int, exhausted: bool, gain: bool) -> None:
        ask = self.asks.get(number if number in self.asks else len(self.asks) - 1)
        if ask is not None:
            outlook = Outlook(0.5, 0.1) if gain else None
            suggestions = (SUGGESTION,) * min(given, ask.count)
            self._send(Answered(ask.number, suggestions, exhausted=exhausted and given < ask.count, outlook=outlook))

    @precondition(lambda self: self.job.ask is not None)
    @rule(given=st.integers(1, 14))
    def answer_what_is_open(self, given: int) -> None:
        self._send(Answered(self.job.ask.number, (SUGGESTION,) * min(given, self.job.ask.count)))

    @rule(number=st.integers(0, 12))
    def fail_to_ask(self, number: int) -> None:
        self._send(AskFailed(number, "no route to the suggester"))

    @precondition(lambda self: self.job.ask is not None)
    @rule()
    def fail_to_ask_what_is_open(self) -> None:
        self._send(AskFailed(self.job.ask.number, "no route to the suggester"))

    @rule(number=st.integers(0, 12))
    def still_ask(self, number: int) -> None:
        self._send(StillAsked(number))

    @precondition(lambda self: self.job.slots)
    @rule(place=st.integers(0, 3))
    def exit(self, place: int) -> None:
        self._send(ProcessEnded(self.job.slots[place % len(self.job.slots)]))

    @precondition(lambda self: self.job.in_flight)
    @rule(
        place=st.integers(0, 7),
        state=st.sampled_from(["COMPLETED", "FAILED", "STOPPED"]),
        value=VALUES,
        ours=st.booleans(),
    )
    def end(self, place: int, state: str, value: float | None, ours: bool) -> None:
        number = self.job.in_flight[place % len(self.job.in_flight)]
        failed = state == "FAILED"
        objective = None if failed else value
        self._send(TrainingEnded(Ending(number, TrainingState(state), failed and ours, objective, "why")))

    @rule(number=NUMBERS)
    def exit_or_end_of_anything(self, number: int) -> None:
        """Of what was never started, too: somebody else's confusion must not become ours."""
        if number not in self.job.in_flight:
            self._send(ProcessEnded(number))
            self._send(TrainingEnded(Ending(number, TrainingState.COMPLETED, False, 99.0, "")))

    @rule(seconds=st.sampled_from([0.0, 0.5, 3.0, 30.0, 700.0]))
    def tick(self, seconds: float) -> None:
        self.now += seconds
        self._send(Tick())

    @rule()
    def restart(self) -> None:
        self._send(Resumed())

    @rule()
    def crash(self) -> None:
        stored = msgspec.msgpack.decode(msgspec.msgpack.encode(to_document(self.job)))
        assert len(msgspec.msgpack.encode(stored)) < LARGEST_BYTES
        assert from_document(stored, TuningJob) == self.job
        self.job = from_document(stored, TuningJob)

    @precondition(lambda self: self.log)
    @rule(back=st.integers(0, 40))
    def repeat_a_message(self, back: int) -> None:
        self._send(self.log[-1 - back % len(self.log)])

    @rule()
    def stop(self) -> None:
        if not self.job.state.final:
            self._send(StopRequested("stopped by its user"))

    @rule(cost=st.sampled_from([0.0, 0.5, 3.0]))
    def spend(self, cost: float) -> None:
        """Told once for each attempt, in the commit that ends it; so it is not repeated here."""
        spent = self.job.spent
        decision = decide(self.job, self.wanted, Spent(cost), self.now)
        if not self.job.state.final:
            assert decision.job.spent == spent + cost
            self._perform(decision)

    @rule()
    def pause(self) -> None:
        self._send(PauseRequested())

    @rule()
    def resume(self) -> None:
        self._send(ResumeRequested())

    @precondition(lambda self: not self.job.state.final and self.job.state not in CLOSING_JOB_STATES)
    @rule(parallel=st.integers(1, 6), more=st.integers(-3, 5), wider=st.booleans())
    def amend(self, parallel: int, more: int, wider: bool) -> None:
        """Limits may go down, too; but a limit of trainings is at least one, and none stays none."""
        limits = self.wanted.limits
        most = None if limits.max_trainings is None else max(1, limits.max_trainings + more)
        self.wanted = replace(self.wanted, limits=replace(limits, max_parallel=parallel, max_trainings=most))
        self.job = replace(self.job, spec_revision=self.job.spec_revision + 1)
        self._send(Revised(other_space=wider))

    @precondition(lambda self: len(self.log) > 20)
    @rule()
    def park(self) -> None:
        self._send(Park("a fault of ours"))

    @rule()
    def unpark(self) -> None:
        self._send(Unpark())

    # -- What must hold

    @invariant()
    def what_is_kept_ahead_is_bounded(self) -> None:
        assert len(self.job.ahead) <= MOST_PARALLEL + AHEAD

    @invariant()
    def every_training_is_in_one_place(self) -> None:
        assert self.started == list(range(1, self.job.started + 1))
        places = [*self.job.in_flight, *self.folded]
        assert sorted(places) == self.started

    @invariant()
    def counters_add_up(self) -> None:
        job, folded = self.job, self.folded.values()
        trainings, objectives = job.trainings, job.objectives
        ended = trainings.completed + trainings.stopped + trainings.retryable_error + trainings.non_retryable_error
        assert ended + len(job.in_flight) == job.started
        assert job.observations == ended == objectives.succeeded + objectives.failed
        assert trainings.retryable_error == sum(one.retryable for one in folded)
        assert objectives.succeeded == sum(one.objective is not None for one in folded)

    @invariant()
    def best_is_the_best_that_was_folded(self) -> None:
        best = None
        for ending in self.folded.values():
            value = ending.objective
            if value is not None and (best is None or self.wanted.objective.direction.better(value, best.objective)):
                best = ending
        found = self.job.best
        assert (found.number, found.value) == (best.number, best.objective) if best is not None else found is None

    @invariant()
    def it_is_never_silently_stuck(self) -> None:
        job = self.job
        assert (job.due_at is None) == job.state.final
        assert job.due_at is None or math.isfinite(job.due_at)
        assert not job.state.final or (job.in_flight == () and job.ask is None and job.ended_at is not None)
        assert job.state not in CLOSING_JOB_STATES or job.reason

    def _send(self, message: Message) -> None:
        before = self.job
        decision = decide(before, self.wanted, message, self.now)
        assert decision == decide(before, self.wanted, message, self.now)
        if before.state.final:
            assert decision == Decision(before), "a final state stays"
            return
        self.log.append(message)
        if isinstance(message, TrainingEnded) and message.ending.number in before.in_flight:
            self.ended_how[message.ending.number] = message.ending
        self._perform(decision)
        assert self._reachable(before, self.job), f"{before.state} became {self.job.state}"

    def _perform(self, decision: Decision) -> None:
        before, self.job = self.job, decision.job
        if any(isinstance(effect, StartTraining | RepeatTraining) for effect in decision.effects):
            self._check_limits(before)
        for effect in decision.effects:
            match effect:
                case PutAsk(ask):
                    assert before.ask is None or decision.job.ask != before.ask, "asked twice at once"
                    assert ask.number == len(self.asks), "an ask record is written once"
                    assert ask.watermark == decision.job.observations
                    assert ask.count > 0
                    self.asks[ask.number] = ask
                case RepeatAsk(number):
                    assert number in self.asks, "only what is on record is asked again"
                case StartTraining(number) | RepeatTraining(number):
                    assert number == len(self.started) + 1
                    self.started.append(number)
                case Observe(fold_index, number):
                    assert fold_index == len(self.folded), "the log has no gap"
                    assert number not in self.folded, "observed once"
                    self.folded[number] = self.ended_how[number]
                case StopTrainings(numbers, reason):
                    assert set(numbers) <= set(decision.job.in_flight)
                    assert reason
                case _:
                    pass

    def _check_limits(self, before: TuningJob) -> None:
        """What starts finds room: an amendment may have left less than runs already, and then nothing starts."""
        limits = self.wanted.limits
        assert len(self.job.slots) <= limits.max_parallel
        assert limits.max_trainings is None or self.job.started <= limits.max_trainings
        assert before.state in {JobState.RUNNING, JobState.PAUSED, JobState.BLOCKED}, (
            "nothing starts in a job that closes"
        )
        assert self.job.state is not JobState.PAUSED
        assert self.job.state is not JobState.BLOCKED

    def _reachable(self, before: TuningJob, after: TuningJob) -> bool:
        """Say whether the table allows it; what closes with nothing in flight ends with the same message."""
        if after.state is before.state or after.state in JOB_MOVES[before.state]:
            return True
        return any(after.state in JOB_MOVES[between] for between in JOB_MOVES[before.state])


TestTuningJob = TuningJobMachine.TestCase
TestTuningJob.pytestmark = [
    pytest.mark.proves(CONFUSED, "any message to a tuning job", invariant) for invariant in (STILL, NOT_STUCK)
]
TestTuningJob.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_the_same_messages_give_the_same_job_however_often_it_is_read_back() -> None:
    wanted = replace(spec(), limits=Limits(max_parallel=2, max_trainings=3))
    job = TuningJob(UID, "job", "owner", created_at=0.0, modified_at=0.0, seed=7)
    kept = read_back = advance(job, wanted, 0.0).job
    messages = [Answered(0, (SUGGESTION,) * 3), ProcessEnded(1), Tick(), ProcessEnded(2)]
    for message in messages:
        kept = decide(kept, wanted, message, 1.0).job
        read_back = decide(from_document(to_document(read_back), TuningJob), wanted, message, 1.0).job
    assert kept == read_back
