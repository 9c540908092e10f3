"""The part of the SDK that is about training jobs, by themselves or of tuning jobs, and about tags."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from tunewright.client.requests import request_of
from tunewright.client.resources import TrainingJob, in_order
from tunewright.client.tuning_jobs import AsyncTuningJobs
from tunewright.core.names import split_training_id
from tunewright.core.spec import Definition, TuningJobSpec
from tunewright.platform.codec import from_message, to_message
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb

PAGE: Final = 100


class AsyncTrainingJobs(AsyncTuningJobs):
    async def create_training(
        self,
        name: str,
        definition: Definition,
        *,
        tags: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> TrainingJob:
        """Run one training by itself; the definition has no ranges. Raises InvalidSpec, AlreadyExists.

        Names are unique among all of your trainings, those of tuning jobs included.
        """
        request = request_of(
            pb.CreateTrainingJobRequest,
            name=name,
            definition=to_message(definition, spec_pb2.Definition),
            tags=tags or {},
            request_id=request_id or str(uuid.uuid4()),
        )
        return _training((await self._call(self._tuning.CreateTrainingJob, request)).training)

    async def describe_training(self, training: str) -> TrainingJob:
        """Return a training by name or id. Raises NotFound."""
        request = request_of(pb.GetTrainingJobRequest, training=training)
        answer = await self._call(self._tuning.GetTrainingJob, request)
        return in_order(_training(answer.training), from_message(answer.spec, TuningJobSpec))

    async def definition_of(self, training: str) -> Definition:
        """Return what a training runs, and on what. Raises NotFound."""
        request = request_of(pb.GetTrainingJobRequest, training=training)
        answer = await self._call(self._tuning.GetTrainingJob, request)
        return from_message(answer.spec, TuningJobSpec).definition(answer.training.definition_name)

    async def wait_training(self, training: str) -> TrainingJob:
        """Return a training once it has ended. Raises NotFound."""
        found = await self.describe_training(training)
        if not found.state.final:
            async for watched in self.watch(split_training_id(found.id)[0]):
                if any(item.id == found.id and item.state.final for item in watched.trainings):
                    break
        return await self.describe_training(found.id)

    async def training_jobs(
        self, *, status: str = "", name_contains: str = "", newest_first: bool = True
    ) -> AsyncIterator[TrainingJob]:
        """Yield all of your trainings, of every tuning job and by themselves, page by page.

        `status` is AMT's: InProgress, Stopping, Completed, Failed or Stopped.
        """
        request = request_of(
            pb.ListTrainingJobsRequest,
            page_size=PAGE,
            status_equals=status,
            name_contains=name_contains,
            descending=newest_first,
        )
        async for response in self._pages(self._tuning.ListTrainingJobs, request):
            for message in response.trainings:
                yield _training(message)

    async def stop_training(self, training: str) -> TrainingJob:
        """Stop one training; its tuning job, if it has one, goes on. Raises IllegalTransition if it has ended."""
        request = request_of(pb.StopTrainingJobRequest, training=training)
        return _training((await self._call(self._tuning.StopTrainingJob, request)).training)

    async def delete_training(self, training: str) -> None:
        """Delete a training that ran by itself. Raises IllegalTransition: it has not ended, or has a tuning job."""
        await self._call(self._tuning.DeleteTrainingJob, request_of(pb.DeleteTrainingJobRequest, training=training))

    async def tag(
        self, job: str, tags: Mapping[str, str] | None = None, *, remove: Sequence[str] = ()
    ) -> Mapping[str, str]:
        """Set and remove tags of a tuning job, ended or not; return all that it has.

        Trainings take them when they are created. Raises InvalidSpec, QuotaExceeded: there would be more than 50.
        """
        return await self._retag(request_of(pb.ChangeTagsRequest, job=job, set=tags or {}, remove=remove))

    async def tag_training(
        self, training: str, tags: Mapping[str, str] | None = None, *, remove: Sequence[str] = ()
    ) -> Mapping[str, str]:
        """Set and remove tags of a training, ended or not; return all that it has. Raises as `tag`."""
        return await self._retag(request_of(pb.ChangeTagsRequest, training=training, set=tags or {}, remove=remove))

    async def _retag(self, request: pb.ChangeTagsRequest) -> Mapping[str, str]:
        return dict((await self._call(self._tuning.ChangeTags, request)).tags)


def _training(message: pb.TrainingJob) -> TrainingJob:
    return from_message(message, TrainingJob)
