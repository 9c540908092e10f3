"""Trainings of a job, one after the other, until the job is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from tunewright.client.claiming.attempt import Attempt
from tunewright.client.claiming.output import MetricsStub
from tunewright.client.claiming.session import Session, WorkerStub
from tunewright.client.claiming.trainings import FORGOTTEN, LEFT, AsyncClaimedTraining
from tunewright.client.resources import TuningJob, Watched
from tunewright.core.claimed import CLAIMED, is_claimed, pool_of
from tunewright.core.errors import InvalidSpec, TunewrightError
from tunewright.core.states import EndCause


class Claims:
    """Of one process, one at a time. Close it: what has not ended then is handed back."""

    def __init__(
        self,
        job: TuningJob,
        watching: AsyncIterator[Watched],
        worker: WorkerStub,
        metrics: MetricsStub,
        error_of: Callable[[Any], TunewrightError],
    ) -> None:
        """`watching` is told of the job until it is over. Raises InvalidSpec: trainers run this job."""
        definition = next((item for item in job.spec.definitions if is_claimed(item)), None)
        if definition is None:
            why = f"{job.name} is run by trainers: the image of none of its definitions is {CLAIMED}"
            raise InvalidSpec("job", why, f"Create a job with image: {CLAIMED}")
        self._job, self._watching = job, watching
        self._session = Session(pool_of(definition, job.uid), worker, metrics, error_of)
        self._over: asyncio.Future[None] | None = None
        self._last: AsyncClaimedTraining | None = None
        self._closed = False

    async def next(self) -> AsyncClaimedTraining | None:
        """Wait for the next one; None: the job is over. Raises TunewrightError.

        The one before has failed if its program has not said how it ended.
        """
        if self._last is not None:
            await self._last.leave(EndCause.EXITED, FORGOTTEN)
        if self._over is None:
            if self._job.state.final:
                return None
            await self._session.open()
            self._over = asyncio.ensure_future(self._wait())
        attempt = await self._claim(self._over)
        self._last = None if attempt is None else AsyncClaimedTraining(attempt, self._job.spec)
        return self._last

    async def close(self) -> None:
        """Hand back what has not ended, and end the session. Again, it does nothing."""
        if self._over is None or self._closed:
            return
        self._closed = True
        self._over.cancel()
        try:
            if self._last is not None:
                await self._last.leave(EndCause.PREEMPTED, LEFT)
        finally:
            await self._session.close()

    async def _claim(self, over: asyncio.Future[None]) -> Attempt | None:
        while not over.done():
            claim = asyncio.ensure_future(self._session.claim())
            waited: list[asyncio.Future[Any]] = [claim, over]
            try:
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                if claim.done() and (attempt := claim.result()) is not None:
                    return attempt
            finally:
                claim.cancel()
        over.result()
        return None

    async def _wait(self) -> None:
        async for watched in self._watching:
            if watched.job.state.final:
                return
