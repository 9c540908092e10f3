"""Wiring of the suggester."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tunewright_suggester.servicer import SuggestionServicer


@asynccontextmanager
async def suggester(workers: int = 0) -> AsyncIterator[SuggestionServicer]:
    """Build a suggester and end its processes with the block; `workers` 0: one per core."""
    servicer = SuggestionServicer(workers)
    try:
        yield servicer
    finally:
        await servicer.close()
