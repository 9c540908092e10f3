"""How a running job is shown: a live bar on a terminal, a line per ended training elsewhere."""

from __future__ import annotations

import json
import time
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from tunewright.client.resources import TrainingJob, TuningJob, Watched
from tunewright.core.space import text_of
from tunewright.core.spec import TuningJobSpec


class Progress:
    """Follows a job on stderr, so that stdout holds the result alone."""

    def __init__(self, spec: TuningJobSpec) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._total = spec.limits.max_trainings
        self._metric = spec.objective.metric_name
        self._began = time.monotonic()
        self._ended: set[int] = set()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[rest]}"),
        )
        self._bar = Bar(*columns, console=self._console, disable=not self._console.is_terminal)
        self._task = self._bar.add_task(spec.name, total=self._total, rest="")
        if not self._console.is_terminal:
            self._console.print(
                f"tuning job {spec.name}: {self._total or '?'} trainings, {spec.limits.max_parallel} at once"
            )

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def update(self, watched: Watched) -> None:
        job = watched.job
        for training in watched.trainings:
            if training.state.final and training.number not in self._ended:
                self._ended.add(training.number)
                self._say(training, job)
        self._bar.update(self._task, completed=job.trainings.ended, rest=self._rest(job))

    def _say(self, training: TrainingJob, job: TuningJob) -> None:
        value = "no value" if training.objective_value is None else f"{self._metric}={training.objective_value:.6g}"
        mark = "  best so far" if job.best is not None and job.best.number == training.number else ""
        settings = " ".join(f"{name}={_short(item)}" for name, item in training.configuration.items())
        state = (
            ""
            if training.state.value == "COMPLETED"
            else f"  {training.state.value.lower()}: {training.reason.splitlines()[0][:100] if training.reason else ''}"
        )
        self._console.print(f"{training.number:>4}  {value}  {settings}{state}{mark}", markup=False, soft_wrap=True)

    def _rest(self, job: TuningJob) -> str:
        """Say the best so far, what runs, how fast it goes and how long it will take."""
        parts = [
            f"best {job.best.objective_value:.6g}"
            if job.best and job.best.objective_value is not None
            else "no value yet"
        ]
        parts.append(f"{job.trainings.in_progress} running")
        ended = job.trainings.ended
        if ended:
            each_s = (time.monotonic() - self._began) / ended
            parts.append(f"{60 / each_s:.1f}/min")
            if self._total is not None:
                parts.append(f"{_duration(each_s * (self._total - ended))} left")
        return " · ".join(parts)


def show_result(job: TuningJob, *, as_json: bool) -> None:
    """Print the best configuration, where its model lies, and what to type next."""
    if as_json:
        print(json.dumps(result(job), indent=2))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"\n{job.state.shown}: {job.reason}", markup=False)
    if job.best is None:
        console.print("No training has a value of the objective. Look at one:", markup=False)
        console.print(f"  tunewright trainings {job.name}", markup=False)
        return
    table = Table(
        title=f"Best of {job.trainings.ended}: {job.spec.objective.metric_name} = {job.best.objective_value!r}"
    )
    table.add_column("hyperparameter")
    table.add_column("value", justify="right")
    for name, value in job.best.configuration.items():
        table.add_row(name, text_of(value))
    console.print(table)
    if job.best.artifact_uri:
        console.print(f"Model: {job.best.artifact_uri}", markup=False)
    console.print("Next:", markup=False)
    console.print(
        f"  tunewright best {job.name} --format args     the best configuration, for your script", markup=False
    )
    console.print(f"  tunewright trainings {job.name} --best-first", markup=False)
    console.print(f"  tunewright logs {job.best.name}", markup=False)


def result(job: TuningJob) -> dict[str, Any]:
    best = None if job.best is None else training_row(job.best)
    return {
        "name": job.name,
        "state": job.state.shown,
        "reason": job.reason,
        "trainings": {
            "completed": job.trainings.completed,
            "stopped": job.trainings.stopped,
            "failed": job.trainings.retryable_error + job.trainings.non_retryable_error,
            "in_progress": job.trainings.in_progress,
        },
        "best": best,
    }


def training_row(training: TrainingJob) -> dict[str, Any]:
    return {
        "name": training.name,
        "number": training.number,
        "state": training.state.value,
        "objective": training.objective_value,
        "configuration": dict(training.configuration),
        "source": training.provenance.source,
        "model": training.artifact_uri,
        "reason": training.reason,
    }


def _short(value: float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{rest:02d}s"
