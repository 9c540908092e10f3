"""The asynchronous SDK client: what it is made of, and what needs several of its parts."""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Final

from tunewright.client.address import Address, find
from tunewright.client.calling import DEADLINE_S
from tunewright.client.drafting import AsyncDrafts
from tunewright.client.explaining import AsyncExplanations
from tunewright.client.measurements import AsyncMeasurements
from tunewright.client.operations import AsyncOperations
from tunewright.client.resources import TuningJob
from tunewright.client.training_jobs import AsyncTrainingJobs
from tunewright.core.analysis import Analysis
from tunewright.core.errors import IllegalTransition
from tunewright.v1.explanation_service_pb2_grpc import ExplanationServiceStub
from tunewright.v1.metrics_service_pb2_grpc import MetricsServiceStub
from tunewright.v1.tuning_service_pb2_grpc import TuningServiceStub

if TYPE_CHECKING:
    import pandas as pd

    from tunewright.client.claiming.claims import Claims
    from tunewright.client.claiming.trainings import AsyncClaimedTraining
    from tunewright.client.jobs import AsyncJob
    from tunewright.client.narrowing import Narrowing
    from tunewright.exports.table import Row

CLAIM_PATIENCE_S: Final = 600.0
"""How long a loop of trainings waits for a server that is away."""


class AsyncClient(AsyncTrainingJobs, AsyncMeasurements, AsyncExplanations, AsyncDrafts):
    """Tuning jobs of a server. Without an address it finds the one of this machine, by its credentials file.

    A call is repeated a few times if the server cannot be reached, all within `deadline_s`; what changes something
    bears the same request id each time, so that it is done once. Errors are those of `tunewright.core.errors`.
    """

    def __init__(self, address: Address | None = None, *, deadline_s: float = DEADLINE_S) -> None:
        """Raises NotFound if no address is given and none is found."""
        super().__init__(address or find(), deadline_s)
        self._tuning = TuningServiceStub(self._channels[0])
        self._explaining = ExplanationServiceStub(self._channels[0])
        self._metrics = MetricsServiceStub(self._channels[-1])
        self._claims: weakref.WeakSet[Claims] = weakref.WeakSet()
        self.operations = AsyncOperations(self._channels[0], self._call)
        """For operators."""

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        async with AsyncExitStack() as closing:  # all of it, the last first, whatever one of them raises
            closing.push_async_callback(super().close)
            for claims in list(self._claims):
                closing.push_async_callback(claims.close)

    def job(self, job: str | TuningJob) -> AsyncJob:
        """Return a handle on a job, by name, by uid or as `create` has returned it: `job.watch()`, `job.best()` …

        Nothing is asked: where there is no such job, its verbs raise NotFound.
        """
        from tunewright.client.jobs import AsyncJob

        return AsyncJob(self, job)

    async def narrow(self, job: str, *, name: str = "", max_trainings: int | None = None) -> Narrowing:
        """Propose a job of the ranges that an ended job's trainings speak for; `create` its `spec` to run it.

        It knows the job's results. Raises InvalidSpec: no other ranges would be better, or too little is known.
        """
        from tunewright.client.narrowing import narrowing_of

        found = await self.describe(job)
        return narrowing_of(found, await self.analyze(found.uid, Analysis.ADVICE), name, max_trainings)

    async def claim(
        self, job: str, *, patience_s: float = CLAIM_PATIENCE_S
    ) -> AsyncGenerator[AsyncClaimedTraining, None]:
        """Yield trainings of a job, one at a time, for this process to run, until the job is over: docs/own-loop.md.

        The job's image is claim://; any number of processes may claim. Where the server is away, it waits for so long.
        Leases are renewed on this loop: compute in asyncio.to_thread, or use Client, whose loop is its own.
        Raises NotFound; InvalidSpec: trainers run that job; Unavailable.
        """
        claims = await self.claims(job, patience_s)
        try:
            while (training := await claims.next()) is not None:
                yield training
        finally:
            await claims.close()

    async def claims(self, job: str, patience_s: float) -> Claims:
        """Return what `claim` goes through; close it. Raises NotFound; InvalidSpec: trainers run that job."""
        from tunewright.client.claiming.claims import Claims
        from tunewright.v1.worker_service_pb2_grpc import WorkerServiceStub

        found = await self.describe(job)
        watching = self.watch(found.uid, patience_s=patience_s)
        claims = Claims(found, watching, WorkerServiceStub(self._channels[0]), self._metrics, self._error_of)
        self._claims.add(claims)
        return claims

    async def dataframe(self, job: str, *, full: bool = False, curves: bool = False) -> pd.DataFrame:
        """Return the trainings as a pandas DataFrame with the columns of SageMaker's analytics, newest first.

        With `full` hyperparameters keep their types, and there is more to know; with `curves` it has a row for every
        measurement that retention has left instead. Raises InvalidSpec if pandas is missing, NotFound.
        """
        from tunewright.exports import frame, table

        frame.require_pandas()
        table.require_one(full=full, curves=curves)
        if not curves:
            spec = (await self.describe(job)).spec
            found = [training async for training in self.trainings(job, newest_first=True)]
            return frame.frame(table.columns(spec, full=full), table.rows(spec, found, full=full))
        measured: list[Row] = []
        async for training in self.trainings(job):
            if training.started_at is not None:
                with suppress(IllegalTransition):
                    items = [item async for item in self.measurements(training.name)]
                    measured += table.curve_rows(training, items)
        return frame.frame(table.CURVE_COLUMNS, measured)
