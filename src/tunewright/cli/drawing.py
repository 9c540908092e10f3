"""The command that draws curves: a line of blocks per training on a terminal, values for other programs."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tunewright.cli.blocks import WIDTH, sparkline
from tunewright.cli.forms import Form
from tunewright.cli.looking import is_job
from tunewright.cli.output import Record, cell_text, print_table, record_of, show, show_each
from tunewright.cli.records import POINT
from tunewright.cli.serving import join
from tunewright.cli.wording import rounded
from tunewright.client import Client, Curve
from tunewright.core.space import Value

NARROW: Final = 8
BESIDE: Final = 46
"""Characters of a line that the numbers and the gaps take, beside the name and the curve."""
ENOUGH_TO_DRAW: Final = 200
HEADER: Final = ("name", "steps", "last", "least", "greatest", "curve")
LINES_LEFT: Final = 4
"""Of a terminal: for the header, for what does not fit, and for the prompt."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A curve with what it is called: a training's name where all are of one metric, else the metric's."""

    name: str
    steps: Sequence[int]
    values: Sequence[float]
    means: Sequence[float] = ()
    number: int | None = None
    metric: str = ""
    complete: bool = False
    removed: bool = False


def curves(name: str, data_dir: Path | None, metric: str, points: int, form: Form, *, follow: bool) -> None:
    with Client(join(data_dir)) as client:
        if not is_job(client, name):
            _of_training(client, name, metric, points, form, follow=follow)
            return
        if not follow:
            _print([_drawn(curve) for curve in client.curves(name, metric, max_points=points)], form)
        elif form is Form.TABLE and sys.stdout.isatty():
            _live(_drawn(curve) for curve in client.follow_curves(name, metric, max_points=points))
        else:
            _stream((_drawn(curve) for curve in client.follow_curves(name, metric, max_points=points)), form)


def _of_training(client: Client, name: str, metric: str, points: int, form: Form, *, follow: bool) -> None:
    if follow:
        seen = client.measurements(name, metric, follow=True)
        _stream((Drawn(name, [item.step], [item.value], metric=item.metric) for item in seen), form)
        return
    by_metric: dict[str, list[tuple[int, float]]] = {}
    for item in client.measurements(name, metric, max_points=points or (ENOUGH_TO_DRAW if form is Form.TABLE else 0)):
        by_metric.setdefault(item.metric, []).append((item.step, item.value))
    drawn = [
        Drawn(name, [step for step, _ in found], [value for _, value in found], metric=metric)
        for metric, found in by_metric.items()
    ]
    _print(drawn, form, title=lambda item: item.metric)


def _drawn(curve: Curve) -> Drawn:
    return Drawn(
        curve.training_name,
        curve.steps,
        curve.values,
        curve.means,
        curve.number,
        complete=curve.complete,
        removed=curve.removed,
    )


def _print(drawn: Sequence[Drawn], form: Form, title: Callable[[Drawn], str] = lambda item: item.name) -> None:
    def draw() -> None:
        width = _width([title(item) for item in drawn])
        print_table(HEADER, [_row(item, title(item), width) for item in drawn])

    points = form is Form.CSV
    show(form, [record for item in drawn for record in (_points(item) if points else [_tree(item)])], POINT, draw)


def _stream(drawn: Iterable[Drawn], form: Form) -> None:
    """Print the newest point of each curve as it comes; as JSON, the curve on a line."""
    if form is Form.TABLE:
        print("\t".join(POINT))
    newest = (record for item in drawn for record in ([_tree(item)] if form is Form.JSON else list(_points(item))[-1:]))
    show_each(form, newest, POINT, lambda record: "\t".join(cell_text(record[name]) for name in POINT))


def _live(drawn: Iterable[Drawn]) -> None:
    """Draw all curves, again with each that changes, those that may still change on top."""
    from rich.console import Console, Group
    from rich.live import Live
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    latest: dict[str, Drawn] = {}

    def picture() -> Group:
        table = Table(box=None)
        for name in HEADER:
            table.add_column(name, no_wrap=True)
        ordered = sorted(latest.values(), key=lambda item: (item.complete, -(item.number or 0)))
        shown = ordered[: max(1, console.height - LINES_LEFT)]
        width = _width([item.name for item in shown])
        for item in shown:
            cells = _row(item, item.name, width)
            table.add_row(*("" if cell is None else rounded(cell) for cell in cells))
        hidden = len(ordered) - len(shown)
        return Group(table, *([Text(f"… and {hidden} more")] if hidden else []))

    with Live(picture(), console=console, refresh_per_second=4) as live:
        for item in drawn:
            latest[item.name] = item
            live.update(picture())


def _width(names: Sequence[str]) -> int:
    """Return how wide curves may be on this terminal."""
    return min(max(shutil.get_terminal_size().columns - BESIDE - max(map(len, names), default=0), NARROW), WIDTH)


def _row(item: Drawn, title: str, width: int) -> tuple[Value | None, ...]:
    finite = [value for value in item.values if math.isfinite(value)]
    if not finite:
        why = "removed by retention" if item.removed else ""
        return title, item.steps[-1] if item.steps else 0, None, None, None, why
    return (title, item.steps[-1], item.values[-1], min(finite), max(finite), sparkline(item.steps, item.values, width))


def _points(item: Drawn) -> Iterator[Record]:
    """Yield a record per value; here a value that is not finite keeps its name."""
    for index, (step, value) in enumerate(zip(item.steps, item.values, strict=True)):
        mean = item.means[index] if item.means else None
        yield {
            "training_name": item.name,
            "number": item.number,
            "metric": item.metric,
            "step": step,
            "value": value,
            "mean": mean,
        }


def _tree(item: Drawn) -> Record:
    """Return a curve for programs."""
    tree: dict[str, Any] = record_of(item)
    return {"training_name": tree.pop("name"), **tree}
