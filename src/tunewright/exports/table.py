"""Trainings as the rows of a table, whatever writes it.

The plain table has the columns of `HyperparameterTuningJobAnalytics.dataframe()` of the SageMaker Python SDK (2.x), in
its order: hyperparameters first, each a float where its text reads as one; trainings newest first. The full one keeps
the hyperparameters' own types and adds what only Tunewright knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from tunewright.client.resources import Measurement, TrainingJob
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Value
from tunewright.core.spec import TuningJobSpec

Cell = Value | datetime | None
Row = Mapping[str, Cell]

NAME: Final = "TrainingJobName"
DEFINITION: Final = "TrainingJobDefinitionName"
CURVE_COLUMNS: Final = (NAME, "MetricName", "Step", "Value", "Timestamp")
METRIC_PREFIX: Final = "FinalMetric:"
TUNED_PREFIX: Final = "TunedHyperParameter:"
"""Before a hyperparameter that is called as another column is."""


def _when(instant: float | None) -> datetime | None:
    return None if instant is None else datetime.fromtimestamp(instant, UTC)


def _elapsed_s(training: TrainingJob) -> float | None:
    if training.started_at is None or training.ended_at is None:
        return None
    return training.ended_at - training.started_at


PLAIN: Final[Mapping[str, Callable[[TrainingJob], Cell]]] = {
    NAME: lambda training: training.name,
    "TrainingJobStatus": lambda training: training.state.shown,
    "FinalObjectiveValue": lambda training: training.objective_value,
    "TrainingStartTime": lambda training: _when(training.started_at),
    "TrainingEndTime": lambda training: _when(training.ended_at),
    "TrainingElapsedTimeSeconds": _elapsed_s,
}
FULL: Final[Mapping[str, Callable[[TrainingJob], Cell]]] = {
    "Number": lambda training: training.number,
    "CreationTime": lambda training: _when(training.created_at),
    "ObjectiveStatus": lambda training: training.objective_state.value.capitalize() if training.objective_state else "",
    "Reason": lambda training: training.reason or training.waiting_for,
    "StoppedBy": lambda training: None if training.stopped_early is None else training.stopped_early.rule,
    "StoppedAtStep": lambda training: None if training.stopped_early is None else training.stopped_early.step,
    "EndCause": lambda training: None if training.end_cause is None else training.end_cause.value,
    "ExitCode": lambda training: training.exit_code,
    "Steps": lambda training: training.steps,
    "Attempt": lambda training: training.attempt,
    "Losses": lambda training: training.losses,
    "Retries": lambda training: training.retries,
    "Source": lambda training: training.provenance.source,
    "PredictedMean": lambda training: training.provenance.mean,
    "PredictedDeviation": lambda training: training.provenance.deviation,
    "Bracket": lambda training: training.bracket if training.rungs else None,
    "Repeats": lambda training: training.repeats,
    "Cost": lambda training: training.cost,
    "ModelArtifact": lambda training: training.artifact_uri,
}


def require_one(*, full: bool, curves: bool) -> None:
    """Raise InvalidSpec if both tables are asked for at once."""
    if full and curves:
        raise InvalidSpec("full", "is about trainings, and curves about their measurements", "Give one of the two")


def tuned_columns(spec: TuningJobSpec) -> dict[str, str]:
    """Return the column of every hyperparameter, by its name, in the order of the definitions."""
    names = dict.fromkeys(name for definition in spec.definitions for name in definition.space)
    taken = PLAIN.keys() | FULL.keys() | {DEFINITION}
    return {name: TUNED_PREFIX + name if name in taken else name for name in names}


def columns(spec: TuningJobSpec, *, full: bool = False) -> tuple[str, ...]:
    definition = (DEFINITION,) if _several(spec) else ()
    plain = (*tuned_columns(spec).values(), *PLAIN, *definition)
    return (*plain, *FULL, *(METRIC_PREFIX + name for name in _metrics(spec))) if full else plain


def rows(spec: TuningJobSpec, trainings: Iterable[TrainingJob], *, full: bool = False) -> Iterator[Row]:
    """Yield a row for each training; a column that it lacks is left out."""
    tuned, metrics = tuned_columns(spec), _metrics(spec)
    of_training = {**PLAIN, **FULL} if full else PLAIN
    for training in trainings:
        row: dict[str, Cell] = {
            tuned[name]: value if full else analytics_value(value) for name, value in training.configuration.items()
        }
        row |= {name: read(training) for name, read in of_training.items()}
        if _several(spec):
            row[DEFINITION] = training.definition_name
        if full:
            row |= {METRIC_PREFIX + name: training.final_metrics.get(name) for name in metrics}
        yield row


def curve_rows(training: TrainingJob, measurements: Iterable[Measurement]) -> Iterator[Row]:
    for item in measurements:
        cells: tuple[Cell, ...] = (training.name, item.metric, item.step, item.value, _when(item.at))
        yield dict(zip(CURVE_COLUMNS, cells, strict=True))


def analytics_value(value: Value) -> float | str:
    """Return a hyperparameter as SageMaker's SDK shows it: a float if it reads as one, else its text as it stands."""
    with suppress(ValueError):
        return float(value)
    return str(value)


def _several(spec: TuningJobSpec) -> bool:
    """Whether AMT names the definition of each training: wherever the request had a list of them."""
    return len(spec.definitions) > 1 or spec.listed_definitions


def _metrics(spec: TuningJobSpec) -> tuple[str, ...]:
    """Return the names of all metrics that the specification names, the job's objective first."""
    names = [spec.objective.metric_name]
    for definition in spec.definitions:
        names += [metric.name for metric in definition.metric_definitions]
        names += [definition.objective.metric_name] if definition.objective else []
    return tuple(dict.fromkeys(names))
