"""A batch of messages being folded: the streams as they will be, what is written with them, what is told afterwards.

It performs nothing. A message that raises leaves no trace.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import thread_time
from types import MappingProxyType
from typing import Any, Final

from google.protobuf.message import Message

from tunewright.events.v1 import output_pb2, results_pb2
from tunewright.platform import tracing
from tunewright.platform.codec import from_message, instant_from_timestamp, to_message
from tunewright.platform.store.port import Write
from tunewright.v1 import tuning_service_pb2
from tunewright_metrics.collecting import records, standings
from tunewright_metrics.collecting.buckets import Bucket, Chunk, packed_lines, packed_points
from tunewright_metrics.collecting.records import StreamKey
from tunewright_metrics.collecting.standings import StandingKey, standing_key
from tunewright_metrics.core.early_stopping import completed, rules_of, with_verdict
from tunewright_metrics.core.reading import reader_for
from tunewright_metrics.core.standing import Standing
from tunewright_metrics.core.stream import (
    Ended,
    Lines,
    Started,
    Stream,
    Taken,
    start,
    take_end,
    take_lines,
    take_report,
    told_before,
)
from tunewright_metrics.core.summary import summary_of

OUTPUT: Final = (
    output_pb2.TrainingStarted,
    output_pb2.OutputLines,
    output_pb2.MetricsReported,
    output_pb2.TrainingEnded,
)
EXITED: Final = tuning_service_pb2.END_CAUSE_EXITED
NOBODY_YET: Final = Standing()


@dataclass(frozen=True, slots=True)
class Told:
    uid: str
    message: Message
    id: str | None = None
    """The event's id, where it is the same event if told again."""
    traceparent: str = field(default_factory=tracing.current)
    """Of the trace in which it came about."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A stream as it stands in the store, and its last buckets, where they are known."""

    stream: Stream
    version: int = 0
    """0: it is not stored."""
    output: Bucket | None = None
    measurements: Bucket | None = None
    read_now: bool = False
    """It was not in memory: who wrote it may not have told what it says."""


def key_of(message: Any) -> StreamKey:
    return message.uid, message.number, message.attempt


class Fold:
    def __init__(
        self, loaded: Mapping[StreamKey, Kept], standings: Mapping[StandingKey, Standing] = MappingProxyType({})
    ) -> None:
        """`loaded` holds the streams; messages of others are passed over.

        `standings` are those of the trainings that are judged; one that is not given is empty.
        """
        self._loaded = loaded
        self._streams = {key: kept.stream for key, kept in loaded.items()}
        self.standings = dict(standings)
        """As they are after the messages taken."""
        self.told: list[Told] = [
            told for key, kept in loaded.items() if kept.read_now for told in _told(key, told_before(kept.stream))
        ]
        self._chunks: defaultdict[StreamKey, list[Chunk]] = defaultdict(list)
        self.lines = 0
        self.points = 0
        self.bytes = 0
        """Of the buckets, as packed."""
        self.summarized: dict[StreamKey, str] = {}
        """Streams that have come to their end with these messages, and the traceparent of what has ended them."""
        self.changed: list[StreamKey] = []
        """Streams that are to be written."""

    def take(self, message: Any) -> None:
        key = key_of(message)
        if key not in self._streams:
            return
        before = self._streams[key]
        taken = _taken(before, message)
        told = _told(key, taken)
        after, standing = self._judged(before, taken, message)
        if after.complete:
            if after.summary is None:
                after = replace(after, summary=_summary(after))
                self.summarized[key] = tracing.current()
                standing = _with_curve(standing, after)
            if before.summary is None or isinstance(message, output_pb2.TrainingEnded):
                told += _summarized(key, after)
        chunk = _chunk(before, message, taken)
        if chunk is not None:
            self._chunks[key].append(chunk)
            self.lines += len(chunk.lines)
            self.points += len(chunk.measured)
        self._streams[key] = after
        if standing is not None:
            self.standings[standing_key(after)] = standing
        self.told += told

    def close(self, now: float) -> tuple[list[Write], dict[StreamKey, Kept]]:
        """Return what is to be written, and what is known of the streams once that stands."""
        writes: list[Write] = []
        after: dict[StreamKey, Kept] = {}
        for key, kept in self._loaded.items():
            stream = self._streams[key]
            if not stream.started or stream is kept.stream:
                after[key] = replace(kept, stream=stream, read_now=False)
                continue
            chunks = self._chunks.get(key, ())
            output, measurements = packed_lines(kept.output, chunks), packed_points(kept.measurements, chunks)
            self.bytes += sum(bucket.bytes for bucket in (*output, *measurements))
            self.changed.append(key)
            stream = _with_bytes(stream, kept, output, measurements)
            writes.append(records.stream_write(key, stream, kept.version, now))
            writes += [records.bucket_write("output", key, bucket) for bucket in output]
            writes += [records.bucket_write("measurements", key, bucket) for bucket in measurements]
            writes += standings.writes(key, kept.stream, stream)
            after[key] = Kept(stream, kept.version + 1)
            if stream.summary is None:  # after the end nothing joins
                last, last_points = (*output[-1:], kept.output)[0], (*measurements[-1:], kept.measurements)[0]
                after[key] = Kept(stream, kept.version + 1, _open(last), _open(last_points))
        return writes, after

    def _judged(self, before: Stream, taken: Taken, message: Any) -> tuple[Stream, Standing | None]:
        """Return the stream with what its new values are judged to be, and its standing after them if it has one."""
        after = taken.stream
        if rules_of(after) is None:
            return after, None
        standing = self.standings.get(standing_key(after), NOBODY_YET)
        if after.series is before.series:
            return after, standing
        return with_verdict(before, after, taken.measured, standing, instant_from_timestamp(message.at))


def _with_bytes(stream: Stream, kept: Kept, output: Sequence[Bucket], measurements: Sequence[Bucket]) -> Stream:
    """Return the stream with what its buckets take in the store."""
    return replace(
        stream,
        output_bytes=stream.output_bytes + _added(kept.output, output),
        measurements_bytes=stream.measurements_bytes + _added(kept.measurements, measurements),
    )


def _added(last: Bucket | None, written: Sequence[Bucket]) -> int:
    """Return by how much the writing of these buckets adds to what is stored."""
    replaced = last.bytes if last and written and written[0].position == last.position else 0
    return sum(bucket.bytes for bucket in written) - replaced


def _open(bucket: Bucket | None) -> Bucket | None:
    """Return the bucket if something may still join it."""
    return None if bucket is None or bucket.full else bucket


def _taken(stream: Stream, message: Any) -> Taken:
    match message:
        case output_pb2.TrainingStarted():
            started = from_message(message, Started)
            return start(stream, started, reader_for(started.metric_definitions, thread_time))
        case output_pb2.OutputLines():
            at = instant_from_timestamp(message.at)
            lines = Lines(message.instance, message.first_line, _texts(message), at, tuple(message.cut))
            return take_lines(stream, lines, reader_for(stream.definitions, thread_time))
        case output_pb2.MetricsReported():
            values = tuple((item.metric, item.value) for item in message.values)
            return take_report(stream, message.report_id, values, instant_from_timestamp(message.at))
        case output_pb2.TrainingEnded():
            well = message.cause == EXITED and message.HasField("exit_code") and message.exit_code == 0
            ended = Ended(instant_from_timestamp(message.at), well)
            return take_end(stream, tuple(message.line_counts), message.metrics_file_fault, ended, message.reports)
        case _:
            raise TypeError(f"{type(message).__name__} is no message of training.output")


def _with_curve(standing: Standing | None, stream: Stream) -> Standing | None:
    """Let others be compared with a stream whose output is complete, if it is one to compare with."""
    if standing is None or not completed(stream):
        return standing
    return standing.with_curve(stream.number, *stream.series.curve.points())


def _texts(message: output_pb2.OutputLines) -> tuple[str, ...]:
    texts = tuple(message.lines)
    if "".join(texts).find("\n") < 0:
        return texts
    return tuple(text.replace("\n", " ") for text in texts)  # a line end would count as one


def _chunk(before: Stream, message: Any, taken: Taken) -> Chunk | None:
    """Return what is to be stored of a message: the lines that were new, the values in them."""
    if not taken.lines and not taken.measured:
        return None
    chunk = Chunk(before.position, message.instance, 0, instant_from_timestamp(message.at), measured=taken.measured)
    if taken.lines and message.instance < before.instances:  # a metrics file is no output
        chunk.first_line = before.next_lines[message.instance]
        known = chunk.first_line - message.first_line
        chunk.lines, chunk.cut = taken.lines, [offset - known for offset in message.cut if offset >= known]
    return chunk


def _told(key: StreamKey, taken: Taken) -> list[Told]:
    """Return what the scheduler is to know at once: gaps, warnings."""
    uid, number, attempt = key
    told = []
    if taken.gap is not None:
        gap = results_pb2.ResendRequested(uid=uid, number=number, attempt=attempt)
        gap.instance, gap.from_line = taken.gap.instance, taken.gap.from_line
        told.append(Told(uid, gap))
    for silent in taken.silent:
        warning = results_pb2.MetricNeverMatched(uid=uid, number=number, attempt=attempt, nearest=silent.nearest)
        warning.metric, warning.regex = silent.definition.name, silent.definition.regex
        warning.lines_read = taken.stream.lines_read
        told.append(Told(uid, warning))
    told += [
        Told(uid, results_pb2.MetricMatched(uid=uid, number=number, attempt=attempt, metric=metric))
        for metric in taken.heard
    ]
    return told


def _summary(stream: Stream) -> bytes:
    return to_message(summary_of(stream), results_pb2.TrainingSummarized).SerializeToString(deterministic=True)


def _summarized(key: StreamKey, stream: Stream) -> list[Told]:
    """Return the end of a stream as it stands in the record: all of its output is stored, and this is what it said."""
    uid, number, attempt = key
    name = records.stream_name(key)
    settled = [
        results_pb2.OutputSettled(uid=uid, number=number, attempt=attempt, instance=instance, through_line=lines - 1)
        for instance, lines in enumerate(stream.next_lines)
        if lines
    ]
    summary = results_pb2.TrainingSummarized.FromString(stream.summary or b"")
    return [
        Told(uid, summary, f"{name}/summary"),
        *(Told(uid, item, f"{name}/settled/{item.instance}") for item in settled),
    ]
