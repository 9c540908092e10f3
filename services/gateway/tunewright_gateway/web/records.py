"""What is told of each call of the dashboard: a line in the log, and rate, errors and duration for Prometheus."""

from __future__ import annotations

from typing import Final

import structlog
from prometheus_client import Counter, Histogram

OTHER: Final = "other"
"""Stands for what is not passed on: a stranger could make up names without end."""

_ended = Counter("tunewright_rpc_passed", "Calls of the dashboard, by how they ended", ["method", "code"])
_took = Histogram("tunewright_rpc_passed_seconds", "From the headers to the last byte, of calls that do not stream")

log = structlog.get_logger()


def tell(method: str, code: str, took_s: float, *, streams: bool) -> None:
    _ended.labels(method, code).inc()
    if not streams:
        _took.observe(took_s)
    log.info("passed", method=method, code=code, ms=round(took_s * 1000, 1))


def tell_fault(method: str, request_id: str, error: Exception) -> None:
    log.error("fault", method=method, request_id=request_id, exc_info=error)
