"""What trainings have shown, in the store and in memory.

A curve is written once an attempt has completed and all its output is read, a value at a rung when it is passed, both
in the commit of the stream that they come from, under its key: so they are there exactly once, whoever writes them.
What is kept in memory is a copy that may be older than the store where another collector writes trainings of the same
job, for a moment after a partition has moved. It is read again where a commit was beaten, and after FRESH_S. Until then
a decision may rest on slightly older evidence; its record says on which.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tunewright.core.spec import EarlyStoppingRule
from tunewright.core.stopping import active
from tunewright.events.v1 import output_pb2
from tunewright.platform.codec import from_message
from tunewright.platform.store.port import Put, Query, Remove, Store, Stored, Write
from tunewright_metrics.collecting import records
from tunewright_metrics.collecting.records import StreamKey
from tunewright_metrics.core.early_stopping import completed, rules_of
from tunewright_metrics.core.standing import CURVES_KEPT, Standing
from tunewright_metrics.core.stream import Stream

StandingKey = tuple[str, str]
"""uid and definition name: trainings of other definitions are not compared with each other."""

STANDINGS_KEPT: Final = 64
"""At most 270 KiB each."""
FRESH_S: Final = 60.0
PAGE: Final = 1000


def standing_key(stream: Stream) -> StandingKey:
    return stream.uid, stream.started.definition_name if stream.started else ""


def writes(key: StreamKey, before: Stream, after: Stream) -> list[Write]:
    """Return what others are judged against that a stream has come to show between two commits."""
    written = [rungs_write(key, after)] if after.judged.at_rungs != before.judged.at_rungs else []
    curve = curve_write(key, after) if before.summary is None and after.summary is not None else None
    return written if curve is None else [*written, curve]


def curve_write(key: StreamKey, stream: Stream) -> Write | None:
    """Write the running means of an attempt that others are compared with; None: it is not one of those."""
    if stream.ended is None or not completed(stream):
        return None
    steps, means = stream.series.curve.points()
    curve = {"completed_at": stream.ended.at, "steps": list(steps), "means": list(means)}
    return Put("curves", records.stream_name(key), {**_place(key, stream), **curve})


def rungs_write(key: StreamKey, stream: Stream) -> Write:
    """Write an attempt's values at the rungs that it has passed."""
    values = [[rung, value] for rung, value in stream.judged.at_rungs]
    return Put("rungs", records.stream_name(key), {**_place(key, stream), "values": values})


def removals(stream_key: str) -> list[Write]:
    """Remove what a stream has left beside it."""
    return [Remove("curves", stream_key), Remove("rungs", stream_key)]


def wanted(streams: Iterable[Stream], messages: Iterable[object]) -> set[StandingKey]:
    """Return the standings that are needed to judge what the messages hold."""
    keys = {standing_key(stream) for stream in streams if rules_of(stream) is not None}
    for message in messages:
        if isinstance(message, output_pb2.TrainingStarted):
            rule = from_message(message.early_stopping, EarlyStoppingRule)
            if message.rungs or active(rule):
                keys.add((message.uid, message.definition_name))
    return keys


async def read_standing(store: Store, key: StandingKey) -> Standing:
    equals = {"uid": key[0], "definition": key[1]}
    last = await store.find(Query("curves", "completed", equals, descending=True, limit=CURVES_KEPT))
    curves = {  # where several attempts have completed, that which ended last
        stored.document["number"]: (stored.document["steps"], stored.document["means"])
        for stored in reversed(last.items)
    }
    standing = Standing().with_curves([(number, *points) for number, points in curves.items()])
    return standing.with_values(_at_rungs(await _all(store, Query("rungs", "by_number", equals, limit=PAGE))))


class Standings:
    """Those of the jobs that this collector has to do with, the last ones in memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[StandingKey, tuple[Standing, float]] = OrderedDict()
        """With the time of their reading."""

    async def of(self, keys: Iterable[StandingKey]) -> dict[StandingKey, Standing]:
        """Raises Unavailable."""
        now, found = asyncio.get_running_loop().time(), {}
        for key in keys:
            kept = self._kept.get(key)
            if kept is None or kept[1] + FRESH_S <= now:
                kept = self._kept[key] = await read_standing(self._store, key), now
            found[key] = kept[0]
        return found

    def keep(self, standings: Mapping[StandingKey, Standing]) -> None:
        """Take over what a commit has made of them."""
        for key, standing in standings.items():
            if key in self._kept:
                self._kept[key] = standing, self._kept[key][1]
                self._kept.move_to_end(key)
        while len(self._kept) > STANDINGS_KEPT:
            self._kept.popitem(last=False)

    def forget(self, uids: Iterable[str]) -> None:
        """Another collector writes trainings of these jobs, or they are gone."""
        gone = set(uids)
        for key in [key for key in self._kept if key[0] in gone]:
            del self._kept[key]


def _place(key: StreamKey, stream: Stream) -> dict[str, Any]:
    return {"uid": key[0], "number": key[1], "attempt": key[2], "definition": standing_key(stream)[1]}


def _at_rungs(found: Sequence[Stored]) -> dict[int, dict[int, float]]:
    """Return the values by rung and training; where there are several attempts, the last one's."""
    by_training: dict[int, dict[str, Any]] = {}
    for stored in found:
        known = by_training.get(stored.document["number"])
        if known is None or known["attempt"] < stored.document["attempt"]:
            by_training[stored.document["number"]] = stored.document
    rungs: dict[int, dict[int, float]] = {}
    for number, document in by_training.items():
        for rung, value in document["values"]:
            rungs.setdefault(rung, {})[number] = value
    return rungs


async def _all(store: Store, query: Query) -> list[Stored]:
    page = await store.find(query)
    found = page.items
    while page.next is not None:
        page = await store.find(Query(query.collection, query.index, query.equals, limit=PAGE, after=page.next))
        found += page.items
    return found
