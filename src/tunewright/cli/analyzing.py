"""`tunewright analyze`: tables with bars and intervals, curves as sparklines, refusals in plain words."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tunewright.cli.advising import advice_text
from tunewright.cli.blocks import bar, sparkline
from tunewright.cli.forms import Form
from tunewright.cli.output import Record, print_table, record_of, show
from tunewright.cli.serving import join
from tunewright.cli.wording import printable, rounded
from tunewright.client import (
    Analyses,
    Analysis,
    BestStep,
    Client,
    Importance,
    Method,
    PartialDependence,
    Refusal,
    Share,
)
from tunewright.core.errors import InvalidSpec

MOST_CHOICES: Final = 6
"""Of a choice, told by name with their means."""
SHARES_SHOWN: Final = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
TITLES: Final = {
    Method.PED_ANOVA: "sets the best apart",
    Method.SOBOL: "share of variance, alone",
    Method.SOBOL_TOTAL: "share of variance, with others",
}
COLUMNS: Final = {
    Analysis.IMPORTANCE: ("parameter", "method", "share", "low", "high", "definition_name"),
    Analysis.PARTIAL_DEPENDENCE: ("parameter", "at", "mean", "deviation", "definition_name"),
    Analysis.BEST_SO_FAR: ("number", "at", "value", "trainings"),
    Analysis.DISTRIBUTION: ("value", "share"),
    Analysis.ADVICE: ("kind", "text", "remedy", "definition_name"),
}
"""Of each analysis as a table by itself."""


def analyze(job: str, data_dir: Path | None, names: Sequence[str], definition: str, *, form: Form) -> None:
    if form is Form.CSV and len(names) != 1:
        raise InvalidSpec("--output", "csv is one table, and these are several", "Name one, for example --importance")
    with Client(join(data_dir)) as client:
        wanted = [Analysis[name] for name in names]
        told = client.analyze(job, *wanted, definition_name=definition)
    show_told(told, wanted, form)


def show_told(told: Analyses, wanted: Sequence[Analysis], form: Form) -> None:
    if form is Form.CSV:
        for refusal in told.refused:
            print(printable(_refused(refusal)), file=sys.stderr)
        show(form, _flat(told, wanted[0]), COLUMNS[wanted[0]])
    else:
        show(form, record_of(told), (), lambda: draw(told))


def _flat(told: Analyses, analysis: Analysis) -> list[Record]:
    """Return an analysis as the rows of one table."""
    match analysis:
        case Analysis.IMPORTANCE:
            items: Sequence[object] = told.importances
        case Analysis.PARTIAL_DEPENDENCE:
            return [
                {"parameter": item.parameter, "definition_name": item.definition_name}
                | {"at": at, "mean": mean, "deviation": deviation}
                for item in told.dependences
                for at, mean, deviation in zip(item.at, item.mean, item.deviation, strict=True)
            ]
        case Analysis.BEST_SO_FAR:
            items = told.best_so_far
        case Analysis.DISTRIBUTION:
            items = told.distribution
        case Analysis.ADVICE:
            items = told.advice
    return [record_of(item) for item in items]


def draw(told: Analyses) -> None:
    print(_rests_on(told))
    for name in dict.fromkeys(item.definition_name for item in told.importances):
        _show_importance([item for item in told.importances if item.definition_name == name], name)
    for name in dict.fromkeys(item.definition_name for item in told.dependences):
        _show_dependence([item for item in told.dependences if item.definition_name == name], name)
    _show_best(told.best_so_far)
    _show_distribution(told.distribution)
    for advice in told.advice:
        print(printable(f"\nAdvice: {advice_text(advice)}\n  {advice.remedy}"))
    for refusal in told.refused:
        print(printable(f"\n{_refused(refusal)}"))


def _refused(refusal: Refusal) -> str:
    of = f" of {refusal.definition_name}" if refusal.definition_name else ""
    return f"No {refusal.analysis.value}{of}: {refusal.reason}."


def _rests_on(told: Analyses) -> str:
    stopped = f", {told.stopped} of them of trainings stopped early" if told.stopped else ""
    without = f"; {told.left_out} ended without one" if told.left_out else ""
    return f"{told.trainings} objective{'' if told.trainings == 1 else 's'}{stopped}{without}"


def _show_importance(items: Sequence[Importance], definition_name: str) -> None:
    for method in dict.fromkeys(item.method for item in items):
        title = TITLES[Method(method)] if method in list(Method) else method
        shares = sorted((item for item in items if item.method == method), key=lambda item: -item.share)
        rows = (
            (item.parameter, f"{item.share:.0%}", f"{item.low:.0%} – {item.high:.0%}", bar(item.share))
            for item in shares
        )
        _show(title, definition_name, ("name", "share", "90 %", ""), rows)


def _show_dependence(items: Sequence[PartialDependence], definition_name: str) -> None:
    rows = (
        (
            item.parameter,
            f"{rounded(item.at[0])} … {rounded(item.at[-1])}" if not isinstance(item.at[0], str) else "",
            sparkline(range(len(item.mean)), item.mean),
            f"{min(item.mean):.4g} … {max(item.mean):.4g}",
            f"± {sorted(item.deviation)[len(item.deviation) // 2]:.2g}",
            _by_choice(item),
        )
        for item in items
    )
    _show("objective along each", definition_name, ("name", "from … to", "", "objective", "", "by value"), rows)


def _by_choice(item: PartialDependence) -> str:
    if not isinstance(item.at[0], str):
        return ""
    means = [f"{at}: {mean:.4g}" for at, mean in zip(item.at, item.mean, strict=True)]
    return ", ".join(means[:MOST_CHOICES]) + (", …" if len(means) > MOST_CHOICES else "")


def _show_best(steps: Sequence[BestStep]) -> None:
    rows = ((str(step.number), step.value, str(step.trainings)) for step in steps)
    if steps:
        curve = sparkline(range(len(steps)), [step.value for step in steps])
        _show(f"best so far  {curve}", "", ("training", "objective", "after trainings"), rows)


def _show_distribution(shares: Sequence[Share]) -> None:
    """Show the best, the quantiles and the worst."""
    if shares:
        found = [next((item for item in shares if item.share >= share), shares[-1]) for share in SHARES_SHOWN]
        rows = ((f"{item.share:.0%}", item.value) for item in dict.fromkeys(found))
        _show("distribution", "", ("of trainings", "this or better"), rows)


def _show(title: str, definition_name: str, columns: tuple[str, ...], rows: Iterable[tuple[str | float, ...]]) -> None:
    print(printable(f"\n{title}{f' ({definition_name})' if definition_name else ''}"))
    print_table(columns, rows)
