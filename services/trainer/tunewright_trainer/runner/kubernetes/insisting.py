"""Requests that must be heard, however long the API is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from tunewright_trainer.runner.kubernetes.cluster import AWAY, ApiError
from tunewright_trainer.runner.kubernetes.pods import backoff_s

log = structlog.get_logger()


async def insisting(request: Callable[[], Awaitable[None]]) -> None:
    """Make a request until it succeeds, also one that is refused: an operator may grant what is missing."""
    failures = 0
    while True:
        try:
            await request()
        except (ApiError, *AWAY) as error:
            failures += 1
            if failures == 1:
                log.warning("the cluster does not do what it must; trying again", why=str(error))
            await asyncio.sleep(backoff_s(failures))
        else:
            return
