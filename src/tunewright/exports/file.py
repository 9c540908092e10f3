"""One call for every format: the file's name says which."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from tunewright.client.resources import Measurement, TrainingJob, TuningJob
from tunewright.core.errors import InvalidSpec
from tunewright.exports import csv_file, optuna_study
from tunewright.exports.table import CURVE_COLUMNS, Row, columns, curve_rows, require_one, rows

if TYPE_CHECKING:
    from tunewright.core.spec import TuningJobSpec

STANDARD_OUTPUT: Final = "-"
CURVE_POINTS: Final = 128
"""Of each curve, chosen to keep its shape: as many as a plot of hundreds of curves can show."""


class Source(Protocol):
    """What is asked of a client; `tunewright.Client` is one."""

    def describe(self, job: str) -> TuningJob: ...

    def trainings(self, job: str, *, newest_first: bool = False) -> Iterator[TrainingJob]: ...

    def measurements(self, training: str, metric: str = "", *, max_points: int = 0) -> Iterator[Measurement]: ...


def export(
    client: Source, job: str, to: str | Path, *, full: bool = False, curves: bool = False, overwrite: bool = False
) -> int:
    """Write a job's trainings, as they are now, to a file, and return how many rows or trials it has.

    `NAME.csv` and `-`, standard output, get SageMaker's columns; with `full` also what only Tunewright knows; with
    `curves` every measurement of every metric instead. `NAME.db`, `.sqlite` and `.sqlite3` get an Optuna study,
    `NAME.log` and `.journal` one as Optuna's journal. A file appears whole or not at all.

    Raises: NotFound: there is no such job. InvalidSpec: the file is there already, its name says no format, or a
    package is missing.
    """
    target = str(to)
    write = _writer(client, job, target, full=full, curves=curves)
    if target == STANDARD_OUTPUT:
        return write(None)
    with _new_file(Path(target), overwrite=overwrite) as path:
        return write(path)


def _writer(client: Source, job: str, target: str, *, full: bool, curves: bool) -> Callable[[Path | None], int]:
    """Return what writes to a path, or to standard output. Raises InvalidSpec."""
    suffix = Path(target).suffix.lower()
    studies = (*optuna_study.DATABASES, *optuna_study.JOURNALS)
    if suffix in studies:
        if full or curves:
            raise InvalidSpec("export", "an Optuna study always has all of it, curves too", "Leave the option out")
        optuna_study.require_optuna()
        return lambda path: _write_study(client, job, path or Path(target), suffix)
    if target != STANDARD_OUTPUT and suffix != ".csv":
        known = ", ".join((".csv", *studies))
        raise InvalidSpec("export", f"the name {target!r} says no format", f"Let it end in one of {known}")
    require_one(full=full, curves=curves)
    return lambda path: _write_csv(client, job, path, full=full, curves=curves)


def _write_csv(client: Source, job: str, path: Path | None, *, full: bool, curves: bool) -> int:
    spec = client.describe(job).spec
    heads = CURVE_COLUMNS if curves else columns(spec, full=full)
    found = _all_curves(client, job) if curves else _all_rows(client, job, spec, full=full)
    with _text(path) as file:
        return csv_file.write(file, heads, found)


def _write_study(client: Source, job: str, path: Path, suffix: str) -> int:
    described = client.describe(job)

    def curve_of(training: TrainingJob) -> Iterable[Measurement]:
        if training.started_at is None:
            return ()
        metric = described.spec.objective_of(training.definition_name).metric_name
        return client.measurements(training.name, metric, max_points=CURVE_POINTS)

    return optuna_study.write(path, suffix, described, client.trainings(job), curve_of)


def _all_rows(client: Source, job: str, spec: TuningJobSpec, *, full: bool) -> Iterator[Row]:
    return rows(spec, client.trainings(job, newest_first=True), full=full)


def _all_curves(client: Source, job: str) -> Iterator[Row]:
    """Yield every measurement of every training that has begun, training by training."""
    for training in client.trainings(job):
        if training.started_at is not None:
            yield from curve_rows(training, client.measurements(training.name))


@contextmanager
def _text(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def _new_file(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a file beside the one that is meant; it takes its place if all goes well, else it is removed."""
    if path.exists() and not overwrite:
        raise InvalidSpec("export", f"{path} is there already", "Give another name, or overwrite it (--force)")
    if not path.parent.is_dir():
        raise InvalidSpec("export", f"there is no folder {path.parent}", "Make it, or give another one")
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.touch(exist_ok=False)  # what cannot be written is told before anything is asked for
        yield draft
        draft.replace(path)
    except OSError as error:
        raise InvalidSpec("export", f"{path} cannot be written: {error.strerror}", "Give another file") from error
    finally:
        draft.unlink(missing_ok=True)
        draft.with_name(f"{draft.name}.lock").unlink(missing_ok=True)
