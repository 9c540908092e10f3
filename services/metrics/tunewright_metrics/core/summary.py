"""What is told of an attempt once its output is complete: the objective, or why there is none."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from tunewright.core.spec import Objective, ObjectiveReading
from tunewright_metrics.core.kinds import EXAMPLE_LENGTH, Kind
from tunewright_metrics.core.series import Fault, MetricState, Series
from tunewright_metrics.core.stream import Stream


@dataclass(frozen=True, slots=True)
class LastValue:
    metric: str
    value: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Field names are those of the message TrainingSummarized."""

    uid: str
    number: int
    attempt: int
    objective_value: float | None
    objective_fault: str
    steps: int
    last_values: tuple[LastValue, ...]
    faults: tuple[Fault, ...]
    curve: tuple[float, ...]
    curve_steps: tuple[int, ...]
    tail: tuple[str, ...]
    objective_error: float | None = None


def summary_of(stream: Stream) -> Summary:
    series, objective = stream.series, stream.objective
    emitted = series.metrics.get(objective.metric_name) if objective else None
    value, fault = objective_of(stream)
    curve_steps, curve = series.curve.points()
    return Summary(
        uid=stream.uid,
        number=stream.number,
        attempt=stream.attempt,
        objective_value=value,
        objective_fault=fault,
        steps=emitted.steps if emitted else 0,
        last_values=tuple(LastValue(metric, state.last) for metric, state in sorted(series.metrics.items())),
        faults=(*series.faults, *_missing(stream)),
        curve=curve,
        curve_steps=curve_steps,
        tail=stream.tail,
        objective_error=_error(objective, series) if value is not None else None,
    )


def _missing(stream: Stream) -> Iterator[Fault]:
    """Yield a fault for each definition that has read nothing at all; one that is refused has a fault already."""
    for item in stream.definitions:
        if item.name not in stream.series.metrics and stream.series.fault(item.name, Kind.REFUSED) is None:
            yield Fault(Kind.MISSING, item.name, stream.lines_read, item.regex[:EXAMPLE_LENGTH])


def _error(objective: Objective | None, series: Series) -> float | None:
    """Return the standard error of a mean of the last values: sd / sqrt(k), of two values or more."""
    if objective is None or objective.reading is not ObjectiveReading.MEAN_OF_LAST or len(series.recent) < 2:
        return None
    error = statistics.stdev(series.recent) / math.sqrt(len(series.recent))
    return error if math.isfinite(error) else None


def objective_of(stream: Stream) -> tuple[float | None, str]:
    """Return the objective, or None and why there is none; a training by itself has none, which is no fault.

    The last emission counts, whichever instance made it, and must be a finite number; with ObjectiveReading.BEST the
    best finite one counts.
    """
    objective, series = stream.objective, stream.series
    if objective is None:
        return None, ""
    emitted = series.metrics.get(objective.metric_name)
    if emitted is None:
        return None, _never_emitted(stream, objective.metric_name)
    if objective.reading is ObjectiveReading.BEST and series.best is not None:
        return series.best, ""
    if emitted.kind is not Kind.NUMBER:
        return None, _not_a_number(objective.metric_name, emitted)
    if objective.reading is ObjectiveReading.MEAN_OF_LAST:
        return _mean_of_last(objective, series)
    return emitted.last, ""


def _mean_of_last(objective: Objective, series: Series) -> tuple[float | None, str]:
    if all(math.isfinite(value) for value in series.recent):
        return math.fsum(value / len(series.recent) for value in series.recent), ""
    return None, f"one of the last {objective.last_k} values of {objective.metric_name!r} was not a finite number"


def _not_a_number(metric: str, emitted: MetricState) -> str:
    place = f"line {emitted.line + 1}" if emitted.line >= 0 else "reported"
    return f"the last value of {metric!r} was {emitted.kind.value}: {emitted.text!r} ({place})"


def _never_emitted(stream: Stream, metric: str) -> str:
    """Say why there is no value at all: the regex, wherever there is one."""
    never = f"objective metric {metric!r} was never emitted"
    patterns = [item.regex for item in stream.definitions if item.name == metric]
    if not patterns:
        return f"{never}: nothing was reported under that name, and it has no regex"
    refused, timed_out = (stream.series.fault(metric, kind) for kind in (Kind.REFUSED, Kind.TIMED_OUT))
    if refused is not None:
        return f"{never}: its regex cannot be used: {refused.example}"
    if timed_out is not None:
        return f"{never}: its regex {patterns[0]!r} took too long on {timed_out.count} lines and was given up"
    if not patterns[0]:
        return f"{never}: none of {stream.lines_read} lines is a JSON object with it, and nothing was reported"
    return f"{never}: none of {stream.lines_read} lines matched {patterns[0]!r}"
