"""Logs: one JSON object a line, readable lines on a terminal; secrets never. And spans, where they are collected.

What a line is about is bound at the edges, where a call or a message comes in: `job` (its uid, or the name that was
asked by), `training` (uid/number), `message_id`; `trace_id` is that of the trace under way.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, TextIO, cast

import structlog

from tunewright.platform import tracing
from tunewright.platform.extras import require

SECRET_WORDS: Final = ("token", "secret", "authorization", "password", "credential", "api_key", "access_key")


def configure(*, level: str = "INFO") -> None:
    """Send structlog's events to stderr."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            name_trace,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(FOR_PEOPLE if sys.stderr.isatty() else FOR_PROGRAMS),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )


OTLP_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def trace(service: str) -> None:
    """Make spans if the standard's variables say where they go. Raises InvalidSpec: the extra is not installed."""
    wanted = next((name for name in OTLP_ENDPOINTS if os.environ.get(name)), None)
    if wanted is None or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return
    require("opentelemetry.sdk", "otel", wanted)
    from tunewright.platform.spans import export_spans  # an import of tens of milliseconds, for those who want it

    export_spans(service)


def name_trace(_logger: Any, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Name the trace under way, by which the lines of all services about one piece of work are found."""
    if found := tracing.trace_id():
        event.setdefault("trace_id", found)
    return event


class Unfailing:
    """A stream for logs: what it cannot take, because a disk is full or a reader has gone, is lost, and nobody fails.

    A service must outlive its log.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):  # ValueError: it is closed
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def redact(_logger: Any, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Replace the value of every field, at any depth, whose name speaks of a secret."""
    return {name: _redacted(name, value) for name, value in event.items()}


def _redacted(name: object, value: Any) -> Any:
    if isinstance(name, str) and any(word in name.lower() for word in SECRET_WORDS):
        return "[redacted]"
    match value:
        case Mapping():
            return {inner: _redacted(inner, item) for inner, item in value.items()}
        case list() | tuple():
            return [_redacted("", item) for item in value]
        case _:
            return value


# Tracebacks without the frames' variables: those are requests, environments and tokens.
FOR_PEOPLE: Final[tuple[Any, ...]] = (
    structlog.processors.StackInfoRenderer(),
    redact,
    structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
)
FOR_PROGRAMS: Final[tuple[Any, ...]] = (
    structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
    redact,
    structlog.processors.JSONRenderer(sort_keys=False),
)
