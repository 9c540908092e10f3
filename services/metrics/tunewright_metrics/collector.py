"""Load streams, fold a batch, commit once, then tell: the collector's hot path.

The stream records are written on the condition that they are as they were read, with the measurements and output they
stand for. So a collector that has been overtaken writes nothing; it forgets what it had in memory and folds again. What
is told after the commit comes from the stored record; told twice, it is byte-equal. The offsets move last.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog
from prometheus_client import Counter

from tunewright.core.errors import Conflict
from tunewright.core.spec import MetricDefinition, Objective
from tunewright.events.v1 import facts_pb2, output_pb2, results_pb2
from tunewright.platform.bus.consumer import Received
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Bus, Record
from tunewright.platform.codec import from_message, instant_from_timestamp
from tunewright.platform.store.port import Query, Remove, Store, Write
from tunewright.v1 import tuning_service_pb2
from tunewright_metrics import records
from tunewright_metrics.core.reading import reader_for
from tunewright_metrics.core.stream import (
    Ended,
    Gap,
    Stream,
    Taken,
    complete,
    never_matched,
    objective_value,
    start,
    take_end,
    take_lines,
    take_report,
)
from tunewright_metrics.records import Chunk, StreamKey

RESULTS: Final = "training.results"
OUTPUT: Final = (
    output_pb2.TrainingStarted,
    output_pb2.OutputLines,
    output_pb2.MetricsReported,
    output_pb2.TrainingEnded,
)
STREAMS_KEPT: Final = 10_000
PURGE_PAGE: Final = 500

log = structlog.get_logger()
lines_read = Counter("tunewright_lines_read_total", "Lines of output taken")
points_read = Counter("tunewright_points_read_total", "Measurements taken")
streams_parked = Counter("tunewright_streams_parked_total", "Streams set aside after a fault of ours")


@dataclass(slots=True)
class Fold:
    """A batch being folded: streams as they will be, and what goes with them."""

    streams: dict[StreamKey, Stream]
    versions: dict[StreamKey, int]
    read: dict[StreamKey, Stream]
    writes: list[Write] = field(default_factory=list)
    told: list[tuple[str, Any]] = field(default_factory=list)
    """Job uid and message."""
    lines: int = 0
    points: int = 0


class Collector:
    def __init__(self, store: Store, bus: Bus, on_news: Callable[[StreamKey], None]) -> None:
        """`on_news` is called after the commit for every stream that has something new."""
        self._store, self._bus, self._on_news = store, bus, on_news
        self._kept: OrderedDict[StreamKey, tuple[Stream, int]] = OrderedDict()

    async def handle(self, batch: Sequence[Received]) -> None:
        """Take a batch of training.output, training.reports and tuning.events."""
        output = [item.message for item in batch if isinstance(item.message, OUTPUT)]
        if output:
            await self._take(output)
        for item in batch:
            if isinstance(item.message, facts_pb2.TuningJobDeleted):
                await self._purge(item.message.uid)

    async def _take(self, messages: list[Any]) -> None:
        keys = list(dict.fromkeys(_key(message) for message in messages))
        while True:
            fold = await self._load(keys)
            for message in messages:
                self._fold_one(fold, message)
            try:
                await self._commit(fold)
            except Conflict as beaten:
                log.info("overtaken by another collector", key=beaten.key)
                for key in keys:
                    self._kept.pop(key, None)
                continue
            break
        records_out = [to_record(RESULTS, uid, message, source=records.SOURCE) for uid, message in fold.told]
        if records_out:
            await self._bus.publish(records_out)

    def _fold_one(self, fold: Fold, message: Any) -> None:
        """Fold one message; a fault of ours sets its stream aside and leaves the others alone."""
        key = _key(message)
        if key not in fold.streams:
            return
        before = fold.streams[key]
        try:
            fold.streams[key] = self._folded(fold, key, before, message)
        except Exception:
            log.exception("stream parked", stream=records.stream_name(key), message=type(message).__name__)
            streams_parked.inc()
            fold.streams[key] = before

    def _folded(self, fold: Fold, key: StreamKey, stream: Stream, message: Any) -> Stream:
        at = instant_from_timestamp(message.at)
        match message:
            case output_pb2.TrainingStarted():
                return _start(stream, message)
            case output_pb2.OutputLines():
                lines, reader = tuple(message.lines), reader_for(stream.definitions)
                taken = take_lines(stream, message.instance, message.first_line, lines, reader)
                if taken.new:
                    first = message.first_line + taken.new_from
                    self._add(fold, key, Chunk(message.instance, first, lines[taken.new_from :], taken.measured, at))
            case output_pb2.MetricsReported():
                values = tuple((item.metric, item.value) for item in message.values)
                taken = take_report(stream, message.report_id, values)
                if taken.new:
                    fold.writes.extend(records.report_writes(key, message.report_id, taken.measured, at))
                    fold.points += len(taken.measured)
            case output_pb2.TrainingEnded():
                cause = tuning_service_pb2.EndCause.Name(message.cause)
                taken = take_end(stream, Ended(tuple(message.line_counts), cause))
            case _:
                return stream
        return self._told(fold, key, taken)

    @staticmethod
    def _add(fold: Fold, key: StreamKey, chunk: Chunk) -> None:
        fold.writes.extend(records.chunk_writes(key, chunk))
        fold.lines += len(chunk.lines)
        fold.points += len(chunk.measured)

    @staticmethod
    def _told(fold: Fold, key: StreamKey, taken: Taken) -> Stream:
        """Note what is to be told about a stream: gaps, a warning, its summary."""
        stream = taken.stream
        if taken.gap is not None:
            fold.told.append((key[0], _resend(key, taken.gap)))
        quiet = never_matched(stream)
        if quiet is not None:
            stream = replace(stream, warned=True)
            fold.told.append((key[0], _warning(key, quiet, sum(stream.next_lines))))
        if stream.ended is not None and complete(stream):
            if stream.summary is None:
                stream = replace(stream, summary=_summary(key, stream).SerializeToString(deterministic=True))
            fold.told.append((key[0], results_pb2.TrainingSummarized.FromString(stream.summary or b"")))
        return stream

    async def _load(self, keys: list[StreamKey]) -> Fold:
        missing = {records.stream_name(key): key for key in keys if key not in self._kept}
        found = await self._store.get_many("streams", list(missing)) if missing else {}
        streams, versions = {}, {}
        for key in keys:
            stored = found.get(records.stream_name(key))
            if key in self._kept:
                streams[key], versions[key] = self._kept[key]
            elif stored is not None:
                streams[key], versions[key] = records.read_stream(stored), stored.version
            else:
                streams[key], versions[key] = Stream(*key), 0
        return Fold(streams, versions, dict(streams))

    async def _commit(self, fold: Fold) -> None:
        changed = [key for key, stream in fold.streams.items() if stream is not fold.read[key] or not fold.versions[key]]
        if changed:
            stream_writes = [records.stream_write(key, fold.streams[key], fold.versions[key]) for key in changed]
            await self._store.commit([*stream_writes, *fold.writes])
        lines_read.inc(fold.lines)
        points_read.inc(fold.points)
        for key in changed:
            self._kept[key] = (fold.streams[key], fold.versions[key] + 1)
            self._kept.move_to_end(key)
            self._on_news(key)
        while len(self._kept) > STREAMS_KEPT:
            self._kept.popitem(last=False)

    async def _purge(self, uid: str) -> None:
        """Remove all that is kept of a deleted job; the streams last, so that a crash in between leaves the way back."""
        while True:
            page = await self._store.find(Query("streams", "by_job", {"uid": uid}, limit=PURGE_PAGE))
            for stored in page.items:
                for collection in ("measurements", "output"):
                    await self._purge_training(collection, uid, stored.document["number"])
                await self._store.commit([Remove("streams", stored.key)])
            if not page.items:
                break
        for key in [key for key in self._kept if key[0] == uid]:
            del self._kept[key]

    async def _purge_training(self, collection: str, uid: str, number: int) -> None:
        query = Query(collection, "by_training", {"uid": uid, "number": number}, limit=PURGE_PAGE)
        while items := (await self._store.find(query)).items:
            await self._store.commit([Remove(collection, item.key) for item in items])


def _key(message: Any) -> StreamKey:
    return message.uid, message.number, message.attempt


def _start(stream: Stream, message: output_pb2.TrainingStarted) -> Stream:
    return start(
        stream,
        name=message.training_name,
        owner=message.owner,
        definitions=tuple(from_message(item, MetricDefinition) for item in message.metric_definitions),
        objective=from_message(message.objective, Objective),
        instances=message.instance_count,
    )


def _resend(key: StreamKey, gap: Gap) -> results_pb2.ResendRequested:
    uid, number, attempt = key
    return results_pb2.ResendRequested(
        uid=uid, number=number, attempt=attempt, instance=gap.instance, from_line=gap.from_line
    )


def _warning(key: StreamKey, definition: MetricDefinition, lines: int) -> results_pb2.MetricNeverMatched:
    uid, number, attempt = key
    return results_pb2.MetricNeverMatched(
        uid=uid, number=number, attempt=attempt, metric=definition.name, regex=definition.regex, lines_read=lines
    )


def _summary(key: StreamKey, stream: Stream) -> results_pb2.TrainingSummarized:
    uid, number, attempt = key
    value, fault = objective_value(stream)
    message = results_pb2.TrainingSummarized(
        uid=uid,
        number=number,
        attempt=attempt,
        objective_fault=fault,
        steps=stream.curve.count,
        curve=stream.curve.means,
        curve_steps=stream.curve.steps,
        tail=stream.tail,
        last_values=[
            results_pb2.LastValue(metric=name, value=state.last) for name, state in sorted(stream.metrics.items())
        ],
        faults=[
            results_pb2.ReadingFault(kind=item.kind, metric=item.metric, count=item.count, example=item.example)
            for item in stream.faults
        ],
    )
    if value is not None:
        message.objective_value = value
    return message

