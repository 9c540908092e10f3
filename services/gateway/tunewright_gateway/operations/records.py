"""What a search looks through: every resource of a kind, as AWS's search records show it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol

from tunewright.core.errors import NotFound
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_gateway.core.model.service import Shape
from tunewright_gateway.core.narrowing import narrowed
from tunewright_gateway.core.properties import shape_of
from tunewright_gateway.describing import training_job as training_jobs
from tunewright_gateway.describing import tuning_job as tuning_jobs
from tunewright_gateway.operations.asking import asked
from tunewright_gateway.operations.call import Backend, Tree
from tunewright_gateway.operations.paging import bounds
from tunewright_gateway.operations.tags import tag_list

AT_ONCE: Final = 100
"""Read in one go: between two, others get their turn of the event loop."""
SPECS_KEPT: Final = 64
BEST: Final = ("BestTrainingJob", "OverallBestTrainingJob")


class Records(Protocol):
    shape: Shape
    """botocore's, of a search record."""
    name: str
    """The member that tells one from another."""

    def all(self) -> AsyncIterator[Tree]: ...

    async def whole(self, record: Tree) -> Tree:
        """Return a record with what it did not need to be found."""


class TuningJobs:
    name = "HyperParameterTuningJobName"

    def __init__(self, backend: Backend, expression: Tree | None, paths: Sequence[str]) -> None:
        self._backend, self._by_best = backend, any(path.startswith(BEST) for path in paths)
        self._expression = expression
        self._now = time.time()
        self.shape = shape_of("HyperParameterTuningJobSearchEntity")

    async def all(self) -> AsyncIterator[Tree]:
        """Yield them all; lists leave out the best trainings, so these are only asked for where they decide."""
        narrow = narrowed(self._expression, self.name, "HyperParameterTuningJobStatus")
        request = pb.ListTuningJobsRequest(
            page_size=AT_ONCE,
            order=pb.TUNING_JOB_ORDER_CREATED_AT,
            name_contains=narrow.get("NameContains", ""),
            state_equals=narrow.get("StatusEquals", ""),
            **bounds(narrow),
        )
        while True:
            answer = await asked(self._backend.tuning.ListTuningJobs, request)
            for job in answer.jobs:
                record = self._record(job)
                yield await self.whole(record) if self._by_best else record
            request.page_token = answer.next_page_token
            if not request.page_token:
                return

    async def whole(self, record: Tree) -> Tree:
        request = pb.GetTuningJobRequest(job=record[self.name], without_findings=True)
        try:
            return self._record((await asked(self._backend.tuning.GetTuningJob, request)).job)
        except NotFound:  # deleted since it was listed
            return record

    def _record(self, job: pb.TuningJob) -> Tree:
        members = tuning_jobs.described(job, self._backend.account, self._now) | {"Tags": tag_list(job.spec.tags)}
        return {member: value for member, value in members.items() if member in self.shape.members}


class TrainingJobs:
    name = "TrainingJobName"

    def __init__(self, backend: Backend, expression: Tree | None, _paths: Sequence[str]) -> None:
        self._backend, self._expression = backend, expression
        self._specs: OrderedDict[tuple[str, str], spec_pb2.TuningJobSpec] = OrderedDict()
        self.shape = shape_of("TrainingJob")

    async def all(self) -> AsyncIterator[Tree]:
        narrow = narrowed(self._expression, self.name, "TrainingJobStatus")
        request = pb.ListTrainingJobsRequest(
            page_size=AT_ONCE,
            order=pb.TRAINING_JOB_ORDER_CREATED_AT,
            name_contains=narrow.get("NameContains", ""),
            status_equals=narrow.get("StatusEquals", ""),
            **bounds(narrow),
        )
        while True:
            answer = await asked(self._backend.tuning.ListTrainingJobs, request)
            for training in answer.trainings:
                try:
                    yield self._record(training, await self._spec(training))
                except NotFound:  # deleted since it was listed
                    continue
            request.page_token = answer.next_page_token
            if not request.page_token:
                return

    async def whole(self, record: Tree) -> Tree:
        return record

    async def _spec(self, training: pb.TrainingJob) -> spec_pb2.TuningJobSpec:
        """Return what a training runs under, which most of a tuning job's trainings share."""
        key = training.uid, training.spec_revision
        if key not in self._specs:
            request = pb.GetTrainingJobRequest(training=training.id)
            self._specs[key] = (await asked(self._backend.tuning.GetTrainingJob, request)).spec
            if len(self._specs) > SPECS_KEPT:
                self._specs.popitem(last=False)
        self._specs.move_to_end(key)
        return self._specs[key]

    def _record(self, training: pb.TrainingJob, spec: spec_pb2.TuningJobSpec) -> Tree:
        members = training_jobs.described(training, spec, self._backend.account) | {"Tags": tag_list(training.tags)}
        return {member: value for member, value in members.items() if member in self.shape.members}
