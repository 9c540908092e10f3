"""A training's metrics so far, as far as anybody decides by them; all the values themselves are stored apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tunewright.core.spec import Objective
from tunewright_metrics.core.reading import Kind, Reading

CURVE_POINTS: Final = 64


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
    """Readings of one metric that were no finite numbers, by kind."""

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

    def add(self, step: int, value: float) -> Curve:
        count = self.count + 1
        mean = self.mean + (value / count - self.mean / count)  # so, because value - mean may overflow
        steps, means, values, stride = self.steps, self.means, self.values, self.stride
        if step % stride == 0:
            steps, means, values = (*steps, step), (*means, mean), (*values, value)
        if len(steps) >= CURVE_POINTS:  # one place is the last step's
            stride *= 2
            kept = [index for index, at in enumerate(steps) if at % stride == 0]
            steps = tuple(steps[index] for index in kept)
            means, values = (tuple(column[index] for index in kept) for column in (means, values))
        return Curve(steps, means, stride, step, count, mean, values, value)

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


@dataclass(frozen=True, slots=True)
class Measured:
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
    metrics, faults = dict(series.metrics), {(item.metric, item.kind): item for item in series.faults}
    measured: list[Measured] = []
    moved = series
    for reading in readings:
        if reading.kind is not Kind.NUMBER:
            faults[reading.metric, reading.kind] = _counted(faults.get((reading.metric, reading.kind)), reading)
        if reading.kind is Kind.TIMED_OUT:
            continue
        known = metrics.get(reading.metric)
        step = known.steps + 1 if known else 1
        metrics[reading.metric] = MetricState(step, reading.value, reading.kind, reading.line, reading.text)
        if reading.kind is not Kind.UNPARSABLE:
            measured.append(Measured(reading.metric, reading.value, step, reading.line))
        if objective is not None and reading.metric == objective.metric_name:
            moved = _with_objective(moved, objective, step, reading)
    return replace(moved, metrics=metrics, faults=tuple(faults.values())), tuple(measured)


def _with_objective(series: Series, objective: Objective, step: int, reading: Reading) -> Series:
    recent = (*series.recent, reading.value)[-max(objective.last_k, 1) :]
    best, curve = series.best, series.curve
    if reading.kind is Kind.NUMBER:
        curve = curve.add(step, reading.value)
        if best is None or objective.direction.better(reading.value, best):
            best = reading.value
    return Series(series.metrics, recent, best, curve, series.faults)


def _counted(known: Fault | None, reading: Reading) -> Fault:
    if known is None:
        return Fault(reading.kind, reading.metric, 1, reading.text)
    return replace(known, count=known.count + 1)
