"""TryMetrics on the wire: what may be asked, and the work off the event loop."""

from __future__ import annotations

from itertools import islice
from time import thread_time
from typing import Final

from tunewright.core.check import MAX_METRICS
from tunewright.core.errors import InvalidSpec
from tunewright.core.logs import lines_of
from tunewright.core.spec import MetricDefinition, Objective
from tunewright.platform.codec import from_message
from tunewright.platform.in_threads import InThreads
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright.v1 import tuning_service_pb2
from tunewright_metrics.core.trying import try_out

LONGEST: Final = 256 * 1024
"""Bytes of a log, in UTF-8."""
MOST_LINES: Final = 10_000
"""Twenty batches: what patterns may take at the most grows with them."""
MOST_READINGS: Final = 10_000
MOST_UNNAMED: Final = 100
AT_ONCE: Final = 2


class Tries:
    def __init__(self) -> None:
        self._threads = InThreads(AT_ONCE)

    async def answer(self, request: pb.TryMetricsRequest) -> pb.TryMetricsResponse:
        """Raises InvalidSpec: too much, or a metric is named twice."""
        metrics = [
            from_message(item, MetricDefinition, f"metrics[{index}]") for index, item in enumerate(request.metrics)
        ]
        objective = from_message(request.objective, Objective, "objective") if request.HasField("objective") else None
        _check_names([item.name for item in metrics], objective)
        if len(request.text.encode()) > LONGEST:
            raise InvalidSpec("text", f"is longer than {LONGEST // 1024} KiB", "Give a part of the log")
        lines = lines_of(request.text)
        if len(lines) > MOST_LINES:
            raise InvalidSpec("text", f"has {len(lines)} lines, at most {MOST_LINES} can be", "Give a part of the log")
        return await self._threads.run(_tried, metrics, objective, lines)


def _check_names(names: list[str], objective: Objective | None) -> None:
    if not 1 <= len(names) <= MAX_METRICS:
        raise InvalidSpec("metrics", f"must be from 1 to {MAX_METRICS}, are {len(names)}", "Name what is to be read")
    for index, name in enumerate(names):
        if not name or names.index(name) != index:
            raise InvalidSpec(f"metrics[{index}].name", f"{name!r} is missing or given twice", "Name each metric once")
    if objective is not None and objective.metric_name not in names:
        why = f"{objective.metric_name!r} is none of the metrics"
        raise InvalidSpec("objective.metric_name", why, "Name one of them")


def _tried(metrics: list[MetricDefinition], objective: Objective | None, lines: list[str]) -> pb.TryMetricsResponse:
    tried = try_out(metrics, objective, lines, thread_time, MOST_READINGS)
    summary = tried.summary
    return pb.TryMetricsResponse(
        readings=[
            pb.TriedReading(
                metric=item.metric, line=item.line, kind=item.kind.value, value=item.value, step=step, text=item.text
            )
            for item, step in tried.readings
        ],
        left_out=tried.left_out,
        faults=[
            tuning_service_pb2.ReadingFault(
                kind=item.kind.value, metric=item.metric, count=item.count, example=item.example
            )
            for item in summary.faults
        ],
        lines=len(lines),
        objective_value=summary.objective_value,
        objective_fault=summary.objective_fault,
        unnamed=dict(islice(tried.unnamed.items(), MOST_UNNAMED)),
    )
