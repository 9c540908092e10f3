"""The part of TuningService that is about training jobs: create, look, list, stop, delete, tag."""

from __future__ import annotations

from abc import abstractmethod

import grpc

from tunewright.core.alone import spec_of_training
from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound
from tunewright.core.names import job_name_of
from tunewright.core.spec import Definition
from tunewright.platform.codec import from_message
from tunewright.platform.documents import from_document
from tunewright.platform.rpc.server import caller
from tunewright.platform.store.naming import find_training
from tunewright.platform.store.port import Store, Stored
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import lists, records
from tunewright_scheduler.bells import trainer_bell
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.changing import ChangingServicer
from tunewright_scheduler.columns import columns_of
from tunewright_scheduler.core.ending import stopped
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.listing import everything, read_page
from tunewright_scheduler.positions import Position
from tunewright_scheduler.records import Versioned, with_phases
from tunewright_scheduler.resources import training_message, training_response
from tunewright_scheduler.tagging import tag_job, tag_training
from tunewright_scheduler.tuning_jobs import TuningJobs


class TrainingsServicer(ChangingServicer):
    def __init__(self, store: Store, changes: Changes, jobs: TuningJobs) -> None:
        super().__init__(store, changes, jobs)
        self._changes, self._jobs = changes, jobs

    async def CreateTrainingJob(  # noqa: N802
        self, request: pb.CreateTrainingJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.CreateTrainingJobResponse:
        definition = from_message(request.definition, Definition, "definitions[0]")
        asked = spec_of_training(request.name, definition, dict(request.tags), request.amt_patch)
        spec = await self._jobs.judged(asked)
        if request.validate_only:
            return pb.CreateTrainingJobResponse()
        uid = await self._once(request, lambda beside: self._jobs.create(caller(), spec, beside))
        created = await records.read_training(self._store, uid, 1)
        if created is None:
            raise NotFound("training job", spec.name, "this request made it, and it has been deleted")
        return pb.CreateTrainingJobResponse(training=training_message(created.value))

    async def DeleteTrainingJob(  # noqa: N802
        self, request: pb.DeleteTrainingJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.DeleteTrainingJobResponse:
        training = await self.training(request.training)
        if not training.alone:
            what, state = f"training job {training.name}", f"one of tuning job {job_name_of(training.name)}"
            raise IllegalTransition(what, state, "be deleted by itself", "Delete its tuning job")
        await self._jobs.delete(caller(), training.uid)
        return pb.DeleteTrainingJobResponse()

    async def ChangeTags(  # noqa: N802
        self, request: pb.ChangeTagsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ChangeTagsResponse:
        match request.WhichOneof("resource"):
            case "job":
                uid = (await self._find(request.job)).value.uid
                tags = await tag_job(self._changes, uid, request.set, request.remove)
            case "training":
                found = await self.training(request.training)
                tags = await tag_training(self._changes, found.uid, found.number, request.set, request.remove)
            case _:
                raise InvalidSpec("resource", "is missing", "Name a tuning job or a training job")
        return pb.ChangeTagsResponse(tags=tags)

    async def GetTrainingJob(  # noqa: N802
        self, request: pb.GetTrainingJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.GetTrainingJobResponse:
        training = await self.training(request.training)
        specification = await self._changes.specification(training.uid, training.spec_revision)
        (shown,) = await with_phases(self._store, [training])
        return training_response(*shown, specification)

    async def ListTrainingJobs(  # noqa: N802
        self, request: pb.ListTrainingJobsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ListTrainingJobsResponse:
        size = lists.page_size(request.page_size, default=100, limit=1000)
        if request.job:
            listing = lists.trainings_of(request, (await self._find(request.job)).value)
        else:
            listing = lists.all_trainings(request, caller())
        page = await read_page(self._store, listing, size, request.page_token, self._not_deleted)
        found = [from_document(stored.document, Training) for stored in page.items]
        trainings = [training_message(*shown) for shown in await with_phases(self._store, found)]
        return pb.ListTrainingJobsResponse(trainings=trainings, next_page_token=page.token)

    async def ListTrainingColumns(  # noqa: N802
        self, request: pb.ListTrainingColumnsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ListTrainingColumnsResponse:
        size = lists.page_size(request.page_size, default=1000, limit=2000)
        job = (await self._find(request.job)).value
        page = await read_page(self._store, lists.columns_of_trainings(job), size, request.page_token, everything)
        columns = columns_of(stored.document for stored in page.items)
        position = "" if request.page_token else str(Position.at(job))  # the job was read before any of them
        return pb.ListTrainingColumnsResponse(columns=columns, next_page_token=page.token, position=position)

    async def StopTrainingJob(  # noqa: N802
        self, request: pb.StopTrainingJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.StopTrainingJobResponse:
        training = await self.training(request.training)

        async def step(change: Change) -> None:
            now_there = await change.training(training.number)
            if now_there.state.final:
                raise IllegalTransition(
                    f"training job {training.name}", f"already {now_there.state.shown}", "be stopped"
                )
            await change.put(stopped(now_there, "stopped by its user", change.now))
            change.bells.add(trainer_bell(now_there))

        await self._changes.make(training.uid, step)
        return pb.StopTrainingJobResponse(training=training_message(await self.training(request.training)))

    @abstractmethod
    async def _find(self, job: str) -> Versioned[TuningJob]:
        """Find a job of the caller's by name or uid. Raises NotFound, also for somebody else's."""

    async def training(self, training: str, owner: str = "") -> Training:
        """Find an owner's training, or else the caller's, by name or id.

        Raises NotFound, also for somebody else's and for a deleted one.
        """
        stored = await find_training(self._store, owner or caller(), training)
        if stored is None or not await self._not_deleted([stored]):
            raise NotFound("training job", training)
        return from_document(stored.document, Training)

    async def _not_deleted(self, found: list[Stored]) -> list[Stored]:
        """Leave out what is left of deleted tuning jobs: the sweep removes it little by little."""
        jobs = await self._store.get_many("tuning_jobs", list({item.document["uid"] for item in found}))
        there = {uid for uid, job in jobs.items() if not job.document["deleted"]}
        return [item for item in found if item.document["uid"] in there]
