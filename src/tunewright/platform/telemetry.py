"""Logs: one JSON object a line, readable lines on a terminal; secrets never."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, TextIO, cast

import structlog

SECRET_WORDS: Final = ("token", "secret", "authorization", "password", "credential", "api_key", "access_key")


def configure(*, level: str = "INFO") -> None:
    """Send structlog's events to stderr."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(FOR_PEOPLE if sys.stderr.isatty() else FOR_PROGRAMS),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )


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
