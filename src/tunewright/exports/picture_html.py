"""A picture as a page that stands by itself: inline SVG, no script, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from tunewright.exports.picture import Picture

WIDTH: Final = 720
HEIGHT: Final = 320
LEFT: Final = 90
RIGHT: Final = 20
TOP: Final = 20
BOTTOM: Final = 40
TICKS: Final = 5
ROW: Final = 26
STYLE: Final = """
:root { color-scheme: light dark; --ink: #222; --soft: #999; --best: #b8560b; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #ddd; --soft: #777; --best: #f0a050; --paper: #181818; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2em auto; max-width: 760px; }
svg { width: 100%; height: auto; } text { font-size: 12px; fill: var(--ink); }
.axis { stroke: var(--soft); } .dot { fill: var(--soft); } .stopped { fill: none; stroke: var(--soft); }
.best { fill: none; stroke: var(--best); stroke-width: 2; } .bar { fill: var(--best); } .sure { stroke: var(--ink); }
"""  # noqa: E501 - a style sheet


def page(picture: Picture) -> str:
    """Return the whole page."""
    title = escape(f"Tuning job {picture.job}")
    beyond = picture.beyond() if picture.points else 0
    note = f"<p>{beyond} worse than shown stand at the edge.</p>" if beyond else ""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
        f"<h2>Best {escape(picture.metric)} so far</h2>\n{history(picture)}\n{note}\n"
        f"<h2>What matters how much</h2>\n{importance(picture)}\n</body></html>\n"
    )


def history(picture: Picture) -> str:
    """Return the objectives by number of the training, and the best so far as a line."""
    if not picture.points:
        return "<p>No training has an objective yet.</p>"
    return _svg(HEIGHT, "Objective of each training, and the best so far", "".join(_history(picture)))


def _history(picture: Picture) -> Iterator[str]:
    low, high = picture.span()
    first, last = picture.points[0].number, picture.points[-1].number

    def x(number: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (number - first) / max(last - first, 1)

    def y(value: float) -> float:
        share = (min(max(value, low), high) - low) / (high - low) if high > low else 0.5
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    for tick in range(TICKS):
        value = low + (high - low) * tick / (TICKS - 1)
        at = f"{y(value):.1f}"
        yield f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}" opacity=".3"/>'
        yield f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.4g}</text>'
    for number in dict.fromkeys((first, last)):
        yield f'<text x="{x(number):.1f}" y="{HEIGHT - 16}" text-anchor="middle">{number}</text>'
    for point in picture.points:
        kind = "dot" if point.completed else "stopped"
        told = escape(f"training {point.number}: {point.value!r}")
        where = f'cx="{x(point.number):.1f}" cy="{y(point.value):.1f}"'
        yield f'<circle class="{kind}" {where} r="3"><title>{told}</title></circle>'
    path, before = [], None
    for point in picture.best:
        if before is not None:
            path.append(f"{x(point.number):.1f},{y(before.value):.1f}")
        path.append(f"{x(point.number):.1f},{y(point.value):.1f}")
        before = point
    path.append(f"{x(last):.1f},{y(picture.best[-1].value):.1f}")
    yield f'<polyline class="best" points="{" ".join(path)}"/>'


def importance(picture: Picture) -> str:
    """Return the shares as bars, each with the interval that holds it with a probability of 90 %."""
    if not picture.importances:
        return f"<p>{escape(picture.refused)}</p>"
    return _svg(ROW * len(picture.importances), "Importance of each hyperparameter", "".join(_bars(picture)))


def _bars(picture: Picture) -> Iterator[str]:
    left, whole = 2 * LEFT, WIDTH - 2 * LEFT - 3 * RIGHT
    for row, item in enumerate(picture.importances):
        middle = row * ROW + ROW / 2
        length, *ends = (whole * min(max(share, 0.0), 1.0) for share in (item.share, item.low, item.high))
        yield f'<text x="{left - 8}" y="{middle + 4}" text-anchor="end">{escape(item.parameter)}</text>'
        yield (
            f'<rect class="bar" x="{left}" y="{middle - 7}" height="14" width="{length:.1f}"/>'
            f'<line class="sure" x1="{left + ends[0]:.1f}" x2="{left + ends[1]:.1f}" y1="{middle}" y2="{middle}"/>'
            f'<text x="{WIDTH - RIGHT}" y="{middle + 4}" text-anchor="end">{item.share:.0%}</text>'
        )


def _svg(height: int, label: str, body: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">{body}</svg>'
