"""A runner that picks one by the image: programs of this host by the process runner, all else in containers."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from tunewright.core.check_running import PROGRAM
from tunewright.core.errors import NotFound, Unavailable
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, End, Launch
from tunewright_trainer.runner.port import Runner


class ByImage:
    """See runner/port.py, whose promise it keeps if both of its runners do.

    An attempt's image never changes, so it comes to the same runner after a restart.
    """

    def __init__(self, programs: Runner, containers: Runner) -> None:
        self._programs, self._containers = programs, containers
        self._chosen: dict[Attempt, Runner] = {}
        self.shows_folders = programs.shows_folders and containers.shows_folders

    async def start(self, launch: Launch) -> None:
        runner = self._programs if launch.definition.image.startswith(PROGRAM) else self._containers
        self._chosen[launch.attempt] = runner
        await runner.start(launch)

    async def stop(self, attempt: Attempt, cause: EndCause, grace_s: float) -> None:
        if attempt in self._chosen:
            await self._chosen[attempt].stop(attempt, cause, grace_s)

    async def wait(self, attempt: Attempt) -> End:
        if attempt not in self._chosen:
            raise NotFound("run", str(attempt))
        return await self._chosen[attempt].wait(attempt)

    async def remove(self, attempt: Attempt) -> None:
        runner = self._chosen.get(attempt)
        if runner is not None:
            await runner.remove(attempt)
            del self._chosen[attempt]

    async def reap(self, known: Collection[Attempt]) -> None:
        await self._programs.reap(known)
        with suppress(Unavailable):  # a machine may have no engine: then there are no containers either
            await self._containers.ping()
            await self._containers.reap(known)

    async def ping(self) -> None:
        """Ask the engine only while a container is held: a machine may have none, and programs need none."""
        await self._programs.ping()
        if self._containers in self._chosen.values():
            await self._containers.ping()

    def started_at(self, attempt: Attempt) -> float | None:
        runner = self._chosen.get(attempt)
        return None if runner is None else runner.started_at(attempt)

    def waits_for(self, attempt: Attempt) -> str:
        runner = self._chosen.get(attempt)
        return "" if runner is None else runner.waits_for(attempt)

    async def close(self) -> None:
        self._chosen.clear()
        await self._programs.close()
        await self._containers.close()
