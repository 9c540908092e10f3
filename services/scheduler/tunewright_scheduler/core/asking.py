"""When to ask for configurations, what an ask holds, and what happens when no answer comes.

At most one ask of a job is open. Random and Grid need nothing from the past: they are asked for some configurations
ahead, so that a slot that gets free is taken in the same commit. A model is asked when there is room, and waits a
moment (`suggest_wait_s`) for the summary of a training that has just exited. If the suggester cannot be reached, Random
takes the same draws from the shared core; Bayesian and Hyperband take a few tagged random draws, then wait; Grid waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tunewright.core.draws import random_configuration
from tunewright.core.errors import SpaceExhausted
from tunewright.core.rungs import resources_of, rungs_of
from tunewright.core.space import size
from tunewright.core.spec import Strategy, TuningJobSpec
from tunewright.core.states import JobState
from tunewright.core.turns import turn
from tunewright.core.values import replace
from tunewright_scheduler.core import cost, reevaluation
from tunewright_scheduler.core.convergence import with_outlook
from tunewright_scheduler.core.effects import Decision, Effect, PutAsk, RepeatAsk, StartTraining
from tunewright_scheduler.core.job import Ask, OpenAsk, Outlook, Provenance, Suggestion, TuningJob

ANSWER_DUE_S: Final = 5.0
"""An ask that nobody is heard to be asking is asked again after this time: the asking process may have died."""

MODELLED: Final = frozenset({Strategy.BAYESIAN, Strategy.HYPERBAND})
"""Strategies that look at observations, and so are asked no earlier than need be."""

AHEAD: Final = 8
"""So many configurations more than may run at once are kept ahead; an ask is opened when as many have been started."""

MOST_AWAITING: Final = 1000
"""Nothing is started while the summaries of so many ended trainings are awaited: they are what a job's value would grow
by as long as metrics is away."""

LONGEST_PAUSE_S: Final = 30.0
FALLBACKS_IN_ROW: Final = 3
FALLBACK_SHARE: Final = 10
"""At most one in so many of a job's trainings may come from a fallback."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The suggester's answer to an ask."""

    ask_number: int
    suggestions: tuple[Suggestion, ...]
    exhausted: bool = False
    outlook: Outlook | None = None
    recommended: int | None = None
    """Number of the training that the model holds best."""


@dataclass(frozen=True, slots=True)
class AskFailed:
    """The suggester could not be asked."""

    ask_number: int
    why: str


@dataclass(frozen=True, slots=True)
class StillAsked:
    """The suggester is still at it, and the process that has asked it is alive."""

    ask_number: int


def searches(job: TuningJob, spec: TuningJobSpec) -> bool:
    """Say whether a job that runs may still ask for configurations."""
    if job.state is not JobState.RUNNING or job.search_over or job.exhausted:
        return False
    limit = reevaluation.search_limit(spec)
    return limit is None or job.started < limit


def room(job: TuningJob, spec: TuningJobSpec) -> int:
    """Return how many trainings may be started now."""
    if job.state is not JobState.RUNNING or job.search_over:
        return 0
    unread = MOST_AWAITING - len(job.awaiting)
    free = int(min(spec.limits.max_parallel - len(job.slots), unread, cost.affordable(job, spec)))
    limit = reevaluation.search_limit(spec)
    return max(0, free if limit is None else min(free, limit - job.started))


def waits_until(job: TuningJob, spec: TuningJobSpec, now: float) -> Iterator[float]:
    """Yield the times until which the next ask waits for summaries; none if it need not wait."""
    if spec.strategy is Strategy.BAYESIAN and job.ask is None and room(job, spec):
        for waiting in job.awaiting:
            until = waiting.exited_at + spec.suggest_wait_s
            if until > now:
                yield until


def given_out(job: TuningJob) -> int:
    """Return how many configurations the strategy has given out: the next draw's number, the next place in a grid."""
    return job.started - job.enqueued - job.repeated + len(job.ahead)


def ask_if_wanted(job: TuningJob, spec: TuningJobSpec, now: float) -> Decision:
    """Start what the user has enqueued and what is ahead, then open an ask for what is wanted."""
    started = _start_enqueued(job, spec).then(lambda last: _start_ahead(last, spec))
    job = started.job
    count = _wanted(job, spec)
    if not count or job.ask is not None or any(waits_until(job, spec, now)):
        return started
    limit = reevaluation.search_limit(spec)
    ask = Ask(
        uid=job.uid,
        number=job.asks,
        spec_revision=job.spec_revision,
        count=count,
        watermark=job.observations,
        pending=job.in_flight,
        started=given_out(job),
        budget=None if limit is None else limit - job.started - len(job.ahead),
        parallel=spec.limits.max_parallel,
        effort=spec.bayesian.effort if spec.bayesian is not None else "",
    )
    opened = replace(job, asks=job.asks + 1, ask=OpenAsk(ask.number, count, now + ANSWER_DUE_S, opened_at=now))
    return started.then(lambda _: Decision(opened, (PutAsk(ask),)))


def answered(job: TuningJob, spec: TuningJobSpec, answer: Answered, now: float) -> Decision:
    """Start what the suggester proposes. An answer to an ask that is no longer open changes nothing."""
    if job.ask is None or job.ask.number != answer.ask_number:
        return Decision(job)
    heard = replace(
        with_outlook(job, answer.outlook, now),
        fallbacks_in_row=0,
        recommended=answer.recommended if answer.recommended is not None else job.recommended,
        unanswered_at=None,
        unanswered_why="",
    )
    if spec.completion.on_convergence and heard.converged_at is not None:
        return Decision(replace(heard, ask=None))  # the search ends: what is proposed beside would only be stopped
    return _propose(heard, spec, answer.suggestions, exhausted=answer.exhausted)


def failed(job: TuningJob, spec: TuningJobSpec, ask_number: int, why: str, now: float) -> Decision:
    """Go on without the suggester where that is allowed, else ask again later, a little longer each time."""
    opened = job.ask
    if opened is None or opened.number != ask_number:
        return Decision(job)
    since = now if job.unanswered_at is None else job.unanswered_at
    job = replace(job, unanswered_at=since, unanswered_why=why)
    if spec.strategy is Strategy.RANDOM or fallback_allowed(job, spec):
        return _fall_back(job, spec, why)
    failures = opened.failures + 1
    pause_s = min(2.0 ** min(failures, 10), LONGEST_PAUSE_S)
    ask = replace(opened, failures=failures, retry_at=now + pause_s)
    return Decision(replace(job, ask=ask))


def still_asked(job: TuningJob, ask_number: int, now: float) -> Decision:
    """Put off the repetition: the process that asks is alive."""
    if job.ask is None or job.ask.number != ask_number:
        return Decision(job)
    return Decision(replace(job, ask=replace(job.ask, retry_at=now + ANSWER_DUE_S)))


def repeat(job: TuningJob, now: float) -> Decision:
    """Ask again what is still open; the record makes the answer the same."""
    if job.ask is None:
        return Decision(job)
    number = job.ask.number
    return still_asked(job, number, now).then(lambda asked: Decision(asked, (RepeatAsk(number),)))


def repeat_if_due(job: TuningJob, now: float) -> Decision:
    return repeat(job, now) if job.ask is not None and job.ask.retry_at <= now else Decision(job)


def fallback_allowed(job: TuningJob, spec: TuningJobSpec) -> bool:
    """Say whether a model's job may take one more random configuration in place of the suggester's answer."""
    if spec.strategy not in MODELLED or spec.limits.max_trainings is None:
        return False
    return job.fallbacks_in_row < FALLBACKS_IN_ROW and job.fallbacks * FALLBACK_SHARE < spec.limits.max_trainings


def own_rungs(spec: TuningJobSpec, *, whole: bool) -> tuple[int, ...]:
    """Return the rungs of a training that the suggester has not proposed: those of the bracket that stops earliest.

    `whole`: it is to have all that one training gets, as the one that it repeats.
    """
    if spec.strategy is not Strategy.HYPERBAND or spec.hyperband is None:
        return ()
    minimum, maximum = resources_of(spec.hyperband)
    return (maximum,) if whole else rungs_of(0, minimum, maximum)


def _fall_back(job: TuningJob, spec: TuningJobSpec, why: str) -> Decision:
    """Take the draws that Random would take; for a model's job one at a time, tagged.

    What parents have tried is not known here: a job that has some may try it again as long as nobody answers, and is
    tagged for it.
    """
    drawn = spec.strategy is Strategy.RANDOM
    count = job.ask.count if drawn and job.ask is not None else 1
    provenance = Provenance("random") if drawn and not job.parents else Provenance("fallback", reason=why)
    suggestions: list[Suggestion] = []
    exhausted = False
    try:
        first = given_out(job)
        suggestions.extend(_draw(job, spec, first + index, provenance) for index in range(count))
    except SpaceExhausted:
        exhausted = True
    if not drawn:
        job = replace(job, fallbacks=job.fallbacks + 1, fallbacks_in_row=job.fallbacks_in_row + 1)
    return _propose(job, spec, tuple(suggestions), exhausted=exhausted)


def _draw(job: TuningJob, spec: TuningJobSpec, draw: int, provenance: Provenance) -> Suggestion:
    place, number = turn([size(definition.space) for definition in spec.definitions], draw)
    definition = spec.definitions[place]
    configuration = random_configuration(definition.space, job.seed, number)
    return Suggestion(configuration, provenance, definition.name)


def _wanted(job: TuningJob, spec: TuningJobSpec) -> int:
    """Return how many configurations to ask for now."""
    if not searches(job, spec):
        return 0
    if spec.strategy in MODELLED:
        return room(job, spec)
    parallel, limit = spec.limits.max_parallel, reevaluation.search_limit(spec)
    missing = parallel + AHEAD - len(job.ahead) if len(job.ahead) < parallel else 0
    enqueued = len(spec.enqueued) - job.enqueued
    return missing if limit is None else max(0, min(missing, limit - job.started - len(job.ahead) - enqueued))


def _propose(job: TuningJob, spec: TuningJobSpec, more: tuple[Suggestion, ...], *, exhausted: bool) -> Decision:
    """Close the ask; start what there is room for. What a model has proposed beyond that would be stale later."""
    proposed = replace(job, ask=None, ahead=(*job.ahead, *more), exhausted=job.exhausted or exhausted)
    started = _start_ahead(proposed, spec)
    if spec.strategy not in MODELLED:
        return started
    return started.then(lambda last: Decision(replace(last, ahead=())))


def _start_ahead(job: TuningJob, spec: TuningJobSpec) -> Decision:
    first = job.ahead[: room(job, spec)]
    return _start(replace(job, ahead=job.ahead[len(first) :]), first) if first else Decision(job)


def _start_enqueued(job: TuningJob, spec: TuningJobSpec) -> Decision:
    """Start what the user has enqueued, before anything else and whether or not an ask is open."""
    if job.enqueued == len(spec.enqueued):
        return Decision(job)
    waiting = spec.enqueued[job.enqueued : job.enqueued + room(job, spec)]
    suggestions = (Suggestion(item.configuration, Provenance("enqueued"), item.definition_name) for item in waiting)
    return _start(replace(job, enqueued=job.enqueued + len(waiting)), tuple(suggestions))


def _start(job: TuningJob, suggestions: tuple[Suggestion, ...]) -> Decision:
    if not suggestions:
        return Decision(job)
    numbers = range(job.started + 1, job.started + 1 + len(suggestions))
    effects: tuple[Effect, ...] = tuple(map(StartTraining, numbers, suggestions))
    return Decision(replace(job, started=job.started + len(suggestions), slots=(*job.slots, *numbers)), effects)
