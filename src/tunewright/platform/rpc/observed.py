"""What is seen of each call: rate, errors and duration for Prometheus, a span, and what the log is to name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import grpc
import structlog
from prometheus_client import Counter, Histogram

from tunewright.platform import tracing
from tunewright.platform.subjects import subject_of

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds."""
UNTRACED: Final = ("/Heartbeat", "/Claim", "/OpenSession")
"""Made by trainers for their own sake, all the time: no trace begins with them."""

_ended = Counter("tunewright_grpc_calls", "Calls that have ended, by method and code", ["method", "code"])
_took = Histogram(
    "tunewright_grpc_call_seconds",
    "From the request to the answer or the end of the stream; long polls wait",
    ["method"],
    buckets=BUCKETS,
)


@dataclass(slots=True)
class Outcome:
    code: str = grpc.StatusCode.OK.name


def refused(method: str, code: str) -> None:
    """Count a call that nothing was done for."""
    _ended.labels(method[1:], code).inc()


@contextmanager
def counted(method: str) -> Iterator[Outcome]:
    """Count and time a call; whoever handles it says how it has ended if that is not OK. `method` is one we serve."""
    outcome, began = Outcome(), perf_counter()
    try:
        yield outcome
    except asyncio.CancelledError:
        outcome.code = grpc.StatusCode.CANCELLED.name
        raise
    finally:
        _ended.labels(method[1:], outcome.code).inc()
        _took.labels(method[1:]).observe(perf_counter() - began)


@contextmanager
def observed(method: str, request: Any, traceparent: str = "") -> Iterator[Outcome]:
    """Count a call that is answered once; meanwhile the log names what it is about, and it is a span of its trace."""
    begins = not method.endswith(UNTRACED)
    with (
        counted(method) as outcome,
        structlog.contextvars.bound_contextvars(**subject_of(request)),
        tracing.span(method[1:], traceparent, first=begins, **{"rpc.system": "grpc"}),
    ):
        yield outcome
