"""A batch of messages being folded: the streams as they will be, what is written with them, what is told afterwards.

It performs nothing. A message that raises leaves no trace.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from google.protobuf.message import Message

from tunewright.events.v1 import output_pb2, results_pb2
from tunewright.platform.codec import from_message, instant_from_timestamp, to_message
from tunewright.platform.store.port import Write
from tunewright.v1 import tuning_service_pb2
from tunewright_metrics import records, standings
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
)
from tunewright_metrics.core.summary import summary_of
from tunewright_metrics.records import Chunk, StreamKey
from tunewright_metrics.standings import StandingKey, standing_key

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


def key_of(message: Any) -> StreamKey:
    return message.uid, message.number, message.attempt


class Fold:
    def __init__(
        self,
        loaded: Mapping[StreamKey, tuple[Stream, int]],
        standings: Mapping[StandingKey, Standing] = MappingProxyType({}),
    ) -> None:
        """`loaded` holds the streams and their versions; messages of others are passed over.

        `standings` are those of the trainings that are judged; one that is not given is empty.
        """
        self._loaded = loaded
        self.standings = dict(standings)
        """As they are after the messages taken."""
        self._streams = {key: stream for key, (stream, _) in loaded.items()}
        self._chunks: defaultdict[StreamKey, list[Chunk]] = defaultdict(list)
        self.told: list[Told] = []
        self.lines = 0
        self.points = 0

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
                standing = _with_curve(standing, after)
            if before.summary is None or isinstance(message, output_pb2.TrainingEnded):
                told += _summarized(key, after)
        chunk = _chunk(before, message, taken)
        if chunk is not None:
            self._add(key, chunk)
        self._streams[key] = after
        if standing is not None:
            self.standings[standing_key(after)] = standing
        self.told += told

    def changed(self) -> list[StreamKey]:
        """Return the streams that are to be written."""
        return [key for key, stream in self._streams.items() if stream.started and stream is not self._loaded[key][0]]

    def writes(self) -> list[Write]:
        writes = [records.stream_write(key, self._streams[key], self._loaded[key][1]) for key in self.changed()]
        for key, chunks in self._chunks.items():
            for chunk in chunks:
                writes += records.chunk_writes(key, chunk)
        for key in self.changed():
            writes += standings.writes(key, self._loaded[key][0], self._streams[key])
        return writes

    def after(self) -> dict[StreamKey, tuple[Stream, int]]:
        """Return the streams and their versions once the writes stand."""
        changed = set(self.changed())
        return {key: (stream, self._loaded[key][1] + (key in changed)) for key, stream in self._streams.items()}

    def _judged(self, before: Stream, taken: Taken, message: Any) -> tuple[Stream, Standing | None]:
        """Return the stream with what its new values are judged to be, and its standing after them if it has one."""
        after = taken.stream
        if rules_of(after) is None:
            return after, None
        standing = self.standings.get(standing_key(after), NOBODY_YET)
        if after.series is before.series:
            return after, standing
        return with_verdict(before, after, taken.measured, standing, instant_from_timestamp(message.at))

    def _add(self, key: StreamKey, chunk: Chunk) -> None:
        self.lines += len(chunk.lines)
        self.points += len(chunk.measured)
        chunks = self._chunks[key]
        if chunks and chunk.joins(chunks[-1]):
            chunks[-1].extend(chunk)
        else:
            chunks.append(chunk)


def _taken(stream: Stream, message: Any) -> Taken:
    match message:
        case output_pb2.TrainingStarted():
            started = from_message(message, Started)
            return start(stream, started, reader_for(started.metric_definitions))
        case output_pb2.OutputLines():
            texts = tuple(line.replace("\n", " ") for line in message.lines)  # a line end would count as one
            lines = Lines(message.instance, message.first_line, texts, instant_from_timestamp(message.at))
            return take_lines(stream, lines, reader_for(stream.definitions))
        case output_pb2.MetricsReported():
            values = tuple((item.metric, item.value) for item in message.values)
            return take_report(stream, message.report_id, values, instant_from_timestamp(message.at))
        case output_pb2.TrainingEnded():
            well = message.cause == EXITED and message.HasField("exit_code") and message.exit_code == 0
            ended = Ended(instant_from_timestamp(message.at), well)
            return take_end(stream, tuple(message.line_counts), ended)
        case _:
            raise TypeError(f"{type(message).__name__} is no message of training.output")


def _with_curve(standing: Standing | None, stream: Stream) -> Standing | None:
    """Let others be compared with a stream whose output is complete, if it is one to compare with."""
    if standing is None or not completed(stream):
        return standing
    return standing.with_curve(stream.number, *stream.series.curve.points())


def _chunk(before: Stream, message: Any, taken: Taken) -> Chunk | None:
    """Return what is to be stored of a message: the lines that were new, the values in them."""
    if not taken.lines and not taken.measured:
        return None
    chunk = Chunk(before.position, message.instance, 0, instant_from_timestamp(message.at))
    chunk.measured = list(taken.measured)
    if taken.lines:
        chunk.first_line = before.next_lines[message.instance]
        known = chunk.first_line - message.first_line
        chunk.lines, chunk.cut = list(taken.lines), [offset - known for offset in message.cut if offset >= known]
        chunk.characters = sum(map(len, taken.lines))
    return chunk


def _told(key: StreamKey, taken: Taken) -> list[Told]:
    """Return what the scheduler is to know at once: gaps, warnings."""
    uid, number, attempt = key
    told = []
    if taken.gap is not None:
        gap = results_pb2.ResendRequested(uid=uid, number=number, attempt=attempt)
        gap.instance, gap.from_line = taken.gap.instance, taken.gap.from_line
        told.append(Told(uid, gap))
    if taken.silent is not None:
        warning = results_pb2.MetricNeverMatched(uid=uid, number=number, attempt=attempt)
        warning.metric, warning.regex = taken.silent.name, taken.silent.regex
        warning.lines_read = sum(taken.stream.next_lines)
        told.append(Told(uid, warning))
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
