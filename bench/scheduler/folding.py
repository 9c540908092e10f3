"""How many messages `decide` folds in a second, on one core, decoding excluded.

The messages are those of a Random job with ten slots, as its own effects call for them: answers, processes that end,
trainings that end, and a tick now and then. They are recorded once, then folded again and again, which is what is
timed. The best round counts, of ours as of the floor: the others measure who else wants the core. The floor is the same
loop with a fold that only replaces two fields, by the standard library's means.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median
from typing import Final

from bench.rows import Row
from bench.scheduler import subject
from tunewright.core.access import OWNER
from tunewright.core.spec import TuningJobSpec
from tunewright_scheduler.core.asking import Answered
from tunewright_scheduler.core.decide import Message, ProcessEnded, Tick, TrainingEnded, advance, decide
from tunewright_scheduler.core.effects import Effect, PutAsk, StartTraining
from tunewright_scheduler.core.ending import ending, exited, summarized
from tunewright_scheduler.core.job import Provenance, TuningJob
from tunewright_scheduler.core.session import Speaker
from tunewright_scheduler.core.training import Summary, Training, granted

PARALLEL: Final = 10
WANTED: Final = 20_000
TICK_EVERY: Final = 20
ROUNDS: Final = 30
"""For 1,000 trainings; fewer for more."""

Timed = tuple[Message, float]
Fold = Callable[[TuningJob, TuningJobSpec, Message, float], TuningJob]


def rows() -> list[Row]:
    return [row for trainings in (1_000, 10_000) for row in _rows(trainings)]


def _rows(trainings: int) -> list[Row]:
    spec = subject.spec("folding", trainings=trainings, parallel=PARALLEL)
    job, messages = recorded(spec)
    ours, floor = [], []
    for _ in range(max(8, ROUNDS * 1_000 // trainings)):
        ours.append(per_second(_decide, job, spec, messages))
        floor.append(per_second(_touch, job, spec, messages))
    rate, bare = max(ours), max(floor)
    beside = f"floor: two fields replaced {bare:,.0f}/s; {len(messages):,} messages; median {median(ours):,.0f}/s"
    name = f"decide folds, {trainings:,} trainings"
    return [Row(name, rate, "/s", beside, bare / rate, f"≥ {WANTED:,}/s", rate >= WANTED)]


def recorded(spec: TuningJobSpec) -> tuple[TuningJob, list[Timed]]:
    """Return a job as it is created and the messages that bring it to its end."""
    now = 1_700_000_000.0
    job = first = TuningJob("0123456789abcdef", spec.name, "owner", created_at=now, modified_at=now, seed=7)
    messages: list[Timed] = []
    running: deque[int] = deque()
    waiting: deque[int] = deque()
    due: deque[Message] = deque()

    def take(effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case PutAsk(ask):
                    due.append(Answered(ask.number, subject.suggestions(ask)))
                case StartTraining(number):
                    running.append(number)
                case _:
                    pass

    opened = advance(job, spec, now)
    first = job = opened.job
    take(opened.effects)
    while not job.state.final:
        now += 0.5
        if not due and len(messages) % TICK_EVERY == 0:
            due.append(Tick())
        elif not due and running and len(waiting) < 3:
            waiting.append(running.popleft())
            due.append(ProcessEnded(waiting[-1]))
        elif not due:
            due.append(_training_ended(job, waiting.popleft(), now))
        message = due.popleft()
        decision = decide(job, spec, message, now)
        messages.append((message, now))
        job = decision.job
        take(decision.effects)
    return first, messages


def _training_ended(job: TuningJob, number: int, now: float) -> TrainingEnded:
    ready = Training(
        uid=job.uid,
        number=number,
        name=f"{job.name}-{number}",
        owner=job.owner,
        configuration={},
        spec_revision=1,
        created_at=now - 70.0,
        pool="default",
        claim_order=now,
        provenance=Provenance("random"),
    )
    left = exited(
        granted(ready, Speaker("trainer", 1, OWNER), "claim", now - 61.0), 1, subject.left(number, now), now, 600.0
    )
    return TrainingEnded(ending(summarized(left, 1, Summary(subject.loss(number)), now)))


def per_second(fold: Fold, job: TuningJob, spec: TuningJobSpec, messages: Sequence[Timed]) -> float:
    """Return the messages folded per second of processor time."""
    began = time.process_time()
    for message, now in messages:
        job = fold(job, spec, message, now)
    return len(messages) / (time.process_time() - began)


def _decide(job: TuningJob, spec: TuningJobSpec, message: Message, now: float) -> TuningJob:
    return decide(job, spec, message, now).job


def _touch(job: TuningJob, _spec: TuningJobSpec, _message: Message, now: float) -> TuningJob:
    return replace(job, modified_at=now, due_at=now + 600.0)
