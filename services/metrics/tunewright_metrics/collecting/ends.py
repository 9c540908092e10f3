"""What is told of output that is complete: a line in the log, and what could not be read, by cause."""

from __future__ import annotations

import structlog
from prometheus_client import Counter

from tunewright.core.names import training_id
from tunewright.events.v1 import results_pb2
from tunewright_metrics.core.stream import Stream

log = structlog.get_logger()
_ended = Counter("tunewright_outputs_settled", "Attempts whose output is complete and stored")
_valueless = Counter("tunewright_outputs_without_objective", "Those of them that have given no objective")
_faults = Counter("tunewright_reading_faults", "Readings of a metric that were no finite number, by cause", ["cause"])


def tell_end(stream: Stream) -> None:
    """Tell of a stream that has been stored with its summary."""
    summary = results_pb2.TrainingSummarized.FromString(stream.summary or b"")
    _ended.inc()
    if summary.objective_fault:
        _valueless.inc()
    for fault in summary.faults:
        _faults.labels(fault.kind).inc(1 if fault.kind == "missing" else fault.count)
    log.info(
        "output settled",
        job=stream.uid,
        training=training_id(stream.uid, stream.number),
        attempt=stream.attempt,
        lines=stream.lines_read,
        objective=summary.objective_value if summary.HasField("objective_value") else None,
    )
