"""What stops trainings early in the bench: nothing, metrics' own judge, and a peer's median rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, Final, Protocol

from bench.suggester.curves.policies import running_means
from tunewright.core.rungs import rungs_of
from tunewright.core.spec import Direction, EarlyStopping, EarlyStoppingRule
from tunewright_metrics.core.judging import Judged, Rules, judge
from tunewright_metrics.core.series import CURVE_POINTS
from tunewright_metrics.core.standing import FIRST_STEP, WARM_UP, Standing


class Stopper(Protocol):
    """Judges the trainings of one job; smaller is better."""

    def stops(self, training: int, step: int, value: float) -> bool:
        """Say whether a training ends with its `step`-th value (from 1). It is not asked about the last one."""
        ...

    def completed(self, training: int, step: int, value: float) -> None:
        """Take note of the last value of a training that ran to its end."""
        ...


class Nothing:
    """Lets every training run to its end."""

    def stops(self, training: int, step: int, value: float) -> bool:  # noqa: ARG002
        return False

    def completed(self, training: int, step: int, value: float) -> None:
        """Nobody asks."""


class Ours:
    """The judge of the metrics service, on curves thinned as it keeps them."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._standing = Standing()
        self._known: dict[int, Judged] = {}
        self._values: dict[int, list[float]] = {}

    def stops(self, training: int, step: int, value: float) -> bool:
        self._values.setdefault(training, []).append(value)
        before = self._known.get(training, Judged())
        after = judge(before, self._rules, self._standing, training, step, value)
        self._known[training] = after
        if step in self._rules.rungs:
            self._standing = self._standing.with_value(step, training, value)
        return after.stop is not None

    def completed(self, training: int, step: int, value: float) -> None:
        means = running_means([*self._values.get(training, []), value])
        stride = 1 << max(step.bit_length() - CURVE_POINTS.bit_length() + 1, 0)
        kept = sorted({*range(stride, step + 1, stride), step})
        self._standing = self._standing.with_curve(training, kept, [means[at - 1] for at in kept])


class Peer:
    """Optuna's MedianPruner: a training's best value so far against the median of the others' values at the step."""

    def __init__(self, epochs: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warm_up = max(FIRST_STEP, math.ceil(WARM_UP * epochs))
        self._study = optuna.create_study(pruner=optuna.pruners.MedianPruner(5, warm_up))
        self._trials: dict[int, Any] = {}

    def stops(self, training: int, step: int, value: float) -> bool:
        if training not in self._trials:
            self._trials[training] = self._study.ask()
        trial = self._trials[training]
        trial.report(value, step)
        if not trial.should_prune():
            return False
        self._study.tell(trial, state=_pruned())
        return True

    def completed(self, training: int, step: int, value: float) -> None:
        trial = self._trials[training]
        trial.report(value, step)
        self._study.tell(trial, value)


def _pruned() -> Any:
    from optuna.trial import TrialState

    return TrialState.PRUNED


def median_rule(_epochs: int) -> Stopper:
    return Ours(Rules(EarlyStoppingRule(EarlyStopping.AUTO), Direction.MINIMIZE))


def rungs(epochs: int) -> Stopper:
    """Return the judge at the rungs of Hyperband's first bracket, at which it stops most."""
    return Ours(Rules(direction=Direction.MINIMIZE, rungs=rungs_of(0, 1, epochs)))


def stoppers() -> Mapping[str, Callable[[int], Stopper]]:
    """Return by name what makes a stopper for trainings of so many epochs; the peer where it is installed."""
    ours: dict[str, Callable[[int], Stopper]] = {MEDIAN: median_rule, RUNGS: rungs}
    return ours | ({PEER: Peer} if find_spec("optuna") else {})


MEDIAN: Final = "median rule"
RUNGS: Final = "Hyperband's rungs"
PEER: Final = "Optuna's MedianPruner"
