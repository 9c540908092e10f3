"""What an ask knows of one definition, in the form in which a model reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tunewright.core.spec import Direction
from tunewright_suggester.core.ask import DefinitionAsk
from tunewright_suggester.core.encoding import Array, Encoding, encoding_of
from tunewright_suggester.core.targets import losses


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
    """(n,): which rows of the ask's observations these are."""
    P: Array
    """(m, g): coordinates of what is pending."""
    known: frozenset[bytes]
    """Coordinates of all that was observed or is pending, usable or not."""
    trainings: int
    """How many were observed or are pending."""

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
        order = np.argsort(self.y, kind="stable")
        best, others = order[: limit // 2], np.sort(order[limit // 2 :])
        spread = others[np.linspace(0, len(others) - 1, limit - limit // 2).astype(np.intp)]
        rows = np.sort(np.concatenate([best, spread]))
        numbers = tuple(self.numbers[row] for row in rows)
        return replace(
            self, U=self.U[rows], y=self.y[rows], errors=self.errors[rows], numbers=numbers, rows=self.rows[rows]
        )


def knowledge_of(definition: DefinitionAsk, direction: Direction) -> Knowledge:
    encoding = encoding_of(definition.space)
    observations = definition.observations
    U = encoding.coordinates(observations.columns, len(observations))
    y, errors = losses(observations, direction)
    P = np.array([encoding.point(pending) for pending in definition.pending]).reshape(
        len(definition.pending), len(encoding.axes)
    )
    usable = np.isfinite(y) & np.isfinite(U).all(1)
    return Knowledge(
        encoding,
        U[usable],
        y[usable],
        errors[usable],
        tuple(number for number, use in zip(observations.numbers, usable, strict=True) if use),
        np.flatnonzero(usable),
        P,
        frozenset(u.tobytes() for u in (*U, *P)),
        len(observations) + len(definition.pending),
    )
