"""The jobs whose histories are recorded: each kind of job, and each way in which one can end or be kept from ending."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tests.unit.scheduler.golden.histories import BEGAN_AT, Sent, created, step
from tests.unit.scheduler.world import spec
from tunewright.core.spec import (
    Completion,
    Direction,
    EnqueuedConfiguration,
    Limits,
    Objective,
    Reevaluation,
    Strategy,
    TuningJobSpec,
)
from tunewright.core.states import JobState, TrainingState
from tunewright_scheduler.core.asking import Answered, AskFailed
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
)
from tunewright_scheduler.core.job import Ending, Outlook, Provenance, Suggestion, TuningJob

MOST_MESSAGES: Final = 60
CONFIGURATION: Final = {"lr": 0.01, "epochs": 3, "batch": "32"}

Next = Callable[[TuningJob, random.Random], Message | Sent | None]
"""Chooses what a job is sent next; None: what usually comes."""


def usual(job: TuningJob, chance: random.Random, *, failing: float = 0.0) -> Message:
    """Answer what is asked, else end something that runs, else let time pass."""
    if job.ask is not None and chance.random() < 0.7:
        suggestion = Suggestion(CONFIGURATION | {"lr": chance.uniform(1e-4, 1e-1)}, Provenance("model", mean=0.5))
        return Answered(job.ask.number, (suggestion,) * job.ask.count, outlook=Outlook(0.5, 0.1))
    if job.slots and chance.random() < 0.5:
        return ProcessEnded(chance.choice(job.slots))
    if job.awaiting:
        number = chance.choice(job.awaiting).number
        if chance.random() < failing:
            return TrainingEnded(Ending(number, TrainingState.FAILED, False, None, f"exit code 3 of {number}"))
        return TrainingEnded(Ending(number, TrainingState.COMPLETED, False, round(chance.uniform(0, 1), 3), ""))
    return Tick()


def history(wanted: TuningJobSpec, choose: Next, seed: int = 1) -> list[Sent]:
    """Send a job what `choose` chooses until it ends."""
    chance = random.Random(seed)  # noqa: S311 - to replay
    now, job = BEGAN_AT, advance(created(), wanted, BEGAN_AT).job
    sent: list[Sent] = []
    while not job.state.final and len(sent) < MOST_MESSAGES:
        message = choose(job, chance) or usual(job, chance)
        after_s = chance.choice([0.0, 0.5, 3.0, 20.0])
        one = replace(message, after_s=after_s) if isinstance(message, Sent) else Sent(after_s, message)
        now += after_s
        wanted, job = one.spec or wanted, step(job, wanted, one, now).job
        sent.append(one)
    return sent


def _as_usual(_job: TuningJob, _chance: random.Random) -> None:
    return None


def _stopped(job: TuningJob, _chance: random.Random) -> Message | None:
    return StopRequested("stopped by its user") if job.observations == 2 and job.state is JobState.RUNNING else None


def _failing(job: TuningJob, chance: random.Random) -> Message:
    return usual(job, chance, failing=1.0)


def _failing_now_and_then(job: TuningJob, chance: random.Random) -> Message:
    return usual(job, chance, failing=0.4)


def _without_suggester(job: TuningJob, _chance: random.Random) -> Message | None:
    return AskFailed(job.ask.number, "no route to the suggester") if job.ask is not None and job.asks < 6 else None


def _exhausting(job: TuningJob, _chance: random.Random) -> Message | None:
    if job.ask is None:
        return None
    return Answered(job.ask.number, (Suggestion(CONFIGURATION, Provenance("grid")),) * 2, exhausted=True)


def _confused(job: TuningJob, chance: random.Random) -> Message | None:
    """What has come already, or is of nothing that there is."""
    stale = [
        Answered(max(job.asks - 2, 0), (Suggestion(CONFIGURATION, Provenance("late")),)),
        AskFailed(99, "of another time"),
        ProcessEnded(chance.randint(1, 9)),
        TrainingEnded(Ending(chance.randint(90, 99), TrainingState.COMPLETED, False, 9.0, "")),
        Resumed(),
        Tick(),
    ]
    return chance.choice(stale) if chance.random() < 0.5 else None


def _lost(job: TuningJob, _chance: random.Random) -> Message | None:
    if job.slots and job.started % 2 == 0:
        return TrainingEnded(Ending(job.slots[0], TrainingState.FAILED, True, None, "lost 3 times"))
    return None


def _never_summarised(job: TuningJob, _chance: random.Random) -> Message | None:
    if job.awaiting and job.awaiting[0].number % 2:
        number = job.awaiting[0].number
        return TrainingEnded(Ending(number, TrainingState.COMPLETED, False, None, "output lost"))
    return None


def _parked(job: TuningJob, _chance: random.Random) -> Message | None:
    return Park("a fault of ours") if job.observations == 3 else None


def _parked_for_a_while(job: TuningJob, chance: random.Random) -> Message | None:
    if job.state is JobState.BLOCKED:
        return Unpark() if chance.random() < 0.3 else None
    return Park("a fault of ours") if job.observations == 3 and chance.random() < 0.5 else None


def _spending(job: TuningJob, _chance: random.Random) -> Message | None:
    return Spent(2.0) if job.spent < 2.0 * job.observations else None


def _paused_and_resumed(job: TuningJob, chance: random.Random) -> Message | None:
    if job.state is JobState.PAUSED:
        return ResumeRequested() if chance.random() < 0.3 else None
    return PauseRequested() if job.observations == 2 else None


def _amended(job: TuningJob, _chance: random.Random) -> Sent | None:
    """Down, then up: with two observations there is room for one training, with four for ten and three at once."""
    limits = {(1, 2): Limits(1, 5), (2, 4): Limits(3, 10)}.get((job.spec_revision, job.observations))
    return Sent(0.0, Revised(), _spec(limits=limits)) if limits is not None else None


def _spec(strategy: Strategy = Strategy.RANDOM, parallel: int = 2, most: int | None = 6, **fields: object):
    limits = fields.pop("limits", Limits(max_parallel=parallel, max_trainings=most))
    return spec(strategy=strategy, limits=limits, **fields)


MINIMIZED: Final = Objective("acc", Direction.MINIMIZE)
ENQUEUED: Final = tuple(EnqueuedConfiguration(CONFIGURATION | {"epochs": epochs}) for epochs in (1, 2, 3))
CASES: Final[dict[str, tuple[TuningJobSpec, Next]]] = {
    "random": (_spec(), _as_usual),
    "random-one-by-one": (_spec(parallel=1), _as_usual),
    "random-many-at-once": (_spec(parallel=10, most=20), _as_usual),
    "grid-exhausted": (_spec(Strategy.GRID, most=9), _exhausting),
    "bayesian": (_spec(Strategy.BAYESIAN), _as_usual),
    "bayesian-without-suggester": (_spec(Strategy.BAYESIAN, most=30), _without_suggester),
    "hyperband": (_spec(Strategy.HYPERBAND), _failing_now_and_then),
    "minimized-to-a-target": (_spec(objective=MINIMIZED, completion=Completion(target=0.3), most=20), _as_usual),
    "until-its-time-is-up": (_spec(limits=Limits(2, None, max_runtime_s=60)), _as_usual),
    "stopped": (_spec(parallel=3), _stopped),
    "failed": (_spec(most=20), _failing),
    "lost-three-times": (_spec(), _lost),
    "output-lost": (_spec(), _never_summarised),
    "parked": (_spec(), _parked),
    "until-its-money-is-spent": (
        _spec(limits=Limits(2, 20, max_cost=9.0), prices_per_second={"local": 0.1}),
        _spending,
    ),
    "best-repeated": (_spec(reevaluation=Reevaluation(2, 2), most=9), _as_usual),
    "unparked": (_spec(), _parked_for_a_while),
    "paused-and-resumed": (_spec(), _paused_and_resumed),
    "paused-model": (_spec(Strategy.BAYESIAN), _paused_and_resumed),
    "amended-down-and-up": (_spec(), _amended),
    "enqueued-first": (_spec(enqueued=ENQUEUED), _as_usual),
    "confused-by-old-messages": (_spec(Strategy.BAYESIAN, most=8), _confused),
}
