"""What this scheduler has done, counted for Prometheus once the commit that did it stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from prometheus_client import Counter, Histogram

from tunewright.core.claimed import claimed_job, runs_elsewhere
from tunewright.core.spec import Strategy
from tunewright.core.states import TrainingState
from tunewright_scheduler.core.facts import TuningJobCreated, TuningJobEnded
from tunewright_scheduler.core.training import Training

if TYPE_CHECKING:
    from tunewright_scheduler.change import Change

DEFAULT: Final = "default"
CLAIMED: Final = "claimed"
ELSEWHERE: Final = "elsewhere"
OTHER: Final = "other"
MOST_POOLS: Final = 100
"""Pools without a trainer are named by users alone: those that come after so many share one label."""
WAITS: Final = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0)
"""Seconds."""
ASKS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 45.0)
SOURCES: Final = frozenset(
    {"default", "initial", "explore", "exploit", "random", "grid", "parent", "enqueued", "repeat", "fallback"}
)

asks = Counter("tunewright_asks", "Asks of the suggester that have ended", ["strategy", "outcome"])
ask_took = Histogram("tunewright_ask_seconds", "From the ask to its answer or failure", ["strategy"], buckets=ASKS)
fenced_sessions = Counter("tunewright_sessions_fenced", "Sessions of trainers that were ended, closed ones included")
fenced_attempts = Counter("tunewright_attempts_fenced", "Reports of ends that were refused: their lease was void")
_waited = Histogram(
    "tunewright_training_wait_seconds", "From when a training could be claimed to its grant", ["pool"], buckets=WAITS
)
_created = Counter("tunewright_jobs_created", "Tuning jobs created")
_jobs_ended = Counter("tunewright_jobs_ended", "Tuning jobs ended", ["state"])
_started = Counter("tunewright_trainings_created", "Trainings created, by what has proposed them", ["source"])
_fallbacks = Counter("tunewright_fallbacks", "Configurations drawn because the suggester did not answer", ["strategy"])
_ended = Counter("tunewright_trainings_ended", "Trainings ended", ["state"])
_lost = Counter("tunewright_attempts_lost", "Attempts lost with their trainer", ["pool"])
_again = Counter("tunewright_attempts_repeated", "Attempts made again after an end without fault or a preemption")
_ran = Counter("tunewright_training_run_seconds", "Seconds that ended attempts have run")
_wasted = Counter("tunewright_training_wasted_seconds", "Those of which no objective has come whole", ["reason"])
_spent = Counter("tunewright_spend", "Cost of ended attempts, in the currency of the jobs' prices")

_served = {DEFAULT}
"""Pools that have had a trainer, which operators start; and the one that always is there."""
_unserved: set[str] = set()
_lost.labels(DEFAULT)
for _strategy in Strategy:  # from 0 on: Prometheus sees no increase in what begins with its first count
    _fallbacks.labels(_strategy.value)


def pool_label(pool: str, *, served: bool = False) -> str:
    """Return what stands for a pool: its name, unless it is one job's own, or one of too many that nobody serves.

    `served`: a trainer is there. From then on it has its own label, however many others there are.
    """
    if claimed_job(pool) is not None:
        return CLAIMED
    if runs_elsewhere(pool):
        return ELSEWHERE
    if served and pool not in _served:
        _served.add(pool)
        _unserved.discard(pool)
        _lost.labels(pool)
    if pool in _served or pool in _unserved:
        return pool
    if len(_unserved) >= MOST_POOLS:
        return OTHER
    _unserved.add(pool)
    return pool


def granted(waited: Iterable[tuple[str, float]]) -> None:
    """Count grants to trainers, by their pools and how long each training has waited."""
    for pool, seconds in waited:
        _waited.labels(pool_label(pool, served=True)).observe(max(0.0, seconds))


def count(change: Change) -> None:
    """Count what a change has done."""
    for fact in change.facts:
        match fact:
            case TuningJobCreated():
                _created.inc()
            case TuningJobEnded():
                _jobs_ended.labels(fact.state).inc()
            case _:
                pass
    for number, after in change.trainings.items():
        before = change.read.get(number)
        if before is None:
            _count_new(after, change.spec.strategy.value)
        elif after is not before:
            _count_changed(before, after)


def _count_new(training: Training, strategy: str) -> None:
    source = training.provenance.source
    _started.labels(source if source in SOURCES else OTHER).inc()
    if source == "fallback":
        _fallbacks.labels(strategy).inc()


def _count_changed(before: Training, after: Training) -> None:
    ran_s = max(0.0, after.ran_s - before.ran_s)
    _ran.inc(ran_s)
    _spent.inc(max(0.0, after.cost - before.cost))
    if after.losses > before.losses:
        _lost.labels(pool_label(after.pool, served=True)).inc()
        _wasted.labels("lost").inc(ran_s)
    if after.retries + after.preemptions > before.retries + before.preemptions:
        _again.inc()
        _wasted.labels("run again").inc(ran_s)
    if after.state.final and not before.state.final:
        _count_ended(after)


def _count_ended(training: Training) -> None:
    _ended.labels(training.state.value).inc()
    exit_ = training.exit
    ran_s = exit_.ended_at - exit_.started_at if exit_ is not None and exit_.started_at is not None else 0.0
    if training.state is TrainingState.FAILED:
        _wasted.labels("failed").inc(max(0.0, ran_s))
    elif training.state is TrainingState.STOPPED and training.stopped_early is not None:
        _wasted.labels("stopped early").inc(max(0.0, ran_s))
