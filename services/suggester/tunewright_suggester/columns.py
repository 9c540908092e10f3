"""Observations out of their packed columns, checked. No numpy, no I/O.

Choices travel as indexes; an index that names no value is one that the space no longer offers and becomes None.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int, Range, Space, Value
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright_suggester.core.ask import Curve, Observations, Outcome

OUTCOMES: Final = {pb.Outcome.Value(f"OUTCOME_{one.name}"): one for one in Outcome}
NO_CURVE: Final = Curve()


def read_observations(message: pb.Observations, space: Space, path: str) -> Observations:
    """Decode observations of a space. `errors` and `curves` are empty where none is known, however that was said.

    Raises: InvalidSpec: columns are missing, unknown or of unequal length; a value is none; names the path.
    """
    _check_names(message, space, path)
    _check_lengths(message, path)
    return Observations(
        columns=_read_columns(message, space, path),
        outcomes=_read_outcomes(message.outcomes, path),
        values=tuple(message.values),
        steps=_read_steps(message.steps, path),
        numbers=tuple(message.numbers),
        errors=_read_errors(message.errors, path),
        curves=tuple(_read_curves(message, path)) if message.curve_steps else (),
    )


def _check_names(message: pb.Observations, space: Space, path: str) -> None:
    names = [column.name for column in message.columns]
    if len(set(names)) < len(names):
        raise InvalidSpec(f"{path}.columns", "two have one name", "Send one column per parameter")
    for name in names:
        if name not in space:
            raise InvalidSpec(f"{path}.columns", f"{name!r} is not a parameter", f"Known: {', '.join(space)}")
    for name in space:
        if message.outcomes and name not in names:
            raise InvalidSpec(f"{path}.columns", f"{name!r} is missing", "Send a column per parameter")


def _check_lengths(message: pb.Observations, path: str) -> None:
    rows = len(message.outcomes)
    lengths = {name: len(getattr(message, name)) for name in ("values", "steps", "numbers")}
    lengths |= {"errors": len(message.errors) or rows, "curve_lengths": len(message.curve_lengths) or rows}
    for name, length in lengths.items():
        _check_length(f"{path}.{name}", length, rows, "outcomes")
    if not message.curve_steps:
        return
    if any(length < 0 for length in message.curve_lengths):
        raise InvalidSpec(f"{path}.curve_lengths", "one is negative", "Count the means of each curve")
    _check_length(f"{path}.curves", len(message.curves), sum(message.curve_lengths), "places in curve_lengths")
    _check_length(f"{path}.curve_steps", len(message.curve_steps), len(message.curves), "curves")


def _check_length(path: str, length: int, wanted: int, beside: str) -> None:
    if length != wanted:
        raise InvalidSpec(path, f"has {length} values beside {wanted} {beside}", "Send equally many")


def _read_columns(message: pb.Observations, space: Space, path: str) -> dict[str, tuple[Value | None, ...]]:
    columns = {column.name: column for column in message.columns}
    read: dict[str, tuple[Value | None, ...]] = {}
    for name, parameter in space.items():
        here = f"{path}.columns.{name}"
        values = _read_column(columns[name], parameter, here) if name in columns else ()
        _check_length(here, len(values), len(message.outcomes), "outcomes")
        read[name] = values
    return read


def _read_column(column: pb.Column, parameter: Range, path: str) -> tuple[Value | None, ...]:
    match parameter:
        case Float():
            floats = tuple(column.floats)
            if not all(map(math.isfinite, floats)):
                raise InvalidSpec(path, "holds a number that is not finite", "Send finite numbers")
            return floats
        case Int():
            return tuple(column.ints)
        case Choice(values):
            return tuple(values[index] if 0 <= index < len(values) else None for index in column.choices)


def _read_outcomes(numbers: Sequence[int], path: str) -> tuple[Outcome, ...]:
    for number in set(numbers):
        if number not in OUTCOMES:
            known = ", ".join(pb.Outcome.Name(one) for one in OUTCOMES)
            raise InvalidSpec(f"{path}.outcomes", f"{number} is not a known outcome", f"Choose from {known}")
    return tuple(map(OUTCOMES.__getitem__, numbers))


def _read_steps(steps: Sequence[int], path: str) -> tuple[int, ...]:
    if steps and min(steps) < 0:
        raise InvalidSpec(f"{path}.steps", "one is negative", "Count the objective values of each training")
    return tuple(steps)


def _read_errors(errors: Sequence[float], path: str) -> tuple[float, ...]:
    if all(map(math.isnan, errors)):
        return ()
    if any(error < 0 or error == math.inf for error in errors):
        raise InvalidSpec(f"{path}.errors", "one is negative or infinite", "Send NaN where none is known")
    return tuple(errors)


def _read_curves(message: pb.Observations, path: str) -> Iterator[Curve]:
    steps, means = tuple(message.curve_steps), tuple(message.curves)
    for low, high in pairwise(accumulate(message.curve_lengths, initial=0)):
        at = steps[low:high]
        if at and not (at[0] >= 1 and all(before < after for before, after in pairwise(at))):
            raise InvalidSpec(f"{path}.curve_steps", "those of a curve do not ascend from 1", "Send each step once")
        yield Curve(at, means[low:high]) if at else NO_CURVE
