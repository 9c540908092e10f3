"""Histories that a fitting process was sent before, decoded, so that an ask need only bring what is new.

A history is what an ask knows of its definitions' trainings, and the parents. Its digest is made of one running
BLAKE2b per column of each definition, in fold order, so that prefix and tail give what the whole gives; with the
spaces that say what a column means, and the parents. Losing a history costs time only: whoever does not hold one says
so and is sent everything.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int, Space
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright_suggester.core.ask import Ask, Curve, DefinitionAsk, Observations, Parent

VALUES_KEPT: Final = 2_000_000
"""Numbers and references in the histories of one process, at some 32 bytes each."""
DIGEST_BYTES: Final = 16

Hash = Any
"""A running hash; hashlib's own type has no name."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one definition: its observations, and those of its parents."""

    name: str
    space: Space
    parents: tuple[Parent, ...]
    observations: Observations
    hashes: tuple[Hash, ...]
    """One per column; never updated in place."""
    values: int
    """How much it holds, in numbers and references."""

    def followed_by(self, message: pb.Observations, tail: Observations) -> Evidence:
        """Return this evidence with the observations of `message`, which `tail` holds decoded."""
        hashes = [known.copy() for known in self.hashes]
        for running, column in zip(hashes, _hashed_columns(message, tail, self.space), strict=True):
            running.update(column)
        joined = _joined(self.observations, tail)
        return replace(self, observations=joined, hashes=tuple(hashes), values=self.values + _values(tail))


@dataclass(frozen=True, slots=True)
class History:
    definitions: tuple[Evidence, ...]

    @property
    def rows(self) -> int:
        return sum(len(one.observations) for one in self.definitions)

    @property
    def values(self) -> int:
        return sum(one.values for one in self.definitions)

    @property
    def digest(self) -> bytes:
        whole = hashlib.blake2b(digest_size=DIGEST_BYTES)
        for one in self.definitions:
            for running in one.hashes:
                whole.update(running.digest())
        return whole.digest()

    def continues(self, request: pb.SuggestRequest, ask: Ask) -> bool:
        """Whether the request's tail can follow: after as many rows as it says, and of the same definitions."""
        asked = [(definition.name, definition.space) for definition in ask.definitions]
        return self.rows == request.prefix_length and [(one.name, one.space) for one in self.definitions] == asked


class Prefixes:
    """The latest history of each of the jobs asked for last, by digest; bounded in what they hold together."""

    def __init__(self, values_kept: int = VALUES_KEPT) -> None:
        self._values_kept = values_kept
        self._kept: OrderedDict[bytes, History] = OrderedDict()
        self._values = 0
        self._continued: list[bytes] = []

    def completed(self, request: pb.SuggestRequest, ask: Ask) -> tuple[Ask, bytes] | None:
        """Return the ask with all observations, and their digest; None: its prefix is not known here.

        What is kept grows until `trim`. `ask` is the request, decoded. Raises: InvalidSpec: parents come with a tail.
        """
        prefix = self._prefix(request, ask)
        if prefix is None:
            return None
        history = History(
            tuple(
                evidence.followed_by(message.observations, definition.observations)
                for evidence, message, definition in zip(
                    prefix.definitions, request.definitions, ask.definitions, strict=True
                )
            )
        )
        self._keep(history, request.prefix_digest)
        known = zip(ask.definitions, history.definitions, strict=True)
        definitions = tuple(replace(one, observations=it.observations, parents=it.parents) for one, it in known)
        return replace(ask, definitions=definitions), history.digest

    def trim(self) -> None:
        """Forget what another history continues, and the oldest; apart, because it need not hold up an answer."""
        while self._continued:
            self._forget(self._continued.pop())
        while self._values > self._values_kept:
            _, oldest = self._kept.popitem(last=False)
            self._values -= oldest.values

    def _prefix(self, request: pb.SuggestRequest, ask: Ask) -> History | None:
        if not request.prefix_digest:
            pairs = zip(request.definitions, ask.definitions, strict=True)
            return History(tuple(_nothing_of(request.uid, message, definition) for message, definition in pairs))
        if any(definition.parents for definition in ask.definitions):
            raise InvalidSpec("prefix_digest", "the parents belong to the prefix", "Send them with all observations")
        known = self._kept.get(request.prefix_digest)
        return known if known is not None and known.continues(request, ask) else None

    def _keep(self, history: History, continued: bytes) -> None:
        digest = history.digest
        self._forget(digest)
        self._kept[digest] = history
        self._values += history.values
        if continued != digest:
            self._continued.append(continued)

    def _forget(self, digest: bytes) -> None:
        known = self._kept.pop(digest, None)
        if known is not None:
            self._values -= known.values


def _nothing_of(uid: str, message: pb.DefinitionRequest, definition: DefinitionAsk) -> Evidence:
    """Return the evidence of a definition before its first observation."""
    origin = hashlib.blake2b(uid.encode())
    for part in (*message.parameters, *message.parents):
        encoded = part.SerializeToString(deterministic=True)
        origin.update(len(encoded).to_bytes(8, "little") + encoded)
    columns = _hashed_columns(pb.Observations(), Observations(), definition.space)
    nothing = Observations(dict.fromkeys(definition.space, ()))
    hashes = tuple(hashlib.blake2b(origin.digest()) for _ in columns)
    values = sum(_values(parent.observations) for parent in definition.parents)
    return Evidence(definition.name, definition.space, definition.parents, nothing, hashes, values)


def _hashed_columns(message: pb.Observations, decoded: Observations, space: Space) -> Iterator[array[Any]]:
    """Yield all columns that the core reads, at a fixed width per row; what is not known is said the one way."""
    rows = len(message.outcomes)
    choices = {column.name: column.choices for column in message.columns}
    for name in sorted(space):
        match space[name]:
            case Float():
                yield array("d", decoded.columns.get(name, ()))
            case Int():
                yield array("q", decoded.columns.get(name, ()))
            case Choice():
                yield array("i", choices.get(name, ()))
    yield array("i", message.outcomes)
    yield array("d", decoded.values)
    yield array("i", decoded.steps)
    yield array("i", decoded.numbers)
    yield array("d", decoded.errors or [math.nan] * rows)
    known = bool(decoded.curves)
    yield array("i", message.curve_lengths if known else [0] * rows)
    yield array("d", message.curves if known else ())
    yield array("i", message.curve_steps)


def _joined(known: Observations, tail: Observations) -> Observations:
    return Observations(
        columns={name: column + tail.columns[name] for name, column in known.columns.items()},
        outcomes=known.outcomes + tail.outcomes,
        values=known.values + tail.values,
        steps=known.steps + tail.steps,
        numbers=known.numbers + tail.numbers,
        errors=_filled(known, known.errors, math.nan) + _filled(tail, tail.errors, math.nan)
        if known.errors or tail.errors
        else (),
        curves=_filled(known, known.curves, Curve()) + _filled(tail, tail.curves, Curve())
        if known.curves or tail.curves
        else (),
    )


def _filled(observations: Observations, column: Sequence[Any], nothing: Any) -> tuple[Any, ...]:
    return tuple(column) or (nothing,) * len(observations)


def _values(observations: Observations) -> int:
    """Return how many numbers and references the observations hold."""
    per_row = len(observations.columns) + 5
    return per_row * len(observations) + sum(2 * len(curve.steps) for curve in observations.curves)
