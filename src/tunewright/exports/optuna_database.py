"""Optuna's SQLite storage, filled fast.

Optuna inserts each intermediate value and each attribute of a finished trial by a query and a statement of its own:
4 ms each, a quarter of a second for a curve of 64. Trials are made by its API, these two tables are filled at once when
the storage is closed. They are as Optuna 3.0 to 5.0 have them; tests read the study back through Optuna.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from optuna.storages import RDBStorage

if TYPE_CHECKING:
    from optuna.study import StudyDirection
    from optuna.trial import FrozenTrial

POINTS: Final = (
    "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type)"
    " VALUES (?, ?, ?, ?)"
)
ATTRIBUTES: Final = "INSERT INTO trial_user_attributes (trial_id, key, value_json) VALUES (?, ?, ?)"


class _Filled:
    """As much of a storage as writing a study takes; it keeps what is many of each new trial for later."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._storage = RDBStorage(f"sqlite:///{path}")
        self._points: list[tuple[int, int, float | None, str]] = []
        self._attributes: list[tuple[int, str, str]] = []

    def create_new_study(self, directions: Sequence[StudyDirection], name: str) -> int:
        return int(self._storage.create_new_study(directions, name))

    def set_study_user_attr(self, study: int, name: str, value: Any) -> None:
        self._storage.set_study_user_attr(study, name, value)

    def create_new_trial(self, study: int, trial: FrozenTrial) -> int:
        points, attributes = trial.intermediate_values, trial.user_attrs
        trial.intermediate_values, trial.user_attrs = {}, {}
        key = int(self._storage.create_new_trial(study, trial))
        self._points += [(key, step, *_stored(value)) for step, value in points.items()]
        self._attributes += [(key, name, json.dumps(value)) for name, value in attributes.items()]
        return key

    def fill(self) -> None:
        self._storage.remove_session()
        self._storage.engine.dispose()
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.executemany(POINTS, self._points)
            connection.executemany(ATTRIBUTES, self._attributes)


@contextmanager
def database(path: Path) -> Iterator[_Filled]:
    """Give a storage on a new file, complete and closed at the end."""
    storage = _Filled(path)
    try:
        yield storage
    finally:
        storage.fill()


def _stored(value: float) -> tuple[float | None, str]:
    """Return a value as the table has it: only finite ones are numbers there."""
    if math.isnan(value):
        return None, "NAN"
    if math.isinf(value):
        return None, "INF_POS" if value > 0 else "INF_NEG"
    return value, "FINITE"
