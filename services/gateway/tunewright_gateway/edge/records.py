"""What is told of each request: a line in the log, and rate, errors and duration for Prometheus.

Never told: bodies, signatures, secrets, and names that a stranger could make up without end.
"""

from __future__ import annotations

from typing import Final

import structlog
from prometheus_client import Counter, Histogram

OTHER: Final = "other"
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)
"""Seconds."""

_answered = Counter("tunewright_http_requests", "Requests to the SageMaker door", ["operation", "code"])
_took = Histogram("tunewright_http_request_seconds", "From the headers to the answer", ["operation"], buckets=BUCKETS)
_repeated = Counter("tunewright_http_replays", "Changes asked for again under one signature, and not made again")

log = structlog.get_logger()


def tell(request_id: str, operation: str, code: str, status: int, took_s: float, key_id: str) -> None:
    """Tell of one that was answered; `operation` is one that is served, or empty."""
    known = operation or OTHER
    _answered.labels(known, code).inc()
    _took.labels(known).observe(took_s)
    log.info(
        "request",
        request_id=request_id,
        operation=known,
        code=code,
        status=status,
        ms=round(took_s * 1000, 1),
        key_id=key_id,
    )


def tell_replay(request_id: str, key_id: str) -> None:
    _repeated.inc()
    log.warning("replay", request_id=request_id, key_id=key_id)


def tell_fault(request_id: str, operation: str, error: Exception) -> None:
    log.error("fault", request_id=request_id, operation=operation, exc_info=error)


def tell_unavailable(request_id: str, operation: str, why: Exception) -> None:
    log.warning("unavailable", request_id=request_id, operation=operation, why=str(why))
