"""Histories that were sent before, so that an ask need only send what is new.

The digest of a history is a running BLAKE2b per definition over its rows in fold order, so that prefix and tail give
what the whole gives. A replica that does not hold a prefix says so and is sent everything; losing this cache costs
time only.
"""

from __future__ import annotations

import hashlib
import struct
from array import array
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Final

from tunewright.core.errors import InvalidSpec
from tunewright.v1 import suggestion_service_pb2 as pb

JOBS_KEPT: Final = 256
ROWS_KEPT: Final = 200_000
DIGEST_BYTES: Final = 16
REPEATED: Final = ("outcomes", "values", "steps", "costs", "numbers", "curves", "curve_lengths", "errors")


@dataclass(frozen=True, slots=True)
class History:
    """All observations of a request, per definition, with their running hashes."""

    observations: tuple[pb.Observations, ...]
    hashes: tuple[Any, ...]

    @property
    def rows(self) -> int:
        return sum(len(one.outcomes) for one in self.observations)

    @property
    def digest(self) -> bytes:
        whole = hashlib.blake2b(digest_size=DIGEST_BYTES)
        for one in self.hashes:
            whole.update(one.digest())
        return whole.digest()

    def followed_by(self, tails: Iterable[pb.Observations]) -> History:
        """Return this history with a tail for each definition; this one stays as it is."""
        pairs = list(zip(self.observations, self.hashes, tails, strict=True))
        return History(
            tuple(_joined(known, tail) for known, _, tail in pairs),
            tuple(_hashed(known_hash.copy(), tail) for _, known_hash, tail in pairs),
        )


class Prefixes:
    """The latest history of each of the jobs asked for last, by digest; bounded in jobs and rows."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, History] = OrderedDict()
        self._rows = 0

    def completed(self, request: pb.SuggestRequest) -> History | None:
        """Return all observations of a request and keep them; None: its prefix is not known here."""
        prefix = self._prefix(request)
        if prefix is None:
            return None
        history = prefix.followed_by(definition.observations for definition in request.definitions)
        self._forget(request.prefix_digest)
        self._keep(history)
        return history

    def _prefix(self, request: pb.SuggestRequest) -> History | None:
        if not request.prefix_digest:
            count = len(request.definitions)
            return History((pb.Observations(),) * count, tuple(hashlib.blake2b() for _ in range(count)))
        known = self._kept.get(request.prefix_digest)
        if known is None or known.rows != request.prefix_length or len(known.hashes) != len(request.definitions):
            return None
        return known

    def _keep(self, history: History) -> None:
        self._forget(history.digest)
        self._kept[history.digest] = history
        self._rows += history.rows
        while len(self._kept) > JOBS_KEPT or self._rows > ROWS_KEPT:
            _, oldest = self._kept.popitem(last=False)
            self._rows -= oldest.rows

    def _forget(self, digest: bytes) -> None:
        known = self._kept.pop(digest, None)
        if known is not None:
            self._rows -= known.rows


def _joined(known: pb.Observations, tail: pb.Observations) -> pb.Observations:
    joined = pb.Observations()
    joined.CopyFrom(known)
    by_name = {column.name: column for column in joined.columns}
    for column in tail.columns:
        target = by_name.get(column.name) or joined.columns.add(name=column.name)
        target.floats.extend(column.floats)
        target.ints.extend(column.ints)
        target.choices.extend(column.choices)
    for name in REPEATED:
        getattr(joined, name).extend(getattr(tail, name))
    return joined


def _hashed(running: Any, tail: pb.Observations) -> Any:
    """Fold the rows of a tail into a hash, one after the other. Raises: InvalidSpec: the columns differ in length."""
    kinds, columns = ["<iddi"], [tail.outcomes, tail.values, tail.costs or [0.0] * len(tail.outcomes), tail.numbers]
    for column in sorted(tail.columns, key=lambda column: column.name):
        kind, values = _filled(column)
        kinds.append(kind)
        columns.append(values)
    row_of = struct.Struct("".join(kinds))
    ends = list(accumulate(tail.curve_lengths, initial=0)) if tail.curve_lengths else [0] * (len(tail.outcomes) + 1)
    try:
        for row, (start, end) in zip(zip(*columns, strict=True), pairwise(ends), strict=True):
            running.update(row_of.pack(*row))
            running.update(array("d", tail.curves[start:end]).tobytes())
    except ValueError as uneven:
        raise InvalidSpec("observations", "the columns differ in length", "Send equally many rows") from uneven
    return running


def _filled(column: pb.Column) -> tuple[str, Any]:
    if column.floats:
        return "d", column.floats
    return ("q", column.ints) if column.ints else ("i", column.choices)
