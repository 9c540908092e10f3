"""The best configurations run again before the job ends, to tell the good from the lucky.

    search ──all ended, or a criterion of the search──▶ what runs is stopped ──▶ the best k, r times each ──▶ COMPLETING

So many trainings of the job's limit are held back from the search. Target, limits and stop end the job at once, also
here. All k are run once before any is run twice, and repetition j has the same seed for all of them: common random
numbers make their differences less noisy (Glasserman and Yao 1992).

A repeat is an observation like others, and may be the job's best training, which stays AMT's: the best single value.
Recommended is which has the best mean over all its evaluations. That mean is a little too good, since the first
evaluation is why the configuration was chosen; it is so for all k alike.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tunewright.core.draws import uniform
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import JobState
from tunewright_scheduler.core.cost import affordable
from tunewright_scheduler.core.effects import Decision, Effect, RepeatTraining, StopTrainings
from tunewright_scheduler.core.job import Ending, Evaluation, TuningJob

LARGEST_SEED: Final = 2**31 - 1
"""Seeds are from 1 to this: what every library takes."""


def search_limit(spec: TuningJobSpec) -> int | None:
    """Return how many trainings the search may start, None without a limit."""
    limit = spec.limits.max_trainings
    return limit - spec.reevaluation.trainings if limit is not None and spec.reevaluation is not None else limit


def repeats_left(job: TuningJob, spec: TuningJobSpec) -> int:
    """Return how many repeats are still to be started, once the search has ended and the best are chosen."""
    if spec.reevaluation is None:
        return 0
    left = len(job.evaluated) * spec.reevaluation.repeats - job.repeated
    limit = spec.limits.max_trainings
    return max(0, left if limit is None else min(left, limit - job.started))


def comes_first(job: TuningJob, spec: TuningJobSpec) -> bool:
    """Say whether something is to be run again, or still runs, before a search that is over ends the job."""
    if spec.reevaluation is None:
        return False
    if job.in_flight:
        return True
    return repeats_left(job, spec) > 0 if job.evaluated else bool(job.top)


def go_on(job: TuningJob, spec: TuningJobSpec, reason: str) -> Decision:
    """End the search for `reason`; choose what is run again once nothing of it is in flight."""
    if not job.search_over:
        stop: tuple[Effect, ...] = (StopTrainings(job.slots, reason),) if job.slots else ()
        return Decision(replace(job, search_over=reason, ask=None, ahead=()), stop).then(
            lambda over: Decision(_chosen(over, spec))
        )
    return Decision(_chosen(job, spec))


def start_repeats(job: TuningJob, spec: TuningJobSpec) -> Decision:
    """Start as many repeats as there is room for."""
    if job.state is not JobState.RUNNING or spec.reevaluation is None or not job.evaluated:
        return Decision(job)
    free = max(0, spec.limits.max_parallel - len(job.slots))
    count = int(min(free, repeats_left(job, spec), affordable(job, spec)))
    numbers = range(job.started + 1, job.started + 1 + count)
    effects: tuple[Effect, ...] = tuple(
        _repeat(job, spec, number, job.repeated + i) for i, number in enumerate(numbers)
    )
    started = replace(job, started=job.started + count, repeated=job.repeated + count, slots=(*job.slots, *numbers))
    return Decision(started, effects)


def counted(job: TuningJob, spec: TuningJobSpec, ending: Ending) -> TuningJob:
    """Take in the objective of a repeat, if it has one."""
    value = ending.objective
    if ending.repeats is None or value is None:
        return job
    evaluated = tuple(_with(item, value) if item.number == ending.repeats else item for item in job.evaluated)
    again = [item for item in evaluated if item.count > 1]
    best = again[0]
    for item in again[1:]:
        best = item if spec.objective.direction.better(item.mean, best.mean) else best
    return replace(job, evaluated=evaluated, recommended=best.number)


def reason_of(job: TuningJob, spec: TuningJobSpec) -> str:
    """Say why a job ends whose search is over."""
    if spec.reevaluation is None or not job.evaluated:
        return job.search_over
    times = "once" if spec.reevaluation.repeats == 1 else f"{spec.reevaluation.repeats} times"
    which = "the best one was" if len(job.evaluated) == 1 else f"the best {len(job.evaluated)} were"
    return f"{job.search_over}; {which} run {times} more"


def _chosen(job: TuningJob, spec: TuningJobSpec) -> TuningJob:
    if spec.reevaluation is None or job.evaluated or job.in_flight:
        return job
    best = job.top[: spec.reevaluation.top]
    return replace(job, evaluated=tuple(Evaluation(item.number, 1, item.value) for item in best))


def _repeat(job: TuningJob, spec: TuningJobSpec, number: int, index: int) -> RepeatTraining:
    repetition, place = divmod(index, len(job.evaluated))
    parameter = spec.reevaluation.seed_parameter if spec.reevaluation is not None else ""
    seed = 1 + int(uniform(job.seed, repetition, "/repeat") * LARGEST_SEED)
    return RepeatTraining(number, job.evaluated[place].number, {parameter: str(seed)} if parameter else {})


def _with(item: Evaluation, value: float) -> Evaluation:
    count, distance = item.count + 1, value - item.mean
    mean = item.mean + distance / count
    return Evaluation(item.number, count, mean, item.squares + distance * (value - mean))
