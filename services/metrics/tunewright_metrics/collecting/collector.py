"""Load streams, fold a batch, commit once, then tell: the collector's hot path.

The stream records are written on the condition that they are as they were read, together with the measurements and the
output they stand for. So a collector that has been overtaken writes nothing; it forgets what it had in memory and folds
again. What is told after the commit comes from the stored record; told twice, it is byte-equal. The offsets move last.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import structlog
from prometheus_client import Counter, Gauge

from tunewright.core.errors import Conflict, PeerError
from tunewright.events.v1 import facts_pb2
from tunewright.platform import tracing
from tunewright.platform.bus.consumer import Received, handling
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Bus, Record
from tunewright.platform.codec import instant_from_timestamp
from tunewright.platform.store.port import Store, Write
from tunewright_metrics.collecting import records, standings
from tunewright_metrics.collecting.ends import tell_end
from tunewright_metrics.collecting.fold import OUTPUT, Fold, Kept, Told, key_of
from tunewright_metrics.collecting.purging import deleted, purge, undeleted
from tunewright_metrics.collecting.records import StreamKey
from tunewright_metrics.collecting.standings import Standings
from tunewright_metrics.collecting.stop_advice import Advice
from tunewright_metrics.core.stream import Stream

RESULTS: Final = "training.results"
SOURCE: Final = "tunewright/metrics"
STREAMS_KEPT: Final = 2_000
STREAMS_TOGETHER: Final = 25
"""Streams that share a commit at most: a large one takes longer than a database may be waited for."""
LANES: Final = 2
"""While a commit of one lane is being written, the next of the other is folded; a job is in one of them only."""
LINES_PER_TURN: Final = 1_000
"""After so many lines, others in this event loop have their turn."""
UNWRITABLE: Final = (ValueError, TypeError, OverflowError)
"""What a store raises for a document that it has no form for."""

log = structlog.get_logger()
lines_read = Counter("tunewright_lines_read_total", "Lines of output taken")
points_read = Counter("tunewright_points_read_total", "Measurements taken")
bytes_stored = Counter("tunewright_bucket_bytes_total", "Bytes of buckets written, packed, with those written again")
commits_beaten = Counter("tunewright_collector_conflicts_total", "Commits that another collector was faster with")
commits_done = Counter("tunewright_collector_commits_total", "Commits of streams and their buckets")
reading_lag = Gauge("tunewright_reading_lag_seconds", "Age of the oldest output read last when it was stored; 0: idle")
streams_parked = Counter("tunewright_streams_parked_total", "Messages of streams set aside after a fault of ours")


class Collector:
    def __init__(self, store: Store, bus: Bus, on_news: Callable[[str, int], None]) -> None:
        """`on_news` is called with uid and number after each commit that a training has something new in."""
        self._store, self._bus, self._on_news = store, bus, on_news
        self._kept: OrderedDict[StreamKey, Kept] = OrderedDict()
        self._standings, self._advice = Standings(store), Advice()

    async def handle(self, batch: Sequence[Received]) -> None:
        """Take a batch of training.output and tuning.events. Raises Unavailable: some of it may have been taken."""
        output: dict[StreamKey, list[Received]] = {}
        sent: list[float] = []
        for item in batch:
            if isinstance(item.message, OUTPUT):
                output.setdefault(key_of(item.message), []).append(item)
                sent.append(instant_from_timestamp(item.message.at))
        folding = asyncio.Lock()

        async def take(lane: Sequence[StreamKey]) -> None:
            for keys in _groups(lane, STREAMS_TOGETHER):
                await self._take(keys, [item for key in keys for item in output[key]], folding)

        taken = await asyncio.gather(*map(take, _lanes(output)), return_exceptions=True)
        for outcome in taken:
            if outcome is not None:
                raise outcome
        reading_lag.set(max(time.time() - min(sent), 0) if sent else 0)
        for item in batch:
            if isinstance(item.message, facts_pb2.TuningJobDeleted):
                await self._purge(item.message.uid)

    def idle(self) -> None:
        """Take note that there is nothing to read, or that others read it now."""
        reading_lag.set(0)

    async def _take(self, keys: Sequence[StreamKey], items: Sequence[Received], folding: asyncio.Lock) -> None:
        """Fold the messages of some streams in one commit, then tell."""
        while True:
            try:
                async with folding:  # one after the other, so that the first of them is soon committed
                    fold = await self._folded(keys, items)
                    writes, after = fold.close(await self._store.now())
                await self._commit(fold, writes, after)
            except UNWRITABLE as fault:
                await self._part(keys, items, folding, fault)
                return
            except Conflict as beaten:
                log.info("overtaken by another collector", key=beaten.key)
                commits_beaten.inc()
                for key in keys:
                    self._kept.pop(key, None)
                self._standings.forget(key[0] for key in keys)
            else:
                break
        advice = self._advice.due({key: kept.stream for key, kept in after.items()})
        told = [*fold.told, *(item for _, item in advice)]
        if told:
            await self._publish(keys, [_record(item) for item in told])
        for key, _ in advice:
            self._advice.told(key)

    async def _publish(self, keys: Sequence[StreamKey], told: Sequence[Record]) -> None:
        """Raises Unavailable: the streams are forgotten, for what their records say is told by whoever reads them."""
        try:
            await self._bus.publish(told)
        except PeerError:
            for key in keys:
                self._kept.pop(key, None)
            raise

    async def _part(
        self, keys: Sequence[StreamKey], items: Sequence[Received], folding: asyncio.Lock, fault: Exception
    ) -> None:
        """Take each stream by itself after a fault of ours; the one that it is of is set aside."""
        if len(keys) == 1:
            log.error("stream parked", stream=records.stream_name(keys[0]), what="its writes", exc_info=fault)
            streams_parked.inc()
            self._kept.pop(keys[0], None)
            return
        for key in keys:
            await self._take([key], [item for item in items if key_of(item.message) == key], folding)

    async def _folded(self, keys: Sequence[StreamKey], items: Sequence[Received]) -> Fold:
        """Fold the messages. A fault of ours sets a message aside and leaves the other trainings alone."""
        loaded = await self._load(keys)
        wanted = standings.wanted((kept.stream for kept in loaded.values()), [item.message for item in items])
        fold = Fold(loaded, await self._standings.of(wanted))
        lines_before = 0
        for item in items:
            with handling(item):
                try:
                    fold.take(item.message)
                except Exception:
                    stream = records.stream_name(key_of(item.message))
                    job, what = key_of(item.message)[0], type(item.message).__name__
                    log.exception("stream parked", job=job, stream=stream, what=what)
                    streams_parked.inc()
            if fold.lines >= lines_before + LINES_PER_TURN:
                lines_before = fold.lines
                await asyncio.sleep(0)
        return fold

    async def _load(self, keys: Sequence[StreamKey]) -> dict[StreamKey, Kept]:
        """Return the streams; without those of deleted jobs, and those that cannot be read."""
        loaded = {key: self._kept[key] for key in keys if key in self._kept}
        names = {key: records.stream_name(key) for key in keys if key not in loaded}
        found = await self._store.get_many("streams", list(names.values())) if names else {}
        gone = await deleted(self._store, {key[0] for key, name in names.items() if name not in found})
        for key, name in names.items():
            stored = found.get(name)
            if stored is None:
                if key[0] not in gone:
                    loaded[key] = Kept(Stream(*key))
            else:
                try:
                    loaded[key] = Kept(records.read_stream(stored), stored.version, read_now=True)
                except ValueError:
                    log.exception("stream parked", stream=stored.key, what="its record")
                    streams_parked.inc()
        return loaded

    async def _commit(self, fold: Fold, writes: Sequence[Write], after: Mapping[StreamKey, Kept]) -> None:
        """Write what has changed. Of a stream that has not started, nothing is stored."""
        if writes:
            await self._store.commit([*writes, *undeleted(writes)])
            commits_done.inc()
        self._standings.keep(fold.standings)
        lines_read.inc(fold.lines)
        points_read.inc(fold.points)
        bytes_stored.inc(fold.bytes)
        for key, traceparent in fold.summarized.items():
            with tracing.within(traceparent):
                tell_end(after[key].stream)
        for key, kept in after.items():
            self._kept[key] = kept
            self._kept.move_to_end(key)
        while len(self._kept) > STREAMS_KEPT:
            self._kept.popitem(last=False)
        for uid, number in {key[:2] for key in fold.changed}:
            self._on_news(uid, number)

    async def _purge(self, uid: str) -> None:
        await purge(self._store, uid)
        for key in [key for key in self._kept if key[0] == uid]:
            del self._kept[key]
        self._standings.forget([uid])


def _record(told: Told) -> Record:
    with tracing.within(told.traceparent):
        return to_record(RESULTS, told.uid, told.message, source=SOURCE, id=told.id)


def _lanes(keys: Iterable[StreamKey]) -> list[list[StreamKey]]:
    """Part the streams so that each job's are in one lane, in their order."""
    turns: dict[str, int] = {}
    lanes: list[list[StreamKey]] = [[] for _ in range(LANES)]
    for key in keys:
        lanes[turns.setdefault(key[0], len(turns)) % LANES].append(key)
    return lanes


def _groups(keys: Sequence[StreamKey], size: int) -> list[Sequence[StreamKey]]:
    return [keys[start : start + size] for start in range(0, len(keys), size)]
