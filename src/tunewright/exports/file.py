"""One call for every format: the file's name says which."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TextIO

from tunewright.client.resources import Measurement, TrainingJob, TuningJob
from tunewright.core.errors import IllegalTransition, InvalidSpec
from tunewright.exports import csv_file, optuna_study
from tunewright.exports.table import CURVE_COLUMNS, columns, curve_rows, require_one, rows

STANDARD_OUTPUT: Final = "-"
CURVE_POINTS: Final = 128
"""Of each curve, chosen to keep its shape: as many as a plot of hundreds of curves can show."""


class Source(Protocol):
    """What is asked of a client; `tunewright.Client` is one."""

    def describe(self, job: str) -> TuningJob: ...

    def trainings(self, job: str, *, newest_first: bool = False) -> Iterator[TrainingJob]: ...

    def measurements(self, training: str, metric: str = "", *, max_points: int = 0) -> Iterator[Measurement]: ...


@dataclass(frozen=True, slots=True)
class Exported:
    rows: int
    """Or trials of a study."""
    removed: tuple[str, ...] = ()
    """Trainings whose measurements retention has removed: the file is without them."""


def export(
    client: Source, job: str, to: str | Path, *, full: bool = False, curves: bool = False, overwrite: bool = False
) -> Exported:
    """Write a job's trainings, as they are now, to a file, and return what is in it.

    `NAME.csv` and `-`, standard output, get SageMaker's columns; with `full` also what only Tunewright knows; with
    `curves` every measurement of every metric instead. `NAME.db`, `.sqlite` and `.sqlite3` get an Optuna study,
    `NAME.log` and `.journal` one as Optuna's journal. A file appears whole or not at all.

    Raises: NotFound: there is no such job. InvalidSpec: the file is there already, its name says no format, or a
    package is missing.
    """
    target = str(to)
    measured = _Measured(client)
    write = _writer(client, measured, job, target, full=full, curves=curves)
    if target == STANDARD_OUTPUT:
        return Exported(write(None), tuple(measured.removed))
    with new_file(Path(target), overwrite=overwrite) as path:
        count = write(path)
    return Exported(count, tuple(measured.removed))


class _Measured:
    """Reads the measurements of trainings, and notes where there are none any more."""

    def __init__(self, client: Source) -> None:
        self._client = client
        self.removed: list[str] = []

    def of(self, training: TrainingJob, metric: str = "", max_points: int = 0) -> Iterator[Measurement]:
        if training.started_at is None:
            return
        try:
            yield from self._client.measurements(training.name, metric, max_points=max_points)
        except IllegalTransition:
            self.removed.append(training.name)


def _writer(
    client: Source, measured: _Measured, job: str, target: str, *, full: bool, curves: bool
) -> Callable[[Path | None], int]:
    """Return what writes to a path, or to standard output. Raises InvalidSpec."""
    suffix = Path(target).suffix.lower()
    studies = (*optuna_study.DATABASES, *optuna_study.JOURNALS)
    if suffix in studies:
        if full or curves:
            raise InvalidSpec("export", "an Optuna study always has all of it, curves too", "Leave the option out")
        optuna_study.require_optuna()
        return lambda path: _write_study(client, measured, job, path or Path(target), suffix)
    if target != STANDARD_OUTPUT and suffix != ".csv":
        known = ", ".join((".csv", *studies))
        raise InvalidSpec("export", f"the name {target!r} says no format", f"Let it end in one of {known}")
    require_one(full=full, curves=curves)
    if curves:
        return lambda path: _write_curves(client, measured, job, path)
    return lambda path: _write_trainings(client, job, path, full=full)


def _write_trainings(client: Source, job: str, path: Path | None, *, full: bool) -> int:
    spec = client.describe(job).spec
    with _text(path) as file:
        found = rows(spec, client.trainings(job, newest_first=True), full=full)
        return csv_file.write(file, columns(spec, full=full), found)


def _write_curves(client: Source, measured: _Measured, job: str, path: Path | None) -> int:
    client.describe(job)
    with _text(path) as file:
        found = (row for item in client.trainings(job) for row in curve_rows(item, measured.of(item)))
        return csv_file.write(file, CURVE_COLUMNS, found)


def _write_study(client: Source, measured: _Measured, job: str, path: Path, suffix: str) -> int:
    described = client.describe(job)

    def curve_of(training: TrainingJob) -> Iterator[Measurement]:
        metric = described.spec.objective_of(training.definition_name).metric_name
        return measured.of(training, metric, CURVE_POINTS)

    return optuna_study.write(path, suffix, described, client.trainings(job), curve_of)


@contextmanager
def _text(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def new_file(path: Path, *, overwrite: bool, field: str = "export") -> Iterator[Path]:
    """Give a file beside the one that is meant; it takes its place if all goes well, else it is removed."""
    if path.exists() and not overwrite:
        raise InvalidSpec(field, f"{path} is there already", "Give another name, or overwrite it (--force)")
    if not path.parent.is_dir():
        raise InvalidSpec(field, f"there is no folder {path.parent}", "Make it, or give another one")
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.touch(exist_ok=False)  # what cannot be written is told before anything is asked for
        yield draft
        draft.replace(path)
    except OSError as error:
        raise InvalidSpec(field, f"{path} cannot be written: {error.strerror}", "Give another file") from error
    finally:
        draft.unlink(missing_ok=True)
        draft.with_name(f"{draft.name}.lock").unlink(missing_ok=True)
