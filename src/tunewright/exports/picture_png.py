"""A picture as PNG, drawn by matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tunewright.exports.picture import Picture
from tunewright.platform.extras import require

FIELD: Final = "--to"
SIZE: Final = (9.0, 7.0)
BEST: Final = "#b8560b"
SOFT: Final = "#999999"


def require_matplotlib() -> None:
    """Raise InvalidSpec, naming the command that installs it, if matplotlib is missing."""
    require("matplotlib", "plot", FIELD)


def write(picture: Picture, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    history, importance = figure.subplots(2, 1)
    _draw_history(history, picture)
    _draw_importance(importance, picture)
    figure.savefig(path, format="png", dpi=144)


def _draw_history(axes: Any, picture: Picture) -> None:
    axes.set_title(f"Tuning job {picture.job}: best {picture.metric} so far", parse_math=False)
    axes.set_xlabel("training")
    if not picture.points:
        return
    low, high = picture.span()
    margin = (high - low) * 0.05 or 1.0
    axes.set_ylim(low - margin, high + margin)
    for completed, filled in ((True, SOFT), (False, "none")):
        found = [point for point in picture.points if point.completed is completed]
        inside = [min(max(point.value, low), high) for point in found]
        axes.scatter([point.number for point in found], inside, s=14, facecolors=filled, edgecolors=SOFT)
    numbers = [*(point.number for point in picture.best), picture.points[-1].number]
    values = [*(point.value for point in picture.best), picture.best[-1].value]
    axes.step(numbers, values, where="post", color=BEST, linewidth=2)


def _draw_importance(axes: Any, picture: Picture) -> None:
    axes.set_title("What matters how much, within 90 %")
    if not picture.importances:
        axes.set_axis_off()
        axes.text(0.0, 0.5, picture.refused, wrap=True, parse_math=False)
        return
    items = picture.importances[::-1]
    sure = [[item.share - item.low for item in items], [item.high - item.share for item in items]]
    sure = [[max(length, 0.0) for length in side] for side in sure]
    axes.barh(range(len(items)), [item.share for item in items], xerr=sure, color=BEST)
    axes.set_yticks(range(len(items)), [item.parameter for item in items], parse_math=False)
    axes.set_xlim(0.0, 1.0)
