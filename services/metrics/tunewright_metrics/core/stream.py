"""What one attempt of a training says, folded message by message into a value.

Lines count only if they are contiguous per instance: what overlaps is dropped, a gap is asked for again and nothing after
it counts before it is filled. So lost, repeated and reordered messages, a restarted trainer and a new collector all come
to the same stream, the same measurements and, byte for byte, the same summary.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from tunewright.core.spec import MetricDefinition, Objective, ObjectiveReading
from tunewright_metrics.core.reading import Kind, Reader, Reading

CURVE_POINTS: Final = 64
TAIL_LINES: Final = 20
TAIL_WIDTH: Final = 500
QUIET_LINES: Final = 200
"""Lines without a match of the objective after which there is a warning."""

REPORTS_REMEMBERED: Final = 1000
FROM_THE_START: Final = -1


@dataclass(frozen=True, slots=True)
class MetricState:
    """One metric so far. A step is an emission, whether or not it was a finite number."""

    steps: int
    last: float
    last_kind: Kind
    last_line: int
    last_text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Emissions of one metric that were no finite numbers, by kind."""

    kind: Kind
    metric: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Running mean of the objective, thinned to at most CURVE_POINTS points by doubling the stride."""

    steps: tuple[int, ...] = ()
    means: tuple[float, ...] = ()
    stride: int = 1
    count: int = 0
    mean: float = 0.0

    def add(self, value: float) -> Curve:
        count = self.count + 1
        mean = self.mean + (value - self.mean) / count
        moved = replace(self, count=count, mean=mean)
        if count % self.stride:
            return moved
        steps, means, stride = (*self.steps, count), (*self.means, mean), self.stride
        if len(steps) > CURVE_POINTS:
            steps, means, stride = steps[1::2], means[1::2], 2 * stride
        return replace(moved, steps=steps, means=means, stride=stride)


@dataclass(frozen=True, slots=True)
class Ended:
    line_counts: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Stream:
    uid: str
    number: int
    attempt: int
    started: bool = False
    training_name: str = ""
    owner: str = ""
    definitions: tuple[MetricDefinition, ...] = ()
    objective: Objective | None = None
    next_lines: tuple[int, ...] = (0,)
    """The next line that counts, by instance."""
    metrics: Mapping[str, MetricState] = field(default_factory=dict)
    recent: tuple[float, ...] = ()
    """The objective's last values, as many as its reading needs."""
    best: float | None = None
    curve: Curve = Curve()
    faults: tuple[Fault, ...] = ()
    tail: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    asked_from: tuple[int, int] | None = None
    """The last gap that was asked for: instance and line."""
    warned: bool = False
    ended: Ended | None = None
    summary: bytes | None = None
    """The TrainingSummarized that was published; told again as it is."""


@dataclass(frozen=True, slots=True)
class Measured:
    metric: str
    value: float
    step: int
    line: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Lines from here on are missing; FROM_THE_START: all, with the message that starts the stream."""

    instance: int
    from_line: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What a fold of lines did: the stream, what was measured, and how many of the given lines were new."""

    stream: Stream
    measured: tuple[Measured, ...] = ()
    new_from: int = 0
    new: bool = False
    gap: Gap | None = None


def start(
    stream: Stream, name: str, owner: str, definitions: tuple[MetricDefinition, ...], objective: Objective, instances: int
) -> Stream:
    """Take the message that starts the stream; the same again changes nothing."""
    if stream.started:
        return stream
    return replace(
        stream,
        started=True,
        training_name=name,
        owner=owner,
        definitions=definitions,
        objective=objective,
        next_lines=(0,) * max(instances, 1),
        asked_from=None,
    )


def take_lines(stream: Stream, instance: int, first_line: int, lines: tuple[str, ...], reader: Reader) -> Taken:
    """Take lines of one instance, of which those before the next expected one are known already."""
    if not stream.started:
        return _ask(stream, Gap(0, FROM_THE_START))
    expected = stream.next_lines[instance]
    if first_line > expected:
        return _ask(stream, Gap(instance, expected))
    known = expected - first_line
    fresh = lines[known:]
    if not fresh or stream.summary is not None:
        return Taken(stream)
    moved, measured = measure(stream, reader.read(fresh, expected))
    next_lines = (*stream.next_lines[:instance], expected + len(fresh), *stream.next_lines[instance + 1 :])
    tail = (*stream.tail, *(line[:TAIL_WIDTH] for line in fresh[-TAIL_LINES:]))[-TAIL_LINES:]
    moved = replace(moved, next_lines=next_lines, tail=tail, asked_from=None)
    return Taken(moved, measured, new_from=known, new=True)


def take_report(stream: Stream, report_id: str, values: tuple[tuple[str, float], ...]) -> Taken:
    """Take metrics that the program handed in itself; an id counts once."""
    if not stream.started:
        return _ask(stream, Gap(0, FROM_THE_START))
    if report_id in stream.reports or stream.summary is not None:
        return Taken(stream)
    readings = [Reading(metric, FROM_THE_START, _kind(value), value, repr(value)) for metric, value in values]
    moved, measured = measure(stream, readings)
    return Taken(replace(moved, reports=(*moved.reports, report_id)[-REPORTS_REMEMBERED:]), measured, new=True)


def take_end(stream: Stream, ended: Ended) -> Taken:
    """Take the message that ends the stream. Complete, it can be summarised; otherwise what is missing is asked for again."""
    if not stream.started:
        return Taken(stream, gap=Gap(0, FROM_THE_START))
    if stream.summary is not None:
        return Taken(stream)
    moved = replace(stream, ended=ended)
    for instance, (has, wants) in enumerate(zip(stream.next_lines, ended.line_counts, strict=False)):
        if has < wants:
            return Taken(replace(moved, asked_from=(instance, has)), gap=Gap(instance, has))
    return Taken(moved)


def complete(stream: Stream) -> bool:
    """Say whether the end is known and every line before it has been taken."""
    return stream.ended is not None and all(
        has >= wants for has, wants in zip(stream.next_lines, stream.ended.line_counts, strict=False)
    )


def measure(stream: Stream, readings: list[Reading]) -> tuple[Stream, tuple[Measured, ...]]:
    """Fold readings into the metrics, the objective and the faults."""
    measured: list[Measured] = []
    metrics, faults = dict(stream.metrics), {(item.metric, item.kind): item for item in stream.faults}
    recent, best, curve = stream.recent, stream.best, stream.curve
    for reading in readings:
        known = metrics.get(reading.metric)
        steps = (known.steps if known else 0) + 1
        metrics[reading.metric] = MetricState(steps, reading.value, reading.kind, reading.line, reading.text)
        if reading.kind is not Kind.NUMBER:
            faults[reading.metric, reading.kind] = _counted(faults.get((reading.metric, reading.kind)), reading)
        if reading.kind is not Kind.UNPARSABLE:
            measured.append(Measured(reading.metric, reading.value, steps, reading.line))
        if stream.objective is not None and reading.metric == stream.objective.metric_name:
            recent = (*recent, reading.value)[-max(stream.objective.last_k, 1) :]
            if reading.kind is Kind.NUMBER:
                curve = curve.add(reading.value)
                if best is None or stream.objective.direction.better(reading.value, best):
                    best = reading.value
    moved = replace(
        stream, metrics=metrics, faults=tuple(faults.values()), recent=recent, best=best, curve=curve
    )
    return moved, tuple(measured)


def never_matched(stream: Stream) -> MetricDefinition | None:
    """Return the objective's definition if it has matched nothing for a while and nobody has been warned yet."""
    if stream.warned or stream.objective is None or sum(stream.next_lines) < QUIET_LINES:
        return None
    name = stream.objective.metric_name
    if name in stream.metrics:
        return None
    return next((item for item in stream.definitions if item.name == name), None)


def objective_value(stream: Stream) -> tuple[float | None, str]:
    """Return the objective, or None and why there is none: the last emission must be a finite number."""
    objective = stream.objective
    if objective is None:
        return None, "the stream never started"
    state = stream.metrics.get(objective.metric_name)
    if state is None:
        regexes = [item.regex for item in stream.definitions if item.name == objective.metric_name]
        read = f"none of {sum(stream.next_lines)} lines matched {regexes[0]!r}" if regexes else "it was never reported"
        return None, f"objective metric {objective.metric_name!r} was never emitted: {read}"
    if objective.reading is ObjectiveReading.BEST and stream.best is not None:
        return stream.best, ""
    if state.last_kind is not Kind.NUMBER:
        return None, f"the last value of {objective.metric_name!r} was {state.last_kind}: {state.last_text!r} (line {state.last_line})"
    if objective.reading is ObjectiveReading.MEAN_OF_LAST:
        mean = math.fsum(stream.recent) / len(stream.recent)
        return (mean, "") if math.isfinite(mean) else (None, f"one of the last {objective.last_k} values was not finite")
    return state.last, ""


def _ask(stream: Stream, gap: Gap) -> Taken:
    """Ask for a gap once; the end of the stream asks again if it is still there."""
    asked = (gap.instance, gap.from_line)
    if stream.asked_from == asked:
        return Taken(stream)
    return Taken(replace(stream, asked_from=asked), gap=gap)


def _counted(known: Fault | None, reading: Reading) -> Fault:
    if known is None:
        return Fault(reading.kind, reading.metric, 1, reading.text)
    return replace(known, count=known.count + 1)


def _kind(value: float) -> Kind:
    if math.isnan(value):
        return Kind.NAN
    return Kind.NUMBER if math.isfinite(value) else Kind.INFINITE
