"""What the suggester is asked and what it answers, as values.

An answer is a function of its ask alone. Histories are columns of plain Python numbers in fold order, so that an ask
that needs no model (Random, Grid, Hyperband) never loads numpy. Nothing here knows how a suggestion is made or carried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tunewright.core.space import Configuration, Space, Value
from tunewright.core.spec import Direction, HyperbandConfig, Strategy, WarmStartType

DOUBT: Final = 0.25
"""Share of the usual miss of what is foretold that enters as a standard error. Under the median rule all of it lets the
model explore again around what was stopped for good reason: on the noisy curves of bench/suggester/stopped.py it had
twice the regret of a quarter (9 seeds)."""


class Outcome(StrEnum):
    COMPLETED = "Completed"
    STOPPED = "Stopped"
    """Stopped early at `steps`."""
    FAILED = "Failed"
    INFEASIBLE = "Infeasible"
    """Finished without a usable objective."""


class Source(StrEnum):
    """Where a suggested configuration came from."""

    DEFAULT = "default"
    INITIAL = "initial"
    EXPLORE = "explore"
    EXPLOIT = "exploit"
    RANDOM = "random"
    GRID = "grid"
    PARENT = "parent"
    """The best that a parent of a warm start knows."""


@dataclass(frozen=True, slots=True)
class Curve:
    """How the objective of one training went."""

    steps: tuple[int, ...] = ()
    """Ascending, from 1: how many objective values had been emitted."""
    means: tuple[float, ...] = ()
    """Running mean of the objective up to each of the steps."""


@dataclass(frozen=True, slots=True)
class Observations:
    """n observations of one definition, in fold order. A value of None is one that the space no longer offers."""

    columns: Mapping[str, tuple[Value | None, ...]] = field(default_factory=dict)
    """Parameter to its n values."""
    outcomes: tuple[Outcome, ...] = ()
    values: tuple[float, ...] = ()
    """Last value of the objective; NaN where there is none."""
    steps: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()
    """Training numbers."""
    errors: tuple[float, ...] = ()
    """Standard errors of the values, NaN where unknown; empty: none is known."""
    curves: tuple[Curve, ...] = ()
    """Empty: none is known."""
    doubt: float = DOUBT
    """How much what is foretold of those that were stopped is doubted."""

    def __len__(self) -> int:
        return len(self.outcomes)

    def configuration(self, row: int) -> dict[str, Value | None]:
        return {name: column[row] for name, column in self.columns.items()}


@dataclass(frozen=True, slots=True)
class Parent:
    """An ended job that this one is warm-started from."""

    space: Space
    observations: Observations
    static: Mapping[str, str] = field(default_factory=dict)
    """Its static hyperparameters, as texts."""


@dataclass(frozen=True, slots=True)
class DefinitionAsk:
    """One algorithm of the job: its space, and what is known of its trainings."""

    space: Space
    name: str = ""
    observations: Observations = Observations()
    pending: tuple[Configuration, ...] = ()
    """Running, or their outcome is not known yet."""
    default_point: Mapping[str, Value] = field(default_factory=dict)
    """To be tried first, whole or in part."""
    static: Mapping[str, str] = field(default_factory=dict)
    """Static hyperparameters, as texts: they tell which of a parent's observations are of this problem."""
    parents: tuple[Parent, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    strategy: Strategy
    definitions: tuple[DefinitionAsk, ...]
    direction: Direction = Direction.MINIMIZE
    seed: int = 0
    number: int = 0
    """Of this ask, from 0."""
    count: int = 1
    """How many configurations are wanted."""
    started: int = 0
    """Trainings created before this ask; draws without replacement go on from here."""
    budget: int | None = None
    """Trainings that may still be started, this ask's included."""
    parallel: int = 1
    effort: str = ""
    hyperband: HyperbandConfig | None = None
    warm_start: WarmStartType | None = None
    """What the parents of the definitions mean; None: there are none."""


@dataclass(frozen=True, slots=True)
class Provenance:
    source: Source
    mean: float | None = None
    """Predicted objective; `deviation` likewise, both in units of the objective."""
    deviation: float | None = None
    acquisition: float | None = None
    """Logarithm of the expected improvement, in the model's units."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    configuration: Configuration
    provenance: Provenance
    definition_name: str = ""
    bracket: int = 0
    rungs: tuple[int, ...] = ()
    """Counts of objective values after which the training is judged, ascending."""


@dataclass(frozen=True, slots=True)
class Outlook:
    probability: float
    """That more than 1 % is still gained within the remaining budget."""
    gain: float
    """Expected, in units of the objective, at least 0."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`suggestions` are fewer than asked for only with `exhausted`."""

    suggestions: tuple[Suggestion, ...]
    outlook: Outlook | None = None
    exhausted: bool = False
    recommended: int | None = None
    """Number of the training whose configuration has the best posterior mean; None: no model of it was fitted."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    number: int
    distance: float
    """In lengthscales of the model."""
    value: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a suggestion was made: what the model saw."""

    suggestion: Suggestion
    text: str
    neighbours: tuple[Neighbour, ...] = ()
    lengthscales: Mapping[str, float] = field(default_factory=dict)
    """On the unit axis; a small one means that the parameter matters."""
    noise: float = 0.0
    """Standard deviation of the objective around the model's mean, in units of the objective."""
