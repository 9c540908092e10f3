"""The rules by which one value of a training is judged: stop it, or let it go on.

    median        worse than the median of the completed trainings' running means up to the same step: AMT's rule. It
                  compares the value itself, where Vizier's median rule (Golovin et al. 2017, "Google Vizier", section
                  3.2.2) compares the best so far
    percentile    not among the best p % of them; 50 is the median rule
    threshold     worse than a fixed value
    patience      no better than its own best for so many values
    rung          not among the best third at a rung: Hyperband's (tunewright.core.rungs)
    max_resource  it has had all that Hyperband gives one training

What is no finite number is worse than any number. A tie is not worse, so on a plateau nobody is stopped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tunewright.core import stopping
from tunewright.core.rungs import REDUCTION, Verdict, judged
from tunewright.core.spec import Direction, EarlyStopping, EarlyStoppingRule
from tunewright.core.stopping import COMPARED_KEPT
from tunewright_metrics.core.series import CURVE_POINTS
from tunewright_metrics.core.standing import Means, Standing

OFF: Final = EarlyStoppingRule()


@dataclass(frozen=True, slots=True)
class Rules:
    """What a training is judged by."""

    early_stopping: EarlyStoppingRule = OFF
    direction: Direction = Direction.MAXIMIZE
    rungs: tuple[int, ...] = ()
    """Hyperband's, ascending; with them nothing else judges."""

    @property
    def active(self) -> bool:
        return bool(self.rungs) or stopping.active(self.early_stopping)

    @property
    def share(self) -> float | None:
        """Among which best share of the others a value has to be; None: it is not compared."""
        if self.early_stopping.type is EarlyStopping.AUTO:
            return 0.5
        percentile = self.early_stopping.percentile
        return None if percentile is None else percentile / 100


@dataclass(frozen=True, slots=True)
class Stop:
    """A decision and its evidence. Field names are those of the message StopAdvised."""

    rule: str
    step: int
    value: float
    against: float | None = None
    compared: tuple[int, ...] = ()
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Judged:
    """What is known of one attempt after the values so far."""

    best: float | None = None
    best_step: int = 0
    """0: it has shown no finite value."""
    at_rungs: tuple[tuple[int, float], ...] = ()
    """Its values at the rungs that it has passed, but the last one; NaN for what is no finite number."""
    stop: Stop | None = None
    """Final: nothing is judged after it."""


def judge(known: Judged, rules: Rules, standing: Standing, number: int, step: int, value: float) -> Judged:
    """Judge training `number` by its value at `step` (from 1), in order of emission."""
    if known.stop is not None:
        return known
    if math.isfinite(value) and (known.best is None or rules.direction.better(value, known.best)):
        known = replace(known, best=value, best_step=step)
    if rules.rungs:
        stop = _at_rung(rules, standing, number, step, value) if step in rules.rungs else None
    else:
        stop = _by_curves(known, rules, standing, step, value)
    return known if stop is None else replace(known, stop=stop)


def is_compared_at(step: int) -> bool:
    """Say whether a curve of finite values keeps a point at this step (series.Curve): there it is compared.

    Each of the first 63, then 32 for each doubling: what a training costs to judge grows with the logarithm of its
    length.
    """
    return step % (1 << max(step.bit_length() - CURVE_POINTS.bit_length() + 1, 0)) == 0


def _by_curves(known: Judged, rules: Rules, standing: Standing, step: int, value: float) -> Stop | None:
    if step < standing.warm_up:
        return None
    share = rules.share
    if share is not None and standing.speaks and is_compared_at(step):
        against = quantile(standing.means_at(step), share, rules.direction)
        if worse(value, against, rules.direction):
            rule = "median" if rules.early_stopping.type is EarlyStopping.AUTO else "percentile"
            return Stop(rule, step, value, against, _last(standing.completed))
    threshold, patience = rules.early_stopping.threshold, rules.early_stopping.patience
    if threshold is not None and worse(value, threshold, rules.direction):
        return Stop("threshold", step, value, threshold)
    if patience is not None and step - known.best_step >= patience:
        return Stop("patience", step, value, known.best)
    return None


def _at_rung(rules: Rules, standing: Standing, number: int, rung: int, value: float) -> Stop | None:
    others = {other: shown for other, shown in standing.at_rung(rung).items() if other != number}
    finite = value if math.isfinite(value) else math.nan
    match judged(finite, list(others.values()), at=rung, rungs=rules.rungs, direction=rules.direction):
        case Verdict.STOP_AT_MAXIMUM:
            return Stop(stopping.MAX_RESOURCE, rung, value)
        case Verdict.STOP_AT_RUNG:
            ranked = sorted(
                (shown for shown in others.values() if not math.isnan(shown)),
                reverse=rules.direction is Direction.MAXIMIZE,
            )
            enough = ranked[(len(others) + 1) // REDUCTION - 1]
            return Stop("rung", rung, value, enough, _last(others))
        case _:
            return None


def worse(value: float, than: float, direction: Direction) -> bool:
    return not math.isfinite(value) or direction.better(than, value)


def quantile(values: Means, share: float, direction: Direction) -> float:
    """Return the value that the best `share` of the values are at least as good as.

    Between two of them it is interpolated (Hyndman and Fan 1996, definition 7), so a share of 0.5 is the median.
    """
    ranked = sorted(values.tolist(), reverse=direction is Direction.MAXIMIZE)
    place = share * (len(ranked) - 1)
    left, right = ranked[math.floor(place)], ranked[math.ceil(place)]
    if left == right:
        return float(left)
    part = place - math.floor(place)
    between = left * (1 - part) + right * part
    return float(min(max(between, min(left, right)), max(left, right)))


def _last(numbers: Iterable[int]) -> tuple[int, ...]:
    ascending: Sequence[int] = sorted(numbers)
    return tuple(ascending[-COMPARED_KEPT:])
