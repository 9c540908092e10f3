"""How a running job is shown: a live view on a terminal, a line per ended training elsewhere; both on stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol

from tunewright.cli.wording import best_line, duration, ended_line, pace, rounded, running_line
from tunewright.client.resources import Measurement, TrainingJob, TuningJob, Watched
from tunewright.core.states import JobState

if TYPE_CHECKING:
    from rich.console import Group

BAR_WIDTH: Final = 30
SHOWN_RUNNING: Final = 8


class Standing:
    """What is known of a job that runs: its best, its trainings in flight, their last values, and who has ended."""

    def __init__(self, job: TuningJob) -> None:
        self.job = job
        self.position = ""
        """To go on from with another connection, so that no end is missed."""
        self.best = job.best
        """Of what has been seen; trainings are told of before their job takes them in."""
        self.running: dict[int, TrainingJob] = {}
        self.last: dict[int, tuple[int, float]] = {}
        """Step and value of the objective, by training."""
        self.values: list[float] = []
        """Of the trainings that have ended while we watched."""
        self._ended: set[int] = set()

    def watched(self, watched: Watched) -> list[tuple[TrainingJob, str]]:
        """Take in a step of watching; return the trainings that have ended with it, and a line on each."""
        self.job, self.position = watched.job, watched.position
        ended = []
        for training in sorted(watched.trainings, key=lambda item: item.number):
            if not training.state.final:
                self.running[training.number] = training
            elif training.number not in self._ended:
                ended.append((training, self._end(training)))
        return ended

    def _end(self, training: TrainingJob) -> str:
        self._ended.add(training.number)
        self.running.pop(training.number, None)
        self.last.pop(training.number, None)
        objective, value = self.job.spec.objective_of(training.definition_name), training.objective_value
        self.values += [] if value is None else [value]
        known = None if self.best is None else self.best.objective_value
        best = value is not None and (known is None or objective.direction.better(value, known))
        if best:
            self.best = training
        return ended_line(training, objective.metric_name, best=best)

    def measured(self, number: int, measurement: Measurement) -> None:
        if number in self.running:
            self.last[number] = (measurement.step, measurement.value)


class View(AbstractContextManager["View"], Protocol):
    """Where a job's progress is shown."""

    live: bool
    """Whether values of running trainings are shown."""

    def say(self, line: str) -> None:
        """Leave a line for good."""


class PlainView(AbstractContextManager["PlainView"]):
    """Lines alone, for files and pipes."""

    live = False

    def __exit__(self, *_: object) -> None:
        pass

    def say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


class LiveView(AbstractContextManager["LiveView"]):
    """Lines above, and below them what runs, drawn anew a few times a second."""

    live = True

    def __init__(self, standing: Standing) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True, highlight=False)
        self._live = Live(
            get_renderable=lambda: drawn(standing, time.time()), console=self._console, transient=True,
            refresh_per_second=5,
        )  # fmt: skip

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, soft_wrap=True)


def view_of(standing: Standing, environ: Mapping[str, str], is_terminal: Callable[[], bool]) -> View:
    """Return a live view on a terminal that a person looks at, else plain lines."""
    plain = not is_terminal() or environ.get("CI") or environ.get("TERM", "dumb") == "dumb"
    return PlainView() if plain else LiveView(standing)


def view(standing: Standing) -> View:
    return view_of(standing, os.environ, sys.stderr.isatty)


def show_begin(view: View, job: TuningJob) -> None:
    limits = job.spec.limits
    count = "trainings" if limits.max_trainings is None else f"{limits.max_trainings} trainings"
    view.say(f"Tuning job {job.name}: {count}, {limits.max_parallel} at once")
    for parameter in job.spec.definitions[0].parameters if job.spec.autotune else ():
        first = "" if parameter.hint is None else f", first {rounded(parameter.hint)}"
        view.say(f"      {parameter.name}: {parameter.range}{first}")


def drawn(standing: Standing, now: float) -> Group:
    """Return bar, pace and time left, the best so far, and the running trainings with their last values."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    job = standing.job
    total, ended = job.spec.limits.max_trainings, job.trainings.ended
    per_minute, left_s = pace(job, now)
    left = "" if left_s is None else f"about {duration(left_s)} left"
    bar = Table.grid(padding=(0, 2))
    bar.add_row(
        Text(job.name, style="bold"),
        ProgressBar(total=total, completed=ended, width=BAR_WIDTH, pulse=total is None),
        f"{ended}/{total or '?'}",
        duration(now - job.created_at),
        "" if per_minute is None else f"{per_minute:.1f}/min",
        "paused" if job.state is JobState.PAUSED else left,
    )
    running = [standing.running[number] for number in sorted(standing.running)]
    lines = [
        best_line(standing.best, _metric(job, standing.best)),
        *(
            running_line(item, _metric(job, item), standing.last.get(item.number), now)
            for item in running[:SHOWN_RUNNING]
        ),
    ]
    if len(running) > SHOWN_RUNNING:
        lines.append(f"      and {len(running) - SHOWN_RUNNING} more")
    return Group(bar, *(Text(line, no_wrap=True, overflow="ellipsis") for line in lines))


def _metric(job: TuningJob, training: TrainingJob | None) -> str:
    """Return the objective's metric: of a training's definition, where several have their own."""
    spec = job.spec
    return (spec.objective if training is None else spec.objective_of(training.definition_name)).metric_name
