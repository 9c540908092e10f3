"""The observation log as columns, for the suggester; kept in memory as far as it has been read."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from tunewright.core.errors import NotFound
from tunewright.core.space import Choice, Float, Int, Range, Value
from tunewright.core.spec import Definition
from tunewright.platform.store.port import Query, Store
from tunewright.v1 import suggestion_service_pb2

PAGE: Final = 1000
JOBS_KEPT: Final = 256

Row = dict[str, Any]


@dataclass(slots=True)
class History:
    """Observations 0 … n − 1 of a job, in fold order."""

    rows: list[Row] = field(default_factory=list)

    def fill(
        self, message: suggestion_service_pb2.Observations, definition: Definition, after: int, watermark: int
    ) -> None:
        """Write one definition's observations after … watermark − 1 into the message, a column per parameter."""
        rows = [row for row in self.rows[after:watermark] if row["definition_name"] == definition.name]
        for parameter in definition.parameters:
            column = message.columns.add(name=parameter.name)
            _fill_column(column, parameter.range, [row["configuration"][parameter.name] for row in rows])
        outcomes: Any = suggestion_service_pb2.Outcome
        message.outcomes.extend(outcomes.Value(f"OUTCOME_{row['outcome']}") for row in rows)
        message.values.extend(_number(row["value"]) for row in rows)
        message.steps.extend(row["steps"] for row in rows)
        message.costs.extend(row["cost_s"] for row in rows)
        message.numbers.extend(row["number"] for row in rows)
        if any(row.get("error") is not None for row in rows):
            message.errors.extend(_number(row.get("error")) for row in rows)
        for row in rows:
            curve, steps = row["curve"], row.get("curve_steps", [])
            if len(curve) == len(steps):  # else it was stored before steps were
                message.curves.extend(curve)
                message.curve_steps.extend(steps)
            message.curve_lengths.append(len(steps) if len(curve) == len(steps) else 0)


class Histories:
    """Histories by job. The log only grows, so what has been read stays true."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[str, History] = OrderedDict()

    async def of(self, uid: str, watermark: int) -> History:
        """Return a job's history, at least its first `watermark` observations.

        Raises: NotFound: there are not as many; the job has been deleted.
        """
        kept = self._kept.setdefault(uid, History())
        self._kept.move_to_end(uid)
        while len(self._kept) > JOBS_KEPT:
            self._kept.popitem(last=False)
        rows = list(kept.rows)
        while len(rows) < watermark:
            page = await self._store.find(
                Query("observations", "by_job", {"uid": uid}, low=len(rows), high=watermark, limit=PAGE)
            )
            if not page.items:
                raise NotFound("observation", f"{uid}/{len(rows)}", f"{watermark} were written")
            rows.extend(item.document for item in page.items)
        if len(rows) > len(kept.rows):
            kept.rows = rows
        return kept


@dataclass(frozen=True, slots=True)
class Mark:
    """How much of a job's history a suggester was seen to know, and the name that it gave that."""

    digest: bytes = b""
    length: int = 0
    """In observations, of all definitions."""


NOTHING: Final = Mark()


class Marks:
    """What suggesters know of the jobs asked for last, by job and revision of its specification."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], Mark] = OrderedDict()

    def take(self, uid: str, revision: int) -> Mark:
        """Return the mark, and forget it: an answer brings the next."""
        return self._kept.pop((uid, revision), NOTHING)

    def put(self, uid: str, revision: int, mark: Mark) -> None:
        self._kept[uid, revision] = mark
        while len(self._kept) > JOBS_KEPT:
            self._kept.popitem(last=False)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _fill_column(column: suggestion_service_pb2.Column, parameter: Range, values: list[Value]) -> None:
    match parameter:
        case Float():
            column.floats.extend(float(value) for value in values)
        case Int():
            column.ints.extend(int(value) for value in values)
        case Choice():
            index = {value: position for position, value in enumerate(parameter.values)}
            column.choices.extend(index.get(str(value), -1) for value in values)
