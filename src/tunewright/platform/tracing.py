"""Which trace the work under way belongs to, as W3C Trace Context has it, and spans where somebody collects them.

The header is carried on always, over gRPC, the bus and HTTP, and costs next to nothing. Spans are made only where
OTEL_EXPORTER_OTLP_ENDPOINT says where they go and the extra `otel` is installed (tunewright.platform.spans); nothing of
OpenTelemetry is imported otherwise.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Final

HEADER: Final = "traceparent"
WELL_FORMED: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""https://www.w3.org/TR/trace-context/#traceparent-header, in the form of version 00."""

Spans = Callable[[str, str, dict[str, Any]], AbstractContextManager[str]]
"""Takes a span's name, the traceparent of its parent and its attributes; yields its own traceparent."""

_current: ContextVar[str] = ContextVar("traceparent", default="")
_spans: Spans | None = None


def current() -> str:
    """Return the traceparent of the work under way; empty: it belongs to no trace."""
    return _current.get()


def trace_id() -> str:
    return current()[3:35]


def read(given: str | bytes | None) -> str:
    """Return a header if it is well-formed, else nothing: whoever sends a bad one starts a trace of ours."""
    text = given.decode(errors="replace") if isinstance(given, bytes) else given or ""
    return text if WELL_FORMED.fullmatch(text) else ""


def read_from(metadata: Iterable[tuple[str, Any]] | None) -> str:
    """Return that of a call's metadata."""
    return next((read(value) for name, value in metadata or () if name == HEADER), "")


def metadata() -> tuple[tuple[str, str], ...]:
    """Return what a call carries on the trace under way with."""
    return ((HEADER, current()),) if current() else ()


def new() -> str:
    """Return the traceparent of a new trace."""
    ids = os.urandom(24).hex()
    return f"00-{ids[:32]}-{ids[32:]}-01"


@contextmanager
def within(traceparent: str) -> Iterator[None]:
    """Within it the work belongs to that trace; to the same as before, if that is none."""
    if not traceparent:
        yield
        return
    before = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(before)


@contextmanager
def span(name: str, parent: str = "", *, first: bool = False, **attributes: Any) -> Iterator[None]:
    """Within it the work is one span below `parent`, else below what is under way.

    `first`: where there is neither, a trace begins here. That is for the edges, where somebody from outside asks.
    """
    above = parent or current()
    if _spans is None:
        with within(above or (new() if first else "")):
            yield
    elif above or first:
        with _spans(name, above, attributes) as own, within(own):
            yield
    else:
        yield


def in_trace(traceparent: str) -> str:
    """Return where the work under way stands in that trace, which may be another than the one it came in."""
    return current() if not traceparent or trace_id() == traceparent[3:35] else traceparent


def make_spans(spans: Spans | None) -> None:
    """Tell of spans from now on, or no more."""
    global _spans  # noqa: PLW0603 - of a process, like its log
    _spans = spans
