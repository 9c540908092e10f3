"""`tunewright plot`: how a job went and what matters, in the terminal or as a file."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from tunewright.cli.blocks import bar
from tunewright.cli.forms import Form
from tunewright.cli.output import print_table, record_of, show
from tunewright.cli.records import PLOTTED
from tunewright.cli.serving import join
from tunewright.cli.wording import printable
from tunewright.client import Analysis, Client
from tunewright.core.errors import InvalidSpec
from tunewright.exports import picture_html, picture_png
from tunewright.exports.file import new_file
from tunewright.exports.picture import Picture, picture_of

WIDEST: Final = 100
HEIGHT: Final = 12
LABEL: Final = 10
"""Characters before the picture, for numbers."""
BEST: Final = "━"
COMPLETED: Final = "·"
STOPPED: Final = "×"


def plot(job: str, to: Path | None, data_dir: Path | None, form: Form, *, force: bool) -> None:
    suffix = "" if to is None else to.suffix.lower()
    if to is not None and suffix not in {".png", ".html"}:
        raise InvalidSpec("--to", f"the name {str(to)!r} says no format", "Let it end in .png or .html")
    if suffix == ".png":
        picture_png.require_matplotlib()
    with Client(join(data_dir)) as client:
        found = client.describe(job)
        picture = picture_of(found, client.trainings(job), client.analyze(job, Analysis.IMPORTANCE))
    if to is None:
        points = [record_of(point) for point in picture.points]
        show(form, points if form is Form.CSV else record_of(picture), PLOTTED, lambda: _draw(picture))
        return
    with new_file(to, overwrite=force, field="--to") as path:
        if suffix == ".png":
            picture_png.write(picture, path)
        else:
            path.write_text(picture_html.page(picture), encoding="utf-8")
    print(f"{to}: {len(picture.points)} trainings of {found.name}", file=sys.stderr)


def _draw(picture: Picture) -> None:
    width = min(shutil.get_terminal_size().columns - LABEL - 1, WIDEST)
    print(printable(f"best {picture.metric} so far {BEST}  completed {COMPLETED}  stopped early {STOPPED}"))
    print("\n".join(chart(picture, width, HEIGHT)) if picture.points else "no training has an objective yet")
    if picture.points and picture.beyond():
        print(f"{picture.beyond()} worse than shown stand at the edge")
    print("\nwhat matters how much, within 90 %")
    if not picture.importances:
        print(printable(picture.refused))
        return
    rows = (
        (item.parameter, f"{item.share:.0%}", f"{item.low:.0%} – {item.high:.0%}", bar(item.share))
        for item in picture.importances
    )
    print_table(("name", "share", "90 %", ""), rows)


def chart(picture: Picture, width: int, height: int) -> list[str]:
    """Return the objectives by training and the best so far in characters, the largest value on top."""
    low, high = picture.span()
    first, last = picture.points[0].number, picture.points[-1].number
    width = max(1, min(width, last - first + 1))

    def column(number: int) -> int:
        return (number - first) * (width - 1) // max(last - first, 1)

    def row(value: float) -> int:
        share = (min(max(value, low), high) - low) / (high - low) if high > low else 0.5
        return round((1 - share) * (height - 1))

    cells = [[" "] * width for _ in range(height)]
    for point in picture.points:
        cells[row(point.value)][column(point.number)] = COMPLETED if point.completed else STOPPED
    ends = [*(column(step.number) for step in picture.best[1:]), width]
    for step, end in zip(picture.best, ends, strict=True):
        for at in range(column(step.number), end):
            cells[row(step.value)][at] = BEST
    labels = {0: high, height - 1: low} if high > low else {row(high): high}
    lines = [f"{_label(labels.get(index)):>{LABEL}}┤{''.join(line).rstrip()}" for index, line in enumerate(cells)]
    return [*lines, f"{'':>{LABEL}}└{first} … {last}"]


def _label(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
