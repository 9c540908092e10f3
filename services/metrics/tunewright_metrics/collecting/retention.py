"""Retention: of trainings that have ended, output and measurements are removed when they are too old, or too much.

When the scheduler says that a training has ended, a small record of what is stored of it is made (`contents`); the
sweep walks those records, the oldest end first, and never the output itself. So a training that runs is never touched,
and job records, summaries and curves stay. Any replica may sweep, several at once: what is removed is marked first, so
that readers are told, and taken off the list last, so that a sweep that dies is taken up by the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Counter, Gauge

from tunewright.core.errors import Conflict, PeerError
from tunewright.core.names import training_id
from tunewright.core.values import replace
from tunewright.events.v1 import facts_pb2
from tunewright.platform.bus.consumer import Received
from tunewright.platform.codec import instant_from_timestamp
from tunewright.platform.documents import to_document
from tunewright.platform.keeping import KeepingSettings
from tunewright.platform.store.port import Insert, Query, Remove, Replace, Store, Stored
from tunewright_metrics.collecting import records
from tunewright_metrics.collecting.purging import deleted
from tunewright_metrics.core.stream import Stream

SWEEP_EVERY_S: Final = 600.0
DAY_S: Final = 86_400.0
GB: Final = 1e9
RECORDS: Final = 1_000
BUCKETS: Final = 100
TOGETHER: Final = 100
"""Ends noted in one commit."""
NEAR: Final = 20
"""Trainings that lie so near are read with those between them."""

Named = tuple[str, int]
"""uid, training number."""

log = structlog.get_logger()
removed_bytes = Counter("tunewright_retention_removed_bytes_total", "Bytes that retention has removed", ["collection"])
removed_trainings = Counter("tunewright_retention_removed_total", "Trainings that it was removed of", ["collection"])
kept_bytes = Gauge("tunewright_kept_bytes", "Bytes kept of ended trainings, as of the last sweep", ["collection"])


@dataclass(frozen=True, slots=True)
class Contents:
    """What is stored of a training that has ended. Times are Unix seconds, sizes bytes as packed."""

    uid: str
    number: int
    output_bytes: int
    measurements_bytes: int
    output_since: float | None
    measurements_since: float | None
    """When the training ended; None once retention is done with it."""
    output_removed_at: float | None = None
    measurements_removed_at: float | None = None
    """When retention began to remove it: from then on it cannot be read."""


async def removed_at(store: Store, collection: str, uid: str, number: int) -> float | None:
    """Return when retention has removed this of a training; None: it has not."""
    found = await store.get("contents", training_id(uid, number))
    at: float | None = found.document[f"{collection}_removed_at"] if found else None
    return at


async def removed_from(store: Store, collection: str, trainings: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Return those trainings that retention has removed this of."""
    names = {training_id(*training): training for training in trainings}
    found = await store.get_many("contents", list(names)) if names else {}
    return {names[name] for name, item in found.items() if item.document[f"{collection}_removed_at"] is not None}


class Retention:
    def __init__(self, store: Store, keeping: KeepingSettings) -> None:
        self._store = store
        self._limits = {
            "output": (keeping.output_kept_days * DAY_S, keeping.output_kept_gb * GB),
            "measurements": (keeping.measurements_kept_days * DAY_S, keeping.measurements_kept_gb * GB),
        }

    async def take(self, batch: Sequence[Received]) -> None:
        """Note which trainings have ended. Raises Unavailable."""
        told = (item.message for item in batch if isinstance(item.message, facts_pb2.TrainingJobEnded))
        ended = {(message.uid, message.number): instant_from_timestamp(message.at) for message in told}
        names = sorted(ended)
        for start in range(0, len(names), TOGETHER):
            await self._note({name: ended[name] for name in names[start : start + TOGETHER]})

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            try:
                await self.sweep()
            except PeerError as error:
                log.info("not swept", why=str(error))
            await asyncio.sleep(SWEEP_EVERY_S)

    async def sweep(self) -> None:
        """Remove what is too old, or too much. Raises Unavailable."""
        now = await self._store.now()
        for collection, (age_s, most) in self._limits.items():
            kept = 0
            async for item in self._stored(collection):
                kept += item.document[f"{collection}_bytes"]
            async for item in self._stored(collection):
                old = age_s > 0 and item.document[f"{collection}_since"] < now - age_s
                if not old and not 0 < most < kept:
                    break
                with suppress(Conflict):  # another replica sweeps too
                    await self._remove(collection, item, now)
                kept -= item.document[f"{collection}_bytes"]
            kept_bytes.labels(collection).set(kept)

    async def _note(self, ended: Mapping[Named, float]) -> None:
        """Note what is stored of trainings that have ended at these times, in one commit if none was noted before."""
        gone = await deleted(self._store, {uid for uid, _ in ended})
        left = {name: at for name, at in ended.items() if name[0] not in gone}
        streams = await self._streams(left)
        notes = [
            Insert("contents", training_id(*name), to_document(_contents(name, since, streams[name])))
            for name, since in left.items()
        ]
        try:
            await self._store.commit(notes)
        except Conflict:
            for note in notes:
                with suppress(Conflict):  # told again
                    await self._store.commit([note])

    async def _streams(self, names: Collection[Named]) -> dict[Named, list[Stream]]:
        """Return the streams of these trainings, all attempts; those of neighbours are read together."""
        found: dict[Named, list[Stream]] = {name: [] for name in names}
        for uid in sorted({uid for uid, _ in names}):
            for low, high in _ranges([number for of, number in names if of == uid]):
                query = Query("streams", "by_job", {"uid": uid}, low, high, limit=RECORDS)
                async for stored in self._all(query):
                    name = (uid, stored.document["number"])
                    if name in found:
                        found[name].append(records.read_stream(stored))
        return found

    async def _remove(self, collection: str, item: Stored, now: float) -> None:
        """Remove this of a training. Raises Conflict, Unavailable: the next sweep goes on."""
        contents, version = item.document, item.version
        query = Query(collection, "by_training", {"uid": contents["uid"], "number": contents["number"]}, limit=BUCKETS)
        while buckets := (await self._store.find(query)).items:
            if contents[f"{collection}_removed_at"] is None:
                contents = {**contents, f"{collection}_removed_at": now}
                await self._store.commit([Replace("contents", item.key, contents, version)])
                version += 1
            await self._store.commit([Remove(collection, bucket.key) for bucket in buckets])
        await self._store.commit([Replace("contents", item.key, {**contents, f"{collection}_since": None}, version)])
        removed_trainings.labels(collection).inc()
        removed_bytes.labels(collection).inc(item.document[f"{collection}_bytes"])
        log.info("removed by retention", training=item.key, what=collection)

    def _stored(self, collection: str) -> AsyncIterator[Stored]:
        """Yield what is kept, the oldest first."""
        return self._all(Query("contents", f"by_{collection}", limit=RECORDS))

    async def _all(self, query: Query) -> AsyncIterator[Stored]:
        after: str | None = None
        while True:
            page = await self._store.find(replace(query, after=after))
            for item in page.items:
                yield item
            after = page.next
            if after is None:
                return


def _contents(name: Named, since: float, streams: Sequence[Stream]) -> Contents:
    stored = [sum(stream.output_bytes for stream in streams), sum(stream.measurements_bytes for stream in streams)]
    whole = bool(streams) and all(stream.summary is not None for stream in streams)  # else more may come
    return Contents(*name, *stored, *(since if size or not whole else None for size in stored))


def _ranges(numbers: Collection[int]) -> Iterator[tuple[int, int]]:
    """Yield ranges, without their ends, that hold all the numbers and few others."""
    first = last = min(numbers)
    for number in sorted(numbers):
        if number > last + NEAR:
            yield first, last + 1
            first = number
        last = number
    yield first, last + 1
