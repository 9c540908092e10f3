"""When an attempt's checkpoints are brought and stored: only while it is known to be ours, for they may be another's.

Brought before its data, stored while its program runs, and once more after its end, before anybody is told of that end
and so may go on from there. Of an attempt that was never started nothing is stored: what lies here may be part of what
it was to begin with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from tunewright_trainer.checkpoints import NotSynced
from tunewright_trainer.core.attempt import End
from tunewright_trainer.folder import AttemptFolder

log = structlog.get_logger()


class Checkpoints(Protocol):
    """See checkpoints.CheckpointSync."""

    async def bring(self) -> None: ...

    async def keep(self) -> Any: ...

    async def last(self) -> None: ...


class Keeping:
    """Of one attempt. `opened` is set once the scheduler has said what is ours, `is_void` says that this is not."""

    def __init__(
        self, checkpoints: Checkpoints, folder: AttemptFolder, opened: asyncio.Event, is_void: Callable[[], bool]
    ) -> None:
        self._checkpoints, self._folder, self._opened, self._is_void = checkpoints, folder, opened, is_void

    async def bring(self) -> None:
        """Raises NotFetched."""
        await self._checkpoints.bring()

    async def keep(self) -> None:
        """Store what changes, until cancelled."""
        await self._opened.wait()
        if not self._is_void():
            await self._checkpoints.keep()

    async def last(self, end: End) -> str:
        """Store what the program has left; again after a restart, unless that was done. Say why it could not be done.

        Nothing is said of what was, or needed not to be.
        """
        if end.exit_code is None or self._folder.checkpointed.exists():
            return ""
        await self._opened.wait()
        if self._is_void():
            return ""
        try:
            await self._checkpoints.last()
        except NotSynced as error:
            log.warning("last checkpoint not stored", folder=self._folder.root.name, why=str(error))
            return str(error)
        self._folder.checkpointed.touch()
        return ""
