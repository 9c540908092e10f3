"""Does the advisor find the fault of a faulty job, and keep silent about healthy ones?

Prints a table: a row per fault, a column per kind of advice, in jobs. Of healthy jobs a PLATEAU is true, and shown by
itself, where no more than ε is left to be gained within the ranges.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final

from bench.metrics.seeded_jobs import BAYESIAN, Many, Ran, crowded, dummies, flat, healthy, noisy, outside, ran
from bench.rows import Row
from tunewright.core.analysis import Advice, AdviceKind
from tunewright.core.gain import worthwhile_gain
from tunewright_metrics.core.advice.advise import advise
from tunewright_metrics.core.history import History

RANDOM_JOBS: Final = 30
BAYESIAN_JOBS: Final = 4
HEALTHY: Final = 90
HEALTHY_BAYESIAN: Final = 12
FOUND: Final = 0.85
"""Of faulty jobs; some cannot be told from healthy ones by what their trainings show."""
FAULTS: Final[Mapping[str, AdviceKind]] = {
    "edge": AdviceKind.BEST_AT_EDGE,
    "dummy": AdviceKind.NO_EFFECT,
    "noise": AdviceKind.NOISE_LARGER_THAN_GAIN,
    "crowd": AdviceKind.PARALLELISM_TOO_HIGH,
    "plateau": AdviceKind.PLATEAU,
}


def rows() -> list[Row]:
    found: dict[str, Counter[str]] = {}
    took: list[float] = []
    for job in _jobs():
        made = ran(job)
        began = time.perf_counter()
        advice = advise(made.history).advice
        took.append(time.perf_counter() - began)
        found.setdefault(job.name, Counter())["jobs"] += 1
        found[job.name].update({_name(item, made, job.name) for item in advice})
    _print(found)
    hits = [found[fault][kind] / found[fault]["jobs"] for fault, kind in FAULTS.items()]
    calm = found["healthy"]
    false = sum(calm[kind] for kind in AdviceKind) / calm["jobs"]
    return [
        *(
            Row(f"advice: {fault} found", 100 * hit, "%", "seeded jobs of this fault", None, "≥ 85 %", hit >= FOUND)
            for fault, hit in zip(FAULTS, hits, strict=True)
        ),
        Row(
            "advice: hints on healthy jobs",
            100 * false,
            "%",
            f"{calm['jobs']} seeded jobs",
            None,
            "< 5 %",
            false < 0.05,
        ),
        Row(
            "advice: time",
            1000 * statistics.median(took),
            "ms",
            "median of all",
            None,
            "< 1000 ms",
            statistics.median(took) < 1.0,
        ),
    ]


def is_true(advice: Advice, made: Ran) -> bool:
    """Say whether a hint about a healthy job is right: nothing worth another training is left to gain."""
    return advice.kind == AdviceKind.PLATEAU and made.left <= _least(made.history)


def _jobs() -> Many:
    few, many = BAYESIAN_JOBS, RANDOM_JOBS
    return (
        *outside(many), *outside(few, BAYESIAN),
        *dummies(many), *dummies(few, BAYESIAN),
        *noisy(many), *noisy(few, BAYESIAN),
        *crowded(many),
        *flat(many), *flat(few, BAYESIAN),
        *healthy(HEALTHY), *healthy(HEALTHY_BAYESIAN, BAYESIAN, 60),
    )  # fmt: skip


def _name(advice: Advice, made: Ran, job: str) -> str:
    """Return the kind of a hint, or what it is if it names another hyperparameter or is true of a healthy job."""
    if advice.suggested is not None and job in {"edge", "dummy"} and advice.suggested.name != made.faulty:
        return f"{advice.kind} of another"
    if job == "healthy" and is_true(advice, made):
        return "true PLATEAU"
    return advice.kind


def _least(history: History) -> float:
    values = sorted(item.value for item in history.tried if item.value is not None)
    best = values[-1] if history.spec.objective.direction.better(1, 0) else values[0]
    return worthwhile_gain(best, values)


def _print(found: Mapping[str, Counter[str]]) -> None:
    columns = sorted({kind for counts in found.values() for kind in counts if kind != "jobs"})
    for job, counts in found.items():
        told = ", ".join(f"{kind} {counts[kind]}" for kind in columns if counts[kind])
        print(f"{job:10} {counts['jobs']:4} jobs: {told or 'nothing'}")
