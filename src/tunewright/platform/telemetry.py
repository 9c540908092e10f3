"""Logs: one JSON object a line, readable lines on a terminal; secrets never."""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

import structlog

SECRET_WORDS: Final = ("token", "secret", "authorization", "password")


def configure(*, level: str = "INFO") -> None:
    """Send structlog's events to stderr."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer(sort_keys=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks
            if not sys.stderr.isatty()
            else structlog.processors.StackInfoRenderer(),
            redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def redact(_logger: Any, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Replace the value of every field whose name speaks of a secret."""
    for name in event:
        if any(word in name.lower() for word in SECRET_WORDS):
            event[name] = "[redacted]"
    return event
