"""What one attempt of a training says, folded message by message into a value.

Lines count only if they are contiguous per instance: what overlaps is dropped, a gap is asked for again and nothing
after it counts before it is filled. So lost, repeated and reordered messages, a restarted trainer and a new collector
all come to the same stream, the same measurements and, byte for byte, the same summary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.lookalikes import instead_of
from tunewright.core.spec import EarlyStoppingRule, MetricDefinition, Objective
from tunewright_metrics.core.judging import OFF, Judged
from tunewright_metrics.core.kinds import NO_METRIC, Kind, Reading, number_kind
from tunewright_metrics.core.reading import Reader
from tunewright_metrics.core.series import Fault, Measured, Series, extended

TAIL_LINES: Final = 20
TAIL_WIDTH: Final = 500
QUIET_LINES: Final = 200
"""Lines, of output or of the metrics file, after which there is a warning of each metric that has not come."""

REPORTS_REMEMBERED: Final = 1000
DIGEST_BYTES: Final = 8
FROM_THE_START: Final = -1
NO_LINE: Final = -1
ASK_AGAIN_S: Final = 10.0
"""While messages keep arriving behind a gap, it is asked for again so often: the first request may have been lost."""


@dataclass(frozen=True, slots=True)
class Started:
    """All that is needed to read an attempt. Field names are those of the message TrainingStarted."""

    metric_definitions: tuple[MetricDefinition, ...] = ()
    objective: Objective | None = None
    instance_count: int = 1
    metrics_file: bool = False
    """Its lines are those of the instance after the last."""
    early_stopping: EarlyStoppingRule = OFF
    rungs: tuple[int, ...] = ()
    definition_name: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of the process."""

    at: float
    well: bool
    """It ended by itself, with exit code 0."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Consecutive lines of one instance. `at` is when they were sent."""

    instance: int
    first_line: int
    texts: tuple[str, ...]
    at: float
    cut: tuple[int, ...] = ()
    """Offsets of those that are not whole."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Lines from here on are missing; FROM_THE_START: all, with the message that starts the stream."""

    instance: int
    from_line: int


@dataclass(frozen=True, slots=True)
class Asked:
    gap: Gap
    at: float


NOTHING_YET: Final = Series()
UNJUDGED: Final = Judged()


@dataclass(frozen=True, slots=True)
class Stream:
    uid: str
    number: int
    attempt: int
    started: Started | None = None
    next_lines: tuple[int, ...] = ()
    """The next line that counts, by instance."""
    position: int = 0
    """How many lines, of all instances, and reports have been taken: the place of what comes next."""
    series: Series = NOTHING_YET
    tail: tuple[str, ...] = ()
    reports: bytes = b""
    """Digests of the last reports' ids, one after the other: ids may be long, and the record is written often."""
    asked: Asked | None = None
    unmatched: tuple[str, ...] = ()
    """Metrics that have been warned of and have not come since."""
    matched_late: tuple[str, ...] = ()
    """Metrics that have been warned of and have come since."""
    line_counts: tuple[int, ...] | None = None
    """By instance, once the end is known."""
    ended: Ended | None = None
    reports_due: int = 0
    """Reports to be taken before the end, once that is known; they come another way, and maybe later."""
    judged: Judged = UNJUDGED
    summary: bytes | None = None
    """The summary as it was published; told again as it is. Nothing is taken after it."""
    output_bytes: int = 0
    measurements_bytes: int = 0
    """What its buckets take in the store."""

    @property
    def definitions(self) -> tuple[MetricDefinition, ...]:
        return self.started.metric_definitions if self.started else ()

    @property
    def objective(self) -> Objective | None:
        return self.started.objective if self.started else None

    @property
    def instances(self) -> int:
        """How many instances print; what stands behind them is the metrics file."""
        return max(self.started.instance_count, 1) if self.started else 0

    @property
    def lines_read(self) -> int:
        return sum(self.next_lines)

    @property
    def complete(self) -> bool:
        """Whether the end is known and every line before it has been taken."""
        if self.line_counts is None or self.reports_taken < self.reports_due:
            return False
        return _missing(self, self.line_counts) is None

    @property
    def reports_taken(self) -> int:
        return self.position - self.lines_read


@dataclass(frozen=True, slots=True)
class Silent:
    definition: MetricDefinition
    nearest: str
    """What was printed that looks like it, in a sentence."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message: the stream after it, and what is new. Without news, `stream` is the one given."""

    stream: Stream
    lines: tuple[str, ...] = ()
    """Those that were new; the first of them has the index `next_lines[instance]` of the stream before."""
    measured: tuple[Measured, ...] = ()
    gap: Gap | None = None
    """To be asked for."""
    silent: tuple[Silent, ...] = ()
    """To be warned of: they have matched nothing for a while."""
    heard: tuple[str, ...] = ()
    """Metrics that have been warned of and have come now."""


def start(stream: Stream, started: Started, reader: Reader) -> Taken:
    """Take the message that starts the stream; the same again changes nothing."""
    if stream.started is not None:
        return Taken(stream)
    faults = tuple(Fault(Kind.REFUSED, metric, 1, why) for metric, why in reader.refused.items())
    next_lines = (0,) * (max(started.instance_count, 1) + started.metrics_file)
    return Taken(replace(stream, started=started, next_lines=next_lines, series=Series(faults=faults), asked=None))


def take_lines(stream: Stream, lines: Lines, reader: Reader) -> Taken:
    """Take lines, of which those before the next expected one are known already.

    Raises InvalidSpec: the attempt has no such instance, or no line has such an index.
    """
    if stream.started is None:
        return _ask(stream, Gap(0, FROM_THE_START), lines.at)
    instance = lines.instance
    if not 0 <= instance < len(stream.next_lines) or lines.first_line < 0:
        raise InvalidSpec("instance", f"there is no line {lines.first_line} of instance {instance}")
    expected = stream.next_lines[instance]
    if lines.first_line > expected:
        return _ask(stream, Gap(instance, expected), lines.at)
    fresh = lines.texts[expected - lines.first_line :]
    if not fresh or stream.summary is not None:
        return Taken(stream)
    readings = _readings(stream, lines, expected, fresh, reader)
    series, measured = extended(stream.series, readings, stream.objective)
    output = fresh if instance < stream.instances else ()
    moved = replace(
        stream,
        next_lines=(*stream.next_lines[:instance], expected + len(fresh), *stream.next_lines[instance + 1 :]),
        position=stream.position + len(fresh),
        series=series,
        tail=(*stream.tail, *(line[:TAIL_WIDTH] for line in output[-TAIL_LINES:]))[-TAIL_LINES:],
        asked=None,
    )
    return _warned(stream, Taken(moved, fresh, measured))


def _readings(stream: Stream, lines: Lines, first_line: int, fresh: Sequence[str], reader: Reader) -> list[Reading]:
    if lines.instance >= stream.instances:
        return reader.read_records(fresh, first_line)
    timeouts = {fault.metric: fault.count for fault in stream.series.faults if fault.kind is Kind.TIMED_OUT}
    known = first_line - lines.first_line
    cut = [offset - known for offset in lines.cut if offset >= known]
    return reader.read(fresh, first_line, timeouts, cut)


def take_report(stream: Stream, report_id: str, values: tuple[tuple[str, float], ...], at: float) -> Taken:
    """Take metrics that the program handed in itself; an id counts once."""
    if stream.started is None:
        return _ask(stream, Gap(0, FROM_THE_START), at)
    digest = blake2b(report_id.encode(), digest_size=DIGEST_BYTES).digest()
    if _among(digest, stream.reports) or stream.summary is not None:
        return Taken(stream)
    readings = [Reading(metric, NO_LINE, number_kind(value), value, repr(value)) for metric, value in values]
    series, measured = extended(stream.series, readings, stream.objective)
    reports = (stream.reports + digest)[-DIGEST_BYTES * REPORTS_REMEMBERED :]
    moved = replace(stream, series=series, position=stream.position + 1, reports=reports)
    return _warned(stream, Taken(moved, measured=measured))


def take_end(
    stream: Stream,
    line_counts: tuple[int, ...],
    file_fault: str = "",
    ended: Ended | None = None,
    reports_due: int = 0,
) -> Taken:
    """Take the message that ends the stream. What is missing then is asked for each time that this is told.

    `file_fault` is what was wrong with the metrics file, empty for nothing. Reports that are due are waited for.
    """
    if stream.started is None:
        return Taken(stream, gap=Gap(0, FROM_THE_START))
    moved = stream
    if stream.line_counts is None:
        faults = (Fault(Kind.REFUSED, NO_METRIC, 1, file_fault),) if file_fault else ()
        series = replace(stream.series, faults=(*stream.series.faults, *faults))
        moved = replace(stream, line_counts=line_counts, series=series, ended=ended, reports_due=reports_due)
    return Taken(moved, gap=_missing(moved, line_counts))


def _missing(stream: Stream, line_counts: tuple[int, ...]) -> Gap | None:
    """Return the first gap before the end. Instances that no count is given for have printed nothing."""
    for instance, (has, wants) in enumerate(zip(stream.next_lines, line_counts, strict=False)):
        if has < wants:
            return Gap(instance, has)
    return None


def _warned(before: Stream, taken: Taken) -> Taken:
    """Warn, at a certain line, of each metric that has not come, and take that back once it comes."""
    stream = taken.stream
    came = stream.series.metrics
    if before.lines_read < QUIET_LINES <= stream.lines_read:
        stream = replace(stream, unmatched=tuple(item.name for item in stream.definitions if item.name not in came))
        return replace(taken, stream=stream, silent=_silent(stream))
    heard = tuple(name for name in stream.unmatched if name in came)
    if not heard:
        return taken
    left = tuple(name for name in stream.unmatched if name not in came)
    late = (*stream.matched_late, *heard)
    return replace(taken, stream=replace(stream, unmatched=left, matched_late=late), heard=heard)


def told_before(stream: Stream) -> Taken:
    """Return what has been told of a stream and holds: of what its record says, some may never have been published."""
    if stream.summary is not None:
        return Taken(stream)
    gap = stream.asked.gap if stream.asked is not None else None
    return Taken(stream, gap=gap, silent=_silent(stream), heard=stream.matched_late)


def _silent(stream: Stream) -> tuple[Silent, ...]:
    return tuple(
        Silent(item, instead_of(item.name, stream.tail)) for item in stream.definitions if item.name in stream.unmatched
    )


def _among(digest: bytes, digests: bytes) -> bool:
    at = digests.find(digest)
    while at % DIGEST_BYTES and at >= 0:  # across two others
        at = digests.find(digest, at + 1)
    return at >= 0


def _ask(stream: Stream, gap: Gap, at: float) -> Taken:
    """Ask for a gap, unless that has been done just now."""
    if stream.asked is not None and stream.asked.gap == gap and at < stream.asked.at + ASK_AGAIN_S:
        return Taken(stream)
    return Taken(replace(stream, asked=Asked(gap, at)), gap=gap)
