"""What an ask knows of one definition, in the form in which a model reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tunewright.core.spec import Direction, WarmStartType
from tunewright.surrogate.encoding import Array, Encoding, encoding_of
from tunewright.surrogate.model import kept_rows
from tunewright_suggester.core.ask import DefinitionAsk, Observations, Outcome
from tunewright_suggester.core.targets import losses
from tunewright_suggester.core.warm_start import evidence_of, hearsay_of, joined

REACH: Final = 30.0
"""Widths of the space from which on an observation outside it is not used: it says nothing there, and the distances
between the others would drown in its rounding."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    encoding: Encoding
    U: Array
    """(n, g): coordinates of the observations that a model can use, in fold order."""
    y: Array
    """(n,): losses, smaller is better."""
    errors: Array
    """(n,): standard errors of the losses, 0 where unknown."""
    numbers: tuple[int, ...]
    rows: NDArray[np.intp]
    """(n,): which rows of the ask's observations these are; below 0: a parent's."""
    inside: NDArray[np.bool_]
    """(n,): which of them lie in the space. Parents, and ranges since narrowed, know of more."""
    P: Array
    """(m, g): coordinates of what is pending."""
    known: frozenset[bytes]
    """Coordinates of all in the space that was observed or is pending, usable or not."""
    trainings: int
    """How many were observed or are pending, those included that are told."""
    told: int = 0
    """How many observations of parents are evidence and lie in the space."""
    hearsay: tuple[Knowledge, ...] = ()
    """What parents saw of other problems, in the axes of this one; in an order of their own."""

    def with_pending(self, u: Array) -> Knowledge:
        return replace(
            self,
            P=np.vstack([self.P, u[None, :]]),
            known=self.known | {u.tobytes()},
            trainings=self.trainings + 1,
        )

    def kept(self, limit: int) -> Knowledge:
        """Keep at most `limit` observations: the best half of that, and the others evenly along the fold order."""
        if len(self.y) <= limit:
            return self
        rows = kept_rows(self.y, limit)
        numbers = tuple(self.numbers[row] for row in rows)
        return replace(
            self,
            U=self.U[rows],
            y=self.y[rows],
            errors=self.errors[rows],
            numbers=numbers,
            rows=self.rows[rows],
            inside=self.inside[rows],
        )

    @property
    def places(self) -> Array:
        """Return the coordinates (k, g) in the space that were observed or are pending; of all, where there is none."""
        inside = np.vstack([self.U[self.inside], self.P])
        return inside if len(inside) else self.U


def knowledge_of(definition: DefinitionAsk, direction: Direction, kind: WarmStartType | None = None) -> Knowledge:
    """Return what is known with the parents' part in it. The order in which parents are listed does not matter."""
    encoding = encoding_of(definition.space)
    evidence = _in_own_order(encoding, evidence_of(definition, kind))
    own = _knowledge(encoding, joined([*evidence, definition.observations]), direction)
    before = sum(map(len, evidence))
    told = int((own.inside & (own.rows < before)).sum())
    P = np.array([encoding.point(pending) for pending in definition.pending]).reshape(
        len(definition.pending), len(encoding.axes)
    )
    hearsay = _in_own_order(encoding, hearsay_of(definition, kind))
    return replace(
        own,
        rows=own.rows - before,
        P=P,
        known=own.known | {u.tobytes() for u in P},
        trainings=len(definition.observations) + len(P) + told,
        told=told,
        hearsay=tuple(_knowledge(encoding, seen, direction) for seen in hearsay),
    )


def _knowledge(encoding: Encoding, observations: Observations, direction: Direction) -> Knowledge:
    U = encoding.coordinates(observations.columns, len(observations))
    inside = encoding.inside(U)
    y, errors = losses(observations, direction)
    usable = np.isfinite(y) & _near(encoding, U)
    return Knowledge(
        encoding,
        U[usable],
        y[usable],
        errors[usable],
        tuple(number for number, use in zip(observations.numbers, usable, strict=True) if use),
        np.flatnonzero(usable),
        inside[usable],
        np.empty((0, len(encoding.axes))),
        frozenset(u.tobytes() for u in U[inside]),
        len(observations),
    )


def _near(encoding: Encoding, U: Array) -> NDArray[np.bool_]:
    """Return which of the coordinates (m, g) have a place on every axis, and none too far out."""
    choices = np.isin(np.arange(len(encoding.axes)), encoding.choices)
    near: NDArray[np.bool_] = np.all(np.where(choices, np.isfinite(U), np.abs(U) <= REACH), axis=1)
    return near


def _in_own_order(encoding: Encoding, parts: Sequence[Observations]) -> list[Observations]:
    """Sort parents by what they saw, so that the order in which they are listed changes nothing."""

    def key(seen: Observations) -> tuple[bytes, bytes, tuple[Outcome, ...]]:
        U = encoding.coordinates(seen.columns, len(seen))
        return np.array(seen.values, dtype=np.float64).tobytes(), U.tobytes(), seen.outcomes

    return sorted(parts, key=key)
