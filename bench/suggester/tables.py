"""From runs to tables and rows. Every problem that was run is shown, with the floor and the rivals of the same run."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from bench.rows import Row
from bench.suggester.problems import catalogue
from bench.suggester.problems.problem import Kind
from bench.suggester.references import PROBABILITIES, references
from bench.suggester.results import Run
from bench.suggester.statistics import (
    Array,
    Scores,
    equivalent_draws,
    geometric_mean,
    normalised_regret,
    ratio,
    selected,
)

FRACTIONS: Final = (0.25, 0.5, 1.0)
"""Of the budget: where regrets are read."""
EQUIVALENTS_AT: Final = 30
FLOOR: Final = "random"
OURS: Final = "ours"


def checkpoints(budget: int) -> tuple[int, ...]:
    """Return the counts of evaluations at which regrets are read: 12, 25 and 50 of 50."""
    return tuple(max(math.floor(fraction * budget), 1) for fraction in FRACTIONS)


def scores_of(runs: Iterable[Run]) -> dict[str, Scores]:
    """Return the regrets of each optimiser."""
    found: dict[str, dict[str, dict[int, Array]]] = defaultdict(lambda: defaultdict(dict))
    for run in runs:
        reference = references()[catalogue()[run.problem].reference]
        found[run.optimizer][run.problem][run.seed] = np.array(
            [
                normalised_regret(run.trace[count - 1], reference.optimum, reference.median)
                for count in checkpoints(run.budget)
            ]
        )
    return {name: dict(scores) for name, scores in found.items()}


def complete(runs: Sequence[Run]) -> list[Run]:
    """Return the runs on the problems and seeds that every optimiser has: means over others would not compare."""
    names = {run.optimizer for run in runs}
    have: dict[tuple[str, int], set[str]] = defaultdict(set)
    for run in runs:
        have[run.problem, run.seed].add(run.optimizer)
    return [run for run in runs if have[run.problem, run.seed] == names]


def text_of(runs: Sequence[Run], title: str) -> str:
    """Return the tables of runs of one budget and parallelism."""
    shown = complete(runs)
    if not shown:
        return f"\n{title}: no problem and seed that every optimiser has yet"
    scores = scores_of(shown)
    names = sorted(scores, key=lambda name: float(geometric_mean(scores[name])[-1]))
    pairs = sum(len(seeds) for seeds in scores[names[0]].values())
    parts = [
        f"\n{title}: {len(scores[names[0]])} problems, {pairs} pairs of problem and seed",
        _overall(shown, scores, names),
        _by_problem(scores, names),
    ]
    return "\n".join(parts)


def _overall(runs: Sequence[Run], scores: dict[str, Scores], names: Sequence[str]) -> str:
    counts = checkpoints(runs[0].budget)
    kinds = [kind for kind in Kind if any(catalogue()[run.problem].kind is kind for run in runs)]
    head = f"{'':24}" + "".join(f"{f'at {count}':>9}" for count in counts) + "".join(f"{kind:>11}" for kind in kinds)
    lines = [f"{head}{'draws':>9}{'ms':>8}{'failed asks':>13}{'':5}ratio of ours, upper bound in brackets"]
    for name in names:
        means = "".join(f"{value:9.3f}" for value in geometric_mean(scores[name]))
        of_kinds = "".join(f"{_of_kind(scores[name], kind):11.3f}" for kind in kinds)
        own = [run for run in runs if run.optimizer == name]
        millis, errors = statistics.median(run.ask_ms for run in own), sum(run.errors for run in own)
        compared = _compared(scores, name)
        lines.append(f"{name:24}{means}{of_kinds}{_draws(own):9.1f}{millis:8.1f}{errors:13}{'':5}{compared}")
    return "\n".join(lines)


def _of_kind(scores: Scores, kind: Kind) -> float:
    return float(geometric_mean(_of(kind, scores))[-1])


def _of(kind: Kind, scores: Scores) -> Scores:
    return selected(scores, lambda problem: catalogue()[problem].kind is kind)


def _compared(scores: dict[str, Scores], name: str) -> str:
    if OURS not in scores or name == OURS:
        return ""
    found = ratio(scores[OURS], scores[name])
    assert found is not None
    return "  ".join(f"{value:.2f} ({upper:.2f})" for value, upper in zip(found.value, found.upper, strict=True))


def _draws(runs: Sequence[Run]) -> float:
    """Return the geometric mean over problems of the random draws that EQUIVALENTS_AT evaluations are worth."""
    worth: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        reference = references()[catalogue()[run.problem].reference]
        value = run.trace[min(EQUIVALENTS_AT, len(run.trace)) - 1]
        worth[run.problem].append(equivalent_draws(value, reference.quantiles, PROBABILITIES, reference.design))
    return math.exp(statistics.mean(math.log(max(statistics.median(found), 1e-3)) for found in worth.values()))


def _by_problem(scores: dict[str, Scores], names: Sequence[str]) -> str:
    """Return the mean regret at the full budget on each problem; a star marks the best."""
    lines = ["", f"{'regret at the end':24}" + "".join(f"{name[:13]:>14}" for name in names)]
    for problem in (name for name in catalogue() if name in scores[names[0]]):
        means = [float(np.mean([regrets[-1] for regrets in scores[name][problem].values()])) for name in names]
        marks = ["*" if mean <= min(means) + 1e-9 else " " for mean in means]
        cells = "".join(f"{mean:13.4f}{mark}" for mean, mark in zip(means, marks, strict=True))
        lines.append(f"{problem:24}{cells}")
    return "\n".join(lines)


def rows_of(runs: Sequence[Run], title: str) -> list[Row]:
    """Return the rows of runs of one budget and parallelism for bench/latest.json."""
    shown = complete(runs)
    scores = scores_of(shown)
    if OURS not in scores:
        return []
    floor = float(geometric_mean(scores[FLOOR])[-1]) if FLOOR in scores else math.nan
    own = float(geometric_mean(scores[OURS])[-1])
    rows = [Row(f"regret, {title}", own, "", f"floor: random {floor:.3f}", own / floor, "", own < floor)]
    for name in sorted(scores.keys() - {OURS, FLOOR}):
        rows.extend(_against(scores, name, title))
    return [*rows, *_kinds(scores, title), *_equivalents(shown, title)]


def _against(scores: dict[str, Scores], name: str, title: str) -> list[Row]:
    found = ratio(scores[OURS], scores[name])
    assert found is not None
    rival = f"{found.problems} problems, {found.pairs} pairs"
    return [
        Row(
            f"ours / {name} at {fraction:.0%}, {title}",
            float(upper),
            "bound",
            rival,
            float(value),
            "< 1",
            bool(upper < 1),
        )
        for fraction, value, upper in zip(FRACTIONS, found.value, found.upper, strict=True)
    ]


def _kinds(scores: dict[str, Scores], title: str) -> list[Row]:
    rows = []
    for kind in Kind:
        of = {name: _of(kind, found) for name, found in scores.items()}
        if not of[OURS]:
            continue
        means = {name: float(geometric_mean(found)[-1]) for name, found in of.items()}
        rivals = {name: mean for name, mean in means.items() if name != OURS}
        best = min(rivals, key=lambda name: rivals[name]) if rivals else OURS
        beside, holds = f"best other: {best} {means[best]:.3f}", means[OURS] <= means[best] + 0.02
        rows.append(Row(f"regret, {kind}, {title}", means[OURS], "", beside, None, "≤ best other + 0.02", holds))
    return rows


def _equivalents(runs: Sequence[Run], title: str) -> list[Row]:
    """Return what 30 evaluations are worth in random draws; real models apart."""
    rows = []
    for real in (False, True):
        part = [run for run in runs if (catalogue()[run.problem].kind is Kind.REAL) == real]
        worth = {
            name: _draws([run for run in part if run.optimizer == name]) for name in {run.optimizer for run in part}
        }
        if not worth:
            continue
        own, rivals = worth.pop(OURS), worth
        best = max(rivals, key=lambda name: rivals[name], default="")
        beside = f"best other: {best} {rivals.get(best, math.nan):.1f}"
        label = "real models" if real else "all but real models"
        holds = real or (own >= 10 and own > max(rivals.values(), default=0.0))
        rows.append(
            Row(
                f"30 evaluations in random draws, {label}, {title}",
                own,
                "",
                beside,
                None,
                "" if real else "≥ 10, > each",
                holds,
            )
        )
    return rows
