"""What the parents of a warm start tell a child: their observations, read in the child's columns.

Under IdenticalDataAndAlgorithm an observation that differs from the child's trainings only in what the child tunes is
*evidence*: as good as the child's own, outside its ranges too, and its configuration is never tried again. One that was
made while a hyperparameter that the child holds fixed had another value is of another problem, and so is all that a
TransferLearning parent saw. That is *hearsay*, believed as far as it foretells what the child sees (transfer.py).

A static hyperparameter that is tunable now is read with its static value. A value that the child's range does not
offer, or that cannot be read as one of its type, is None. Standard library only, because Random needs this.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from tunewright.core.draws import random_configuration
from tunewright.core.errors import SpaceExhausted
from tunewright.core.space import Choice, Configuration, Float, Int, Range, Space, Value, size, text_of
from tunewright.core.spec import WarmStartType
from tunewright_suggester.core.ask import Curve, DefinitionAsk, Observations, Parent

T = TypeVar("T")
BEYOND_ALL_DRAWS: Final = 2**60
Row = tuple[Value | None, ...]


def evidence_of(definition: DefinitionAsk, kind: WarmStartType | None) -> tuple[Observations, ...]:
    """Return what counts as the child's own, parent by parent; nobody's where there is nothing."""
    if kind is not WarmStartType.IDENTICAL_DATA_AND_ALGORITHM:
        return ()
    return _parts(definition, same_problem=True)


def hearsay_of(definition: DefinitionAsk, kind: WarmStartType | None) -> tuple[Observations, ...]:
    """Return what was seen of other problems, parent by parent."""
    if kind is WarmStartType.IDENTICAL_DATA_AND_ALGORITHM:
        return _parts(definition, same_problem=False)
    return tuple(_read(definition, parent) for parent in definition.parents if len(parent.observations))


def tried_by_parents(definition: DefinitionAsk, kind: WarmStartType | None) -> frozenset[Row]:
    """Return the configurations of the child's space that its parents have tried, values in the space's order."""
    ranges = definition.space.values()
    rows = (row for seen in evidence_of(definition, kind) for row in zip(*seen.columns.values(), strict=True))
    return frozenset(row for row in rows if all(map(_offers, ranges, row)))


def places_of(tried: frozenset[Row]) -> dict[Row, int]:
    """Number the configurations that parents tried, in an order of their own."""
    return {row: place for place, row in enumerate(sorted(tried, key=repr))}


def fresh_configuration(space: Space, seed: int, draw: int, tried: Mapping[Row, int]) -> Configuration:
    """Return draw number `draw` of the space less what was tried; different draws of a finite space still differ.

    A draw that was tried gives way to one beyond the last that will be asked for: number p of the tried ones to draw
    end + p, and so on from there. As no two of them have the same successor, no two draws meet.
    Raises: SpaceExhausted: `draw` is not below what is left of a finite space.
    """
    total = size(space)
    end = BEYOND_ALL_DRAWS if total is None else total - len(tried)
    if draw >= end:
        raise SpaceExhausted(end)
    configuration = random_configuration(space, seed, draw)
    while (place := tried.get(tuple(configuration.values()))) is not None:
        configuration = random_configuration(space, seed, end + place)
    return configuration


def joined(parts: Sequence[Observations]) -> Observations:
    """Return the observations one after the other, in the columns of the first."""
    if len(parts) == 1:
        return parts[0]
    return Observations(
        columns={name: _chain(part.columns.get(name, ()) for part in parts) for name in parts[0].columns},
        outcomes=_chain(part.outcomes for part in parts),
        values=_chain(part.values for part in parts),
        steps=_chain(part.steps for part in parts),
        numbers=_chain(part.numbers for part in parts),
        errors=_chain(part.errors or (math.nan,) * len(part) for part in parts),
        curves=_chain(part.curves or (Curve(),) * len(part) for part in parts),
    )


def _parts(definition: DefinitionAsk, *, same_problem: bool) -> tuple[Observations, ...]:
    parts = []
    for parent in definition.parents:
        rows = [row for row, same in enumerate(_same_problem(definition, parent)) if same is same_problem]
        if rows:
            parts.append(_picked(_read(definition, parent), rows))
    return tuple(parts)


def _same_problem(definition: DefinitionAsk, parent: Parent) -> list[bool]:
    """Return of each of the parent's observations whether all that the child holds fixed had the child's value.

    A static hyperparameter that only one of the two names is taken for equal: it may be a default written out. One that
    the parent tuned and of which the child says nothing is not.
    """
    rows = len(parent.observations)
    if any(parent.static.get(name, text) != text for name, text in definition.static.items()):
        return [False] * rows
    same = [True] * rows
    for name, parameter in {**parent.space, **definition.space}.items():
        value = _fixed(definition, name, parameter)
        if value is not None or name not in definition.space:
            column = _column(parent, name, parameter)
            same = [before and value is not None and value == one for before, one in zip(same, column, strict=True)]
    return same


def _fixed(definition: DefinitionAsk, name: str, parameter: Range) -> Value | None:
    """Return the only value that the child gives a parameter; None: it has several, or none is known."""
    if name not in definition.space:
        return _as(parameter, definition.static.get(name))
    match parameter:
        case Choice(values):
            return values[0] if len(values) == 1 else None
        case Float(low, high) | Int(low, high):
            return low if low == high else None


def _read(definition: DefinitionAsk, parent: Parent) -> Observations:
    columns = {name: _column(parent, name, parameter) for name, parameter in definition.space.items()}
    return replace(parent.observations, columns=columns)


def _column(parent: Parent, name: str, parameter: Range) -> Row:
    """Return the parent's values of a parameter, read as values of this type."""
    before = parent.space.get(name)
    if type(before) is type(parameter):
        return parent.observations.columns.get(name, ())
    if before is not None:
        return tuple(_as(parameter, value) for value in parent.observations.columns.get(name, ()))
    return (_as(parameter, parent.static.get(name)),) * len(parent.observations)


def _as(parameter: Range, value: Value | None) -> Value | None:
    """Return a value or text as one of the parameter's type, whether its range offers it or not; None: it is none."""
    if value is None:
        return None
    if isinstance(parameter, Choice):
        return text_of(value)
    try:
        number = float(value)
    except ValueError:
        return None
    if isinstance(parameter, Float):
        return number if math.isfinite(number) else None
    return int(number) if number.is_integer() else None


def _offers(parameter: Range, value: Value | None) -> bool:
    return value is not None and parameter.contains(value)


def _picked(seen: Observations, rows: Sequence[int]) -> Observations:
    def of(column: Sequence[T]) -> tuple[T, ...]:
        return tuple(column[row] for row in rows) if column else ()

    return Observations(
        columns={name: of(column) for name, column in seen.columns.items()},
        outcomes=of(seen.outcomes),
        values=of(seen.values),
        steps=of(seen.steps),
        numbers=of(seen.numbers),
        errors=of(seen.errors),
        curves=of(seen.curves),
    )


def _chain(parts: Iterable[Sequence[T]]) -> tuple[T, ...]:
    return tuple(one for part in parts for one in part)
