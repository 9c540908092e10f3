"""Names that the shell completes: asked of the server within a moment; where it is away, there is nothing to say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

if TYPE_CHECKING:
    from tunewright.client import AsyncClient

WITHIN_S: Final = 1.0
"""Longer nobody waits after pressing Tab."""
MOST: Final = 100


def job_names(context: typer.Context, incomplete: str) -> list[str]:
    """Return the newest tuning jobs of such names."""
    return _asked(context, incomplete, _jobs)


def names(context: typer.Context, incomplete: str) -> list[str]:
    """Return tuning jobs, and once a name has begun, trainings."""
    return _asked(context, incomplete, _jobs_and_trainings)


def trainer_names(context: typer.Context, incomplete: str) -> list[str]:
    return _asked(context, incomplete, _trainers)


async def _jobs(client: AsyncClient, incomplete: str) -> list[str]:
    found: list[str] = []
    async for job in client.list():
        if job.name.startswith(incomplete):
            found.append(job.name)
        if len(found) == MOST:
            break
    return found


async def _jobs_and_trainings(client: AsyncClient, incomplete: str) -> list[str]:
    found = await _jobs(client, incomplete)
    if not incomplete:
        return found
    for job in found:
        if incomplete.startswith(job):
            found += [training.name async for training in client.trainings(job)]
    async for training in client.training_jobs(name_contains=incomplete):
        found.append(training.name)
        if len(found) >= MOST:
            break
    return [name for name in dict.fromkeys(found) if name.startswith(incomplete)]


async def _trainers(client: AsyncClient, incomplete: str) -> list[str]:
    found = await client.operations.trainers()
    return [item.trainer_id for item in found if item.trainer_id.startswith(incomplete)]


def _asked(
    context: typer.Context, incomplete: str, ask: Callable[[AsyncClient, str], Awaitable[list[str]]]
) -> list[str]:
    import asyncio

    from tunewright.client import AsyncClient, find

    async def answer() -> list[str]:
        given: Any = context.params.get("data_dir")
        async with AsyncClient(find(None if given is None else Path(given))) as client:
            return await asyncio.wait_for(ask(client, incomplete), WITHIN_S)

    try:
        return asyncio.run(answer())
    except Exception:  # noqa: BLE001 - whatever is wrong is not told in the middle of the line that somebody types
        return []
