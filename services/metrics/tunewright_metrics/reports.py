"""Metrics that other systems report, on training.reports: judged, then put in line on training.output.

There they are folded like those that come over gRPC, behind the message that starts their attempt; by its `report_id`
one counts once however often it is handed on. A report may arrive before metrics has heard of that start. Handed on, it
would be passed over, so it is kept back until the start is stored, with what comes after it for the same attempt, for
START_WITHIN_S at most. What is refused is a dead letter that says why. The offsets move last: none is lost in between.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import structlog

from tunewright.core.check import check_metric_name
from tunewright.core.errors import CallerError, IllegalTransition, InvalidSpec, PeerError
from tunewright.core.names import training_id
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.consumer import Received, letter
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Bus, Record
from tunewright.platform.codec import instant_to_timestamp
from tunewright.platform.store.port import Store
from tunewright_metrics import records
from tunewright_metrics.archive import Archive
from tunewright_metrics.collector import SOURCE
from tunewright_metrics.core.stream import Stream
from tunewright_metrics.fold import key_of
from tunewright_metrics.records import StreamKey

OUTPUT: Final = "training.output"
LONGEST_ID: Final = 128
START_WITHIN_S: Final = 60.0
"""So long a report waits for the start of its attempt, and those behind it wait with it."""

LOOK_AGAIN_S: Final = 0.5
NANOS: Final = 1_000_000_000
LAST_SECOND: Final = 253_402_300_799
"""Of the year 9999, where timestamps end."""

Streams = dict[StreamKey, Stream | None]
log = structlog.get_logger()


class Reports:
    def __init__(self, store: Store, bus: Bus, archive: Archive) -> None:
        self._store, self._bus, self._archive = store, bus, archive

    async def take_all(self, batch: list[Received]) -> None:
        """Hand on or refuse all reports, out of `batch` once that is done. Raises Unavailable."""
        clock = asyncio.get_running_loop().time
        until = clock() + START_WITHIN_S
        while batch:
            streams: Streams = {}
            late = clock() >= until
            judged = [await self._judged(item, streams, late=late) for item in batch]
            if told := [record for record in judged if record is not None]:
                await self._bus.publish(told)
            batch[:] = [item for item, record in zip(batch, judged, strict=True) if record is None]
            if batch:
                await asyncio.sleep(LOOK_AGAIN_S)

    async def _judged(self, received: Received, streams: Streams, *, late: bool) -> Record | None:
        """Return what becomes of a report: one on training.output or a dead letter. None: its attempt is to start."""
        try:
            report = _checked(received.message)
            report.attempt = await self._attempt(report, received.owner)
            stream = await self._stream(key_of(report), streams)
            if stream is None and not late:
                return None
            if stream is None:
                raise IllegalTransition(
                    f"attempt {report.attempt} of training {report.uid}/{report.number}",
                    f"not known to have started, after {START_WITHIN_S:g} s",
                    "report metrics",
                )
            if not 0 <= report.instance < stream.instances:
                raise InvalidSpec("instance", f"there is no instance {report.instance}", "They count from 0")
        except PeerError:
            raise
        except CallerError as refused:
            return letter(received.delivered, str(refused))
        except Exception:
            log.exception("report failed", offset=received.delivered.offset)
            return letter(received.delivered, "a fault of ours while reading it; the log of metrics has it")
        name = f"{records.stream_name(key_of(report))}/report/{report.report_id}"
        return to_record(OUTPUT, report.uid, report, source=SOURCE, id=name)

    async def _attempt(self, report: output_pb2.MetricsReported, owner: str) -> int:
        """Return the attempt that is meant. Raises NotFound, IllegalTransition: nothing can be reported of it."""
        name = training_id(report.uid, report.number)
        training = await self._archive.training(name, owner)
        if training.state.final or report.attempt > training.attempt or training.attempt == 0:
            state = f"{training.state} in attempt {training.attempt}"
            remedy = "Report from within the training, while it runs"
            raise IllegalTransition(f"training {name}", state, "report metrics", remedy)
        return report.attempt or training.attempt

    async def _stream(self, key: StreamKey, streams: Streams) -> Stream | None:
        """Return the attempt's stream, if it has started: read once a look, so that no report overtakes another."""
        if key not in streams:
            stored = await self._store.get("streams", records.stream_name(key))
            streams[key] = records.read_stream(stored) if stored else None
        return streams[key]


def _checked(given: Any) -> output_pb2.MetricsReported:
    """Return a copy with the time filled in. Raises InvalidSpec: a field is wrong by itself."""
    report = output_pb2.MetricsReported()
    report.CopyFrom(given)
    if not 0 < len(report.report_id) <= LONGEST_ID:
        raise InvalidSpec("report_id", f"must have 1 to {LONGEST_ID} characters", "The same id counts once")
    if not report.values or not all(item.metric for item in report.values):
        raise InvalidSpec("values", "each needs a metric, and there must be one", "Name the metric")
    for item in report.values:
        check_metric_name(item.metric, "values.metric")
    if report.attempt < 0:
        raise InvalidSpec("attempt", "must be at least 1", "Leave it out for the current one")
    if not report.HasField("at"):
        report.at.CopyFrom(instant_to_timestamp(time.time()))
    if not (0 <= report.at.seconds <= LAST_SECOND and 0 <= report.at.nanos < NANOS):
        raise InvalidSpec("at", "is no time between 1970 and 9999", "Leave it out for now")
    return report
