"""What `minimize` and `maximize` return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tunewright.core.errors import NotFound

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("value", "state", "reason", "seconds")


@dataclass(frozen=True, slots=True)
class Trial:
    """One call of the function."""

    number: int
    """From 1, over all jobs of the result."""
    configuration: Mapping[str, Any]
    value: float | None
    """None: it has none, and `reason` says why."""
    state: str
    """Completed, Stopped (early, with its last value) or Failed."""
    reason: str = ""
    seconds: float = 0.0
    training: str = ""
    """Its training job: `tunewright logs TRAINING` shows what it printed."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """The best configuration, and all trials."""

    name: str
    """Of the tuning job: `tunewright describe NAME`."""
    state: str
    """Completed, Stopped or Failed, and `reason` says why."""
    reason: str
    history: tuple[Trial, ...]
    best_training: str = ""

    @property
    def best(self) -> Trial:
        """Return the best trial. Raises NotFound: none has a value."""
        for trial in self.history:
            if self.best_training and trial.training == self.best_training:
                return trial
        last = next((trial.reason for trial in reversed(self.history) if trial.reason), self.reason)
        raise NotFound("trial with a value in", self.name, f"the last one says: {last}")

    @property
    def configuration(self) -> dict[str, Any]:
        """Return the best configuration. Raises NotFound."""
        return dict(self.best.configuration)

    @property
    def value(self) -> float:
        """Return what the best configuration gave. Raises NotFound."""
        return self.best.value or 0.0

    def dataframe(self) -> pd.DataFrame:
        """Return all trials as a pandas DataFrame. Raises InvalidSpec: pandas is not installed."""
        from tunewright.exports.frame import frame

        names = dict.fromkeys(name for trial in self.history for name in trial.configuration)
        rows = [
            {"number": trial.number, **_columns(trial), **{item: getattr(trial, item) for item in COLUMNS}}
            for trial in self.history
        ]
        return frame(["number", *map(_column, names), *COLUMNS], rows)

    def __str__(self) -> str:
        return f"{self.name}: {self.state}, {len(self.history)} trials. {self.reason}"


def _columns(trial: Trial) -> dict[str, Any]:
    return {_column(name): value for name, value in trial.configuration.items()}


def _column(name: str) -> str:
    """Return the column of a hyperparameter, which may be called like one of ours."""
    return f"hyperparameter:{name}" if name in ("number", *COLUMNS) else name
