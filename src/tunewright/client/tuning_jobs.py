"""The part of the SDK that is about tuning jobs: created, changed, looked at, waited for."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from tunewright.client.calling import PATIENCE_S, Calling
from tunewright.client.requests import request_of
from tunewright.client.resources import TrainingJob, TuningJob, Watched, in_order, job_in_order
from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound
from tunewright.core.finished import FinishedTraining
from tunewright.core.space import Configuration, Range
from tunewright.core.spec import EnqueuedConfiguration, Parameter, TuningJobSpec
from tunewright.platform.codec import from_message, to_message
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright.v1.tuning_service_pb2_grpc import TuningServiceStub

IMPORT_DEADLINES: Final = 10
"""Times the client's: it is the one call that may bring ten thousand trainings."""


class AsyncTuningJobs(Calling):
    _tuning: TuningServiceStub

    async def create(self, spec: TuningJobSpec, *, request_id: str | None = None) -> TuningJob:
        """Create a job. Raises InvalidSpec, AlreadyExists."""
        message = to_message(spec, spec_pb2.TuningJobSpec)
        request = request_of(pb.CreateTuningJobRequest, spec=message, request_id=request_id or str(uuid.uuid4()))
        return _job((await self._call(self._tuning.CreateTuningJob, request)).job)

    async def import_job(
        self, spec: TuningJobSpec, trainings: Sequence[FinishedTraining], *, origin: str = ""
    ) -> TuningJob:
        """Take in trainings that have run elsewhere, as a job that has ended; `origin` says where, for people.

        It has ten times the client's deadline. Imported again with the same content, it is the job that is there.
        Raises InvalidSpec; AlreadyExists: a job of that name holds something else.
        """
        request = request_of(pb.ImportTuningJobRequest, spec=to_message(spec, spec_pb2.TuningJobSpec), origin=origin)
        for index, training in enumerate(trainings):
            try:
                request.trainings.append(to_message(training, pb.FinishedTraining))
            except InvalidSpec as error:
                raise InvalidSpec(f"trainings[{index}].{error.field}", error.why, error.remedy) from None
        return _job((await self._call(self._tuning.ImportTuningJob, request, IMPORT_DEADLINES)).job)

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
        async for response in self._pages(self._tuning.ListTuningJobs, request):
            for message in response.jobs:
                yield _job(message)

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
        async for response in self._pages(self._tuning.ListTrainingJobs, request):
            for message in response.trainings:
                yield in_order(from_message(message, TrainingJob), spec)

    async def watch(self, job: str, *, since: str = "", patience_s: float = PATIENCE_S) -> AsyncIterator[Watched]:
        """Yield the job now, then at every change, until it has ended; `since` a step's `position`, what came after it.

        A lost connection is taken up again: what has changed meanwhile is told then, with the job, and what has not
        ended once more. Only after so long without one this raises Unavailable.
        """
        request = request_of(pb.WatchTuningJobRequest, job=job, since=since)
        async for message in self._followed(self._tuning.WatchTuningJob, request, patience_s, _behind_the_position):
            yield _watched(message)

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


def _behind_the_position(request: pb.WatchTuningJobRequest, response: pb.WatchTuningJobResponse) -> None:
    """Go on in the same job, whoever has its name by then."""
    request.job, request.since = response.job.uid, response.position


def _job(message: Any) -> TuningJob:
    return job_in_order(from_message(message, TuningJob))


def _watched(message: Any) -> Watched:
    watched = from_message(message, Watched)
    trainings = tuple(in_order(training, watched.job.spec) for training in watched.trainings)
    return replace(watched, job=job_in_order(watched.job), trainings=trainings)
