"""Metrics that other systems report, on training.reports: judged, then put in line on training.output.

There they are folded like those that come over gRPC, behind the message that starts their attempt; by its `report_id`
one counts once however often it is handed on. A report may arrive before metrics has heard of that start. Handed on, it
would be passed over, so it is kept back until the start is stored, with what comes after it for the same attempt, for
START_WITHIN_S at most. Others wait behind it: an owner for whom that was in vain is waited for much shorter for a
while. What is refused is a dead letter that says why. The offsets move last: none is lost in between.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

import structlog
from google.protobuf.timestamp_pb2 import Timestamp

from tunewright.core.check import check_metric_name
from tunewright.core.errors import CallerError, IllegalTransition, InvalidSpec, PeerError
from tunewright.core.names import training_id
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.consumer import Received, handling, letter
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Bus, Record
from tunewright.platform.codec import instant_to_timestamp
from tunewright.platform.store.port import Store
from tunewright_metrics.collecting import records
from tunewright_metrics.collecting.collector import SOURCE
from tunewright_metrics.collecting.fold import key_of
from tunewright_metrics.collecting.records import StreamKey
from tunewright_metrics.core.stream import Stream
from tunewright_metrics.jobs import Jobs, Training

OUTPUT: Final = "training.output"
LONGEST_ID: Final = 128
START_WITHIN_S: Final = 60.0
"""So long a report waits for the start of its attempt, and those behind it wait with it."""
SOON_S: Final = 2.0
"""So long if one of its owner has waited in vain less than FORGOTTEN_S ago."""
FORGOTTEN_S: Final = 600.0
LOOK_AGAIN_S: Final = 0.5
NANOS: Final = 1_000_000_000
LAST_SECOND: Final = 253_402_300_799
"""Of the year 9999, where timestamps end."""

Streams = dict[StreamKey, Stream | None]
log = structlog.get_logger()


def check_names(metrics: Sequence[str], field: str) -> None:
    """Raises InvalidSpec, of this field: there is no value, or one whose metric has no name or too long a one."""
    if not metrics or not all(metrics):
        raise InvalidSpec(field, "each needs a metric, and there must be one", "Name the metric")
    for name in metrics:
        check_metric_name(name, f"{field}.metric")


def check_time(at: Timestamp, field: str) -> None:
    """Raises InvalidSpec, of this field."""
    if not (0 <= at.seconds <= LAST_SECOND and 0 <= at.nanos < NANOS):
        raise InvalidSpec(field, "is no time between 1970 and 9999", "Leave it out for now")


def reportable_attempt(training: Training, attempt: int) -> int:
    """Return the attempt that values are reported of, 0 meaning the current one.

    Raises InvalidSpec; IllegalTransition: it is to come, or the training is over.
    """
    if attempt < 0:
        raise InvalidSpec("attempt", "must be at least 1", "Leave it out for the current one")
    if training.state.final or attempt > training.attempt or training.attempt == 0:
        name, state = training_id(training.uid, training.number), f"{training.state} in attempt {training.attempt}"
        remedy = "Report from within the training, while it runs"
        raise IllegalTransition(f"training {name}", state, "report metrics", remedy)
    return attempt or training.attempt


class Reports:
    def __init__(self, store: Store, bus: Bus, jobs: Jobs) -> None:
        self._store, self._bus, self._jobs = store, bus, jobs
        self._in_vain: dict[str, float] = {}
        """When an owner's reports were waited for in vain last."""

    async def take_all(self, batch: list[Received]) -> None:
        """Hand on or refuse all reports, out of `batch` once that is done. Raises Unavailable."""
        clock = asyncio.get_running_loop().time
        began = clock()
        while batch:
            streams: Streams = {}
            judged = []
            for item in batch:
                with handling(item):
                    judged.append(await self._judged(item, streams, clock() - began))
            if told := [record for record in judged if record is not None]:
                await self._bus.publish(told)
            batch[:] = [item for item, record in zip(batch, judged, strict=True) if record is None]
            if batch:
                await asyncio.sleep(LOOK_AGAIN_S)

    async def _judged(self, received: Received, streams: Streams, waited_s: float) -> Record | None:
        """Return what becomes of a report: one on training.output or a dead letter. None: its attempt is to start."""
        try:
            report = _checked(received.message)
            training = await self._jobs.training(training_id(report.uid, report.number), received.owner)
            report.attempt = reportable_attempt(training, report.attempt)
            stream = await self._stream(key_of(report), streams)
            if stream is None:
                if waited_s < (longest_s := self._waits_s(received.owner)):
                    return None
                self._in_vain[received.owner] = asyncio.get_running_loop().time()
                raise IllegalTransition(
                    f"attempt {report.attempt} of training {report.uid}/{report.number}",
                    f"not known to have started, after {longest_s:g} s",
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

    def _waits_s(self, owner: str) -> float:
        now = asyncio.get_running_loop().time()
        return SOON_S if now - self._in_vain.get(owner, -FORGOTTEN_S) < FORGOTTEN_S else START_WITHIN_S

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
    check_names([item.metric for item in report.values], "values")
    if not report.HasField("at"):
        report.at.CopyFrom(instant_to_timestamp(time.time()))
    check_time(report.at, "at")
    return report
