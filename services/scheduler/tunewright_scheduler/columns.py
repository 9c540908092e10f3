"""Trainings column by column: what plots and tables of thousands need, at a tenth of the bytes and the work.

It is made from as much of each record as it tells; the rest of a document is not even decoded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final, Generic, TypeVar

from tunewright.core.space import Value
from tunewright.core.states import ObjectiveState, TrainingState
from tunewright.platform.codec import to_message
from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Document
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler.core.attempt import Attempt

T = TypeVar("T")
STATES: Final = {state: pb.TrainingState.Value(f"TRAINING_STATE_{state.name}") for state in TrainingState}
OBJECTIVE_STATES: Final = {
    None: pb.OBJECTIVE_STATE_UNSPECIFIED,
    **{state: pb.ObjectiveState.Value(f"OBJECTIVE_STATE_{state.name}") for state in ObjectiveState},
}


@dataclass(frozen=True, slots=True)
class Source:
    source: str


@dataclass(frozen=True, slots=True)
class Stop:
    rule: str


@dataclass(frozen=True, slots=True)
class Begun:
    started_at: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """As much of a training's record as columns tell."""

    number: int
    name: str
    created_at: float
    configuration: Mapping[str, Value]
    provenance: Source
    shown: str
    definition_name: str = ""
    bracket: int = 0
    rungs: tuple[int, ...] = ()
    state: TrainingState = TrainingState.READY
    objective_state: ObjectiveState | None = ObjectiveState.PENDING
    objective_value: float | None = None
    attempt: int = 0
    holder: str = ""
    left_by: str = ""
    cost: float = 0.0
    stopped_early: Stop | None = None
    granted_at: float | None = None
    exit: Begun | None = None
    ended_at: float | None = None
    attempts: tuple[Attempt, ...] = ()

    @property
    def started_at(self) -> float | None:
        return self.exit.started_at if self.exit is not None else self.granted_at

    @property
    def stop_rule(self) -> str:
        return self.stopped_early.rule if self.stopped_early is not None and self.state.final else ""


FIELDS: Final = tuple(field.name for field in fields(Row))
"""Of a training's document."""


def columns_of(documents: Iterable[Document]) -> pb.TrainingColumns:
    rows = [from_document(document, Row) for document in documents]
    texts, rung_lists = Places(""), Places[tuple[int, ...]](())
    columns = pb.TrainingColumns(
        numbers=[row.number for row in rows],
        names=[row.name for row in rows],
        states=[STATES[row.state] for row in rows],
        statuses=texts.of(row.shown for row in rows),
        objective_states=[OBJECTIVE_STATES[row.objective_state] for row in rows],
        objective_values=_numbers(row.objective_value for row in rows),
        created_at=[row.created_at for row in rows],
        started_at=_numbers(row.started_at for row in rows),
        ended_at=_numbers(row.ended_at for row in rows),
        costs=[row.cost for row in rows],
        definition_names=texts.of(row.definition_name for row in rows),
        sources=texts.of(row.provenance.source for row in rows),
        stop_rules=texts.of(row.stop_rule for row in rows),
        trainers=texts.of(row.holder or row.left_by for row in rows),
        attempts=[row.attempt for row in rows],
        brackets=[row.bracket for row in rows],
        rungs=rung_lists.of(row.rungs for row in rows),
        parameters=_parameters([row.configuration for row in rows], texts),
        earlier_attempts=[
            pb.EarlierAttempt(number=row.number, attempt=to_message(attempt, pb.TrainingAttempt))
            for row in rows
            for attempt in row.attempts
        ],
    )
    columns.texts.extend(texts.all)
    columns.rung_lists.extend(pb.RungList(rungs=rungs) for rungs in rung_lists.all)
    return columns


class Places(Generic[T]):
    """What is told once and then referred to by its place, from 0 on, where `nothing` stands."""

    def __init__(self, nothing: T) -> None:
        self._places = {nothing: 0}

    @property
    def all(self) -> list[T]:
        return list(self._places)

    def of(self, items: Iterable[T]) -> list[int]:
        places = self._places
        return [places.setdefault(item, len(places)) for item in items]


def _parameters(configurations: Sequence[Mapping[str, Value]], texts: Places[str]) -> list[pb.ParameterColumn]:
    names = sorted({name for configuration in configurations for name in configuration})
    return [_parameter(name, [configuration.get(name) for configuration in configurations], texts) for name in names]


def _parameter(name: str, values: Sequence[Value | None], texts: Places[str]) -> pb.ParameterColumn:
    kinds = {type(value) for value in values}
    said = [value if isinstance(value, str) else "" for value in values]
    numbers = [None if isinstance(value, str) else value for value in values]
    return pb.ParameterColumn(
        name=name,
        numbers=_numbers(numbers) if kinds & {int, float} else (),
        texts=texts.of(said) if str in kinds else (),
        integer=int in kinds and float not in kinds,
    )


def _numbers(values: Iterable[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]
