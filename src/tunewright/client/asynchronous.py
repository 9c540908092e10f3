"""The asynchronous SDK client."""

from __future__ import annotations

import asyncio
import time
import uuid
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

import grpc

from tunewright.client.address import METRICS, Address, find
from tunewright.client.drafting import AsyncDrafts
from tunewright.client.explaining import AsyncExplanations
from tunewright.client.narrowing import Narrowing, narrowing_of
from tunewright.client.operations import AsyncOperations
from tunewright.client.requests import request_of
from tunewright.client.resources import (
    Curve,
    FoundLine,
    Measurement,
    OutputLine,
    TrainingJob,
    TuningJob,
    Watched,
    in_order,
    job_in_order,
)
from tunewright.client.training_jobs import AsyncTrainingJobs
from tunewright.core.analysis import Analyses, Analysis
from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound, TunewrightError, Unavailable
from tunewright.core.finished import FinishedTraining
from tunewright.core.space import Configuration, Range
from tunewright.core.spec import EnqueuedConfiguration, Parameter, TuningJobSpec
from tunewright.platform.codec import from_message, to_message
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.status import error_of
from tunewright.v1 import (
    explanation_service_pb2_grpc,
    metrics_service_pb2,
    metrics_service_pb2_grpc,
    spec_pb2,
    tuning_service_pb2,
    tuning_service_pb2_grpc,
)

if TYPE_CHECKING:
    import pandas as pd

    from tunewright.client.claiming.claims import Claims
    from tunewright.client.claiming.trainings import AsyncClaimedTraining

pb, mpb = tuning_service_pb2, metrics_service_pb2
DEADLINE_S: Final = 30.0
IMPORT_DEADLINE_S: Final = 300.0
"""Of the one call that may bring ten thousand trainings."""
TRIES: Final = 4
PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0
WATCH_PATIENCE_S: Final = 60.0
CLAIM_PATIENCE_S: Final = 600.0
"""How long a loop of trainings waits for a server that is away."""
T = TypeVar("T")


class AsyncClient(AsyncTrainingJobs, AsyncExplanations, AsyncDrafts):
    """Tuning jobs of a server. Without an address it finds the one of this machine, by its credentials file.

    Every call has a deadline, and is repeated a few times if the server cannot be reached; a repeated `create` carries
    the same request id, so that it creates once. Errors are those of `tunewright.core.errors`.
    """

    def __init__(self, address: Address | None = None) -> None:
        """Raises NotFound if no address is given and none is found."""
        self._address = address or find()
        self._channels = [self._open(self._address.endpoint)]
        if self._address.metrics:
            self._channels.append(self._open(self._address.metrics))
        self._tuning = tuning_service_pb2_grpc.TuningServiceStub(self._channels[0])
        self._explaining = explanation_service_pb2_grpc.ExplanationServiceStub(self._channels[0])
        self._metrics = metrics_service_pb2_grpc.MetricsServiceStub(self._channels[-1])
        self._claims: weakref.WeakSet[Claims] = weakref.WeakSet()
        self.operations = AsyncOperations(self._channels[0], self._call)
        """For operators."""

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        async with AsyncExitStack() as closing:  # all of it, the last first, whatever one of them raises
            for channel in self._channels:
                closing.push_async_callback(channel.close)
            for claims in list(self._claims):
                closing.push_async_callback(claims.close)

    def _open(self, endpoint: str) -> grpc.aio.Channel:
        return open_channel(endpoint, self._address.token, self._address.ca)

    async def create(self, spec: TuningJobSpec, *, request_id: str | None = None) -> TuningJob:
        """Create a job. Raises InvalidSpec, AlreadyExists."""
        message = to_message(spec, spec_pb2.TuningJobSpec)
        request = request_of(pb.CreateTuningJobRequest, spec=message, request_id=request_id or str(uuid.uuid4()))
        return _job((await self._call(self._tuning.CreateTuningJob, request)).job)

    async def import_job(
        self, spec: TuningJobSpec, trainings: Sequence[FinishedTraining], *, origin: str = ""
    ) -> TuningJob:
        """Take in trainings that have run elsewhere, as a job that has ended; `origin` says where, for people.

        Imported again with the same content, it is the job that is there. Raises InvalidSpec; AlreadyExists: a job of
        that name holds something else.
        """
        request = request_of(pb.ImportTuningJobRequest, spec=to_message(spec, spec_pb2.TuningJobSpec), origin=origin)
        for index, training in enumerate(trainings):
            try:
                request.trainings.append(to_message(training, pb.FinishedTraining))
            except InvalidSpec as error:
                raise InvalidSpec(f"trainings[{index}].{error.field}", error.why, error.remedy) from None
        return _job((await self._call(self._tuning.ImportTuningJob, request, IMPORT_DEADLINE_S)).job)

    async def validate(self, spec: TuningJobSpec) -> None:
        """Have the server check a specification without creating anything. Raises InvalidSpec."""
        request = request_of(
            pb.CreateTuningJobRequest, spec=to_message(spec, spec_pb2.TuningJobSpec), validate_only=True
        )
        await self._call(self._tuning.CreateTuningJob, request)

    async def describe(self, job: str) -> TuningJob:
        """Return a job by name or uid. Raises NotFound."""
        return _job((await self._call(self._tuning.GetTuningJob, request_of(pb.GetTuningJobRequest, job=job))).job)

    async def list(self, *, status: str = "", newest_first: bool = True) -> AsyncIterator[TuningJob]:
        """Yield all jobs, or those of AMT's status, such as "InProgress", page by page."""
        request = request_of(pb.ListTuningJobsRequest, page_size=100, state_equals=status, descending=newest_first)
        while True:
            response = await self._call(self._tuning.ListTuningJobs, request)
            for message in response.jobs:
                yield _job(message)
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    async def stop(self, job: str) -> TuningJob:
        """Stop a job; its trainings are being stopped when this returns. Raises IllegalTransition if it has ended."""
        return _job((await self._call(self._tuning.StopTuningJob, request_of(pb.StopTuningJobRequest, job=job))).job)

    async def pause(self, job: str) -> TuningJob:
        """Start nothing more of a job; what runs goes on, and so does its clock. Raises IllegalTransition."""
        return _job((await self._call(self._tuning.PauseTuningJob, request_of(pb.PauseTuningJobRequest, job=job))).job)

    async def resume(self, job: str) -> TuningJob:
        """Let a paused job go on. Raises IllegalTransition if it has ended or is closing."""
        return _job(
            (await self._call(self._tuning.ResumeTuningJob, request_of(pb.ResumeTuningJobRequest, job=job))).job
        )

    async def amend(
        self,
        job: str,
        *,
        max_trainings: int | None = None,
        max_parallel: int | None = None,
        max_runtime_s: int | None = None,
        max_cost: float | None = None,
        priority: int | None = None,
        ranges: Mapping[str, Range] | None = None,
        definition_name: str = "",
        enqueue: Sequence[EnqueuedConfiguration] = (),
        expected_revision: int | None = None,
        request_id: str | None = None,
    ) -> TuningJob:
        """Change a job that has not ended: absolute values, and ranges at least as wide as before. The rest stays.

        `expected_revision` is the job's `spec_revision` as you have seen it; by default it is read now. Raises
        InvalidSpec, and IllegalTransition if the job is closing or somebody has amended it meanwhile.
        """
        if expected_revision is None:
            expected_revision = (await self.describe(job)).spec_revision
        request = request_of(
            pb.AmendTuningJobRequest,
            job=job,
            expected_revision=expected_revision,
            request_id=request_id or str(uuid.uuid4()),
            max_trainings=max_trainings,
            max_parallel=max_parallel,
            max_runtime_s=max_runtime_s,
            max_cost=max_cost,
            priority=priority,
            definition_name=definition_name,
            parameters=[
                to_message(Parameter(name, range_), spec_pb2.Parameter) for name, range_ in (ranges or {}).items()
            ],
            enqueue=[to_message(item, spec_pb2.EnqueuedConfiguration) for item in enqueue],
        )
        return _job((await self._call(self._tuning.AmendTuningJob, request)).job)

    async def enqueue(
        self, job: str, *configurations: Configuration, definition_name: str = "", request_id: str | None = None
    ) -> TuningJob:
        """Have configurations run next, before the strategy is asked; they count as trainings of the job's limit.

        Somebody who amends the job at the same moment does not matter.
        """
        items = [EnqueuedConfiguration(configuration, definition_name) for configuration in configurations]
        request_id = request_id or str(uuid.uuid4())
        while True:
            seen = (await self.describe(job)).spec_revision
            try:
                return await self.amend(job, enqueue=items, expected_revision=seen, request_id=request_id)
            except IllegalTransition:
                if (await self.describe(job)).spec_revision == seen:
                    raise

    async def extend(
        self, job: str, *, name: str = "", max_trainings: int | None = None, request_id: str | None = None
    ) -> TuningJob:
        """Go on with an ended job in a new one that knows its results; return the new one.

        Without a name it gets the old one's, numbered; without a limit, the old one's. Raises IllegalTransition if the
        job has not ended, AlreadyExists.
        """
        request = request_of(
            pb.ExtendTuningJobRequest,
            job=job,
            name=name,
            max_trainings=max_trainings,
            request_id=request_id or str(uuid.uuid4()),
        )
        return _job((await self._call(self._tuning.ExtendTuningJob, request)).job)

    async def retry_failed(self, job: str, *, request_id: str | None = None) -> TuningJob:
        """Run the configurations of failed trainings again; return the job that does, a child if it has ended.

        Raises IllegalTransition if nothing has failed.
        """
        request = request_of(pb.RetryTuningJobRequest, job=job, request_id=request_id or str(uuid.uuid4()))
        return _job((await self._call(self._tuning.RetryTuningJob, request)).job)

    async def narrow(self, job: str, *, name: str = "", max_trainings: int | None = None) -> Narrowing:
        """Propose a job of the ranges that an ended job's trainings speak for; `create` its `spec` to run it.

        It knows the job's results. Raises InvalidSpec: no other ranges would be better, or too little is known.
        """
        found = await self.describe(job)
        return narrowing_of(found, await self.analyze(found.uid, Analysis.ADVICE), name, max_trainings)

    async def delete(self, job: str) -> None:
        """Delete an ended job. Raises IllegalTransition if it has not ended."""
        await self._call(self._tuning.DeleteTuningJob, request_of(pb.DeleteTuningJobRequest, job=job))

    async def trainings(
        self, job: str, *, best_first: bool = False, newest_first: bool = False
    ) -> AsyncIterator[TrainingJob]:
        """Yield a job's trainings by number, or those that have a value from the best on, page by page."""
        spec = (await self.describe(job)).spec
        request = request_of(pb.ListTrainingJobsRequest, job=job, page_size=500, descending=newest_first)
        if best_first:
            request.order = pb.TRAINING_JOB_ORDER_OBJECTIVE_VALUE
            request.descending = spec.objective.direction.better(1, 0)
        while True:
            response = await self._call(self._tuning.ListTrainingJobs, request)
            for message in response.trainings:
                yield in_order(from_message(message, TrainingJob), spec)
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    async def watch(self, job: str, *, patience_s: float = WATCH_PATIENCE_S) -> AsyncIterator[Watched]:
        """Yield the job now, then at every change, until it has ended.

        A lost connection is taken up again; only after so long without one this raises Unavailable.
        """
        losses, lost_at = 0, 0.0
        while True:
            try:
                async for message in self._tuning.WatchTuningJob(request_of(pb.WatchTuningJobRequest, job=job)):
                    losses = 0
                    watched = _watched(message)
                    yield watched
                    if watched.job.state.final:
                        return
            except grpc.aio.AioRpcError as failed:
                losses += 1
                lost_at = time.monotonic() if losses == 1 else lost_at
                patient = time.monotonic() < lost_at + patience_s
                await self._pause_or_raise(failed, losses, patient=patient)

    async def wait(self, job: str) -> TuningJob:
        """Return the job once it has ended."""
        async for watched in self.watch(job):
            last = watched.job
        return last

    async def best(self, job: str) -> TrainingJob:
        """Return the best training so far. Raises NotFound if none has an objective value yet."""
        found = (await self.describe(job)).best
        if found is None:
            raise NotFound("training job with an objective value in tuning job", job)
        return found

    async def recommended(self, job: str) -> TrainingJob:
        """Return the training whose configuration is best with noise taken out: by repeats, else by the model.

        Raises NotFound if there is neither.
        """
        found = (await self.describe(job)).recommended
        if found is None:
            raise NotFound("recommended training job in tuning job", job)
        return found

    async def output(
        self,
        training: str,
        *,
        follow: bool = False,
        tail: int = 0,
        contains: str = "",
        matches: str = "",
        instance: int | None = None,
    ) -> AsyncIterator[OutputLine]:
        """Yield what a training has printed, with `follow` also what comes, until it has ended.

        Of all that, only lines that contain a text, match a regular expression (RE2) and come from an instance, where
        these are given. Raises InvalidSpec: RE2 refuses the expression.
        """
        what = {"training": training, "tail": tail, "contains": contains, "matches": matches, "instance": instance}
        if follow:
            async for response in self._stream(self._metrics.FollowOutput, request_of(mpb.FollowOutputRequest, **what)):
                for line in response.lines:
                    yield from_message(line, OutputLine)
            return
        async for response in self._pages(self._metrics.ReadOutput, request_of(mpb.ReadOutputRequest, **what)):
            for line in response.lines:
                yield from_message(line, OutputLine)

    async def search_output(self, job: str, *, contains: str = "", matches: str = "") -> AsyncIterator[FoundLine]:
        """Yield the lines that a job's trainings have printed which contain a text and match a regular expression.

        By number of the training, of the last attempts. Raises InvalidSpec: neither is given, or RE2 refuses it.
        """
        request = request_of(mpb.SearchOutputRequest, job=job, contains=contains, matches=matches)
        async for response in self._pages(self._metrics.SearchOutput, request):
            for line in response.lines:
                yield from_message(line, FoundLine)

    async def curves(self, job: str, metric: str = "", *, max_points: int = 0) -> AsyncIterator[Curve]:
        """Yield the curves of a job's trainings by number, of the objective or of another metric.

        They are for drawing: at most 64 points each. `measurements` gives all values of one training.
        """
        request = request_of(mpb.ListCurvesRequest, job=job, metric=metric, max_points=max_points)
        async for response in self._pages(self._metrics.ListCurves, request):
            for curve in response.curves:
                yield from_message(curve, Curve)

    async def follow_curves(self, job: str, metric: str = "", *, max_points: int = 0) -> AsyncIterator[Curve]:
        """Yield the curves that there are, then each that has changed, until the job has ended.

        Each takes the place of the one before of the same training. They come a few times a second at most.
        """
        request = request_of(mpb.FollowCurvesRequest, job=job, metric=metric, max_points=max_points)
        async for response in self._stream(self._metrics.FollowCurves, request):
            for curve in response.curves:
                yield from_message(curve, Curve)

    async def measurements(
        self, training: str, metric: str = "", *, follow: bool = False, max_points: int = 0
    ) -> AsyncIterator[Measurement]:
        """Yield a training's measurements in order, with `follow` also what comes, until it has ended.

        With `max_points`, so many of each metric, metric by metric: those that keep the shape of the curve.
        """
        if follow:
            async for response in self._stream(
                self._metrics.FollowMeasurements,
                request_of(mpb.FollowMeasurementsRequest, training=training, metric=metric),
            ):
                for message in response.measurements:
                    yield from_message(message, Measurement)
            return
        request = request_of(mpb.ListMeasurementsRequest, training=training, metric=metric, max_points=max_points)
        async for response in self._pages(self._metrics.ListMeasurements, request):
            for message in response.measurements:
                yield from_message(message, Measurement)

    async def report(
        self, training: str, values: Mapping[str, float], *, attempt: int = 0, request_id: str | None = None
    ) -> None:
        """Report one value of each metric, from within a training that runs: its name is in TRAINING_JOB_NAME.

        Each call is a further step of its metrics; what comes twice under one `request_id` counts once. Raises
        NotFound, IllegalTransition: the training does not run.
        """
        for name, value in values.items():
            if value is None:
                raise InvalidSpec("values", f"{name} is None", "Give a number; NaN is one")
        request = request_of(
            mpb.ReportMetricsRequest,
            training=training,
            attempt=attempt,
            measurements=[request_of(mpb.Measurement, metric=name, value=value) for name, value in values.items()],
            request_id=request_id or str(uuid.uuid4()),
        )
        await self._call(self._metrics.ReportMetrics, request)

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

    async def _pages(self, method: Callable[..., Awaitable[Any]], request: Any) -> AsyncIterator[Any]:
        """Yield the answers, page after page."""
        while True:
            response = await self._call(method, request)
            yield response
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    async def analyze(self, job: str, *analyses: Analysis, definition_name: str = "") -> Analyses:
        """Return analyses of a job's trainings so far, all of them if none is named; see docs/analysis.md.

        What there is too little data for is among the `refused`. Raises NotFound, InvalidSpec.
        """
        named = [mpb.Analysis.Value(f"ANALYSIS_{analysis.name}") for analysis in analyses]
        request = request_of(mpb.AnalyzeRequest, job=job, analyses=named, definition_name=definition_name)
        return from_message(await self._call(self._metrics.Analyze, request), Analyses)

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
        measured: list[table.Row] = []
        async for training in self.trainings(job):
            if training.started_at is not None:
                with suppress(IllegalTransition):
                    items = [item async for item in self.measurements(training.name)]
                    measured += table.curve_rows(training, items)
        return frame.frame(table.CURVE_COLUMNS, measured)

    async def _call(self, method: Callable[..., Awaitable[Any]], request: Any, deadline_s: float = DEADLINE_S) -> Any:
        tries = 0
        while True:
            try:
                return await method(request, timeout=deadline_s)
            except grpc.aio.AioRpcError as failed:
                tries += 1
                await self._pause_or_raise(failed, tries, patient=tries < TRIES)

    async def _stream(self, method: Callable[..., Any], request: Any) -> AsyncIterator[Any]:
        try:
            async for response in method(request):
                yield response
        except grpc.aio.AioRpcError as failed:
            raise self._error_of(failed) from failed

    async def _pause_or_raise(self, failed: grpc.aio.AioRpcError, tries: int, *, patient: bool) -> None:
        error = self._error_of(failed)
        if not isinstance(error, Unavailable) or not patient:
            raise error from failed
        await asyncio.sleep(min(PAUSE_S * 2**tries, LONGEST_PAUSE_S))

    def _error_of(self, failed: grpc.aio.AioRpcError) -> TunewrightError:
        """Rebuild the error; what a scheduler by itself does not serve, metrics does."""
        if failed.code() is grpc.StatusCode.UNIMPLEMENTED and not self._address.metrics:
            why = f"is not set, and {self._address.endpoint} does not serve what metrics does"
            return InvalidSpec(METRICS, why, "Set it to HOST:PORT of metrics")
        return error_of(failed)


def _job(message: Any) -> TuningJob:
    return job_in_order(from_message(message, TuningJob))


def _watched(message: Any) -> Watched:
    watched = from_message(message, Watched)
    trainings = tuple(in_order(training, watched.job.spec) for training in watched.trainings)
    return Watched(job_in_order(watched.job), trainings)
