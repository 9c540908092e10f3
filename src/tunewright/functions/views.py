"""How a function that is tuned is shown: in a notebook by a table and a picture, elsewhere as `tune` shows a job."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from html import escape
from importlib import import_module
from typing import Any, Final

from tunewright.cli.progress import Standing, View, view
from tunewright.cli.wording import best_line, rounded, why_ended
from tunewright.client import TrainingJob, TuningJob
from tunewright.functions.training import OBJECTIVE

LAST: Final = 10
"""Trainings that the table shows."""
WIDTH, HEIGHT = 480, 120
"""Of the picture, in pixels."""


@dataclass(slots=True)
class Shown:
    """A job that is followed, and its trainings that have ended, in the order in which they did."""

    job: TuningJob
    standing: Standing = field(init=False)
    ended: list[TrainingJob] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.standing = Standing(self.job)


class NoView(AbstractContextManager["NoView"]):
    """Shows nothing."""

    live = False

    def __exit__(self, *_: object) -> None:
        pass

    def say(self, line: str) -> None:
        pass


class NotebookView(AbstractContextManager["NotebookView"]):
    """One output cell, drawn anew when a training has ended."""

    live = False

    def __init__(self, shown: Shown, draw: Callable[[str], None]) -> None:
        self._shown, self._draw = shown, draw

    def __exit__(self, *_: object) -> None:
        self._draw(page(self._shown))

    def say(self, line: str) -> None:  # noqa: ARG002 - the table says it
        self._draw(page(self._shown))


def view_for(shown: Shown, *, progress: bool) -> View:
    if not progress:
        return NoView()
    return NotebookView(shown, _output_cell()) if _in_notebook() else view(shown.standing)


def page(shown: Shown) -> str:
    """Return the job as HTML: the best so far, how it came about, and the last trainings. Texts are shown as such."""
    job = shown.standing.job
    names = list(job.spec.definitions[0].space)
    best = escape(best_line(shown.standing.best, OBJECTIVE))
    head = f"<b>{escape(job.name)}</b>: {len(shown.ended)} of {job.spec.limits.max_trainings or '?'}, {best}"
    titles = "".join(f"<th>{escape(title)}</th>" for title in ("", *names, OBJECTIVE, ""))
    rows = "".join(_row(training, names) for training in reversed(shown.ended[-LAST:]))
    return f"<div>{head}</div>{picture(_best_so_far(shown))}<table><tr>{titles}</tr>{rows}</table>"


def picture(values: Sequence[float]) -> str:
    """Return the steps of the best so far as SVG, empty where there are fewer than two."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    if len(values) < 2:
        return ""
    across, up = WIDTH / (len(values) - 1), (HEIGHT - 4) / ((high - low) or 1.0)
    points = [(place * across, HEIGHT - 2 - (value - low) * up) for place, value in enumerate(values)]
    line = " ".join(f"H{x:.1f} V{y:.1f}" for x, y in points[1:])
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" role="img"><title>best so far: {values[0]:.6g} to {values[-1]:.6g}'
        f'</title><path d="M0 {points[0][1]:.1f} {line}" fill="none" stroke="currentColor"/></svg>'
    )


def _best_so_far(shown: Shown) -> list[float]:
    """Return the best value after each training that has one."""
    better = shown.standing.job.spec.objective.direction.better
    best: list[float] = []
    for training in shown.ended:
        if (value := training.objective_value) is not None:
            best.append(value if not best or better(value, best[-1]) else best[-1])
    return best


def _row(training: TrainingJob, names: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(training, names)) + "</tr>"


def _cells(training: TrainingJob, names: Sequence[str]) -> Iterator[str]:
    yield str(training.number)
    for name in names:
        tried = training.configuration.get(name, "")
        yield tried if isinstance(tried, str) else rounded(tried)
    value = training.objective_value
    yield "no value" if value is None else rounded(value)
    yield why_ended(training, OBJECTIVE) if value is None or training.stopped_early is not None else ""


def _in_notebook() -> bool:
    ipython: Any = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def _output_cell() -> Callable[[str], None]:
    """Return what draws a page where the page before was."""
    display: Any = import_module("IPython.display")
    cell = display.display(display.HTML(""), display_id=True)
    return lambda drawn: cell.update(display.HTML(drawn))
