"""Tells of a destination that refuses while that can still be the attempt's end.

An empty object is put there before the program starts, and once more before the end is reported of a training that has
left a model. What may pass by itself is no refusal: the destination may be back by the time that it counts.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Final

import structlog

from tunewright.core.errors import CallerError, TunewrightError
from tunewright.core.locations import Location
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import End
from tunewright_trainer.fetching import NotFetched
from tunewright_trainer.folder import AttemptFolder
from tunewright_trainer.storage.buckets import Buckets
from tunewright_trainer.storage.port import quietly

NAME: Final = ".tunewright-trial"
WITHIN_S: Final = 10.0
"""A destination that is slower is away."""
REFUSALS: Final = (CallerError, PermissionError, NotADirectoryError, FileExistsError)
"""What does not pass by itself."""

log = structlog.get_logger()


async def begin(folder: AttemptFolder, buckets: Buckets, target: Location) -> None:
    """Raises NotFetched: the destination takes nothing from this trainer, and the training would be in vain."""
    try:
        await _put(folder, buckets, target)
    except REFUSALS as error:
        raise NotFetched(EndCause.START_FAILED, f"output_uri: nothing can be put to {target.uri}: {error}") from error


async def end(folder: AttemptFolder, ended: End, buckets: Buckets, target: Location) -> End:
    """Return how an attempt has ended that may have left a model: not well, if that cannot be published."""
    if (ended.cause, ended.exit_code) != (EndCause.EXITED, 0) or not any(folder.artifacts.glob("*.tar.gz")):
        return ended
    try:
        await _put(folder, buckets, target)
    except REFUSALS as error:
        return replace(ended, cause=EndCause.OUTPUT_LOST, why=f"ClientError: Artifact upload failed: {error}")
    return ended


async def _put(folder: AttemptFolder, buckets: Buckets, target: Location) -> None:
    """Put an empty object there, and take it away. Raises one of REFUSALS."""

    def put() -> None:
        key, storage = (target / NAME).key, buckets.of(target)
        source = folder.root / NAME
        source.touch()
        storage.put(source, key, quietly)
        with suppress(OSError, TunewrightError):  # who may put may not always delete
            storage.delete(key)

    try:
        async with asyncio.timeout(WITHIN_S):
            await asyncio.to_thread(put)
    except REFUSALS:
        raise
    except (OSError, TunewrightError) as error:  # the former is a timeout too
        log.info("destination not tried", to=target.uri, why=str(error))
