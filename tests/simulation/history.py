"""What the store went through, commit by commit: moves by the tables, leases and trainings within their limits.

The record is taken under everything that fails: it holds what was applied, whatever was answered. Its digest is that of
a whole run; the same seed has the same one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tests.simulation.memory import MemoryStore, Row
from tests.simulation.timeless import BEGAN_AT
from tunewright.core.states import JOB_MOVES, TRAINING_MOVES, JobState, TrainingState
from tunewright.platform.store.port import Insert, Put, Remove, Replace, Write

NAMED_BY_CHANCE: Final = frozenset({"collectors"})


@dataclass(slots=True)
class Lease:
    """From the grant to the commit that ended it, by the loop's clock."""

    number: int
    attempt: int
    holder: str
    begins: float
    ends: float = float("inf")


class RecordedStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.leases: list[Lease] = []
        self.most_leases = 0
        self.most_held: Counter[str] = Counter()
        """Per trainer: the most leases that it held at a time."""
        self.wrong: list[str] = []
        """What must never happen, and did."""
        self._digest = hashlib.blake2b(digest_size=8)
        self._seen: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._open: dict[str, Lease] = {}

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    async def commit(self, writes: Sequence[Write]) -> None:
        await super().commit(writes)
        at = await self.now() - BEGAN_AT
        for write in writes:
            key = "" if write.collection in NAMED_BY_CHANCE else write.key
            self._digest.update(f"{at:.6f} {type(write).__name__} {write.collection} {key}\n".encode())
            match write:
                case Insert("training_jobs", key, document) | Replace("training_jobs", key, document):
                    self._training(key, document, at)
                case Insert("tuning_jobs", key, document) | Replace("tuning_jobs", key, document):
                    self._job(key, document)
                case Replace("observations" | "asks") | Put("observations" | "asks") | Remove("observations" | "asks"):
                    self.wrong.append(f"{write.collection} {write.key} was written again")
                case _:
                    pass
        self.most_leases = max(self.most_leases, len(self._open))
        self.most_held |= Counter(lease.holder for lease in self._open.values())

    def swap(self, snapshot: dict[str, dict[str, Row]], raised: int) -> None:
        """Be restored: what is seen from now on is held against what was restored."""
        super().swap(snapshot, raised)
        self._open.clear()
        self._seen = {
            (name, key): msgspec.msgpack.decode(row.body)
            for name in ("training_jobs", "tuning_jobs")
            for key, row in snapshot.get(name, {}).items()
        }

    def _training(self, key: str, document: Mapping[str, Any], at: float) -> None:
        before = self._swapped("training_jobs", key, document)
        state, attempt = TrainingState(document["state"]), document["attempt"]
        was = TrainingState(before["state"]) if before is not None else TrainingState.READY
        if state is not was and state not in TRAINING_MOVES[was]:
            self.wrong.append(f"{key} went from {was} to {state}")
        if before is not None and attempt != before["attempt"] and was is not TrainingState.READY:
            self.wrong.append(f"{key} was granted again while {was}")
        if state is TrainingState.RUNNING and key not in self._open:
            self._open[key] = Lease(document["number"], attempt, document["holder"], at)
            self.leases.append(self._open[key])
        elif state is not TrainingState.RUNNING and key in self._open:
            self._open.pop(key).ends = at

    def _job(self, key: str, document: Mapping[str, Any]) -> None:
        before = self._swapped("tuning_jobs", key, document)
        if before is None:
            return
        was, state = JobState(before["state"]), JobState(document["state"])
        if state is not was and state not in JOB_MOVES[was] and not self._two_moves(was, state):
            self.wrong.append(f"{key} went from {was} to {state}")
        for counter in ("started", "asks", "observations"):
            if document[counter] < before[counter]:
                self.wrong.append(f"{counter} of {key} fell from {before[counter]} to {document[counter]}")

    def _two_moves(self, was: JobState, state: JobState) -> bool:
        """Say whether one commit may have made both: what closes with nothing in flight ends at once."""
        return any(state in JOB_MOVES[between] for between in JOB_MOVES[was])

    def _swapped(self, collection: str, key: str, document: Mapping[str, Any]) -> Mapping[str, Any] | None:
        before = self._seen.get((collection, key))
        self._seen[collection, key] = document
        return before
