"""A training's metrics so far, as far as anybody decides by them; all the values themselves are stored apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from tunewright.core.check import MAX_METRIC_NAME
from tunewright.core.spec import Direction, Objective
from tunewright_metrics.core.kinds import EXAMPLE_LENGTH, NO_EMISSIONS, NO_METRIC, NO_NUMBERS, Kind, Reading

CURVE_POINTS: Final = 64
MOST_METRICS: Final = 256
"""Names that are kept; a program may report under as many as it likes."""


@dataclass(frozen=True, slots=True)
class MetricState:
    """One metric's last emission. A step is an emission, whether or not it was a finite number."""

    steps: int
    last: float
    kind: Kind
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Readings of one metric that were no finite numbers, by kind. What belongs to no metric bears NO_METRIC."""

    kind: Kind
    metric: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Curve:
    """The objective at every `stride`-th step and at the last one: its value, and the running mean up to there.

    Only finite values are in it. What happened between two kept steps shows in the means, not in the values.
    """

    steps: tuple[int, ...] = ()
    means: tuple[float, ...] = ()
    stride: int = 1
    last_step: int = 0
    count: int = 0
    mean: float = 0.0
    values: tuple[float, ...] = ()
    last: float = 0.0

    def extended(self, emitted: Iterable[tuple[int, float]]) -> Curve:
        """Add finite values, each with its step; steps ascend."""
        steps, means, values, stride = list(self.steps), list(self.means), list(self.values), self.stride
        step, count, mean, value = self.last_step, self.count, self.mean, self.last
        for step, value in emitted:
            count += 1
            mean += value / count - mean / count  # so, because value - mean may overflow
            if step % stride == 0:
                steps.append(step)
                means.append(mean)
                values.append(value)
                if len(steps) >= CURVE_POINTS:  # one place is the last step's
                    stride *= 2
                    kept = [index for index, at in enumerate(steps) if at % stride == 0]
                    steps = [steps[index] for index in kept]
                    means, values = ([column[index] for index in kept] for column in (means, values))
        return Curve(tuple(steps), tuple(means), stride, step, count, mean, tuple(values), value)

    def points(self) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Return at most CURVE_POINTS steps and the running means there; the last one is that of the last step."""
        if self._ends_kept:
            return self.steps, self.means
        return (*self.steps, self.last_step), (*self.means, self.mean)

    def values_kept(self) -> tuple[float, ...]:
        """Return the values at the steps of `points`."""
        return self.values if self._ends_kept else (*self.values, self.last)

    @property
    def _ends_kept(self) -> bool:
        return not self.count or (bool(self.steps) and self.steps[-1] == self.last_step)


class Measured(NamedTuple):
    """One value to store. `step` counts from 1 per metric; `line` is -1 for what no line said."""

    metric: str
    value: float
    step: int
    line: int


@dataclass(frozen=True, slots=True)
class Series:
    metrics: Mapping[str, MetricState] = field(default_factory=dict)
    recent: tuple[float, ...] = ()
    """The objective's last values, as many as its reading needs."""
    best: float | None = None
    curve: Curve = Curve()
    faults: tuple[Fault, ...] = ()

    def fault(self, metric: str, kind: Kind) -> Fault | None:
        return next((item for item in self.faults if item.metric == metric and item.kind is kind), None)


def extended(
    series: Series, readings: Sequence[Reading], objective: Objective | None
) -> tuple[Series, tuple[Measured, ...]]:
    """Add readings; return the series and what is to be stored: every value that is a float, also NaN and ±inf."""
    if not readings:
        return series, ()
    steps = {metric: state.steps for metric, state in series.metrics.items()}
    faults = {(item.metric, item.kind): item for item in series.faults}
    last: dict[str, Reading] = {}
    measured: list[Measured] = []
    emitted: list[tuple[int, Reading]] = []
    wanted = objective.metric_name if objective else None
    for reading in readings:
        if reading.metric not in steps and (refused := _refused(reading.metric, len(steps))):
            reading = reading._replace(metric=NO_METRIC, kind=Kind.REFUSED, text=refused)  # noqa: PLW2901 - it counts so
        metric, line, kind, value, _ = reading
        if kind is not Kind.NUMBER:
            faults[metric, kind] = _counted(faults.get((metric, kind)), reading)
            if kind in NO_EMISSIONS or metric == NO_METRIC:
                continue
        steps[metric] = step = steps.get(metric, 0) + 1
        last[metric] = reading
        if kind not in NO_NUMBERS:
            measured.append(Measured(metric, value, step, line))
        if metric == wanted:
            emitted.append((step, reading))
    states = {
        metric: MetricState(steps[metric], item.value, item.kind, item.line, item.text) for metric, item in last.items()
    }
    moved = _with_objective(series, objective, emitted) if objective and emitted else series
    return replace(moved, metrics={**series.metrics, **states}, faults=tuple(faults.values())), tuple(measured)


def _with_objective(series: Series, objective: Objective, emitted: Sequence[tuple[int, Reading]]) -> Series:
    """Add the objective's readings, each with its step."""
    kept = max(objective.last_k, 1)
    recent = (*series.recent, *(reading.value for _, reading in emitted[-kept:]))[-kept:]
    finite = [(step, reading.value) for step, reading in emitted if reading.kind is Kind.NUMBER]
    values = [*([] if series.best is None else [series.best]), *(value for _, value in finite)]  # of equals the first
    best = (min if objective.direction is Direction.MINIMIZE else max)(values, default=None)
    return replace(series, recent=recent, best=best, curve=series.curve.extended(finite))


def _refused(name: str, known: int) -> str:
    """Say why a new name is not kept beside those that are known; empty if it is."""
    if len(name) > MAX_METRIC_NAME:
        return f"longer than {MAX_METRIC_NAME}: {name[:EXAMPLE_LENGTH]}"
    return f"beyond {MOST_METRICS}: {name[:EXAMPLE_LENGTH]}" if known >= MOST_METRICS else ""


def _counted(known: Fault | None, reading: Reading) -> Fault:
    if known is None:
        return Fault(reading.kind, reading.metric, 1, reading.text)
    return replace(known, count=known.count + 1)
