"""What the rules look at: one definition's ended trainings as numbers, smaller is better."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tunewright.core.space import Configuration, Space
from tunewright.core.spec import Definition
from tunewright.core.states import TrainingState
from tunewright.surrogate.bend import LARGEST
from tunewright.surrogate.encoding import Array, Encoding, encoding_of
from tunewright_metrics.core.history import History, Tried

BEST_SHARE: Final = 0.2
FEWEST_BEST: Final = 5
"""The best trainings are the best fifth, at least five: fewer say nothing of where good ones lie."""


@dataclass(frozen=True, slots=True)
class Evidence:
    history: History
    definition: Definition
    encoding: Encoding
    tried: tuple[Tried, ...]
    """Trainings that ran to their end with an objective, in the order in which they ended."""
    U: Array
    """(n, g): their coordinates."""
    y: Array
    """(n,): their objectives, turned so that smaller is better."""
    failed: tuple[Tried, ...]
    """Trainings that ended by themselves without an objective."""

    @property
    def definition_name(self) -> str:
        return self.history.label(self.definition)

    @property
    def sign(self) -> float:
        return self.history.sign(self.definition)

    @property
    def best(self) -> NDArray[np.intp]:
        """Rows of the best trainings, the best first."""
        count = max(FEWEST_BEST, math.ceil(BEST_SHARE * len(self.y)))
        return np.argsort(self.y, kind="stable")[:count]

    @property
    def best_tried(self) -> Tried:
        return self.tried[int(np.argmin(self.y))]


def evidence_of(history: History, definition: Definition) -> Evidence:
    """A training that was stopped early says too little to be judged by, and is in neither list."""
    space = definition.space
    known = [item for item in history.of(definition) if _readable(item.configuration, space)]
    ended = [item for item in known if item.state is TrainingState.COMPLETED and item.value is not None]
    finite = [item for item in ended if math.isfinite(_value(item))]
    without = [item for item in known if item.state in _BY_THEMSELVES and not math.isfinite(_value(item))]
    encoding = encoding_of(space)
    columns = {name: [item.configuration[name] for item in finite] for name in space}
    y = history.sign(definition) * np.array([_value(item) for item in finite], dtype=np.float64)
    U = encoding.coordinates(columns, len(finite))
    return Evidence(history, definition, encoding, tuple(finite), U, y.clip(-LARGEST, LARGEST), tuple(without))


_BY_THEMSELVES: Final = frozenset({TrainingState.COMPLETED, TrainingState.FAILED})


def _value(item: Tried) -> float:
    return math.nan if item.value is None else item.value


def _readable(configuration: Configuration, space: Space) -> bool:
    """Whether it gives each hyperparameter a value that the ranges, as they stand now, offer."""
    return all(name in configuration and range_.contains(configuration[name]) for name, range_ in space.items())
